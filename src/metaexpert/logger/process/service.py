"""Configuring the logging system of the process, and asking it how it does."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metaexpert.logger.capture.handler import PipelineHandler
from metaexpert.logger.capture.level_changes import changing_levels, is_instance
from metaexpert.logger.capture.meta import MetaLogger, adopt, renew
from metaexpert.logger.errors import ConfigurationError, ShutDownError
from metaexpert.logger.process import engine
from metaexpert.logger.process.deadline import Deadline
from metaexpert.logger.process.fork_lock import ForkLock
from metaexpert.logger.process.statistics import LoggerStats

if TYPE_CHECKING:
    from metaexpert.logger.config import ConfigurationLike, LogConfiguration, Sources
    from metaexpert.logger.control.server import ControlServer

DEFAULT_LOGGER = "MetaExpert"
#: How long `shutdown` waits at most for what changes logging, or logs, by itself.
LONGEST_STOPS_S: Final = {
    "control.lifecycle": 2.0,
    "live.watch": None,
    "live.changes": None,
    "live.periodic": 1.0,
}
#: How long it waits for a change that is under way, in seconds.
_LONGEST_CHANGE_S: Final = 2.0


class _Service:
    """What is in force."""

    def __init__(self) -> None:
        self.sources: Sources | None = None
        self.configuration: LogConfiguration | None = None
        #: Where `LOG_CONFIG` was found first.
        self.home: str | None = None
        #: What the engine was started with last, by this process.
        self.document: dict[str, Any] | None = None
        self.handler = PipelineHandler()
        #: Starting without `configure()`: on its way, or in vain.
        self.is_starting = self.cannot_start = False
        #: `shutdown()` was called since: what changes logging by itself comes too late.
        self.is_shut_down = False
        #: Levels set from `loggers`, to be taken back when they are no longer named.
        self.levels_set: set[str] = set()
        #: Changes put in force after the first configuration.
        self.changes = 0
        #: The modules that change logging, or log, by themselves, by their names in `LONGEST_STOPS_S`.
        self.parts: dict[str, Any] = {}


_service = _Service()
#: Held for a whole change. Made after the engine's, so that a fork takes both in the order of `configure`.
_lock: Final[ForkLock] = engine.lasting.setdefault("service lock", ForkLock(engine.park_if_ending))


def configure(config: ConfigurationLike = None, /, **overrides: Any) -> LogConfiguration:
    """Configure logging for the whole process, and return what is now in force.

    `config` is a `LogConfiguration`, a mapping, or the path of a JSON or TOML file; `overrides` win over it.
    What a call does not name keeps its value; `None` for a handler removes it. Everything is validated, then
    applied at once; existing loggers follow immediately. A `logging.config.dictConfig` document is applied as
    such. Raises `ConfigurationError` that lists every bad field; what was in force then stays in force.
    """
    from metaexpert.logger.config import DictConfig, Sources, load_layers

    with _lock.held():
        sources = (_service.sources or Sources()).refreshed()
        layers = load_layers(config, overrides)
        if isinstance(layers, DictConfig):
            _apply_dictconfig(layers.document)
            return configuration()
        _service.is_shut_down = False
        return _apply(sources.with_code(*layers))


def configure_program(
    config: Mapping[str, Any] | None = None,
    /,
    *,
    defaults: Callable[[Mapping[Any, Any]], Mapping[str, Any]] | None = None,
    command_line: Mapping[str, Any] | None = None,
) -> LogConfiguration:
    """Configure logging for a program that has defaults and a command line of its own.

    `config` is what its code says, as in `configure`. `defaults` is called with what all sources say
    together, and returns what holds where none of them says anything. `command_line` wins over code,
    environment and files; a handler that these have removed stays removed. Raises `ConfigurationError` as
    `configure` does.
    """
    from metaexpert.logger.config import DictConfig, Sources, load_layers

    with _lock.held():
        sources = (_service.sources or Sources()).refreshed()
        layers = load_layers(config)
        assert not isinstance(layers, DictConfig)
        sources = sources.with_code(*layers)
        if defaults is not None:
            sources = sources.with_defaults(defaults)
        _service.is_shut_down = False
        return _apply(sources.with_command_line(command_line or {}))


def reconfigure(
    change: Callable[[Sources], Sources],
    announce: Callable[[LogConfiguration, LogConfiguration | None], Callable[[], object] | None]
    | None = None,
    *,
    at_end: bool = False,
) -> LogConfiguration:
    """Put in force what `change` makes of the sources as they are, and return it.

    For changes from outside the program's code: nothing is read again but by `change` itself. `announce` is
    called with the valid new configuration and the old one just before it is put in force, and what it
    returns right after. Raises what `change` and `announce` raise, `ConfigurationError` as `configure` does,
    and `ShutDownError` once `shutdown()` has begun, unless the change is one of those made `at_end`.
    """
    from metaexpert.logger.config import Sources

    with _lock.held():
        _refuse_after_shutdown(at_end)
        sources = change(_service.sources or Sources.discover())
        configuration = sources.resolve()
        # A `shutdown()` does not wait for ever for what reads a file.
        _refuse_after_shutdown(at_end)
        done = None if announce is None else announce(configuration, _service.configuration)
        _apply(sources, configuration)
        if done is not None:
            done()
        return configuration


def _refuse_after_shutdown(at_end: bool) -> None:
    if _service.is_shut_down and not at_end:
        raise ShutDownError("logging was shut down meanwhile: nothing was changed")


def is_shut_down() -> bool:
    """Tell whether `shutdown()` has begun, and nothing was configured or served since."""
    return _service.is_shut_down


def is_configured() -> bool:
    """Tell whether a configuration is in force, so that loggers follow it."""
    return _service.configuration is not None


def sources_in_force() -> Sources | None:
    """Return the sources of the configuration in force, None before the first."""
    return _service.sources


def configuration() -> LogConfiguration:
    """Return the configuration in force, each value with where it came from (`origin`, `describe`).

    Before the first `configure()` it is what that call would put in force without arguments. Raises
    `ConfigurationError` if environment or files hold a bad value then.
    """
    from metaexpert.logger.config import Sources

    if _service.configuration is not None:
        return _service.configuration
    return Sources.discover().resolve()


def get_logger(name: str | None = None) -> MetaLogger:
    """Return the logger `name`, the same as `logging.getLogger(name)`; the root logger without a name.

    Where `propagate` is off, handlers of the program's own get its records, and the pipeline its copy.
    """
    logger = adopt(logging.getLogger(name)).owned()
    logger.enter_fast_path()
    return logger


def setup_logger(name: str | None = None, level: str | None = None) -> MetaLogger:
    """Return a logger that is ready for use, configuring the process if nobody has done so.

    If the file that `LOG_CONFIG` names exists, it is a `logging.config.dictConfig` document and is applied;
    else `configure()` does it, with what the environment says. `level` sets this logger's level. A second
    call never doubles output. Raises `ConfigurationError` for a bad value, naming where it comes from.
    """
    from metaexpert.logger.config import log_config_document, parse_level

    name = DEFAULT_LOGGER if name is None else name
    with _lock.held():
        number = None if level is None else _checked_level(level, parse_level)
        home = _home()
        document = log_config_document(directory=Path(home))
        if document is not None:
            _apply_dictconfig(document)
            _service.home = home
        elif _service.configuration is None:
            configure({"loggers": {name: level}} if level else None)
        logger = get_logger(name)
        if number is not None:
            logger.setLevel(number)
        return logger


def flush(timeout: float | None = None) -> bool:
    """Wait until every record submitted before the call is written by each handler that wants it.

    Returns False after `timeout` seconds, and if a record was lost: who dropped it, and why, is in `stats()`.
    Each thread is told once of each loss; one that comes to light while it waits counts too. Never raises:
    a `timeout` below 0, or that is no number, does not wait.
    """
    return engine.flush(timeout)


def shutdown(timeout: float | None = None) -> bool:
    """Write every record and stop. Returns False if that took longer than `timeout` seconds, or one was lost.

    All records count since the system was started. What could not be written in time is written in the
    background, as long as the process lives. A second call answers for the same end.

    It also runs at the interpreter's end. Logging after it starts the system again; the control server and
    the watching of files, which stop as well, come back with the next `configure()`, the server also with
    `serve()`.
    """
    deadline = Deadline(timeout)
    # Otherwise a change that is under way would start again what is stopped here.
    with _lock.held_within(deadline.left(_LONGEST_CHANGE_S)):
        _service.is_shut_down = True
    for name, most in LONGEST_STOPS_S.items():
        part = sys.modules.get(_part(name))
        if part is not None:
            part.stop(deadline.left(most))
    return engine.shutdown(deadline.left())


def stats() -> LoggerStats:
    """Return what was logged, written and dropped so far: a frozen snapshot."""
    return LoggerStats.of(engine.statistics(), _service.changes)


def serve(host: str = "127.0.0.1", port: int = 0, token: str | None = None) -> ControlServer:
    """Start the control server in this process, in a thread of its own, and return it.

    `port` 0 takes a free one, which `.port` and `.url` of what is returned name. An address other than
    loopback requires a `token`, which each request then has to bring. A server that runs already at this
    address is kept, another one is replaced. If nobody has configured anything, `configure()` is called.
    Raises `ConfigurationError` for a bad address or token, and if the port is in use.
    """
    from metaexpert.logger.control import lifecycle

    with _lock.held():
        if _service.configuration is None:
            configure()
        _service.is_shut_down = False
        return lifecycle.serve(host, port, token)


def _part(name: str) -> str:
    return f"metaexpert.logger.{name}"


def _apply(sources: Sources, configuration: LogConfiguration | None = None) -> LogConfiguration:
    """Put `sources` in force; `configuration` is what they make, if that is known already."""
    configuration = configuration or sources.resolve()
    parts = nullcontext() if _service.is_shut_down else _parts_of(sources, configuration)
    with parts:
        _start_engine(configuration)
        _service.changes += _service.configuration is not None
        _service.sources, _service.configuration = sources, configuration
        _attach(configuration)
    return configuration


@contextmanager
def _parts_of(sources: Sources, configuration: LogConfiguration) -> Iterator[None]:
    """Have the parts that change logging, or log, by themselves follow, once the block has succeeded."""
    with _control_of(configuration):
        yield
    _watch(sources, configuration)
    _report(configuration)
    _service.parts = {
        name: sys.modules[part] for name in LONGEST_STOPS_S if (part := _part(name)) in sys.modules
    }


def _start_engine(configuration: LogConfiguration) -> None:
    """Start the engine, or give it another configuration; where only loggers' levels differ, nothing."""
    from metaexpert.logger.config import engine_document

    try:
        document = engine_document(configuration, before=_service.document)
        if document != _service.document or not engine.is_running():
            engine.start(document)
    except (OSError, ValueError) as problem:
        raise (
            problem if isinstance(problem, ConfigurationError) else ConfigurationError(str(problem))
        ) from None
    _service.document = document


