"""Facts about the configuration's shape: defaults, refusals, and all problems at once."""

import copy
import json
import logging
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.presets import PRESETS
from metaexpert.logger.errors import ConfigurationError


def refusal(document: Any) -> str:
    """Return the message that `document` is refused with."""
    with pytest.raises(ConfigurationError) as caught:
        LogConfiguration.model_validate(document)
    return str(caught.value)


def test_nothing_given_means_console_expert_trades_and_errors() -> None:
    """The four known handlers are there, each with its level, file and filter."""
    handlers = LogConfiguration().active_handlers()

    assert {name: (h.type, h.level, h.format) for name, h in handlers.items()} == {
        "console": ("console", "INFO", "console"),
        "file": ("file", "DEBUG", "json"),
        "trades": ("file", "INFO", "json"),
        "errors": ("file", "ERROR", "json"),
    }
    assert {name: handlers[name].filename for name in ("file", "trades", "errors")} == {
        "file": "expert.log",
        "trades": "trades.log",
        "errors": "errors.log",
    }
    assert handlers["trades"].filter.category == "trade"
    assert handlers["console"].stream == "stdout"


def test_a_handler_named_in_part_keeps_the_rest_of_its_defaults() -> None:
    """Naming one option of one handler changes that option alone."""
    changed = LogConfiguration(handlers={"trades": {"filename": "deals.log"}}).active_handlers()
    standard = LogConfiguration().active_handlers()

    assert changed["trades"] == standard["trades"].model_copy(update={"filename": "deals.log"})
    assert {name: changed[name] for name in ("console", "file", "errors")} == {
        name: standard[name] for name in ("console", "file", "errors")
    }


def test_none_removes_a_handler_and_a_dump_says_so() -> None:
    """A removed handler stays away after a way through JSON."""
    configuration = LogConfiguration(handlers={"console": None, "errors": False})

    again = LogConfiguration.model_validate(json.loads(json.dumps(configuration.model_dump(mode="json"))))

    assert set(again.active_handlers()) == {"file", "trades"}
    assert again == configuration


def test_a_handler_of_the_users_own_needs_a_type_and_gets_the_rest() -> None:
    """A second file handler takes everything, as JSON, in a file of its name."""
    handler = LogConfiguration(handlers={"audit": {"type": "file"}}).active_handlers()["audit"]

    assert (handler.level, handler.format, handler.filename) == ("NOTSET", "json", "audit.log")
    assert "handlers.audit.type must be given" in refusal({"handlers": {"audit": {"level": "INFO"}}})


def test_a_known_handler_on_another_type_keeps_what_its_name_means() -> None:
    """Trades on the console are still only trades."""
    handler = LogConfiguration(handlers={"trades": {"type": "console"}}).active_handlers()["trades"]

    assert (handler.type, handler.filter.category, handler.format) == ("console", "trade", "console")


def test_asking_for_debug_shows_debug_on_the_console() -> None:
    """A lower `default_level` lowers the console's unnamed level; a named one stays."""
    unnamed = LogConfiguration(default_level="DEBUG")
    named = LogConfiguration(default_level="DEBUG", handlers={"console": {"level": "INFO"}})
    higher = LogConfiguration(default_level="ERROR")

    assert unnamed.active_handlers()["console"].level == "DEBUG"
    assert named.active_handlers()["console"].level == "INFO"
    assert higher.active_handlers()["console"].level == "INFO"


def test_everything_a_logger_lets_through_is_in_the_file() -> None:
    """A logger set below DEBUG is not cut off by the file's unnamed level."""
    configuration = LogConfiguration(loggers={"wire": 5})

    assert configuration.active_handlers()["file"].level == 5
    assert configuration.logger_levels() == {"wire": 5}


def test_levels_are_shown_by_their_standard_names() -> None:
    """Aliases, numbers and any case come out the same."""
    configuration = LogConfiguration(default_level="warn", loggers={"a": 10, "b": "fatal", "c": 15})

    assert configuration.default_level == "WARNING"
    assert dict(configuration.loggers) == {"a": "DEBUG", "b": "CRITICAL", "c": 15}


