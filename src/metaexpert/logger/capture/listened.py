"""Records that foreign handlers get as well, as the native engine makes them and hands them out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from metaexpert.logger.capture.calls import part_of_logging
from metaexpert.logger.capture.handler import attach_fields
from metaexpert.logger.capture.notes import CallFields
from metaexpert.logger.shared.native import Fields

_Logger = logging.Logger


@part_of_logging
def pass_on(logger: logging.Logger, record: logging.LogRecord) -> None:
    """Hand `record` to the handlers of `logger` and of those above it.

    There are as many frames between a handler and the call as `logging` has, because recipes for handlers
    count them to find the caller.
    """
    _handle(logger, record)


@part_of_logging
def _handle(logger: logging.Logger, record: logging.LogRecord) -> None:
    _call_handlers(logger, record)


@part_of_logging
def _call_handlers(logger: logging.Logger, record: logging.LogRecord) -> None:
    # Looked up each time: tracing tools replace it.
    _Logger.callHandlers(logger, record)


def attach(
    record: logging.LogRecord, own: Mapping[str, Any], bound: Fields | None, context: Fields | None
) -> None:
    """Make the fields of a call attributes of its record, where one of the names is taken."""
    attach_fields(record, CallFields(own, bound, context))
