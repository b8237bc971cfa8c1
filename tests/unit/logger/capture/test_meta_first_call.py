"""Facts about bound loggers that live for one call, and about methods taken before they are called."""

import datetime
import gc
import inspect
import logging
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import MetaLogger, configure, get_logger, shutdown
from metaexpert.logger.shared.native import TakenMethod

if TYPE_CHECKING:
    from support.logs import Logs
    from support.processes import Outcome


class Recorder(logging.Handler):
    """Keeps the messages that reach it."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message."""
        self.messages.append(record.getMessage())


def test_a_logger_bound_for_one_call_needs_no_builtins(logs: "Logs") -> None:
    """The first call is served without any; one that is kept has its own from the second call on."""
    logs.configure()
    session = logs.logger.bind(a=1)
    session.info("0", price=1.5)
    assert not logs.is_fast(session)
    session.info("1", price=2.5)
    assert logs.is_fast(session)
    session.info("2", price=3.5)

    shown = [(record["message"], record["a"], record["price"]) for record in logs.records()]
    assert shown == [("0", 1, 1.5), ("1", 1, 2.5), ("2", 1, 3.5)]


def test_a_logger_bound_for_one_call_leaves_no_garbage(logs: "Logs") -> None:
    """It ends with its last reference: no cycle waits for the collector."""
    logs.configure()
    gc.collect()
    gc.disable()
    try:
        session = logs.logger.bind(a=1).bind(b=2)
        session.info("m")
        ended = weakref.ref(session)
        del session
        assert ended() is None
    finally:
        gc.enable()
    assert (logs.last()["a"], logs.last()["b"]) == (1, 2)


@pytest.mark.parametrize("name", ["debug", "info", "warning", "error", "critical", "fatal", "log", "trade"])
def test_a_method_taken_before_the_first_call_is_a_builtin(name: str, logs: "Logs") -> None:
    """Taken from a bound logger or by its name from any, and obeying every change that comes later."""
    logs.configure()
    args = (logging.ERROR, "m") if name == "log" else ("m",)
    methods = [getattr(logs.logger.bind(a=1), name), getattr(logs.logger, name)]
    assert all(isinstance(method, TakenMethod) for method in methods)
    for method in methods:
        method(*args)
    logging.disable(logging.CRITICAL)
    for method in methods:
        method(*args)
    logging.disable(logging.NOTSET)
    for method in methods:
        method(*args)

    assert [record.get("a") for record in logs.records()] == [1, None] * 2


def test_a_method_taken_after_a_change_is_a_builtin_again(logs: "Logs") -> None:
    """Whatever took the builtins out, the next method that is taken is one."""
    logs.configure()
    logs.logger.setLevel(logging.INFO)
    assert not logs.is_fast()
    assert isinstance(logs.logger.info, TakenMethod)
    assert logs.is_fast()


def test_the_class_gives_plain_functions() -> None:
    """`MetaLogger.info` is what `def` made: its name, text, signature and a call with any logger."""
    for name in ("debug", "info", "warning", "error", "critical", "fatal", "log", "trade", "bind"):
        method = getattr(MetaLogger, name)
        assert inspect.isfunction(method)
        assert (method.__name__, method.__qualname__) == (name, f"MetaLogger.{name}")
        assert method.__doc__
        assert next(iter(inspect.signature(method).parameters)) == "self"
        assert inspect.unwrap(MetaLogger.__dict__[name]) is method


def test_a_function_of_the_class_serves_any_logger(logs: "Logs") -> None:
    """`MetaLogger.info(logger, …)` logs, for a bound logger with its fields."""
    logs.configure()
    session = logs.logger.bind(a=1)
    for _ in range(2):
        MetaLogger.info(logs.logger, "own")
        MetaLogger.info(session, "bound")
        MetaLogger.__dict__["info"](session, "by the descriptor")

    shown = [(record["message"], record.get("a")) for record in logs.records()]
    assert shown == [("own", None), ("bound", 1), ("by the descriptor", 1)] * 2


def test_a_subclass_that_extends_a_method_is_extended_for_bound_loggers(logs: "Logs") -> None:
    """`super().info` and `super().bind` in a subclass do what they do in `MetaLogger`."""

    class Loud(MetaLogger):
        def info(self, /, *args: Any, **kwargs: Any) -> None:
            super().info(f"{args[0]}!", *args[1:], **kwargs)

        def bind(self, /, **fields: Any) -> MetaLogger:
            return super().bind(loud=True, **fields)

    logs.configure()
    logging.setLoggerClass(Loud)
    log = get_logger("loud.bot")
    session = log.bind(a=1)
    for _ in range(2):
        log.info("m")
        session.info("m %s", "x")
        session.warning("quiet")

    assert type(session) is Loud
    shown = [(record["message"], record.get("loud"), record.get("a")) for record in logs.records()]
    assert shown == [("m!", None, None), ("m x!", True, 1), ("quiet", True, 1)] * 2


