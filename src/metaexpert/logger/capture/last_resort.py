"""The last resort for trade records that no handler takes: stderr, where `logging` shows such warnings."""

from __future__ import annotations

import logging
from typing import Final

from metaexpert.logger.process import service

_NOTE: Final = (
    "metaexpert.logger: no handler takes the trade records of logger %r, so they are on stderr alone and "
    "in no file; call configure() before trade()"
)


class _Told:
    """True once this process has reported that its trade records are in no file."""

    already = False

    @classmethod
    def reset(cls) -> None:
        """Allow the report again."""
        cls.already = False


service.on_reset("last resort", _Told.reset)


def show_trade(record: logging.LogRecord) -> None:
    """Show a trade record that no handler took with `logging.lastResort`, after a note for the first one.

    Nothing is shown where the program has set `lastResort` to None, or where `logging` has shown it itself.
    """
    handler = logging.lastResort
    if handler is None or record.levelno >= handler.level:
        return
    if not _Told.already:
        _Told.already = True
        handler.handle(logging.makeLogRecord({"msg": _NOTE, "args": (record.name,)}))
    handler.handle(record)