def test_a_path_object_is_a_path() -> None:
    """`pathlib` paths are taken for directory and file."""
    configuration = LogConfiguration(
        log_file_path=Path("a") / "b", handlers={"file": {"filename": Path("c.log")}}
    )

    assert configuration.log_file_path == str(Path("a", "b"))
    assert configuration.active_handlers()["file"].filename == "c.log"


BAD_FIELDS: list[tuple[str, Any, str]] = [
    ("default_level", "INF0", 'unknown level "INF0"; did you mean "INFO"?'),
    ("default_level", True, "must be a level's name or number, was true"),
    ("default_level", -1, "must be a level from 0"),
    ("log_file_path", "", "must name a directory"),
    ("log_file_path", 5, "must be a path, was 5"),
    ("log_file_path", "a\0b", "without control characters"),
    ("handlers", 5, "must be a table of settings, was 5"),
    ("handlers.file", "x", 'must be a table of settings, was "x"'),
    ("handlers.file.max_size", 100, "must be 0 or at least 4096 bytes, was 100; use 0 for no rotation"),
    ("handlers.file.max_size", "ten", 'must be an integer number of bytes, was "ten"'),
    ("handlers.file.max_size", "10 MB", 'must be an integer number of bytes, was "10 MB"; write 10000000'),
    ("handlers.file.max_size", "10MiB", 'was "10MiB"; write 10485760'),
    ("handlers.file.max_size", "8192", 'was "8192"; write 8192'),
    ("handlers.file.max_size", "8192 B", 'was "8192 B"; write 8192'),
    ("handlers.file.max_size", True, "must be an integer number of bytes, was true"),
    ("handlers.file.max_size", 1.5, "must be an integer number of bytes, was 1.5"),
    ("handlers.file.backup_count", "5", 'must be an integer number of files, was "5"; write 5'),
    ("handlers.file.backup_count", -1, "must be at least 0 files, was -1"),
    (
        "handlers.file.rotate",
        "hourli",
        'must be one of size, hourly, daily, was "hourli"; did you mean "hourly"?',
    ),
    (
        "handlers.file.rotate",
        "midnight",
        'must be one of size, hourly, daily, was "midnight"; did you mean "daily"?',
    ),
    ("handlers.file.rotate", "1 hour", 'did you mean "hourly"?'),
    ("handlers.file.format", "{time} {message}", "write %(asctime)s instead of {time}"),
    ("handlers.file.format", "{level:<8} {message}", "write %(levelname)s instead of {level:<8}"),
    ("handlers.file.format", "{symbol}", "write %(symbol)s instead of {symbol}"),
    ("handlers.file.compress", "bzip2", "must be one of none, gzip, zstd"),
    ("handlers.file.max_age_days", 0, "must be at least 1 days, was 0"),
    ("handlers.file.sync", "alwys", 'did you mean "always"?'),
    ("handlers.file.filename", "", "must name a file"),
    ("handlers.file.filename", "../x.log", "must stay inside the log directory"),
    ("handlers.file.filename", "a/../../x.log", "must stay inside the log directory"),
    ("handlers.file.filename", "sub/", "must name a file, not a directory"),
    ("handlers.file.filename", "x" * 300, "at most 255 bytes"),
    ("handlers.file.filename", "a\ud800", "must be a path in UTF-8"),
    ("handlers.file.format", "jsn", 'did you mean "json"?'),
    ("handlers.file.format", "%(levlname)s", 'did you mean "levelname"?'),
    ("handlers.file.level", "purple", "unknown level"),
    ("handlers.file.levl", "INFO", 'unknown setting; did you mean "level"?'),
    ("handlers.file.stream", "stdout", "must not be given for a file handler"),
    ("handlers.file.filter.max_level", "loud", "unknown level"),
    ("handlers.file.filter.loggers", "a", 'must be a list, was "a"; write ["a"]'),
    ("handlers.file.filter.category", "", "must be text that is not empty"),
    ("handlers.console.filename", "x.log", "must not be given for a console handler"),
    (
        "handlers.console.filenam",
        "x.log",
        "unknown setting; known are type, level, format, datefmt, filter, s",
    ),
    ("handlers.console.path", "x.log", "unknown setting; known are type, level, format, datefmt, filter, s"),
    ("handlers.console.strem", "stderr", 'unknown setting; did you mean "stream"?'),
    ("handlers.console.stream", "stdin", "must be one of stdout, stderr"),
    ("handlers.errors.filename", "expert.log", "must not be a file of handlers.file"),
    ("handlers.errors.filename", "./expert.log", "must not be a file of handlers.file"),
    ("handlers.errors.filename", "expert.log.1", "must not be a file of handlers.file"),
    ("handlers.errors.filename", "logging_errors.log", "the logging system's own errors"),
    ("handlers.file.type", "fle", 'did you mean "file"?'),
    ("loggers.a", "x", "unknown level"),
    ("include", "caller", 'must be a list, was "caller"'),
    ("include", ["callr"], 'had "callr"; did you mean "caller"?'),
    ("field_layout", "deep", "must be one of flat, nested"),
    ("queue.capacity_bytes", 1, "must be at least 65536 bytes"),
    ("queue.wait_ms", 10**12, "must be at most"),
    ("queue.crash_safe", "yes", "must be true or false"),
    ("queue.protect_level", [], "must be a level's name"),
    ("limits.depth", 0, "must be at least 1 levels of nesting"),
    ("limits.bytes", 2**21, "must be at most 1048576 bytes"),
    ("redact.keys", "password", 'must be a list, was "password"; write ["password"]'),
    ("redact.keys", ["-", "a"], 'must be names with letters, had "-"'),
    ("redact.patterns", ["a", "("], '"(" is not a regular expression that can be used: unclosed group'),
    ("redact.patterns", ["(?<=a)b"], "without look-around and backreferences"),
    ("redact.patterns", ["x*"], 'redact.patterns: "x*" can match an empty text'),
    ("redact.patterns", ["(?:a{1000}){1000}"], "is too large a regular expression"),
    ("redact.patterns", ["a.*z|a"], '"a.*z|a" costs more than the 32 steps per byte of ASCII text'),
    ("redact.patterns", [f"a{number}" for number in range(101)], "at most 100 regular expressions, were 101"),
    ("redact.defaults", "no", "must be true or false"),
    ("redact.key", ["a"], 'unknown setting; did you mean "keys"?'),
    ("capture_stdlib", 1, "must be true or false, was 1"),
    ("quue", {}, 'unknown setting; did you mean "queue"?'),
]
LATER: list[tuple[str, Any]] = [
    ("handlers.file.audit", True),
]


