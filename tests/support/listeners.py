"""Foreign handlers for tests."""

import logging


class Recorder(logging.Handler):
    """Keeps the records it is given, and their messages."""

    def __init__(self, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record."""
        self.records.append(record)

    @property
    def messages(self) -> list[str]:
        """The messages of the records so far."""
        return [record.getMessage() for record in self.records]
