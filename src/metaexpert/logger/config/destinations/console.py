"""The console: standard output or standard error."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from metaexpert.logger.config.destinations.destination import (
    Destination,
    HandlerType,
    Location,
    Options,
    own_options,
)
from metaexpert.logger.config.fields import choice


class ConsoleOptions(Options):
    """The options of a console handler."""

    stream: Annotated[Literal["stdout", "stderr"], choice("stdout", "stderr")] | None = None


class Console(Destination[ConsoleOptions]):
    """A stream of this process."""

    types = (
        HandlerType(
            "console",
            own_options(ConsoleOptions),
            {"format": "console", "stream": "stdout"},
            synonyms=frozenset({"stream", "stdout", "stderr", "terminal", "streamhandler", "richhandler"}),
        ),
    )

    def document(self, name: str, handler: ConsoleOptions, location: Location) -> dict[str, Any]:
        """Return the stream; a terminal gets colours."""
        return {"stream": handler.stream or "stdout", "color": "auto"}


ConsoleOptions.destination = Console()
