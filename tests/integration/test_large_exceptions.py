"""An exception with large arguments is shown in part, and its traceback, causes and notes stay."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from support.large_values import MOST, SIZE, OwnError, OwnList, peak_of

if TYPE_CHECKING:
    from support.logs import Logs

ARGUMENTS: dict[str, Callable[[], tuple[Any, ...]]] = {
    "bytes": lambda: (b"x" * SIZE,),
    "text": lambda: ("x" * SIZE, 1),
    "list": lambda: ([10**18] * (SIZE // 8),),
    "list of an own class": lambda: (OwnList([10**18] * (SIZE // 8)),),
    "dict": lambda: (dict.fromkeys(range(SIZE // 20), 1),),
    "many": lambda: (*range(SIZE // 20),),
    "a file": lambda: (2, "no such file", "x" * SIZE),
    "another exception": lambda: (KeyError("x" * SIZE),),
}


@pytest.mark.parametrize("kind", [ValueError, KeyError, OSError, OwnError])
@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
def test_an_exception_with_large_arguments_is_shown_in_part(
    arguments: Callable[[], tuple[Any, ...]], kind: type[Exception], logs: "Logs"
) -> None:
    """Of its own name, with its cause and notes."""
    logs.configure()
    problem = kind(*arguments())
    problem.__cause__ = RuntimeError("the cause")
    problem.add_note("a note")

    assert peak_of(lambda: logs.logger.info("m", exc_info=problem)) < MOST
    exception = logs.last()["exception"]
    assert exception["type"].endswith(type(problem).__name__)
    assert "bytes cut>" in exception["message"]
    assert "RuntimeError: the cause" in exception["stacktrace"]
    assert "a note" in exception["stacktrace"]


def test_a_cause_with_large_arguments_is_shown_in_part(logs: "Logs") -> None:
    """So is one of a group; what is short stays whole, and the links between them what they are."""
    logs.configure()
    group = ExceptionGroup("together", [ValueError([1] * SIZE), KeyError("short")])
    group.__cause__ = OwnError({"list": [1] * SIZE})
    group.__cause__.__context__ = RuntimeError("while this")
    problem = RuntimeError("outermost")
    problem.__context__ = group

    assert peak_of(lambda: logs.logger.info("m", exc_info=problem)) < MOST
    exception = logs.last()["exception"]
    assert exception["message"] == "outermost"
    for text in (
        "RuntimeError: while this",
        f"{OwnError.__module__}.OwnError: {{'list': [1, 1, ",
        "direct cause of the following exception",
        "ExceptionGroup: together (2 sub-exceptions)",
        "ValueError: [1, 1, ",
        "KeyError: 'short'",
        "During handling of the above exception",
        "RuntimeError: outermost",
    ):
        assert text in exception["stacktrace"]


def test_a_long_text_does_not_cost_an_exception_its_traceback(logs: "Logs") -> None:
    """The message is cut, and the frames are there."""
    logs.configure()
    try:
        raise ValueError("x" * SIZE)
    except ValueError:
        logs.logger.exception("m")

    exception = logs.last()["exception"]
    assert "bytes cut>" in exception["message"]
    assert "test_a_long_text_does_not_cost" in exception["stacktrace"]
