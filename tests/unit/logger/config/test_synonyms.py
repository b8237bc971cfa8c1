"""Facts about names that people guess: each is refused with the setting that they look for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metaexpert.logger.config.layer import Layer
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.navigation import kind_at
from metaexpert.logger.config.sources import Sources
from metaexpert.logger.config.synonyms import _AT_THE_TOP, _IN_A_HANDLER, Meant
from metaexpert.logger.errors import ConfigurationError

AT_THE_TOP = [
    ("level", "use default_level"),
    ("log_level", "use default_level"),
    ("LogLevel", "use default_level"),
    ("format", "use handlers.console.format or handlers.file.format"),
    ("datefmt", "use handlers.console.datefmt or handlers.file.datefmt"),
    ("filename", "use handlers.file.filename"),
    ("filemode", "leave it out: files are appended to"),
    ("encoding", "leave it out: everything is written in UTF-8"),
    ("force", "leave it out: each call changes what it names"),
    ("stream", "use handlers.console.stream"),
    ("log_dir", "use log_file_path"),
    ("directory", "use log_file_path"),
    ("retention", "use handlers.file.backup_count or handlers.file.max_age_days"),
    ("rotation", "use handlers.file.max_size or handlers.file.rotate"),
    ("compression", "use handlers.file.compress"),
    ("formatters", 'it belongs to a dictConfig document, which says "version": 1 as well'),
    ("enqueue", "leave it out: it is always so"),
    ("defaultLevel", "use default_level"),
    ("captureWarnings", "use capture_stdlib"),
    ("consol", "use handlers.console"),
    ("maxBytes", "use handlers.file.max_size"),
    ("trade_log_file", "use handlers.trades.filename"),
    ("error_log_file", "use handlers.errors.filename"),
    ("record_bars", 'use loggers."metaexpert.market", "INFO" for no bars and "DEBUG" for bars'),
    ("logging", "the table of a file is called log"),
    ("tool", "the table of a file is called log"),
]
IN_A_HANDLER = [
    ("class", "use handlers.file.type"),
    ("formatter", "use handlers.file.format"),
    ("maxBytes", "use handlers.file.max_size"),
    ("rotation", "use handlers.file.max_size or handlers.file.rotate"),
    ("retention", "use handlers.file.backup_count or handlers.file.max_age_days"),
    ("path", "use handlers.file.filename"),
    ("encoding", "leave it out: everything is written in UTF-8"),
    ("when", "use handlers.file.max_size or handlers.file.rotate"),
]
VARIABLES = [
    ("METAEXPERT_LOG_LEVEL", "METAEXPERT_LOG__DEFAULT_LEVEL"),
    ("METAEXPERT_LOGLEVEL", "METAEXPERT_LOG__DEFAULT_LEVEL"),
    ("METAEXPERT_LOG", "METAEXPERT_LOG__DEFAULT_LEVEL"),
    ("METAEXPERT_DEFAULT_LEVEL", "METAEXPERT_LOG__DEFAULT_LEVEL"),
    ("METAEXPERT_LOG__LEVEL", "METAEXPERT_LOG__DEFAULT_LEVEL"),
    ("METAEXPERT_LOG_DIR", "METAEXPERT_LOG__LOG_FILE_PATH"),
    ("METAEXPERT_LOG_FILE_PATH", "METAEXPERT_LOG__LOG_FILE_PATH"),
    ("METAEXPERT_LOG_HANDLERS__CONSOLE__LEVEL", "METAEXPERT_LOG__HANDLERS"),
    ("METAEXPERT_LOG_HANDLERS_CONSOLE_LEVEL", "METAEXPERT_LOG__HANDLERS__CONSOLE__LEVEL"),
    ("METAEXPERT_LOG_HANDLERS_FILE_MAX_SIZE", "METAEXPERT_LOG__HANDLERS__FILE__MAX_SIZE"),
    ("METAEXPERT_LOG__HANDLERS_TRADES_FORMAT", "METAEXPERT_LOG__HANDLERS__TRADES__FORMAT"),
    ("METAEXPERT_LOG_QUEUE_WAIT_MS", "METAEXPERT_LOG__QUEUE__WAIT_MS"),
    ("METAEXPERT_LOG__HANDLERS__FILE__MAXBYTES", "METAEXPERT_LOG__HANDLERS__FILE__MAX_SIZE"),
]
#: Arguments of `logging.basicConfig`, loguru's `add` and structlog's `configure` that are no settings here.
OTHER_LIBRARIES = {
    *("filename", "filemode", "format", "datefmt", "style", "level", "stream", "force", "encoding", "errors"),
    *("sink", "filter", "colorize", "serialize", "backtrace", "diagnose", "enqueue", "context", "catch"),
    *("rotation", "retention", "compression", "delay", "mode", "buffering"),
    *("processors", "wrapper_class", "context_class", "logger_factory", "cache_logger_on_first_use"),
}


def refusal(document: Any) -> str:
    """Return the message that `document` is refused with."""
    with pytest.raises(ConfigurationError) as caught:
        LogConfiguration.model_validate(document)
    return str(caught.value)


def refused_sources(directory: Path, environ: dict[str, str] | None = None) -> str:
    """Return the message that the files in `directory` and the variables are refused with."""
    with pytest.raises(ConfigurationError) as caught:
        Sources.discover(environ or {}, directory).resolve()
    return str(caught.value)


@pytest.mark.parametrize(("name", "advice"), AT_THE_TOP)
def test_a_guessed_setting_is_refused_with_the_one_meant(name: str, advice: str) -> None:
    """What `basicConfig`, structlog and loguru call something leads to what it is called here."""
    assert refusal({name: "x"}) == f"{name}: unknown setting; {advice}"


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"console": None}, "console: unknown setting; use handlers.console"),
        ({"levl": None}, "levl: unknown setting; known are "),
        ({"handlers": {"file": {"maxBytes": None}}}, "handlers.file.maxBytes: unknown setting; use handlers"),
    ],
)
def test_removing_a_guessed_setting_is_refused_as_well(document: dict[str, Any], told: str) -> None:
    """None takes a setting back; under another name it would take nothing back, without a word."""
    assert refusal(document).startswith(told)


@pytest.mark.parametrize(("name", "advice"), IN_A_HANDLER)
def test_a_guessed_option_is_refused_with_the_one_meant(name: str, advice: str) -> None:
    """The same in the table of a handler, for what `dictConfig` documents call it."""
    assert refusal({"handlers": {"file": {name: "x"}}}) == f"handlers.file.{name}: unknown setting; {advice}"


@pytest.mark.parametrize(("variable", "advice"), VARIABLES)
def test_a_guessed_variable_is_refused_with_the_one_meant(variable: str, advice: str, tmp_path: Path) -> None:
    """One underscore is not two: the variable is named, and the one that would count."""
    told = refused_sources(tmp_path, {variable: "DEBUG"})
    assert told == f"{variable} (environment): unknown setting; use {advice}"

    (tmp_path / ".env").write_text(f"{variable}=DEBUG\n")
    assert refused_sources(tmp_path) == f"{variable} (.env): unknown setting; use {advice}"


@pytest.mark.parametrize("variable", ["METAEXPERT_ROOT", "METAEXPERT_LOGIN", "METAEXPERT_PATH", "LOG_DIR"])
def test_variables_of_the_program_s_own_are_left_alone(variable: str, tmp_path: Path) -> None:
    """Only what looks like a setting of logging is one."""
    assert Sources.discover({variable: "x"}, tmp_path).resolve() == LogConfiguration()


def test_a_guessed_name_in_a_file_is_refused_with_its_file(tmp_path: Path) -> None:
    """`metaexpert.toml` gets the same advice, in the words of files."""
    (tmp_path / "metaexpert.toml").write_text('[log]\nlevel = "DEBUG"\n')

    told = refused_sources(tmp_path)
    assert told == "level (metaexpert.toml): unknown setting; use default_level"


@pytest.mark.parametrize("name", sorted(OTHER_LIBRARIES))
def test_every_option_of_other_libraries_is_known(name: str) -> None:
    """None of them gets the bare list of settings as its only advice."""
    assert "known are" not in refusal({name: "x"})


@pytest.mark.parametrize("setting", sorted({s for m in _AT_THE_TOP.values() for s in m.settings}))
def test_advice_at_the_top_names_settings_that_exist(setting: str) -> None:
    """No row of the table leads to a setting that there is not."""
    assert kind_at(LogConfiguration, tuple(setting.split("."))) is not None


@pytest.mark.parametrize("meant", _IN_A_HANDLER.values(), ids=str)
def test_advice_in_a_handler_names_settings_that_exist(meant: Meant) -> None:
    """So with the options of handlers."""
    for setting in meant.settings:
        assert kind_at(LogConfiguration, tuple(setting.replace("*", "file").split("."))) is not None


def test_a_misspelt_handler_is_told(tmp_path: Path) -> None:
    """Giving one asks for a type that it cannot have; removing one would remove nothing."""
    assert refusal({"handlers": {"consol": {"level": "INFO"}}}).endswith('did you mean "console"?')
    assert refused_sources(tmp_path, {"METAEXPERT_LOG__HANDLERS__CONSOL": "none"}) == (
        'METAEXPERT_LOG__HANDLERS__CONSOL (environment): no handler has this name; did you mean "console"?'
    )
    with pytest.raises(ConfigurationError, match=r'handlers\.consol: no handler .* mean "console"'):
        Sources().with_code(Layer("code", {"handlers": {"consol": None}}))


def test_a_handler_that_was_there_may_be_removed() -> None:
    """Also if its name resembles another's, and again; so may one whose name resembles none."""
    made = Layer("code", {"handlers": {"consoles": {"type": "console"}}})
    removed = Layer("code", {"handlers": {"consoles": None, "signals": None}})
    sources = Sources().with_code(made).with_code(removed).with_code(removed)

    assert "consoles" not in sources.resolve().active_handlers()