def document_with(*fields: tuple[str, Any]) -> dict[str, Any]:
    """Return the document that sets each dotted path to its value."""
    document: dict[str, Any] = {}
    for path, value in fields:
        *tables, last = path.split(".")
        table = document
        for step in tables:
            table = table.setdefault(step, {})
        table[last] = value
    return document


@pytest.mark.parametrize(("path", "value", "words"), BAD_FIELDS, ids=lambda item: str(item)[:30])
def test_a_bad_field_is_named_with_what_it_must_be(path: str, value: Any, words: str) -> None:
    """One bad field gives one problem, under its path, in one line."""
    with pytest.raises(ConfigurationError) as caught:
        LogConfiguration.model_validate(document_with((path, value)))

    assert [problem.path for problem in caught.value.problems] == [path]
    assert words in str(caught.value)
    assert str(caught.value).startswith(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("path", "value"), LATER, ids=lambda item: str(item)[:30])
def test_what_comes_later_is_refused_and_never_ignored(path: str, value: Any) -> None:
    """A setting of the schema that has no effect yet is an error with a way out."""
    message = refusal(document_with((path, value)))

    assert message.startswith(f"{path}: not available in this version")
    assert "; " in message


def test_an_unknown_type_is_refused_with_those_that_there_are() -> None:
    """No message offers one that is refused next."""
    assert refusal({"handlers": {"net": {"type": "otpl"}}}) == (
        'handlers.net.type must be one of console, file, syslog, tcp, udp, was "otpl"'
    )


