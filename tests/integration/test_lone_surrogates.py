"""Half of a surrogate pair, as the names of files have it, costs no record and no other text."""

import asyncio
import logging
import threading
import warnings
from collections.abc import Callable
from types import CodeType
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import ConfigurationError, MetaLogger, get_logger, log_context, stats

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome

HALF = "bars-\udcff.csv"
READABLE = "bars-\N{REPLACEMENT CHARACTER}.csv"
#: Everything that a record can show is shown by some format.
EVERYTHING = "%(levelname)s %(name)s %(message)s %(pathname)s %(funcName)s %(threadName)s %(taskName)s"


class Named:
    """Something whose text is `text`."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def configure_all_formats(logs: "Logs", **more: Any) -> None:
    """Have each record in a JSON file, a text file and a console's file, with its caller and thread."""
    logs.configure(
        include=["caller", "thread_id"],
        handlers={
            "text": {"type": "file", "filename": "text.log", "format": EVERYTHING},
            "people": {"type": "file", "filename": "people.log", "format": "console"},
        },
        **more,
    )


def failing(text: str, *, note: bool = False) -> BaseException:
    """Return an exception, raised and caught, with `text` in its message or in a note."""
    try:
        problem = ValueError("cannot read" if note else text)
        if note:
            problem.add_note(text)
        raise problem
    except ValueError as caught:
        return caught


def renamed(function: Callable[..., Any], *, file: str = "", name: str = "") -> Callable[..., Any]:
    """Return the function as if it stood in `file`, or was called `name`."""
    code: CodeType = function.__code__
    function.__code__ = code.replace(co_filename=file or code.co_filename, co_name=name or code.co_name)
    return function


def from_a_thread(call: Callable[[], None]) -> None:
    """Make the call in a thread whose name has half a pair."""
    thread = threading.Thread(target=call, name=HALF)
    thread.start()
    thread.join(20)


def from_a_task(call: Callable[[], None]) -> None:
    """Make the call in a task whose name has half a pair."""

    async def log() -> None:
        call()

    async def main() -> None:
        await asyncio.create_task(log(), name=HALF)

    asyncio.run(main())


#: What both kinds of logger take.
PLACES: dict[str, Callable[[logging.Logger], None]] = {
    "message": lambda log: log.info(HALF),
    "message object": lambda log: log.info(Named(HALF)),
    "format": lambda log: log.info(HALF + " %s", "x"),
    "argument": lambda log: log.info("read %s", HALF),
    "argument object": lambda log: log.info("read %s", Named(HALF)),
    "argument by name": lambda log: log.info("read %(file)s", {"file": HALF}),
    "extra value": lambda log: log.info("m", extra={"file": HALF}),
    "extra key": lambda log: log.info("m", extra={HALF: 1}),
    "nested value": lambda log: log.info("m", extra={"files": [{"a": HALF}]}),
    "nested key": lambda log: log.info("m", extra={"files": {HALF: {HALF: 1}}}),
    "exception": lambda log: log.info("m", exc_info=failing(HALF)),
    "note": lambda log: log.info("m", exc_info=failing(HALF, note=True)),
    "category": lambda log: log.info("m", extra={"category": HALF}),
    "thread": lambda log: from_a_thread(lambda: log.info("m")),
    "task": lambda log: from_a_task(lambda: log.info("m")),
    "caller's file": lambda log: renamed(lambda: log.info("m"), file=HALF)(),
    "caller's function": lambda log: renamed(lambda: log.info("m"), name=HALF)(),
    "stack": lambda log: renamed(lambda: log.info("m", stack_info=True), file=HALF)(),
    "stack of a file without a name": lambda log: renamed(
        lambda: log.info("m", stack_info=True), file="\ud800.py"
    )(),
}
#: What only a `MetaLogger` takes.
OWN_PLACES: dict[str, Callable[[MetaLogger], None]] = {
    "field": lambda log: log.info("m", file=HALF),
    "name of a field": lambda log: log.info("m", **{HALF: 1}),
    "bound field": lambda log: log.bind(file=HALF).info("m"),
    "name of a bound field": lambda log: log.bind(**{HALF: 1}).info("m"),
    "bound nested value": lambda log: log.bind(files=[HALF]).info("m"),
    "category of a call": lambda log: log.info("m", category=HALF),
    "trade": lambda log: log.trade(HALF, symbol=HALF),
    "name of an unusable word": lambda log: log.info("m", stacklevel=HALF),
}


def records_of(logs: "Logs") -> list[dict[str, Any]]:
    """Return what each file has, which is the same number of records in each."""
    # asyncio says something of its own.
    records = [record for record in logs.records() if record["module"] != "asyncio"]
    assert stats().dropped == 0
    assert stats().logged == stats().written
    for name in ("text.log", "people.log"):
        assert len((logs.directory / name).read_text(encoding="utf-8").splitlines()) >= len(records)
    return records


@pytest.mark.parametrize("kind", ["ours", "plain"])
@pytest.mark.parametrize("place", PLACES)
def test_a_record_has_half_a_pair_replaced(place: str, kind: str, logs: "Logs") -> None:
    """In whatever a call is given or a format shows; nothing is lost, nothing is raised."""
    configure_all_formats(logs)
    log = get_logger("bot") if kind == "ours" else logging.getLogger("a.library")

    PLACES[place](log)
    log.info("next")

    first, second = records_of(logs)
    assert second["message"] == "next"
    if place != "stack of a file without a name":
        everything = repr(first) + (logs.directory / "text.log").read_text(encoding="utf-8")
        assert READABLE in everything