@pytest.mark.parametrize(
    ("given", "meant"),
    [("stream", "console"), ("logging.StreamHandler", "console"), ("RotatingFileHandler", "file")],
)
def test_a_type_of_logging_leads_to_ours(given: str, meant: str) -> None:
    """A class of `logging` as the type is refused with the type that does its work."""
    assert refusal({"handlers": {"own": {"type": given}}}).endswith(f'did you mean "{meant}"?')


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("bot.log", 'use log_file_path = "." and handlers.file.filename = "bot.log"'),
        ("out/bot.jsonl", 'use log_file_path = "out" and handlers.file.filename = "bot.jsonl"'),
        ("/var/log/BOT.LOG", 'use log_file_path = "/var/log" and handlers.file.filename = "BOT.LOG"'),
    ],
)
def test_a_file_as_the_log_directory_is_refused(path: str, advice: str) -> None:
    """It would become a directory of that name."""
    assert refusal({"log_file_path": path}) == (
        f'log_file_path must be a directory, was "{path}", which looks like a file; {advice}, '
        "or end a directory's name with /"
    )


@pytest.mark.parametrize("name", ["logs.d", "v1.2", "bot.log/", "logs", "log", ".", "..", "/tmp/x.y"])
def test_a_directory_may_have_a_dot(name: str) -> None:
    """Only an ending that files have is taken for a file, and a slash at the end says otherwise."""
    assert LogConfiguration(log_file_path=name).log_file_path == name


