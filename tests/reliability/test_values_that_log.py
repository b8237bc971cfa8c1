"""A value whose own code logs that value again ends in a note, at every recursion limit."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

#: Each makes one call with a value whose own code makes the same call again.
WAYS = {
    "str": "log.info('m %s', Value())",
    "str twice": "log.info('m %s %s', Value(), Value())",
    "repr": "log.info('m %r', Value())",
    "message": "log.info(Value())",
    "field": "log.info('m', value=Value())",
    "extra": "log.info('m', extra={'value': Value()})",
    "nested": "log.info('m', value=[{'a': Value()}])",
    "key": "log.info('m', value={Value(): 1})",
    "float": "log.info('m %f', Value())",
    "index": "log.info('m %x', Value())",
    "iteration": "log.info('m', value=Items())",
    "mapping": "log.info('m', value=Table())",
    "isoformat": "log.info('m', value=Day(2026, 1, 1))",
    "attribute": "log.info('m', value=Data())",
    "enum": "log.info('m', value=Choice.A)",
    "class": "log.info('m', value=Masked())",
    "bound": "log.bind(value=Value()).info('m')",
    "context": "in_context()",
    "exception": "log.info('m', exc_info=Failure())",
    "exception of a plain logger": "plain.info('m', exc_info=Failure())",
    "plain logger": "plain.info('m %s', Value())",
    "plain field": "plain.info('m', extra={'value': Value()})",
    "level": "log.log(25, 'm %s', Value())",
    "in a bare except": "log.info('m %s', Careless())",
}
PROGRAM = """
import datetime, enum, logging, sys, threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from metaexpert.logger import configure, flush, get_logger, log_context, stats

configure({{"log_file_path": "logs", "default_level": "DEBUG", "handlers": {{"console": None}}}})
log, plain = get_logger("bot"), logging.getLogger("library")
logging.raiseExceptions = False
sys.setrecursionlimit({limit})
threading.stack_size({stack})
way = {way!r}

def again():
    global calls
    calls += 1
    eval(code)

class Value:
    def __str__(self): again(); return "text"
    def __repr__(self): again(); return "text"
    def __float__(self): again(); return 1.0
    def __index__(self): again(); return 1

class Careless:
    def __str__(self):
        try: log.info("m %s", self)
        except: pass
        return "text"

class Items(Sequence):
    def __len__(self): return 1
    def __getitem__(self, at): again(); raise IndexError

class Table(Mapping):
    def __len__(self): return 1
    def __iter__(self): again(); return iter("a")
    def __getitem__(self, key): return 1

class Day(datetime.date):
    def isoformat(self): again(); return "day"

@dataclass
class Data:
    value: int = 1
    def __getattribute__(self, name):
        if name == "value": again()
        return object.__getattribute__(self, name)

class Choice(enum.Enum):
    A = 1
    @property
    def value(self): again(); return 1

class Masked:
    @property
    def __class__(self): again(); return Masked
    def __str__(self): return "masked"

class Failure(Exception):
    def __str__(self): again(); return "failure"

def in_context():
    with log_context(value=Value()):
        log.info("m")

def run():
    global calls, code
    for name, code in ways.items():
        calls = 0
        before = stats().logged
        try:
            eval(code)
        except BaseException as problem:
            raised.append((name, repr(problem)))
        counts[name] = (calls, stats().logged - before)

ways, raised, counts = {ways!r}, [], {{}}
thread = threading.Thread(target=run)
thread.start()
thread.join()
assert not raised, raised
assert counts.keys() == ways.keys(), counts
for name, (calls, logged) in counts.items():
    assert calls < 400, counts
    assert logged >= 1, counts
