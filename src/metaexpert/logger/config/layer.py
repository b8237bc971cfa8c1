"""One source's share of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from metaexpert.logger.config.documents import leaves, merge
from metaexpert.logger.config.places import NOWHERE, Places, places_of

#: A document without settings.
NOTHING: Final[Mapping[Any, Any]] = MappingProxyType({})


class Layer(NamedTuple):
    """One source's values as a plain document, with the place of each value in the source.

    `origins` names the exact place of a value by dotted path (a variable); others come from `origin`. A
    `complete` layer says everything there is: layers below it have no part in the result. `file` is the
    absolute path that all of it was read from, None where that is no file. `places` says where its paths
    lead, relative ones from `directory`.
    """

    origin: str
    values: Mapping[Any, Any] = NOTHING
    origins: Mapping[str, str] = NOTHING
    complete: bool = False
    file: str | None = None
    directory: str = ""
    places: Places = NOWHERE

    def placed(self, directory: str, places: Places = NOWHERE) -> Layer:
        """Return this layer with its paths resolved: as `places` says, or otherwise from `directory`."""
        return self._replace(directory=directory, places={**places_of(self.values, directory), **places})

    def followed_by(self, later: Layer) -> Layer:
        """Return this layer with what a later one of the same source names laid over it."""
        if later.complete:
            return later
        replaced = {path for path, _ in leaves(later.values)}
        kept = {path: origin for path, origin in self.origins.items() if path not in replaced}
        return Layer(
            self.origin,
            merge(self.values, later.values),
            {**kept, **later.origins},
            complete=self.complete,
            directory=later.directory,
            places={**self.places, **later.places},
        )

    def located(self) -> dict[str, str]:
        """Return the origin of each value by dotted path."""
        return {path: self.origins.get(path, self.origin) for path, _ in leaves(self.values)} | dict(
            self.origins
        )
