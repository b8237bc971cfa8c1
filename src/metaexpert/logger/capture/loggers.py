"""The loggers of the process: given out, adopted, and following the configuration in force."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from metaexpert.logger.capture import plain_loggers
from metaexpert.logger.capture.handler import PipelineHandler, on_record_of_logging
from metaexpert.logger.capture.level_changes import changing_levels, is_instance
from metaexpert.logger.capture.meta import MetaLogger, adopt, renew
from metaexpert.logger.errors import ConfigurationError, Problem
from metaexpert.logger.process import service
from metaexpert.logger.shared import native

if TYPE_CHECKING:
    from metaexpert.logger.config import LogConfiguration

DEFAULT_LOGGER: Final = "MetaExpert"


class _Loggers:
    """The loggers' part of the configuration in force."""

    def __init__(self) -> None:
        #: The root logger's, from the first configuration on.
        self.handler = PipelineHandler()
        #: Levels set from `loggers`, to be taken back when they are no longer named.
        self.levels_set: set[str] = set()
        #: By logger, its level before the first of these, and the last that it was given; NOTSET once taken
        #: back.
        self.levels_given: dict[str, tuple[int, int]] = {}
        #: The root's level before the first configuration.
        self.root_level: int | None = None


_loggers = _Loggers()


def get_logger(name: str | None = None) -> MetaLogger:
    """Return the logger `name`, the same as `logging.getLogger(name)`; the root logger without a name.

    Where `propagate` is off, handlers of the program's own get its records, and the pipeline its copy.
    """
    logger = adopt(logging.getLogger(name)).owned()
    logger.enter_fast_path()
    return logger


def setup_logger(name: str | None = None, level: str | None = None) -> MetaLogger:
    """Return a logger that is ready for use; configures the process if that was not done before.

    If the file that `LOG_CONFIG` names exists, it is a `logging.config.dictConfig` document and is applied;
    else `configure()` does it, with what the environment says. `level` sets this logger's level. A second
    call never doubles output. Raises `ConfigurationError` for a bad value, naming where it comes from.
    """
    name = DEFAULT_LOGGER if name is None else name
    with service.changing():
        number = None if level is None else _checked_level(level)
        service.configure_once({name: level} if level else {})
        logger = get_logger(name)
        if number is not None:
            logger.setLevel(number)
        return logger


def _checked_level(level: str) -> int:
    from metaexpert.logger.config import parse_level

    try:
        return parse_level(level)
    except ValueError as problem:
        raise ConfigurationError([Problem("level", str(problem), level)]) from None


def _follow(configuration: LogConfiguration) -> None:
    """Let the loggers of the process follow `configuration`."""
    from metaexpert.logger.config import parse_level

    root = adopt(logging.getLogger())
    # Setting it closes every channel.
    if _loggers.handler.capture_stdlib != configuration.capture_stdlib:
        _loggers.handler.capture_stdlib = configuration.capture_stdlib
    is_first = _loggers.handler not in root.handlers
    if is_first:
        root.addHandler(_loggers.handler)
    logging.captureWarnings(configuration.capture_stdlib)
    if _loggers.root_level is None:
        _loggers.root_level = root.level
    _set_levels(root, configuration.logger_levels(), parse_level(configuration.default_level))
    if is_first:
        # After later changes each logger enters again with its next call, so a change costs the same however
        # many loggers exist.
        for logger in (root, *tuple(root.manager.loggerDict.values())):
            if is_instance(logger, MetaLogger):
                logger.enter_fast_path()


def _set_levels(root: MetaLogger, levels: Mapping[str, int], default_level: int) -> None:
    """Give loggers the `levels` that are configured, and take back those that no longer are."""
    with changing_levels(root.manager):
        for name in _loggers.levels_set - levels.keys():
            _give_level(name, logging.NOTSET)
        for name, level in levels.items():
            _give_level(name, level)
        _loggers.levels_set = set(levels)
        if root.level != default_level:
            root.setLevel(default_level)


def _give_level(name: str, level: int) -> None:
    named = adopt(logging.getLogger(name))
    before, _ = _loggers.levels_given.get(name, (named.level, level))
    _loggers.levels_given[name] = before, level
    if named.level != level:
        named.setLevel(level)


def _take_levels_back(root: MetaLogger, root_level: int) -> None:
    """Give loggers the levels that they had before the first configuration."""
    with changing_levels(root.manager):
        for name, (before, given) in _loggers.levels_given.items():
            named = logging.getLogger(name)
            # Another level is the program's own doing.
            if named.level == given:
                named.setLevel(before)
        root.setLevel(root_level)


def _reset() -> None:
    """Take back from the loggers what configurations gave them. Adopted ones stay `MetaLogger`s."""
    global _loggers
    plain_loggers.give_back()
    root = adopt(logging.getLogger())
    root.removeHandler(_loggers.handler)
    if _loggers.root_level is not None:
        logging.captureWarnings(False)
        _take_levels_back(root, _loggers.root_level)
    _loggers = native.lasting["loggers"] = _Loggers()


def _take_over(earlier: Any) -> None:
    """Go on where an earlier import of the package was, with its handler and its loggers."""
    _loggers.handler, _loggers.root_level = earlier.handler, earlier.root_level
    _loggers.levels_set, _loggers.levels_given = earlier.levels_set, earlier.levels_given
    _loggers.handler.__class__ = PipelineHandler
    for logger in (logging.root, *tuple(logging.root.manager.loggerDict.values())):
        if isinstance(logger, logging.Logger):
            renew(logger)


with service.changing():
    if "loggers" in native.lasting:
        _take_over(native.lasting["loggers"])
    native.lasting["loggers"] = _loggers
on_record_of_logging(plain_loggers.serve)
service.on_configured("loggers", _follow)
service.on_reset("loggers", _reset)
