"""Facts about the caller that records name: file, line and function of the call in the program."""

import asyncio
import inspect
import io
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, get_logger, timed
from support.listeners import Recorder

if TYPE_CHECKING:
    from support.logs import Logs

Call = Callable[[MetaLogger], int]


def line_before() -> int:
    """Return the number of the line before the one of the call."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return frame.f_back.f_lineno - 1


def by_method(log: MetaLogger) -> int:  # noqa: D103
    log.info("m")
    return line_before()


def by_arguments(log: MetaLogger) -> int:  # noqa: D103
    log.info("m %d", 1, extra={"a": 1}, price=1.5)
    return line_before()


def by_log(log: MetaLogger) -> int:  # noqa: D103
    log.log(logging.INFO, "m")
    return line_before()


def by_custom_level(log: MetaLogger) -> int:  # noqa: D103
    log.log(25, "m")
    return line_before()


def by_trade(log: MetaLogger) -> int:  # noqa: D103
    log.trade("m")
    return line_before()


def by_warn(log: MetaLogger) -> int:  # noqa: D103
    log.warn("m")
    return line_before()


def by_exception(log: MetaLogger) -> int:  # noqa: D103
    log.exception("m")
    return line_before()


def by_stack(log: MetaLogger) -> int:  # noqa: D103
    log.info("m", stack_info=True)
    return line_before()


def by_bound(log: MetaLogger) -> int:  # noqa: D103
    log.bind(b=1).info("m")
    return line_before()


def by_child(log: MetaLogger) -> int:  # noqa: D103
    log.getChild("c").info("m")
    return line_before()


def by_hoisted(log: MetaLogger) -> int:  # noqa: D103
    info = log.info
    info("m")
    return line_before()


def by_adapter(log: MetaLogger) -> int:  # noqa: D103
    logging.LoggerAdapter(log, {"a": 1}).info("m")
    return line_before()


def by_nested_adapter(log: MetaLogger) -> int:  # noqa: D103
    adapter = logging.LoggerAdapter(logging.LoggerAdapter(log, {"a": 1}), {"b": 2})
    adapter.log(logging.INFO, "m")
    return line_before()


def by_plain_logger(_: MetaLogger) -> int:  # noqa: D103
    logging.getLogger("plain").info("m")
    return line_before()


def by_module_function(_: MetaLogger) -> int:  # noqa: D103
    logging.info("m")
    return line_before()


def by_wrapper(log: MetaLogger) -> int:  # noqa: D103
    def wrapper() -> None:
        log.info("m", stacklevel=2)

    wrapper()
    return line_before()


def by_two_wrappers(log: MetaLogger) -> int:  # noqa: D103
    def inner() -> None:
        log.bind(b=1).warning("m", stacklevel=3)

    def outer() -> None:
        inner()

    outer()
    return line_before()


def by_adapter_in_a_wrapper(log: MetaLogger) -> int:  # noqa: D103
    def wrapper() -> None:
        logging.LoggerAdapter(log, {"a": 1}).info("m", stacklevel=2)

    wrapper()
    return line_before()


CALLS: list[Call] = [each for name, each in list(globals().items()) if name.startswith("by_")]


@pytest.mark.parametrize("way", ["alone", "foreign"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)
def test_the_caller_is_the_line_of_the_call(call: Call, way: str, logs: "Logs", recorder: Recorder) -> None:
    """In JSON, in a text format and in the record another handler gets, the second time as the first."""
    pattern = "%(pathname)s:%(lineno)d %(funcName)s"
    text = {"type": "file", "filename": "text.log", "format": pattern}
    logs.configure(include=["caller"], handlers={"text": text})
    if way == "foreign":
        logging.root.addHandler(recorder)
    lines = [call(logs.logger), call(logs.logger)]

    expected = [{"file": __file__, "line": line, "function": call.__name__} for line in lines]
    assert [record["caller"] for record in logs.records()] == expected
    shown = (logs.directory / "text.log").read_text(encoding="utf-8").splitlines()
    texts = [line for line in shown if line.startswith(__file__)]
    assert texts == [f"{__file__}:{line} {call.__name__}" for line in lines]
    for record, line in zip(recorder.records, lines, strict=way == "foreign"):
        assert (record.pathname, record.lineno, record.funcName) == (__file__, line, call.__name__)


class Walker(logging.Handler):
    """Looks for the caller as loguru's documented `InterceptHandler` does, by the files of frames."""

    def __init__(self) -> None:
        super().__init__()
        self.callers: list[tuple[str, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Note who is taken for the caller."""
        frame = inspect.currentframe()
        assert frame is not None
        frame = frame.f_back
        while frame is not None and frame.f_code.co_filename == logging.__file__:
            frame = frame.f_back
        assert frame is not None
        self.callers.append((frame.f_code.co_name, frame.f_lineno))


@pytest.mark.parametrize(
    "call", [call for call in CALLS if "wrapper" not in call.__name__], ids=lambda call: call.__name__
)
def test_who_walks_up_the_frames_finds_the_same_caller(call: Call, logs: "Logs") -> None:
    """Between a call and a handler there is no frame of another file than that of `logging`."""
    logs.configure()
    logging.root.addHandler(walker := Walker())
    try:
        lines = [call(logs.logger), call(logs.logger)]
    finally:
        logging.root.removeHandler(walker)

    assert walker.callers == [(call.__name__, line) for line in lines]


def test_a_failing_handler_is_shown_with_the_call(logs: "Logs", capsys: pytest.CaptureFixture[str]) -> None:
    """`logging` prints the stack of the call, down to the line in the program."""

    stream = io.StringIO()
    stream.close()
    logs.configure()
    logging.root.addHandler(failing := logging.StreamHandler(stream))
    try:
        logs.logger.info("m")
    finally:
        logging.root.removeHandler(failing)

    error = capsys.readouterr().err
    last = error.partition("Call stack:\n")[2].partition("\nMessage:")[0].splitlines()[-1]
    assert last.strip() == 'logs.logger.info("m")'


@pytest.mark.parametrize("way", ["alone", "foreign"])
def test_generators_comprehensions_lambdas_and_coroutines_are_callers(
    way: str, logs: "Logs", recorder: Recorder
) -> None:
    """The frame that makes the call is named as `logging` names it."""
    logs.configure(include=["caller"])
    if way == "foreign":
        logging.root.addHandler(recorder)
    log = logs.logger

    def numbers() -> Iterator[int]:
        log.info("generator")
        yield 1

    async def coroutine() -> None:
        log.info("coroutine")
        await asyncio.sleep(0)
        log.info("coroutine")

    class Strategy:
        def on_bar(self) -> None:
            log.info("method")

    in_lambda = lambda: log.info("lambda")  # noqa: E731 - its name is what is asked
    for _ in numbers():
        in_lambda()
    assert all(log.info("expression") is None for _ in "a")
    asyncio.run(coroutine())
    Strategy().on_bar()

    names = [record["caller"]["function"] for record in logs.records() if record["module"] == "bot"]
    assert names == ["numbers", "<lambda>", "<genexpr>", "coroutine", "coroutine", "on_bar"]


def test_a_warning_names_the_logger_of_warnings(logs: "Logs") -> None:
    """As in `logging`: the place of the warning is in the message, the caller is where it was shown."""
    logs.configure(include=["caller"])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("thin book", RuntimeWarning, stacklevel=1)
        line = line_before()
        logging.captureWarnings(False)

    assert f"{__file__}:{line}: RuntimeWarning" in logs.last()["message"]
    assert "caller" in logs.last()


def test_a_timed_block_names_the_block(logs: "Logs") -> None:
    """`timed` as a context manager: the record names the function in which the block stands."""
    logs.configure(include=["caller"])
    with timed(logs.logger, "tick"):
        pass

    caller = logs.last()["caller"]
    assert (caller["file"], caller["function"]) == (__file__, "test_a_timed_block_names_the_block")


def test_a_stacklevel_beyond_the_stack_is_the_outermost_frame(logs: "Logs") -> None:
    """As in `logging`; nothing raises."""
    logs.configure(include=["caller"])
    logs.logger.info("m", stacklevel=10_000)

    assert logs.last()["caller"]["line"] > 0


def test_the_stack_ends_with_the_call(logs: "Logs") -> None:
    """`stack_info=True` shows the stack down to the line of the call, and nothing of the library."""
    logs.configure()
    logs.logger.info("m", stack_info=True)
    stack = logs.last()["stack_info"]

    assert stack.startswith("Stack (most recent call last):\n")
    assert stack.splitlines()[-1].strip().startswith('logs.logger.info("m", stack_info=True)') or (
        stack.splitlines()[-2].strip().startswith('logs.logger.info("m", stack_info=True)')
    )
    assert str(Path("metaexpert", "logger")) not in stack


@pytest.mark.parametrize("asked_for", [False, True], ids=["unasked", "asked"])
def test_frames_are_walked_only_for_who_asks(
    asked_for: bool, logs: "Logs", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a format or a handler that shows the caller no frame is looked at, be the call fast or not."""
    logs.configure(include=["caller"] if asked_for else [])
    log, looks, get_frame = get_logger("bot"), [0], sys._getframe

    def counting(*args: int) -> Any:
        looks[0] += 1
        return get_frame(*args)

    monkeypatch.setattr(sys, "_getframe", counting)
    log.info("0", extra={"a": 1})
    log.exception("1", exc_info=ValueError("v"))
    log.info("2", stacklevel=2)
    log.bind(b=1).log(25, "3")
    monkeypatch.undo()

    assert (looks[0] > 0) is asked_for
    assert logs.messages() == ["0", "1", "2", "3"]