def test_an_otlp_handler_is_refused_by_its_type_alone() -> None:
    """Its options are known, so the type is the one thing wrong with it."""
    handler = {"type": "otlp", "url": "http://127.0.0.1:4318", "headers": {"a": "b"}, "batch": {"ms": 5}}

    assert refusal({"handlers": {"net": handler}}).splitlines() == [
        'handlers.net.type: not available in this version ("otlp"); use a tcp or a syslog handler'
    ]


def test_the_harmless_values_of_what_comes_later_pass() -> None:
    """Saying explicitly what holds anyway is no error."""
    file = {"compress": "none", "sync": "never", "audit": False, "filter": {"where": None}}

    configuration = LogConfiguration(handlers={"file": file}, redact={"keys": []}, control=None)

    assert configuration == LogConfiguration()


def test_a_bad_condition_is_shown_with_its_place() -> None:
    """The lines below the message are the condition and a caret; whatever has no width of one is blank."""
    document = document_with(
        ("handlers.console.filter.where", "price == 100"),
        ("handlers.file.filter.where", "a = 1 and\n\u200b\tx b"),
        ("handlers.errors.filter.where", "timestamp > 10m"),
        ("handlers.trades.filter.where", "\ud800 = 1"),
        ("handlers.trades.level", "loud"),
    )

    lines = refusal(document).splitlines()

    assert lines[:3] == [
        "handlers.console.filter.where must be a condition: == is no operator; write =",
        "  price == 100",
        "        ^",
    ]
    shown = lines.index("  ^", 3)
    assert "is not expected here" in lines[shown - 2]
    assert lines[shown - 1] == "   \u0020x b".encode().decode("unicode_escape")
    assert (
        "handlers.errors.filter.where must be a condition: 10m would be counted back from now, and a filter "
        "stays in force; write a time like 2026-12-01T10:00:00Z"
    ) in lines
    assert any(line.startswith("handlers.trades.filter.where must be text in Unicode") for line in lines)
    assert any(line.startswith("handlers.trades.level") for line in lines)


@pytest.mark.parametrize("where", [5, "", "  ", ["price > 1"], True])
def test_a_condition_is_text(where: Any) -> None:
    """Anything else is refused as for other texts."""
    assert "handlers.file.filter.where must be text that is not empty" in refusal(
        document_with(("handlers.file.filter.where", where))
    )


INDEPENDENT = [
    (path, value)
    for path, value, _ in BAD_FIELDS
    if path.count(".") > 0
    and path != "handlers.file"
    and not path.endswith((".type", ".filename", ".stream"))
]


@given(st.lists(st.sampled_from(INDEPENDENT), min_size=1, max_size=8, unique_by=lambda field: field[0]))
def test_all_bad_fields_are_reported_at_once(fields: list[tuple[str, Any]]) -> None:
    """However many fields are bad, wherever they are, one error names each of them, and only them."""
    with pytest.raises(ConfigurationError) as caught:
        LogConfiguration.model_validate(document_with(*fields))

    assert sorted(problem.path for problem in caught.value.problems) == sorted(path for path, _ in fields)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
PATHS = sorted({path for path, _, _ in BAD_FIELDS} | {path for path, _ in LATER})


@given(st.sampled_from(PATHS), JSON)
def test_any_value_anywhere_is_taken_or_refused_under_its_path(path: str, value: Any) -> None:
    """No value makes the check itself fail; a refusal names the field or something inside it."""
    problems = []
    try:
        LogConfiguration.model_validate(document_with((path, value)))
    except ConfigurationError as error:
        problems = [problem.path for problem in error.problems] or [""]

    assert all(found.startswith(path) for found in problems)


@pytest.mark.parametrize(
    "document", [7, None, "x", [], {5: 1}, {"handlers": {5: None}}, {"loggers": {5: "INFO"}}]
)
def test_what_is_no_table_of_settings_is_refused(document: Any) -> None:
    """Documents that are no mapping, or have keys that are no text, give the same kind of error."""
    assert "must" in refusal(document)


def test_construction_and_json_raise_the_same_error() -> None:
    """There is one exception for all ways in."""
    with pytest.raises(ConfigurationError, match="unknown level"):
        LogConfiguration(default_level="x")
    with pytest.raises(ConfigurationError, match="unknown level"):
        LogConfiguration.model_validate_json('{"default_level": "x"}')
    with pytest.raises(ConfigurationError, match="line 1, column 2"):
        LogConfiguration.model_validate_json("{")


