"""The console: standard output or standard error."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from metaexpert.logger.config.destinations.handler import HandlerConfiguration, Location
from metaexpert.logger.config.fields import Format, choice


class ConsoleConfiguration(HandlerConfiguration):
    """A handler that writes to a stream of this process."""

    synonyms = frozenset({"stream", "stdout", "stderr", "terminal", "streamhandler", "richhandler"})

    type: Literal["console"]
    format: Format = "console"
    stream: Annotated[Literal["stdout", "stderr"], choice("stdout", "stderr")] = "stdout"

    def document(self, name: str, location: Location) -> dict[str, Any]:
        """Return the stream; a terminal gets colours."""
        return {"stream": self.stream, "color": "auto"}
