"""Reading what `configure()` is given: a configuration, a mapping, a file, keywords."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from metaexpert.logger.config.deferred import DeferredConfiguration
from metaexpert.logger.config.documents import leaves, only, plain, removals_as_none
from metaexpert.logger.config.files import absolute, log_settings, read_document
from metaexpert.logger.config.layer import Layer
from metaexpert.logger.config.legacy import is_dictconfig, prepare_dictconfig
from metaexpert.logger.config.origins import CODE, DEFAULT
from metaexpert.logger.config.places import current_directory
from metaexpert.logger.errors import ConfigurationError, Problem, shown

if TYPE_CHECKING:
    from metaexpert.logger.config.models import LogConfiguration

#: The first argument of `configure()`.
ConfigurationLike: TypeAlias = "LogConfiguration | Mapping[str, Any] | str | os.PathLike[str] | None"


class DictConfig(NamedTuple):
    """A `logging.config.dictConfig` document given as a configuration, ready to be applied."""

    document: dict[str, Any]


def load_config(
    config: ConfigurationLike, overrides: Mapping[str, Any] | None = None, *, origin: str = CODE
) -> Layer | DictConfig:
    """Return what `configure(config, **overrides)` asks for, as a layer named `origin`; `overrides` win.

    A file's values are named by the file. A `LogConfiguration` is complete. A document with a `version` is
    one of `logging.config.dictConfig`; with `overrides` it is refused. Raises `ConfigurationError` for a file
    that cannot be read and for a value that is not a configuration at all; `resolve` checks the single
    fields.
    """
    layers = load_layers(config, overrides, origin=origin)
    if isinstance(layers, DictConfig):
        return layers
    first, *later = layers
    return first.followed_by(*later) if later else first


def load_layers(
    config: ConfigurationLike, overrides: Mapping[str, Any] | None = None, *, origin: str = CODE
) -> tuple[Layer, ...] | DictConfig:
    """Return the same as `load_config`, with `overrides` as a layer of their own, above a file's."""
    here = current_directory()
    layer = layer_of(config, origin, here)
    if not overrides:
        return layer if isinstance(layer, DictConfig) else (layer,)
    if isinstance(layer, DictConfig):
        names = ", ".join(overrides)
        raise ConfigurationError(
            f"a dictConfig document takes no other settings, got {names}; leave them out"
        )
    return layer, Layer(origin, removals_as_none(plain(overrides))).placed(here)


def layer_of(config: ConfigurationLike, origin: str, directory: str) -> Layer | DictConfig:
    """Return what `config` asks for, with relative paths in it from `directory`."""
    if config is None:
        return Layer(origin, directory=directory)
    if isinstance(config, DeferredConfiguration):
        config = config.whole()
    if isinstance(config, str | os.PathLike):
        path = os.fspath(config)
        layer = _of_document(read_document(path), os.path.basename(path), path)
        return (
            layer if isinstance(layer, DictConfig) else layer._replace(file=absolute(path)).placed(directory)
        )
    if isinstance(config, Mapping):
        layer = _of_document(config, origin, None)
        return layer if isinstance(layer, DictConfig) else layer.placed(directory)
    # Who has a configuration has loaded the models.
    from metaexpert.logger.config.models import LogConfiguration

    if isinstance(config, LogConfiguration):
        return _complete_layer(config, origin).placed(directory, config._places)
    reason = f"must be a LogConfiguration, a mapping or a path, was {shown(config)}"
    raise ConfigurationError([Problem("config", reason, config)])


def _complete_layer(configuration: LogConfiguration, origin: str) -> Layer:
    """Return a layer that makes exactly `configuration`, naming only what it says beyond the defaults."""
    from metaexpert.logger.config.models import LogConfiguration

    whole = configuration.model_dump()
    origins = {path: configuration.origin(path) for path, _ in leaves(whole)}
    said = only(whole, lambda path: origins.get(path) != DEFAULT)
    # A copy made with `model_copy(update=…)` says more than it remembers.
    document = said if LogConfiguration.model_validate(said) == configuration else whole
    return Layer(origin, document, {path: origins[path] for path, _ in leaves(document)}, complete=True)


def _of_document(document: Mapping[str, Any], origin: str, path: str | None) -> Layer | DictConfig:
    if is_dictconfig(document):
        return DictConfig(prepare_dictconfig(document, path or "config"))
    settings = document if path is None else log_settings(document, origin)
    return file_layer(settings, origin)


def file_layer(settings: Any, origin: str, file: Path | None = None) -> Layer:
    """Return the layer of a file's settings. Raises `ConfigurationError` where they are no table."""
    if not isinstance(settings, Mapping):
        raise ConfigurationError(
            [Problem("", f"must be a table of settings, was {shown(settings)}", origin=origin)]
        )
    path = None if file is None else absolute(file)
    return Layer(origin, removals_as_none(plain(settings)), file=path)
