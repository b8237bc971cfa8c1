"""The process's logging as a test configures and reads it."""

import logging
from pathlib import Path
from typing import Any

from metaexpert.logger import MetaLogger, configure, flush, get_logger
from metaexpert.logger.shared.native import TakenMethod
from support.strict_records import read_records


class Logs:
    """The process's logging under test, writing into a directory of the test's own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.logger: MetaLogger = get_logger("bot")

    def configure(self, config: Any = None, /, **overrides: Any) -> Any:
        """Configure into the directory, at DEBUG, without a console unless the test asks for one."""
        base: dict[str, Any] = {"default_level": "DEBUG", "log_file_path": str(self.directory)}
        given = dict(config or {}) | overrides
        handlers = {"console": None, **given.pop("handlers", {})}
        return configure({**base, **given, "handlers": handlers})

    def records(self, name: str = "expert.log") -> list[dict[str, Any]]:
        """Return what is in a file once everything is written; without a record there is no file."""
        assert flush(20)
        path = self.directory / name
        return read_records(path) if path.exists() else []

    def messages(self, name: str = "expert.log") -> list[str]:
        """Return the messages in a file once everything logged so far is written."""
        return [record["message"] for record in self.records(name)]

    def last(self) -> dict[str, Any]:
        """Return the record written last."""
        return self.records()[-1]

    def served(self, name: str = "library.part") -> logging.Logger:
        """Return a plain logger whose calls the engine serves."""
        logger = logging.getLogger(name)
        logger.info("first")
        assert self.is_served(logger)
        return logger

    def is_served(self, logger: logging.Logger) -> bool:
        """Tell whether a plain logger has its calls served by the engine."""
        return type(logger.__dict__.get("_log")) is TakenMethod

    def is_fast(self, logger: logging.Logger | None = None) -> bool:
        """Tell whether calls of the logger go straight into the engine."""
        asked: Any = logger or self.logger
        channel = asked.__dict__.get("_channel")
        is_open = channel is not None and channel.is_open() and not channel.is_listened
        return "info" in asked.__dict__ and is_open
