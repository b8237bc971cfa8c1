"""The configuration in force in this process: given, changed while it runs, shut down."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metaexpert.logger.errors import ConfigurationError, ShutDownError
from metaexpert.logger.process import engine, parts
from metaexpert.logger.process.deadline import Deadline
from metaexpert.logger.process.forks import ForkLock, at_fork
from metaexpert.logger.process.statistics import LoggerStats
from metaexpert.logger.shared import native

if TYPE_CHECKING:
    from metaexpert.logger.config import ConfigurationLike, LogConfiguration, Sources

#: The time that `shutdown` waits for a change in progress, in seconds.
_LONGEST_CHANGE_S: Final = 2.0


class _Service:
    """What is in force."""

    def __init__(self) -> None:
        self.sources: Sources | None = None
        self.configuration: LogConfiguration | None = None
        #: The directory in which `LOG_CONFIG` was found first.
        self.home: str | None = None
        #: The document that this process last started the engine with.
        self.document: dict[str, Any] | None = None
        #: A start without `configure()` is in progress; it has failed.
        self.is_starting = self.cannot_start = False
        #: `shutdown()` was called since: what changes logging by itself comes too late.
        self.is_shut_down = False
        #: Changes put in force after the first configuration.
        self.changes = 0


_service = _Service()
#: What has the process's loggers follow a configuration. Kept where a second import finds it.
_followers: Final[dict[str, Callable[[LogConfiguration], None]]] = native.lasting.setdefault("followers", {})
#: What puts each module's part of the process's logging back.
_resets: Final[dict[str, Callable[[], None]]] = native.lasting.setdefault("resets", {})
#: Held for a whole change. Made after the engine's, so that a fork takes both in the order of `configure`.
_lock: Final[ForkLock] = native.lasting.setdefault("service lock", ForkLock(native.park_if_ending))


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
    return Sources.discover().in_force()[0]


@contextmanager
def changing() -> Iterator[None]:
    """Keep other threads from changing what is in force for the length of a `with`, and forks waiting."""
    with _lock.held():
        yield


def on_configured(name: str, follow: Callable[[LogConfiguration], None]) -> None:
    """Call `follow` with each configuration put in force, in place of an earlier one of this `name`."""
    _followers[name] = follow


def configure_once(loggers: Mapping[str, str]) -> None:
    """Configure the process with these levels of `loggers`, unless somebody has done so.

    If the file that `LOG_CONFIG` names exists, it is a `logging.config.dictConfig` document and is applied
    instead, at each call. Raises `ConfigurationError` for a bad value, naming where it comes from.
    """
    from metaexpert.logger.config import log_config_document

    with _lock.held():
        home = _home()
        document = log_config_document(directory=Path(home))
        if document is not None:
            _apply_dictconfig(document)
            _service.home = home
        elif _service.configuration is None:
            configure({"loggers": loggers} if loggers else None)


def begin_again() -> None:
    """Start again, after `shutdown()`, the parts that change logging by themselves; configure if need be."""
    with _lock.held():
        if _service.configuration is None:
            configure()
        _service.is_shut_down = False


def flush(timeout: float | None = None) -> bool:
    """Wait until every record submitted before the call is written by each handler that wants it.

    Returns False after `timeout` seconds, and if a record was lost; `stats()` says which handler dropped it,
    and why. Each loss is reported once to each thread, including a loss that is found during the wait. Never
    raises. A `timeout` that is below 0, or is not a number, does not wait.
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
    parts.stop(deadline)
    return engine.shutdown(deadline.left())


def on_reset(name: str, reset: Callable[[], None]) -> None:
    """Call `reset` when logging is put back, in place of an earlier one of this `name`."""
    _resets[name] = reset


def reset(timeout: float | None = None) -> None:
    """Put the process's logging back to what a fresh import finds, after a `shutdown(timeout)`."""
    global _service
    deadline = Deadline(timeout)
    shutdown(deadline.left())
    with _lock.held():
        for each in tuple(_resets.values()):
            each()
        # A thread that logged meanwhile has started it again.
        engine.shutdown(deadline.left())
        engine.forget()
        _service = native.lasting["service"] = _Service()


def stats() -> LoggerStats:
    """Return what was logged, written and dropped so far: a frozen snapshot."""
    return LoggerStats.of(engine.statistics(), _service.changes)


def _apply(sources: Sources, configuration: LogConfiguration | None = None) -> LogConfiguration:
    """Put `sources` in force; `configuration` is what they make, if that is known already."""
    document = None
    if configuration is None:
        configuration, document = sources.in_force()
    following = nullcontext() if _service.is_shut_down else parts.following(sources, configuration)
    with following:
        _start_engine(configuration, document)
        _service.changes += _service.configuration is not None
        _service.sources, _service.configuration = sources, configuration
        for follow in tuple(_followers.values()):
            follow(configuration)
    return configuration


def _start_engine(configuration: LogConfiguration, document: dict[str, Any] | None) -> None:
    """Start the engine, or give it another configuration; where only loggers' levels differ, nothing.

    `document` is what the engine gets, if that is known already.
    """
    try:
        if document is None:
            from metaexpert.logger.config import engine_document

            document = engine_document(configuration, before=_service.document)
        if document != _service.document or not native.is_running():
            engine.start(document)
    except (OSError, ValueError) as problem:
        raise (
            problem if isinstance(problem, ConfigurationError) else ConfigurationError(str(problem))
        ) from None
    _service.document = document


def _start_unconfigured(anew: bool) -> bool:
    """Start with what environment, files and defaults say, for a handler that a program has named itself.

    Loggers, their levels and handlers stay as they are. Returns False if such a start is in progress, or has
    failed before and is not to be tried `anew`; raises `ConfigurationError` when it fails.
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
            configuration, document = sources.in_force()
            _start_engine(configuration, document)
            _service.is_shut_down = False
            _service.sources, _service.configuration = sources, configuration
            _service.cannot_start = False
            return True
        finally:
            _service.is_starting = False


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
    """Return the directory where the process was first configured, or otherwise the current one."""
    from metaexpert.logger.config.places import current_directory

    known = _service.home if _service.sources is None else _service.sources.home
    return current_directory() if known is None else known


def _forget_start() -> None:
    """Forget, in a forked child, that a thread of the parent's was about to start the pipeline."""
    if _service.is_starting:
        _service.is_starting = _service.cannot_start = False


def _take_over(earlier: Any) -> None:
    """Go on where an earlier import of the package was.

    The parts that run by themselves in that import are stopped; the next `configure()` starts the configured
    ones.
    """
    parts.take_over()
    _service.home = earlier.home if earlier.sources is None else earlier.sources.home
    _service.changes, _service.document = earlier.changes, earlier.document


with _lock.held():
    if "service" in native.lasting:
        _take_over(native.lasting["service"])
    native.lasting["service"] = _service
engine.on_unconfigured(_start_unconfigured)
at_fork(in_child=_forget_start)
