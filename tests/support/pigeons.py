"""A destination that the library does not have, to be added as the recipe of CONTRIBUTING.md says."""

from __future__ import annotations

from support.recipes import Copy

_DESTINATIONS = "src/metaexpert/logger/config/destinations"
_FILE = '''
"""Pigeons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from metaexpert.logger.config.destinations.handler import HandlerConfiguration, Handlers, Location
from metaexpert.logger.config.fields import Filename, Text
from metaexpert.logger.config.places import Places
from metaexpert.logger.errors import Problem


class PigeonConfiguration(HandlerConfiguration):
    """A handler that sends a pigeon with each line."""

    synonyms = frozenset({"dove"})

    type: Literal["pigeon"]
    loft: Text = "roof"
    map: Filename | None = None

    @classmethod
    def problems(cls, handlers: Handlers, directory: str, places: Places) -> Iterator[Problem]:
        """No pigeon lands on the sea."""
        for name, options in handlers.items():
            if options.get("loft") == "sea":
                yield Problem(f"handlers.{name}.loft", "must be on land")

    def paths(self) -> Iterator[tuple[str, str]]:
        """Yield the map."""
        if self.map is not None:
            yield "map", self.map

    def document(self, name: str, location: Location) -> dict[str, Any]:
        """Return the loft."""
        return {"loft": self.loft}
'''


def add_pigeons(copy: Copy) -> None:
    """Add handlers of the type `pigeon` to a copy of the sources."""
    copy.create(f"{_DESTINATIONS}/pigeon.py", _FILE.lstrip())
    registry, imports = f"{_DESTINATIONS}/__init__.py", "from metaexpert.logger.config.destinations"
    copy.edit(
        registry,
        f"{imports}.socket import (",
        f"{imports}.pigeon import PigeonConfiguration\n{imports}.socket import (",
    )
    copy.edit(registry, "    OtlpConfiguration,\n)", "    OtlpConfiguration,\n    PigeonConfiguration,\n)")
