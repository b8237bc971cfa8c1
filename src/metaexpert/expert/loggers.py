"""The loggers of an expert, and its logging where no source says otherwise."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from metaexpert.logger.config import parse_level

MARKET_LOGGER: Final = "metaexpert.market"
TRADE_LOGGER: Final = "metaexpert.trade"
EXPERT_LOGGER: Final = "metaexpert.expert"
STRATEGY_LOGGER: Final = "metaexpert.strategy"


def expert_defaults(said: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what an expert has where no source says otherwise; `said` is what they all say together.

    - bars, which are DEBUG records, are on record at any `log_level`
    - so are repeated refusals and metrics, unless it is above INFO
    - above INFO the console's level is that of the loggers: trades, which pass any level, are not shown
    """
    level = said.get("default_level")
    if not _is_above_info(level):
        return {"loggers": dict.fromkeys((MARKET_LOGGER, TRADE_LOGGER, EXPERT_LOGGER), "DEBUG")}
    document: dict[str, Any] = {"loggers": {MARKET_LOGGER: "DEBUG"}}
    if _has_console(said):
        document["handlers"] = {"console": {"level": level}}
    return document


def _is_above_info(level: object) -> bool:
    """Tell whether `level`, as any source may have written it, is one above INFO."""
    try:
        return parse_level(level) > logging.INFO
    except ValueError:
        # Validation reports it.
        return False


def _has_console(said: Mapping[Any, Any]) -> bool:
    handlers = said.get("handlers")
    return not isinstance(handlers, Mapping) or handlers.get("console", {}) is not None
