"""The audit of changes and refusals, in the log itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final

from metaexpert.logger.capture.loggers import get_logger
from metaexpert.logger.capture.meta import MetaLogger
from metaexpert.logger.config.documents import leaves
from metaexpert.logger.config.levels import parse_level
from metaexpert.logger.config.models import HandlerConfiguration, LogConfiguration
from metaexpert.logger.errors import shown

LOGGER: Final = "metaexpert.logger.control"

_PASSWORD_IN_URL: Final = re.compile(r"(?<=://)[^/@\s\"]*@")
_MASK: Final = "**********"


def audit_logger() -> MetaLogger:
    """Return the logger of changes and refusals, which are on record at any level of the root logger."""
    logger = get_logger(LOGGER)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    return logger


def shows_audit(configuration: LogConfiguration | None) -> bool:
    """Tell whether a handler of `configuration` takes what is said here."""
    return configuration is not None and any(map(_takes_audit, configuration.active_handlers().values()))


def _takes_audit(handler: HandlerConfiguration) -> bool:
    chosen = handler.filter
    return (
        parse_level(handler.level) <= logging.INFO
        and (chosen.max_level is None or parse_level(chosen.max_level) >= logging.INFO)
        and chosen.category is None
        and chosen.where is None
        and (not chosen.loggers or any(f"{LOGGER}.".startswith(f"{name}.") for name in chosen.loggers))
    )


def described(values: Mapping[str, Any]) -> list[str]:
    """Return each setting of `values` as `path = value`, without secrets."""
    return [f"{path} = {without_password(shown(value, path))}" for path, value in leaves(values)]


def without_password(text: str) -> str:
    """Return `text` with what stands before the `@` of a URL masked."""
    return _PASSWORD_IN_URL.sub(f"{_MASK}@", text)