assert flush(20)
now = stats()
assert (now.dropped, now.written) == (0, now.logged), now
log.info("the end")
"""


@pytest.mark.parametrize("stack", [1 << 20, 1 << 18])
@pytest.mark.parametrize("limit", [1_000, 1_000_000])
def test_a_value_that_logs_itself_ends_in_a_note(
    limit: int, stack: int, run_python: "Callable[..., Outcome]"
) -> None:
    """With any of its methods there is no crash, no exception, no exponential number of calls and no loss."""
    outcome = run_python(PROGRAM.format(limit=limit, stack=stack, ways=WAYS, way=""))

    records = outcome.records()
    assert records[-1]["message"] == "the end"
    assert "RecursionError" in repr(records)


def test_a_thread_with_next_to_no_stack_can_log(run_python: "Callable[..., Outcome]") -> None:
    """Where there is no room for values' own code, plain values are written and others become notes."""
    outcome = run_python(
        """
        import threading
        from metaexpert.logger import configure, get_logger
        configure({"log_file_path": "logs", "handlers": {"console": None}})
        log = get_logger("bot")

        class Value:
            def __str__(self):
                return "text"

        def run():
            log.info("one", price=1.5, symbol="BTC", value=Value())
            log.info("two %d", 2)

        threading.stack_size(1 << 15)
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        """
    )

    first, second = outcome.records()
    assert (first["price"], first["symbol"], second["message"]) == (1.5, "BTC", "two 2")
    assert first["value"] in ("text", "<unprintable Value: RecursionError>")


def test_a_value_may_log_something_else(run_python: "Callable[..., Outcome]") -> None:
    """User code that logs a few other values, which in turn log others, is served in full."""
    outcome = run_python(
        """
        from metaexpert.logger import configure, get_logger
        configure({"log_file_path": "logs", "handlers": {"console": None}})
        log = get_logger("bot")

        class Value:
            def __init__(self, depth):
                self.depth = depth

            def __str__(self):
                if self.depth:
                    log.info("inside %s", Value(self.depth - 1))
                return f"value {self.depth}"

        log.info("outside %s", Value(5))
        """
    )

    inside = [f"inside value {depth}" for depth in range(5)]
    assert outcome.messages() == [*inside, "outside value 5"]


#: What listens and logs in its turn, to the logger that it listens to.
LISTENERS = {
    "filter": "class Listener(logging.Filter):\n    def filter(self, record): again(); return True\n"
    "log.addFilter(Listener())",
    "handler": "class Listener(logging.Handler):\n    def emit(self, record): again()\n"
    "log.addHandler(Listener())",
    "filter of a handler": "class Listener(logging.Filter):\n"
    "    def filter(self, record): again(); return True\n"
    "handler = logging.NullHandler(); handler.addFilter(Listener()); handler.emit = print\n"
    "handler.handle = lambda record: handler.filter(record)\nlog.addHandler(handler)",
    "record factory": "def make(*args, **kwargs):\n    again(); return logging.LogRecord(*args, **kwargs)\n"
    "logging.setLogRecordFactory(make); log.addHandler(logging.NullHandler())",
    "logger class": "class Own(type(log)):\n    def handle(self, record): again(); super().handle(record)\n"
    "log.__class__ = Own; log.addHandler(logging.NullHandler())",
}
CALLS = ("log.info('m')", "log.bind(a=1).info('m')", "log.log(20, 'm')", "info('m')")


@pytest.mark.parametrize(("limit", "stack"), [(1_000, 1 << 17), (1_000_000, 1 << 20)])
@pytest.mark.parametrize("listener", LISTENERS)
def test_a_listener_that_logs_itself_ends_in_an_error(
    listener: str, limit: int, stack: int, run_python: "Callable[..., Outcome]"
) -> None:
    """As in `logging`: RecursionError, and no crash, whatever the interpreter would allow."""
    outcome = run_python(
        f"""
        import logging, sys, threading
        from metaexpert.logger import configure, flush, get_logger
        configure({{"log_file_path": "logs", "handlers": {{"console": None}}}})
        logging.raiseExceptions = False
        log = get_logger("bot")
        info, raised, ways = log.info, [], {CALLS!r}

        def again():
            global calls
            calls += 1
            eval(code)

        exec({LISTENERS[listener]!r})

        def run():
            global calls, code
            for code in ways:
                calls = 0
                try:
                    eval(code)
                except RecursionError as problem:
                    raised.append(calls)

        sys.setrecursionlimit({limit})
        threading.stack_size({stack})
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        sys.setrecursionlimit(1000)
        logging.setLogRecordFactory(logging.LogRecord)
        assert len(raised) == len(ways) and 0 < min(raised) <= max(raised) < 400, raised
        get_logger("other").info("the end")
        assert flush(20)
        """
    )

    assert outcome.messages()[-1] == "the end"