def test_sixty_five_handlers_are_too_many() -> None:
    """The engine routes to 64 sinks, and says so before it is asked to."""
    handlers = {f"h{number}": {"type": "file"} for number in range(61)}

    assert refusal({"handlers": handlers}).startswith("handlers must be at most 64, were 65")


def test_a_token_never_shows() -> None:
    """Neither a refusal of `control`, nor a wrong type, nor a description prints the secret."""
    assert "s3cret" not in refusal({"control": {"token": "s3cret", "port": -1}})
    assert "s3cret" not in refusal({"control": {"token": ["s3cret"]}})
    assert "s3cret" not in refusal({"control": {"token": "s3cret with spaces"}})
    configuration = LogConfiguration(control={"token": "s3cret"})
    assert "s3cret" not in configuration.describe() + repr(configuration) + configuration.model_dump_json()
    assert configuration.control.token.get_secret_value() == "s3cret"


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "trading.example.com"])
def test_control_beyond_this_machine_takes_a_token(host: str) -> None:
    """An address that others can reach is refused without a token, and accepted with one."""
    assert refusal({"control": {"host": host}}).startswith("control.token must be given, since")
    assert LogConfiguration(control={"host": host, "token": "s3cret"}).control.host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_control_on_this_machine_needs_no_token(host: str) -> None:
    """Loopback addresses, by number or name, work without a token."""
    assert LogConfiguration(control={"host": host}).control.token is None


def test_a_configuration_cannot_be_changed() -> None:
    """Neither its fields nor its tables: what was validated stays what it was."""
    configuration = LogConfiguration(loggers={"a": "INFO"})

    with pytest.raises(ValidationError, match="frozen"):
        configuration.default_level = "DEBUG"
    with pytest.raises(TypeError, match="configure"):
        configuration.handlers["file"] = None
    with pytest.raises(TypeError, match="configure"):
        del configuration.loggers["a"]
    with pytest.raises(TypeError, match="configure"):
        configuration.loggers.update(a="DEBUG")


def test_copies_and_pickles_are_equal_and_remember_origins() -> None:
    """A configuration can be handed to a worker process."""
    configuration = LogConfiguration(default_level="DEBUG", handlers={"console": None})

    for other in (copy.deepcopy(configuration), pickle.loads(pickle.dumps(configuration))):
        assert other == configuration
        assert other.origins == configuration.origins == {"default_level": "code", "handlers.console": "code"}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_is_valid_and_survives_its_dump(name: str) -> None:
    """Each preset is a configuration like any other, and says where its values are from."""
    preset = getattr(LogConfiguration, f"for_{name}")()

    assert LogConfiguration.model_validate(preset.model_dump()) == preset
    assert preset != LogConfiguration()
    assert set(preset.origins.values()) == {f"preset {name}"}


def test_presets_keep_their_promises() -> None:
    """What each preset exists for holds."""
    high_frequency = LogConfiguration.for_high_frequency()

    assert "console" not in high_frequency.active_handlers()
    assert high_frequency.queue.wait_ms == 0
    assert LogConfiguration.for_backtesting().queue.protect_level == "NOTSET"
    assert LogConfiguration.for_development().active_handlers()["console"].level == "DEBUG"
    assert "process_id" in LogConfiguration.for_production().include


def test_describe_shows_each_value_with_its_source() -> None:
    """A person can read what is in force and why."""
    lines = LogConfiguration(default_level="DEBUG", handlers={"console": None}).describe().splitlines()

    assert 'default_level = "DEBUG"  (code)' in lines
    assert "handlers.console = removed  (code)" in lines
    assert 'handlers.file.filename = "expert.log"' in lines
    assert "queue.crash_safe = true" in lines


def test_a_level_of_the_users_own_is_shown_by_its_name() -> None:
    """`logging.addLevelName` before configuring is enough."""
    logging.addLevelName(7, "WIRE")
    try:
        assert LogConfiguration(default_level="wire").default_level == "WIRE"
    finally:
        logging._levelToName.pop(7)
        logging._nameToLevel.pop("WIRE")
