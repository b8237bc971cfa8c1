"""A large value is shown as the interpreter shows it, as far as it is kept."""

import traceback
from array import array
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from support.large_values import (
    OwnByteArray,
    OwnBytes,
    OwnDict,
    OwnError,
    OwnList,
    OwnSet,
    OwnText,
    OwnTuple,
    Told,
)

if TYPE_CHECKING:
    from support.logs import Logs

#: Members that take less than a record has, and more than one is shown whole by the interpreter.
FITS = 70_000
#: Characters that no record holds.
LONG = 3_000_000


class Child:
    """A member that shows its parent."""

    def __init__(self, parent: Any) -> None:
        self.parent = parent

    def __repr__(self) -> str:
        return f"Child({self.parent!r})"


def in_itself(kind: type) -> Any:
    """Return a container of this kind that holds itself, and much more."""
    container: Any = kind()
    if isinstance(container, dict):
        container.update(enumerate(range(FITS)), me=container)
    else:
        container.append(container)
        container.extend([*range(FITS), Child(container)])
    return container


def ordered() -> OrderedDict[int, int]:
    """Return a mapping whose order is another than that of the dict that it is."""
    mapping = OrderedDict.fromkeys(range(FITS), 1)
    mapping.move_to_end(0)
    return mapping


def counted(most: Any, last: Any) -> Any:
    """Return so many counts; the last one differs."""
    counts: Any = Counter()
    counts.update(dict.fromkeys(range(FITS), most))
    counts[FITS] = last
    return counts


VALUES: dict[str, Callable[[], Any]] = {
    "a class as default": lambda: defaultdict(list, dict.fromkeys(range(FITS), 1)),
    "no default": lambda: defaultdict(None, dict.fromkeys(range(FITS), 1)),
    "a deque with an end": lambda: deque(range(FITS), maxlen=2 * FITS),
    "counts": lambda: Counter({number: number // 2 for number in range(FITS)}),
    "counts that are no integers": lambda: counted(1.5, 2.5),
    "counts that can't be compared": lambda: counted(1, "x"),
    "an order of its own": ordered,
    "a list in itself": lambda: in_itself(list),
    "a dict in itself": lambda: in_itself(dict),
    "a deque in itself": lambda: in_itself(deque),
    "a default dict in itself": lambda: in_itself(defaultdict),
    "a quote behind what is kept": lambda: ["x" * LONG + "'"],
    "both quotes behind it": lambda: ["x" * LONG + "\"'"],
    "a quote behind what is kept of bytes": lambda: [b"x" * LONG + b"'"],
    "a quote in an array of bytes": lambda: bytearray(b"'" + b"x" * FITS),
    "a quote behind what is kept of one": lambda: bytearray(b"x" * LONG + b"'"),
    "an array of characters in a list": lambda: [array("u", "x" * LONG), 1],
}


@pytest.mark.parametrize("make", VALUES.values(), ids=VALUES)
def test_a_large_value_is_shown_as_the_interpreter_shows_it(make: Callable[[], Any], logs: "Logs") -> None:
    """Whatever its class adds, whatever order that has, and where it is in itself."""
    logs.configure()
    value = make()
    logs.logger.info("%s", value)
    logs.logger.info("%r", [value])

    for message, text in zip(logs.messages(), (str(value), repr([value])), strict=True):
        kept, *cut = message.split("… <")
        assert text.startswith(kept)
        assert kept == text or (cut and len(kept) > 300_000)


@pytest.mark.parametrize("size", [10, 6_000])
def test_a_value_is_shown_as_the_interpreter_shows_it(size: int, logs: "Logs") -> None:
    """Also where it is large enough to be shown here: what fits is the same text."""
    logs.configure()
    values: list[Any] = [
        list(range(size)),
        tuple(range(size)),
        (1.5,) * size,
        {str(number): [number, None, True] for number in range(size)},
        set(range(size)),
        frozenset(range(size)),
        deque(range(size)),
        ["it's", 'a "quote"', "line\n", "é🚀"] * size,
        b"\x00'x" * size,
        bytearray(b"x\"'" * size),
        [[], (), {}, set(), frozenset(), (1,), {"a": (2,)}] * size,
        "x" * size,
        OwnText("x" * size),
        [OwnText("x'")] * size,
        OwnBytes(b"\x00'x" * size),
        OwnByteArray(b"\x00'x" * size),
        OwnList(range(size)),
        OwnTuple(range(size)),
        OwnDict.fromkeys(range(size)),
        OwnSet(range(size)),
        array("d", [1.5] * size),
        array("u", "x" * size),
        dict.fromkeys(range(size)).keys(),
        dict.fromkeys(range(size)).values(),
        dict.fromkeys(range(size)).items(),
        ValueError(),
        ValueError(list(range(size))),
        ValueError(*range(size)),
        ValueError("x" * size, b"x"),
        OwnError("x" * size),
        KeyError("x'" * size),
        KeyError(["x"] * size, 1),
        OSError("x" * size),
        OSError(2, "no such file", "x" * size),
        OSError(2, "no such file", "x" * size, None, b"y" * size),
        OSError(2, ["x"] * size),
        ExceptionGroup("x" * size, [ValueError(list(range(size)))]),
        ExceptionGroup("x" * size, [ValueError(1), KeyError(2)]),
        ValueError(KeyError(OwnList(range(size)))),
        Told(range(size)),
    ]
    for value in values:
        logs.logger.info("%s", value)
        logs.logger.info("%r", [value])

    shown = logs.messages()
    expected = [text for value in values for text in (str(value), repr([value]))]
    for message, text in zip(shown, expected, strict=True):
        kept = message.split("… <")[0]
        assert text.startswith(kept)
        assert kept == text or (len(kept) > 300_000 and "bytes cut>" in message)


def test_bytes_of_numpy_are_known_by_their_class(both_ways: "Logs") -> None:
    """Not by its name, which a class that shows itself in its own way may have, too."""
    named_alike = type("numpy.bytes_", (bytes,), {"__str__": lambda _: "mine", "__repr__": lambda _: "mine"})
    for value in (np.bytes_(b"x'" * LONG), named_alike(b"x" * LONG)):
        both_ways.logger.info("%s", value)

    genuine, other = (record["message"] for record in both_ways.records())
    kept, cut = genuine.split("… <")
    assert cut
    assert repr(b"x'" * LONG).startswith(kept)
    assert other == "mine"


class Noted(Exception):
    """An exception whose class has notes."""

    __notes__: ClassVar[list[str]] = ["a note of the class"]


@pytest.mark.parametrize(
    "cause",
    [
        SyntaxError("no such word", ("expert.py", 3, 5, "let me = 1\n", 3, 7)),
        ImportError("no such name", name="module", path="module.py"),
        NameError("no such name", name="prnt"),
        AttributeError("no such attribute", name="foo", obj=[]),
        KeyboardInterrupt("stopped"),
        ExceptionGroup("together", [SyntaxError("no such word", ("expert.py", 3, 5, "let me\n", 3, 7))]),
        Noted("noted"),
    ],
    ids=lambda cause: type(cause).__name__,
)
def test_what_is_beside_a_large_exception_is_shown_whole(cause: BaseException, logs: "Logs") -> None:
    """With all that a traceback shows of its kind."""
    logs.configure()
    problem = ValueError(list(range(FITS)))
    problem.__cause__ = cause
    logs.logger.info("m", exc_info=problem)

    expected = "".join(traceback.format_exception(cause))
    assert logs.last()["exception"]["stacktrace"].startswith(expected)