@pytest.mark.parametrize("place", OWN_PLACES)
def test_a_field_has_half_a_pair_replaced(place: str, both_ways: "Logs") -> None:
    """In its value, in its name, bound to the logger or given with the call."""
    OWN_PLACES[place](both_ways.logger)
    both_ways.logger.info("next")

    first, second = both_ways.records()
    assert READABLE in repr(first)
    assert second["message"] == "next"
    assert stats().dropped == 0


@pytest.mark.parametrize("kind", ["ours", "plain"])
def test_a_logger_keeps_a_readable_name(kind: str, logs: "Logs") -> None:
    """Its records go under that name, also with other listeners and from a bound logger."""
    configure_all_formats(logs)
    log = get_logger(HALF) if kind == "ours" else logging.getLogger(HALF)

    log.info("one")
    log.info("two", exc_info=failing("bad"))
    if isinstance(log, MetaLogger):
        log.bind(a=1).info("three")
    logging.root.addHandler(logging.NullHandler())
    try:
        log.info("four")
    finally:
        logging.root.handlers.pop()

    assert {record["module"] for record in records_of(logs)} == {READABLE}
    assert logs.messages()[-1] == "four"


def test_a_level_keeps_a_readable_name(both_ways: "Logs") -> None:
    """A level of the program's own is written under its name."""
    logging.addLevelName(21, HALF)
    try:
        both_ways.logger.log(21, "m")
        logging.getLogger("plain").log(21, "m")
    finally:
        logging.addLevelName(21, "Level 21")

    assert [record["level"] for record in both_ways.records()] == [READABLE] * 2


def test_a_context_has_half_a_pair_replaced(both_ways: "Logs") -> None:
    """In name and value."""
    with log_context(**{HALF: 1, "file": HALF}):
        both_ways.logger.info("m")

    record = both_ways.last()
    assert (record[READABLE], record["file"]) == (1, READABLE)


def test_a_warning_has_half_a_pair_replaced(logs: "Logs") -> None:
    """One that is captured is on record."""
    logs.configure(capture_stdlib=True)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        try:
            warnings.warn(HALF, UserWarning, stacklevel=1)
        finally:
            logging.captureWarnings(False)

    assert READABLE in logs.last()["message"]


def test_a_source_line_with_half_a_pair_is_shown(logs: "Logs") -> None:
    """A traceback has the line of a program that was made at run time."""
    import linecache

    logs.configure()
    source = f"raise ValueError({HALF!r})  # {HALF}\n"
    linecache.cache["<made>"] = (len(source), None, source.splitlines(keepends=True), "<made>")
    try:
        exec(compile(source.encode("utf-8", "replace"), "<made>", "exec"), {})
    except ValueError:
        logs.logger.exception("m")
        logging.getLogger("plain").exception("m")
    finally:
        del linecache.cache["<made>"]

    for record in logs.records():
        assert f"# {READABLE}" in record["exception"]["stacktrace"]


def test_frames_are_listed_where_a_file_has_no_name(logs: "Logs") -> None:
    """A name that no file can have costs the source lines, not the traceback."""
    logs.configure()

    def fail() -> None:
        raise ValueError("bad")

    try:
        renamed(fail, file="\ud800.py")()
    except ValueError:
        logs.logger.exception("m")
        logging.getLogger("plain").exception("m")

    for record in logs.records():
        assert record["exception"]["message"] == "bad"
        assert "\N{REPLACEMENT CHARACTER}.py" in record["exception"]["stacktrace"]
        assert "in fail" in record["exception"]["stacktrace"]


def test_a_program_in_a_directory_without_a_readable_name_is_on_record(
    run_python: "Callable[..., Outcome]",
) -> None:
    """`%`-arguments that do not fit are reported with half a pair in them, and the record is written."""
    outcome = run_python(
        """
        from metaexpert.logger import configure, get_logger
        configure({"log_file_path": "logs", "handlers": {"console": {"level": "INFO", "format": "console"}}})
        get_logger("bot").info("read %d", "bars-\\udcff.csv")
        """
    )

    (record,) = outcome.records()
    assert record["message"] == "read %d"
    assert READABLE in repr(record["format_args"])
    assert "Logging error" in outcome.stderr


def test_names_in_the_configuration_match_what_records_show(logs: "Logs") -> None:
    """Levels, filters and secrets of a name with half a pair count for the records that have it."""
    logs.configure(
        loggers={HALF: "ERROR"},
        redact={"keys": [HALF]},
        handlers={HALF: {"type": "file", "filename": "own.log", "filter": {"loggers": [HALF]}}},
    )
    log = logging.getLogger(HALF)

    log.info("off")
    log.error("on", extra={HALF: "secret"})
    logs.logger.info("another")

    (record,) = logs.records("own.log")
    assert (record["message"], record[READABLE]) == ("on", "***")


@pytest.mark.parametrize(
    ("setting", "field"),
    [
        ({"handlers": {"file": {"filename": HALF}}}, "handlers.file.filename"),
        ({"handlers": {"file": {"format": HALF}}}, "handlers.file.format"),
        ({"log_file_path": HALF}, "log_file_path"),
    ],
)
def test_a_setting_that_cannot_have_it_is_refused_by_name(
    setting: dict[str, Any], field: str, logs: "Logs"
) -> None:
    """Half of a pair in a file's name or in a format is an error of the configuration like any other."""
    with pytest.raises(ConfigurationError, match=field) as caught:
        logs.configure(setting)

    assert r"\udcff" in str(caught.value)
