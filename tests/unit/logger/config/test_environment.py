"""Facts about settings in the environment and in `.env`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.config.environment import read_dotenv, typed_value, variable_layer
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.navigation import kind_at
from metaexpert.logger.config.pile import resolve
from metaexpert.logger.config.sources import Sources
from metaexpert.logger.errors import ConfigurationError
from support.environment import clean_environment


def configured(**environ: str) -> LogConfiguration:
    """Return what these variables alone make."""
    return resolve([variable_layer(environ, "environment")])


def test_the_legacy_variables_set_what_they_always_did() -> None:
    """Level, format, file, size and backups of the legacy logger."""
    configuration = configured(
        LOG_LEVEL="debug",
        LOG_FORMAT="%(levelname)s %(message)s",
        LOG_FILE="bot.log",
        LOG_MAX_SIZE="8192",
        LOG_BACKUP_COUNT="2",
    )

    console, file = configuration.active_handlers()["console"], configuration.active_handlers()["file"]
    assert (configuration.default_level, console.level) == ("DEBUG", "DEBUG")
    assert console.format == file.format == "%(levelname)s %(message)s"
    assert (file.filename, file.max_size, file.backup_count) == ("bot.log", 8192, 2)
    assert configuration.origin("handlers.file.max_size") == "environment LOG_MAX_SIZE"


@pytest.mark.parametrize("name", ["logs/bot.log", "./logs/bot.log", "logs//bot.log", "bot.log"])
def test_a_legacy_file_lies_under_the_log_directory(name: str) -> None:
    """`LOG_FILE` with the directory in it does not become `logs/logs/bot.log`."""
    assert configured(LOG_FILE=name).active_handlers()["file"].filename == "bot.log"


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("LOG_LEVEL", "INF0", 'LOG_LEVEL (environment): unknown level "INF0"; did you mean "INFO"?'),
        ("LOG_MAX_SIZE", "ten", 'LOG_MAX_SIZE (environment) must be an integer number of bytes, was "ten"'),
        ("LOG_MAX_SIZE", "1e6", 'LOG_MAX_SIZE (environment) must be an integer number of bytes, was "1e6"'),
        ("LOG_BACKUP_COUNT", "-1", "LOG_BACKUP_COUNT (environment) must be at least 0 files, was -1"),
        ("LOG_FILE", "../x", "LOG_FILE (environment) must stay inside the log directory"),
        ("LOG_FORMAT", "%(message", "LOG_FORMAT (environment) must be a %-style format"),
        ("METAEXPERT_LOG__QUEUE", "{", "METAEXPERT_LOG__QUEUE (environment) must be a table of settings"),
        ("METAEXPERT_LOG__CAPTURE_STDLIB", "maybe", "must be true or false"),
        ("METAEXPERT_LOG__INCLUDE", "callr", 'did you mean "caller"?'),
        ("METAEXPERT_LOG__DEFAULT_LEVL", "INFO", 'unknown setting; did you mean "default_level"?'),
        ("METAEXPERT_LOG__HANDLERS__FILE__LEVL", "INFO", 'unknown setting; did you mean "level"?'),
        ("METAEXPERT_LOG__", "x", "METAEXPERT_LOG__ (environment): unknown setting"),
        (
            "METAEXPERT_LOG__HANDLERS",
            '{"file": {"max_size": 1}}',
            "METAEXPERT_LOG__HANDLERS (environment), handlers",
        ),
        (
            "METAEXPERT_CONTROL",
            "127.0.0.1:http",
            'METAEXPERT_CONTROL (environment) must be an integer (a TCP port), was "http"',
        ),
    ],
)
def test_a_bad_variable_is_named(variable: str, text: str, message: str) -> None:
    """The error is one line that names the variable, where it is, and what it must be."""
    with pytest.raises(ConfigurationError) as caught:
        configured(**{variable: text})

    assert message in str(caught.value)
    assert str(caught.value).startswith(variable)
    assert "\n" not in str(caught.value)


def test_nested_names_reach_every_setting_in_its_type() -> None:
    """Two underscores go one table down; numbers, flags and lists are read from text."""
    configuration = configured(
        METAEXPERT_LOG__QUEUE__WAIT_MS="7",
        METAEXPERT_LOG__QUEUE__CRASH_SAFE="No",
        METAEXPERT_LOG__INCLUDE="caller, run_id",
        METAEXPERT_LOG__HANDLERS__TRADES__FILTER__LOGGERS='["a", "b"]',
        METAEXPERT_LOG__LOGGERS='{"urllib3.pool": "ERROR"}',
        METAEXPERT_LOG__LOGGERS__CCXT="15",
        METAEXPERT_LOG__HANDLERS__CONSOLE="none",
    )

    assert (configuration.queue.wait_ms, configuration.queue.crash_safe) == (7, False)
    assert configuration.include == ("caller", "run_id")
    assert configuration.active_handlers()["trades"].filter.loggers == ("a", "b")
    assert dict(configuration.loggers) == {"urllib3.pool": "ERROR", "ccxt": 15}
    assert "console" not in configuration.active_handlers()
    assert configuration.origin("loggers.urllib3.pool") == "environment METAEXPERT_LOG__LOGGERS"


def test_a_field_beats_the_table_it_lies_in() -> None:
    """The more exact variable wins."""
    configuration = configured(
        METAEXPERT_LOG__QUEUE='{"wait_ms": 1, "crash_safe": false}', METAEXPERT_LOG__QUEUE__WAIT_MS="2"
    )

    assert (configuration.queue.wait_ms, configuration.queue.crash_safe) == (2, False)
    assert configuration.origin("queue.wait_ms") == "environment METAEXPERT_LOG__QUEUE__WAIT_MS"


def test_our_names_beat_the_legacy_ones() -> None:
    """`METAEXPERT_LOG__DEFAULT_LEVEL` wins over `LOG_LEVEL`."""
    configuration = configured(LOG_LEVEL="DEBUG", METAEXPERT_LOG__DEFAULT_LEVEL="ERROR")

    assert configuration.default_level == "ERROR"
    assert configuration.origin("default_level") == "environment METAEXPERT_LOG__DEFAULT_LEVEL"


EMPTY = {
    "LOG_LEVEL": "",
    "LOG_FORMAT": "  ",
    "LOG_FILE": "",
    "LOG_MAX_SIZE": "",
    "LOG_BACKUP_COUNT": "",
    "METAEXPERT_LOG__DEFAULT_LEVEL": "",
    "METAEXPERT_CONTROL": "",
}


def test_an_empty_variable_means_the_default() -> None:
    """None of the variables sets anything when empty or blank."""
    assert configured(**EMPTY) == LogConfiguration()


def test_an_empty_variable_hides_the_one_in_dotenv(tmp_path: Path) -> None:
    """The real environment beats `.env` also when it says: the default."""
    (tmp_path / ".env").write_text("LOG_LEVEL=DEBUG\nLOG_FILE=bot.log\n")

    configuration = Sources.discover({"LOG_LEVEL": ""}, tmp_path).resolve()

    assert configuration.default_level == "INFO"
    assert configuration.origin("handlers.file.filename") == ".env LOG_FILE"


def test_the_environment_beats_dotenv_whatever_the_names(tmp_path: Path) -> None:
    """A legacy name given for one run wins over our name in the file."""
    (tmp_path / ".env").write_text("METAEXPERT_LOG__DEFAULT_LEVEL=ERROR\n")

    assert Sources.discover({"LOG_LEVEL": "DEBUG"}, tmp_path).resolve().default_level == "DEBUG"


def test_dotenv_is_read_without_touching_the_process(tmp_path: Path) -> None:
    """Quotes, comments, `export` and a byte order mark are understood; `os.environ` stays as it is."""
    (tmp_path / ".env").write_text(
        "\ufeff# mine\nexport LOG_LEVEL='DEBUG' # why\nLOG_FORMAT=\"%(asctime)s %(message)s\"\nEMPTY\n",
        "utf-8",
    )
    before = dict(os.environ)

    assert read_dotenv(tmp_path) == {"LOG_LEVEL": "DEBUG", "LOG_FORMAT": "%(asctime)s %(message)s"}
    assert dict(os.environ) == before


def test_a_dotenv_that_is_no_text_is_named(tmp_path: Path) -> None:
    """A binary `.env` is an error with the file's name; a directory of that name is none of ours."""
    (tmp_path / ".env").write_bytes(b"LOG_LEVEL=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match=r"\.env: not UTF-8"):
        read_dotenv(tmp_path)

    (tmp_path / "other" / ".env").mkdir(parents=True)
    assert read_dotenv(tmp_path / "other") == {}


def test_other_variables_are_none_of_ours() -> None:
    """Only our prefix and the legacy names are looked at."""
    assert configured(LOG_COLOR="x", METAEXPERT_LOGS="x", METAEXPERT_API_KEY="x") == LogConfiguration()


NAMES = st.sampled_from(
    [
        "LOG_LEVEL",
        "LOG_FORMAT",
        "LOG_FILE",
        "LOG_MAX_SIZE",
        "LOG_BACKUP_COUNT",
        "METAEXPERT_LOG__INCLUDE",
        "METAEXPERT_LOG__QUEUE",
        "METAEXPERT_LOG__QUEUE__WAIT_MS",
        "METAEXPERT_LOG__HANDLERS__FILE",
        "METAEXPERT_LOG__HANDLERS__FILE__FILTER",
        "METAEXPERT_LOG__CAPTURE_STDLIB",
        "METAEXPERT_LOG__LOGGERS__A__B",
    ]
)


@given(NAMES, st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12))
def test_any_text_in_any_variable_is_taken_or_refused_by_its_name(name: str, text: str) -> None:
    """No text makes the reading itself fail, and every line of a refusal names the variable."""
    lines = []
    try:
        configured(**{name: text})
    except ConfigurationError as error:
        lines = str(error).splitlines() or [""]

    assert all(line.startswith(f"{name} (environment)") for line in lines)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:8765", "127.0.0.1", 8765),
        ("8765", "127.0.0.1", 8765),
        ("[::1]:0", "::1", 0),
        ("localhost:80", "localhost", 80),
    ],
)
def test_the_control_address_is_one_variable(text: str, host: str, port: int) -> None:
    """`METAEXPERT_CONTROL` switches the server on at an address, IPv6 in brackets, loopback without one."""
    control = configured(METAEXPERT_CONTROL=text).control

    assert control is not None
    assert (control.host, control.port) == (host, port)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "A="
            + "x" * 60_000
            + "\n"
            + "\n".join(f"{b}=${{{a}}}${{{a}}}" for a, b in zip("ABCDEFGHIJ", "BCDEFGHIJK", strict=True)),
            "characters once its variables",
        ),
        ("LOG_LEVEL=INFO " + " " * 100_000 + "x", "blanks in a row"),
        ("#" * 2**20 + "\n", "must have at most 1,048,576 bytes"),
    ],
)
def test_a_dotenv_file_that_would_take_for_ever_is_refused(tmp_path: Path, text: str, words: str) -> None:
    """Values that double with each line, and what python-dotenv takes the square of."""
    (tmp_path / ".env").write_text(text)

    with pytest.raises(ConfigurationError, match=words) as caught:
        read_dotenv(tmp_path)
    assert ".env" in str(caught.value)


