"""Layers laid over each other, and the configuration that they make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from metaexpert.logger.config.documents import LOGGERS, leaves, merge, removals_as_none
from metaexpert.logger.config.layer import NOTHING, Layer
from metaexpert.logger.config.origins import DEFAULT, PROGRAM, origin_of
from metaexpert.logger.config.places import NOWHERE, Places
from metaexpert.logger.errors import ConfigurationError

if TYPE_CHECKING:
    from metaexpert.logger.config.models import LogConfiguration


class Pile(NamedTuple):
    """Layers laid over each other: what they say together, where values come from, and where paths lead."""

    document: Mapping[Any, Any] = NOTHING
    origins: Mapping[str, str] = NOTHING
    places: Places = NOWHERE

    def with_all(self, layers: Iterable[Layer]) -> Pile:
        """Return the pile with `layers` on top; a complete one covers all but the program's defaults."""
        pile = self
        for layer in layers:
            below = self.ground() if layer.complete else pile
            document = merge(below.document, removals_as_none(layer.values))
            pile = Pile(document, _relocated(below.origins, layer), {**pile.places, **layer.places})
        return pile

    def ground(self) -> Pile:
        """Return this pile if it holds nothing but the program's defaults, else an empty one."""
        return self if set(self.origins.values()) <= {PROGRAM} else Pile()

    def configuration(self) -> LogConfiguration:
        """Return the configuration that the layers make. Raises as `resolve` does."""
        kind = load_models()
        origins = self.origins
        try:
            configuration = kind.model_validate(self.document, context=self.places)
        except ConfigurationError as error:
            raise ConfigurationError(
                problem.attributed(origin_of(problem.path, origins).split(", ")[0])
                for problem in error.problems
            ) from None
        configuration._origins = self.said()
        return configuration

    def said(self) -> dict[str, str]:
        """Return the source of each value that is no default of the library."""
        return {path: origin for path, origin in self.origins.items() if origin != DEFAULT}


def _relocated(origins: Mapping[str, str], layer: Layer) -> dict[str, str]:
    """Return where values stand once `layer` lies on top of those that stand as `origins` says."""
    covering = {path for path, _ in leaves(layer.values)}
    broken_up = {above for path in covering for above in _tables_above(path)}
    kept = {
        path: origin
        for path, origin in origins.items()
        if path not in broken_up and covering.isdisjoint(_tables_above(path))
    }
    return kept | layer.located()


def _tables_above(path: str) -> Iterator[str]:
    """Yield the paths of the tables that the value at the dotted `path` lies in."""
    if path.startswith(f"{LOGGERS}."):
        # The rest is a name, dots and all.
        yield LOGGERS
        return
    while path := path.rpartition(".")[0]:
        yield path


def resolve(layers: Iterable[Layer]) -> LogConfiguration:
    """Return the configuration that `layers`, given from the lowest precedence to the highest, make together.

    Each value remembers its source. Raises `ConfigurationError` with every bad field, blamed on its source.
    """
    return Pile().with_all(layers).configuration()


def load_models() -> type[LogConfiguration]:
    """Import what makes and compares whole configurations, and return their model.

    Raises `ConfigurationError` where it cannot be imported, as without a free descriptor.
    """
    try:
        # The other two only serve changes, for which there may be no descriptor left to import with.
        from metaexpert.logger.config import confinement, models, strictness  # noqa: F401
    except (OSError, ImportError) as problem:
        reason = f"what checks a configuration cannot be imported: {problem}"
        raise ConfigurationError(
            f"{reason}; set nothing but levels and log_file_path, or try again"
        ) from problem
    return models.LogConfiguration
