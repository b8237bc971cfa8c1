"""The logging arguments of `MetaExpert(...)` as a configuration of `metaexpert.logger`."""

from __future__ import annotations

import logging
from typing import Any

from metaexpert.expert.journal import MARKET_LOGGER, TRADE_LOGGER
from metaexpert.expert.settings import ExpertSettings


def logging_configuration(settings: ExpertSettings) -> dict[str, Any]:
    """Return what `configure()` is called with.

    - `log_level` is the level of all loggers, and of the console
    - `log_file` takes everything, `trade_log_file` and `error_log_file` their kind; None switches one off
    - trades are on record at any `log_level`: an audit trail with holes is none
    - bars, which are DEBUG records, are in `log_file` unless `log_level` is WARNING or above
    """
    level = settings.log_level
    market_level = "DEBUG" if _severity(level) <= logging.INFO else level
    return {
        "default_level": level,
        "loggers": {
            MARKET_LOGGER: market_level,
            TRADE_LOGGER: "DEBUG" if market_level == "DEBUG" else "INFO",
        },
        "handlers": {
            "console": {"level": level, "format": "console"} if settings.log_to_console else None,
            "file": _file(settings.log_file, level="DEBUG"),
            "trades": _file(settings.trade_log_file),
            "errors": _file(settings.error_log_file),
        },
    }


def _file(filename: str | None, **options: Any) -> dict[str, Any] | None:
    return None if filename is None else {"format": "json", "filename": filename, **options}


def _severity(level: str) -> int:
    return int(level) if level.isdigit() else logging.getLevelNamesMapping()[level]