def test_a_directory_that_is_there_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes an existing directory for a file; a file of that name is none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot.log").mkdir()
    (tmp_path / "other.log").touch()

    assert LogConfiguration(log_file_path="bot.log").log_file_path == "bot.log"
    assert LogConfiguration(log_file_path=tmp_path / "bot.log").log_file_path == str(tmp_path / "bot.log")
    (tmp_path / "bare").touch()
    for name in ("other.log", "bare"):
        assert refusal({"log_file_path": name}) == (
            f'log_file_path must be a directory, was "{name}", which is a file; use log_file_path = "." '
            f'and handlers.file.filename = "{name}", or name another directory'
        )


@pytest.mark.parametrize(
    ("name", "advice"),
    [("run_id", "it is in JSON files alone"), ("thread_id", "write %(thread)d"), ("caller", "%(lineno)d")],
)
def test_a_key_of_json_in_a_format_is_refused_with_the_known_names(name: str, advice: str) -> None:
    """No field can have such a name, so it would show nothing."""
    told = refusal({"handlers": {"console": {"format": f"%({name})s %(message)s"}}})
    assert told.startswith(f"handlers.console.format: no attribute is named %({name})")
    assert advice in told
    assert "known are asctime, category, created, " in told
    assert told.endswith("any other name shows the field of that name")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"format": "json", "datefmt": "%H"},
            'must not be given for the format "json", whose times have one form; leave it out, or use the',
        ),
        (
            {"format": "%(message)s", "datefmt": "%H"},
            'format "%(message)s", which shows no time; leave it out, or add %(asctime)s to the format',
        ),
        ({"format": "text", "datefmt": ""}, "must be text that is not empty"),
        ({"format": "text", "datefmt": "100%%"}, "must show at least a part of the time"),
        ({"format": "text", "datefmt": "%H\n"}, "must be printable text"),
        ({"format": "text", "datefmt": 5}, "must be text"),
    ],
)
def test_a_datefmt_that_shows_nothing_is_refused(options: dict[str, Any], reason: str) -> None:
    """None is ignored without a word."""
    told = refusal({"handlers": {"file": options}})
    assert told.startswith("handlers.file.datefmt must ")
    assert reason in told