def _control_of(configuration: LogConfiguration) -> AbstractContextManager[object]:
    """Return what makes the control server follow `configuration`, once the block in it has succeeded.

    Programs that want no server never load what it takes.
    """
    if configuration.control is None and "metaexpert.logger.control.lifecycle" not in sys.modules:
        return nullcontext()
    from metaexpert.logger.control import lifecycle

    return lifecycle.following(configuration)


def _watch(sources: Sources, configuration: LogConfiguration) -> None:
    """Have the files that `sources` come from watched, if there are any."""
    files = sources.files() if configuration.watch else ()
    if files or "metaexpert.logger.live.watch" in sys.modules:
        from metaexpert.logger.live import watch

        watch.follow(files)


def _report(configuration: LogConfiguration) -> None:
    """Have the counters made a record now and then, if that is wanted."""
    interval = configuration.stats_interval_seconds
    if interval or "metaexpert.logger.live.periodic" in sys.modules:
        from metaexpert.logger.live import periodic

        periodic.follow(interval)


def _start_unconfigured(anew: bool) -> bool:
    """Start with what environment, files and defaults say, for a handler that a program has named itself.

    Loggers, their levels and handlers stay as they are. Returns False if that is under way or has failed
    before and is not to be tried `anew`; raises `ConfigurationError` when it fails.
    """
    from metaexpert.logger.config import Sources

    with _lock.held():
        if engine.is_configured():
            return True
        if _service.is_starting or (_service.cannot_start and not anew):
            return False
        _service.is_starting = _service.cannot_start = True
        try:
            sources = Sources.discover()
            configuration = sources.resolve()
            _start_engine(configuration)
            _service.is_shut_down = False
            _service.sources, _service.configuration = sources, configuration
            _service.cannot_start = False
            return True
        finally:
            _service.is_starting = False