def test_variables_in_a_dotenv_file_are_filled_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From what stands before them in the file, else from the environment, else their own default."""
    monkeypatch.setenv("OUTSIDE", "o")
    (tmp_path / ".env").write_text("A=a\nB=${A}-${OUTSIDE}-${NONE:-d}-$A\nC=\nD\n")

    assert read_dotenv(tmp_path) == {"A": "a", "B": "a-o-d-$A", "C": ""}


def test_a_variable_that_is_nested_absurdly_is_a_bad_value() -> None:
    """It is told like any other text that does not fit."""
    variables = {"METAEXPERT_LOG__INCLUDE": "[" * 100_000, "METAEXPERT_LOG__REDACT": "{" * 100_000}

    with pytest.raises(ConfigurationError) as caught:
        Sources.discover(variables).resolve()
    assert {problem.path for problem in caught.value.problems} == {"include", "redact"}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("default_level", "7"),
        ("capture_stdlib", "yes"),
        ("include", "run_id, caller"),
        ("queue.wait_ms", "5"),
        ("queue", '{"wait_ms": 5}'),
        ("handlers.mine", '{"type": "file"}'),
        ("handlers.mine.max_size", "4096"),
        ("handlers.mine.audit", "on"),
        ("handlers.mine.filter.loggers", "a,b"),
        ("loggers.a", "10"),
        ("loggers", '{"a": 10}'),
        ("queue.wait_ms.deeper", "5"),
        ("handlers.mine.guess", "5"),
        ("nothing", "5"),
        ("control.port", "0"),
    ],
)
def test_a_text_has_the_type_that_the_models_want(path: str, text: str) -> None:
    """The kinds of settings are those of the models, which need not be loaded for it."""
    steps = tuple(path.split("."))
    python_types = {"flag": bool, "integer": int, "list": list, "table": dict, "text": str, None: str}

    assert type(typed_value(text, steps)) is python_types[kind_at(LogConfiguration, steps)]


def test_a_variable_takes_no_models(tmp_path: Path) -> None:
    """A level in the environment is read as fast as one in code."""
    program = (
        "import sys; from metaexpert.logger import configure\n"
        "print(configure().default_level, 'pydantic' in sys.modules)"
    )
    own = {"METAEXPERT_LOG__DEFAULT_LEVEL": "debug", "METAEXPERT_LOG__LOGGERS__A": "7"}
    environment = clean_environment() | own
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == ["DEBUG", "False"]