def own_level(log: MetaLogger) -> None:  # noqa: D103
    log.setLevel(logging.CRITICAL)


def assigned_level(log: MetaLogger) -> None:  # noqa: D103
    log.level = logging.CRITICAL
    log._cache.clear()  # type: ignore[attr-defined]


def disabled(log: MetaLogger) -> None:  # noqa: D103
    log.disabled = True


def without_propagation(log: MetaLogger) -> None:  # noqa: D103
    log.propagate = False


def with_a_filter(log: MetaLogger) -> None:  # noqa: D103
    log.addFilter(lambda record: False)


def with_filters_assigned(log: MetaLogger) -> None:  # noqa: D103
    log.filters = [lambda record: False]


def with_a_method_replaced(log: MetaLogger) -> None:  # noqa: D103
    log.info = lambda *args, **kwargs: None  # type: ignore[method-assign]
    log.handle = lambda record: None  # type: ignore[method-assign]


CHANGES = [
    own_level,
    assigned_level,
    disabled,
    without_propagation,
    with_a_filter,
    with_filters_assigned,
    with_a_method_replaced,
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_of_a_bound_logger_before_its_first_call_counts(
    change: Callable[[MetaLogger], None], logs: "Logs"
) -> None:
    """Whatever `logging` lets a program change keeps the record back."""
    logs.configure()
    session = logs.logger.bind(a=1)
    session._is_owned = False
    change(session)
    session.info("no")
    logs.logger.filters = []
    logs.logger.info("0")

    assert logs.messages() == ["0"]


@pytest.mark.parametrize("change", CHANGES[:-1])
def test_a_change_of_the_unbound_logger_counts_for_a_bound_logger_s_first_call(
    change: Callable[[MetaLogger], None], logs: "Logs"
) -> None:
    """Also for a method that was taken before it; a logger of another name goes on."""
    logs.configure()
    unbound = get_logger("other")
    session, taken = unbound.bind(a=1), unbound.bind(a=2).info
    unbound._is_owned = session._is_owned = False
    change(unbound)
    session.info("no")
    taken("no")
    logs.logger.info("0")

    assert [message for message in logs.messages() if message != "0"] == []


@pytest.mark.parametrize("way", ["added", "listed", "assigned", "of the unbound logger"])
def test_a_handler_of_its_own_before_the_first_call_listens(way: str, logs: "Logs") -> None:
    """However it got there, and beside the pipeline."""
    logs.configure()
    session, recorder = logs.logger.bind(a=1), Recorder()
    handlers = session.handlers
    assert handlers == []
    if way == "added":
        session.addHandler(recorder)
    elif way == "listed":
        session.info("0")
        session.info("1")
        handlers.append(recorder)
    elif way == "assigned":
        session.handlers = [recorder]
    else:
        logs.logger.addHandler(recorder)
    session.info("heard")

    assert recorder.messages == ["heard"]
    assert logs.messages()[-1] == "heard"


def test_a_list_of_handlers_that_was_asked_for_late_is_looked_at(logs: "Logs") -> None:
    """A bound logger that has its builtins already notices what is put into the list then."""
    logs.configure()
    session, recorder = logs.logger.bind(a=1), Recorder()
    session.info("0")
    session.info("1")
    session.handlers.append(recorder)
    session.info("2")

    assert recorder.messages == ["2"]
    assert logs.messages() == ["0", "1", "2"]


def test_what_was_set_last_counts_here_or_there(logs: "Logs") -> None:
    """`disabled` of a bound logger is its own until the unbound logger's is set."""
    logs.configure()
    session = logs.logger.bind(a=1)
    session.disabled = True
    session.info("no")
    logs.logger.info("0")
    logs.logger.disabled = False
    session.info("1")
    session.disabled = True
    session.info("no")
    del session.disabled
    session.info("2")

    assert logs.messages() == ["0", "1", "2"]


def test_levels_that_are_off_are_off_for_the_first_call(logs: "Logs") -> None:
    """Below the level nothing is recorded, and a trade always is."""
    logs.configure()
    logs.logger.setLevel(logging.ERROR)
    for _ in range(3):
        logs.logger.bind(a=1).info("no")
        debug = logs.logger.bind(a=1).debug
        debug("no")
        logs.logger.bind(a=1).error("0")
        logs.logger.bind(a=1).trade("1")
        logs.logger.bind(a=1).log(logging.ERROR, "2")

    assert logs.messages() == ["0", "1", "2"] * 3


def test_a_first_call_takes_whatever_a_call_takes(logs: "Logs") -> None:
    """Arguments, exceptions, other types and times arrive as they do later on."""
    logs.configure(include=["caller"])
    try:
        raise ValueError("bad")
    except ValueError:
        for log in (logs.logger, logs.logger.bind(a=1)):
            log.error("%d bars", 3, exc_info=True, extra={"x": [1]}, n=2**70)
    logs.logger.bind(a=1).exception("m")
    logs.logger.bind(a=1).warn("m")
    bare, bound, raised, warned = logs.records()

    assert bound.pop("a") == 1
    for record in (bare, bound):
        for name in ("timestamp", "seq"):
            del record[name]
    assert bare == bound
    assert bound["caller"]["function"] == "test_a_first_call_takes_whatever_a_call_takes"
    assert (raised["level"], raised["caller"], warned["level"]) == ("ERROR", raised["caller"], "WARNING")
    assert warned["caller"]["function"] == "test_a_first_call_takes_whatever_a_call_takes"


def test_values_bound_are_the_same_however_many_and_of_whatever_kind(logs: "Logs") -> None:
    """Those that never change are not copied, others are: no record shows the difference."""
    logs.configure()
    when = datetime.datetime(2026, 1, 31, 12, 30, tzinfo=datetime.UTC)
    limits = {"max": 1}
    plain = {"text": "ключ\n", "n": -1, "x": 0.1, "flag": True, "nothing": None, "when": when}
    many = {f"k{number}": number for number in range(40)}
    sessions = [
        logs.logger.bind(**plain),
        logs.logger.bind(**plain).bind(limits=limits),
        logs.logger.bind(limits=limits).bind(**plain),
        logs.logger.bind(**plain).bind(**many),
        logs.logger.bind(**many).bind(n=5),
        logs.logger.bind(big="x" * 100_000).bind(n=6),
        logs.logger.bind(a=when, b=when, c=when),
        logs.logger.bind(),
    ]
    limits["max"] = 2
    for session in sessions:
        session.info("m")
        session.info("%s", "m")
    records = logs.records()

    for first, second in zip(records[::2], records[1::2], strict=True):
        assert {**first, "timestamp": 0, "seq": 0} == {**second, "timestamp": 0, "seq": 0}
    shown = plain | {"when": "2026-01-31T12:30:00Z"}
    assert records[0].items() >= shown.items()
    assert records[2].items() >= (shown | {"limits": {"max": 1}}).items()
    assert records[4].items() >= (shown | {"limits": {"max": 1}}).items()
    assert records[6].items() >= (shown | many).items()
    assert records[8].items() >= (many | {"n": 5}).items()
    assert records[10]["n"] == 6
    assert records[12]["c"] == "2026-01-31T12:30:00Z"


def test_a_bound_logger_outlives_the_engine(logs: "Logs") -> None:
    """Bound before a stop, its first call starts the engine again; bound without one it follows its start."""
    logs.configure()
    session = logs.logger.bind(a=1)
    taken = logs.logger.bind(a=2).info
    assert shutdown()
    session.info("0")
    taken("1")
    assert shutdown()
    late = logs.logger.bind(a=3)
    configure()
    late.info("2")
    late.info("3")

    assert [record["a"] for record in logs.records()] == [1, 2, 3, 3]
    assert logs.is_fast(late)


@pytest.mark.parametrize("taken", ["log.info", "log.bind(a=1).info", "log.trade"])
def test_a_daemon_may_end_inside_a_call_without_any_engine(
    taken: str, run_python: Callable[..., "Outcome"]
) -> None:
    """A thread that the interpreter ends in a handler of the program's own ends nothing else."""
    outcome = run_python(
        f"""
        import logging, sys, threading, time
        from metaexpert.logger import MetaLogger

        class Endless(logging.Handler):
            def createLock(self):
                # Which the end of `logging` would wait for.
                self.lock = None

            def handle(self, record):
                # `logging`'s own takes the lock, from Python 3.13 on without asking whether there is one.
                inside.set()
                while True:
                    time.sleep(0.001)

        class Late:
            # Keeps the end open until the daemon has come to its own.
            def __del__(self, sleep=time.sleep):
                sleep(0.3)

        inside, late = threading.Event(), Late()
        sys.late = late
        log = MetaLogger("x")
        log.addHandler(Endless())
        threading.Thread(target=lambda: {taken}("m"), daemon=True).start()
        assert inside.wait(20)
        print("done")
        """
    )

    assert (outcome.stdout, outcome.stderr) == ("done\n", "")