def _attach(configuration: LogConfiguration) -> None:
    """Let the loggers of the process follow `configuration`."""
    from metaexpert.logger.config import parse_level

    root = adopt(logging.getLogger())
    _service.handler.capture_stdlib = configuration.capture_stdlib
    is_first = _service.handler not in root.handlers
    if is_first:
        root.addHandler(_service.handler)
    logging.captureWarnings(configuration.capture_stdlib)
    _set_levels(root, configuration.logger_levels(), parse_level(configuration.default_level))
    if is_first:
        # Later each one enters again with its next call: a change must not cost a walk over all of them.
        for logger in (root, *tuple(root.manager.loggerDict.values())):
            if is_instance(logger, MetaLogger):
                logger.enter_fast_path()


def _set_levels(root: MetaLogger, levels: Mapping[str, int], default_level: int) -> None:
    """Give loggers the `levels` that are configured, and take back those that no longer are."""
    with changing_levels(root.manager):
        for name in _service.levels_set - levels.keys():
            logging.getLogger(name).setLevel(logging.NOTSET)
        for name, level in levels.items():
            named = adopt(logging.getLogger(name))
            if named.level != level:
                named.setLevel(level)
        _service.levels_set = set(levels)
        if root.level != default_level:
            root.setLevel(default_level)


def _apply_dictconfig(document: dict[str, Any]) -> None:
    # It brings sockets and servers along, which few programs need: here, not at every program's start.
    from logging.config import dictConfig

    try:
        dictConfig(document)
    except (ValueError, TypeError, AttributeError, ImportError) as problem:
        cause = problem.__cause__
        detail = f"{problem}: {cause}" if cause is not None else str(problem)
        raise ConfigurationError(f"the dictConfig document was refused: {detail}") from problem


def _home() -> str:
    """Return the directory where the process was first configured, else the current one."""
    from metaexpert.logger.config.places import current_directory

    known = _service.home if _service.sources is None else _service.sources.home
    return current_directory() if known is None else known


def _checked_level(level: str, parse_level: Any) -> int:
    from metaexpert.logger.errors import Problem

    try:
        return int(parse_level(level))
    except ValueError as problem:
        raise ConfigurationError([Problem("level", str(problem), level)]) from None


def _forget_start() -> None:
    """Forget, in a forked child, that a thread of the parent's was about to start the pipeline."""
    if _service.is_starting:
        _service.is_starting = _service.cannot_start = False


def _take_over(earlier: Any) -> None:
    """Go on where an earlier import of the package was: its handler, its loggers, what was in force.

    What that import runs by itself is stopped; the next `configure()` starts what is configured then.
    """
    for name, part in earlier.parts.items():
        part.stop(LONGEST_STOPS_S[name])
    _service.handler = earlier.handler
    _service.handler.__class__ = PipelineHandler
    _service.home = earlier.home if earlier.sources is None else earlier.sources.home
    _service.levels_set, _service.changes = earlier.levels_set, earlier.changes
    _service.document = earlier.document
    for logger in (logging.root, *tuple(logging.root.manager.loggerDict.values())):
        if isinstance(logger, logging.Logger):
            renew(logger)


with _lock.held():
    if "service" in engine.lasting:
        _take_over(engine.lasting["service"])
    engine.lasting["service"] = _service
engine.on_unconfigured(_start_unconfigured)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_start)
