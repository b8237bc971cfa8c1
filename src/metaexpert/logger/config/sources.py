"""Sources of a configuration, and which of them wins.

Highest first: changes at run time, command line, arguments in code, environment, `.env`, `metaexpert.toml`,
`[tool.metaexpert.log]` of `pyproject.toml`, defaults of the program, defaults of the library. The files are
those in the directory that was the current one when the process was first configured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from metaexpert.logger.config.confinement import strayed_files, strayed_urls
from metaexpert.logger.config.defaults import DEFAULT_DIRECTORY
from metaexpert.logger.config.documents import HANDLERS, LOGGERS, leaves, merge, only, plain, removals_as_none
from metaexpert.logger.config.environment import read_dotenv, variable_layers
from metaexpert.logger.config.files import (
    absolute,
    is_there,
    log_settings,
    read_document,
    read_toml,
    tool_table,
)
from metaexpert.logger.config.layer import NOTHING, Layer
from metaexpert.logger.config.legacy import is_dictconfig, prepare_dictconfig
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.origins import (
    CODE,
    COMMAND_LINE,
    DEFAULT,
    DOTENV,
    PROGRAM,
    PROJECT_FILE,
    PYPROJECT,
    RUNTIME,
    origin_of,
)
from metaexpert.logger.config.places import LOG_DIRECTORY, NOWHERE, Places, current_directory
from metaexpert.logger.config.removals import check_removals
from metaexpert.logger.config.strictness import at_least_as_strict, may_weaken
from metaexpert.logger.errors import ConfigurationError, Problem, shown

_PYPROJECT_FILE: Final = "pyproject.toml"

#: Returns what a program has where nobody says otherwise; it is called with what all other sources say.
Defaults = Callable[[Mapping[Any, Any]], Mapping[str, Any]]
#: The first argument of `configure()`.
ConfigurationLike = LogConfiguration | Mapping[str, Any] | str | os.PathLike[str] | None


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
    layer = _layer_of(config, origin, here)
    if not overrides:
        return layer if isinstance(layer, DictConfig) else (layer,)
    if isinstance(layer, DictConfig):
        names = ", ".join(overrides)
        raise ConfigurationError(
            f"a dictConfig document takes no other settings, got {names}; leave them out"
        )
    return layer, Layer(origin, removals_as_none(plain(overrides))).placed(here)


def resolve(layers: Iterable[Layer]) -> LogConfiguration:
    """Return the configuration that `layers`, given from the lowest precedence to the highest, make together.

    Each value remembers its source. Raises `ConfigurationError` with every bad field, blamed on its source.
    """
    return _Pile().with_all(layers).configuration()


class _Pile(NamedTuple):
    """Layers laid over each other: what they say together, where values come from, and where paths lead."""

    document: Mapping[Any, Any] = NOTHING
    origins: Mapping[str, str] = NOTHING
    places: Places = NOWHERE

    def with_all(self, layers: Iterable[Layer]) -> _Pile:
        """Return the pile with `layers` on top, a complete one covers all but defaults."""
        pile = self
        for layer in layers:
            below = self.ground() if layer.complete else pile
            document = merge(below.document, removals_as_none(layer.values))
            pile = _Pile(document, _relocated(below.origins, layer), {**pile.places, **layer.places})
        return pile

    def ground(self) -> _Pile:
        """Return what of this pile are defaults, if there is nothing else in it; else an empty one."""
        return self if set(self.origins.values()) <= {PROGRAM} else _Pile()

    def configuration(self) -> LogConfiguration:
        """Return the configuration that it is. Raises as `resolve` does."""
        origins = self.origins
        try:
            configuration = LogConfiguration.model_validate(self.document, context=self.places)
        except ConfigurationError as error:
            raise ConfigurationError(
                problem.attributed(origin_of(problem.path, origins).split(", ")[0])
                for problem in error.problems
            ) from None
        configuration._origins = {path: origin for path, origin in origins.items() if origin != DEFAULT}
        return configuration


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


class RuntimeChange(NamedTuple):
    """A change over HTTP or from another process's command line; one with a `number` can be taken back."""

    layer: Layer
    number: int | None = None


@dataclass(frozen=True)
class Sources:
    """All sources of the process's configuration: immutable, so that a refused change leaves no trace.

    `project` are the layers of files and environment in `directory`, lowest first; `code` and `runtime` what
    was asked for, in the order of the calls.
    """

    project: tuple[Layer, ...] = ()
    code: tuple[Layer, ...] = ()
    command_line: Layer = field(default_factory=lambda: Layer(COMMAND_LINE))
    defaults: Defaults | None = None
    runtime: tuple[RuntimeChange, ...] = ()
    directory: str = ""
    #: The current directory when the process was first configured.
    home: str = field(default_factory=current_directory)
    #: What all but `runtime` make, once somebody has asked: changes at run time are to be in force at once.
    _start: list[tuple[_Pile, LogConfiguration]] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def discover(cls, environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Self:
        """Return what environment and files say now (by default, this process's and the current directory's).

        Raises `ConfigurationError` for a file that is there and cannot be read or parsed.
        """
        return cls().refreshed(environ, directory)

    def refreshed(self, environ: Mapping[str, str] | None = None, directory: Path | None = None) -> Self:
        """Return the same sources with environment and files read again, where they were found before.

        Raises as `discover` does.
        """
        here = Path(self.directory) if directory is None else directory
        layers = _project_layers(environ, here, self.files())
        return self._with(project=layers, directory=absolute(here))

    def reloaded(self) -> Self:
        """Return the same sources with environment and all files read again, where they were found before.

        Files given to `configure()` are among them. Raises `ConfigurationError` as `discover` does, and for
        such a file that is no configuration any more.
        """
        code = tuple(layer if layer.file is None else _read_again(layer) for layer in self.code)
        return replace(self.refreshed(), code=code)

    def with_code(self, *layers: Layer) -> Self:
        """Return the sources after a `configure()` call that asked for `layers`, the last of which wins."""
        parts = self.code
        check_removals(layers, [*self.project, *parts, self.command_line])
        for layer in layers:
            parts = _followed(parts, layer)
        return self._with(code=parts)

    def with_defaults(self, defaults: Defaults) -> Self:
        """Return the sources with `defaults` below all of them, above the library's own."""
        return self._with(defaults=defaults)

    def with_command_line(self, values: Mapping[str, Any]) -> Self:
        """Return the sources with `values` from the command line's options."""
        later = Layer(COMMAND_LINE, removals_as_none(plain(values))).placed(current_directory())
        return self._with(command_line=self.command_line.followed_by(later))

    def with_runtime(self, values: Mapping[str, Any], number: int | None = None) -> Self:
        """Return the sources after a change over HTTP or from the command line of another process.

        `without_runtime(number)` takes it back. Changes without a number stay. Who asks does not know the
        current directory: relative paths lead from where the process was first configured.
        """
        layer = Layer(RUNTIME, removals_as_none(plain(values)))
        changed = [change.layer for change in self.runtime]
        check_removals([layer], [*self.project, *self.code, self.command_line, *changed])
        later = RuntimeChange(layer.placed(self.home), number)
        changes = self.runtime
        if number is None and changes and changes[-1].number is None:
            later = RuntimeChange(changes[-1].layer.followed_by(later.layer))
            changes = changes[:-1]
        return replace(self, runtime=(*changes, later))

    def without_runtime(self, *numbers: int) -> Self:
        """Return the sources as they would be if the run-time changes `numbers` had never been made."""
        return replace(self, runtime=tuple(each for each in self.runtime if each.number not in numbers))

    def files(self) -> tuple[str, ...]:
        """Return the absolute paths of the files that have a part in the configuration."""
        named = (layer.file for layer in (*self.project, *self.code))
        return tuple(dict.fromkeys(file for file in named if file is not None))

    def at_start(self) -> LogConfiguration:
        """Return the configuration without the changes at run time. Raises as `resolve` does."""
        return self._at_start()[1]

    def _at_start(self) -> tuple[_Pile, LogConfiguration]:
        if not self._start:
            default = Layer(DEFAULT, {LOG_DIRECTORY: DEFAULT_DIRECTORY}).placed(self.home)
            pile = _Pile(places=default.places).with_all(self._defaults()).with_all(self._said())
            self._start.append((pile, pile.configuration()))
        return self._start[0]

    def _said(self) -> list[Layer]:
        said = [*self.project, *self.code]
        return [*said, _without_revivals(self.command_line, _Pile().with_all(said).document)]

    def _defaults(self) -> list[Layer]:
        if self.defaults is None:
            return []
        return [Layer(PROGRAM, self.defaults(_Pile().with_all(self._said()).document))]

    def resolve(self) -> LogConfiguration:
        """Return the configuration that all sources make together. Raises as the function `resolve` does.

        A change at run time may name files inside certain directories only, and no new URL (see
        `confinement`), and takes nothing away from the redaction at the start (see `strictness`).
        """
        configuration, start = self.as_asked(), self.at_start()
        return configuration if may_weaken(start) else at_least_as_strict(configuration, start)

    def as_asked(self) -> LogConfiguration:
        """Return what `resolve` does, with redaction as changes at run time ask for it, however weak."""
        pile, start = self._at_start()
        if not any(change.layer.values for change in self.runtime):
            return start
        configuration = pile.with_all(change.layer for change in self.runtime).configuration()
        strayed = [*strayed_files(configuration, start), *strayed_urls(configuration, start)]
        if strayed:
            raise ConfigurationError(strayed)
        return configuration

    def _with(self, **parts: Any) -> Self:
        """Return the sources with `parts` replaced, among them what the configuration at start depends on."""
        return replace(self, **parts, _start=[])


def _followed(parts: tuple[Layer, ...], later: Layer) -> tuple[Layer, ...]:
    """Return what code asked for, with `later` on top; what can be merged is, so that the parts stay few."""
    if later.complete:
        return (later,)
    kept: list[Layer] = []
    for layer in (*(part for part in parts if part.file is None or part.file != later.file), later):
        if kept and kept[-1].file is None and layer.file is None:
            kept[-1] = kept[-1].followed_by(layer)
        else:
            kept.append(layer)
    return tuple(kept)


def _without_revivals(line: Layer, below: Mapping[Any, Any]) -> Layer:
    """Return the command line's layer without options for handlers that are removed `below` it."""
    handlers, others = line.values.get(HANDLERS), below.get(HANDLERS)
    if not isinstance(handlers, dict) or not isinstance(others, dict):
        return line
    kept = {name: each for name, each in handlers.items() if others.get(name, each) is not None}
    return line._replace(values={**line.values, HANDLERS: kept})


def _read_again(before: Layer) -> Layer:
    layer = _layer_of(before.file, CODE, before.directory)
    if isinstance(layer, DictConfig):
        raise ConfigurationError(
            [Problem(before.file or "", "has become a dictConfig document, which is not watched")]
        )
    return layer


def _layer_of(config: ConfigurationLike, origin: str, directory: str) -> Layer | DictConfig:
    """Return what `config` asks for, with relative paths in it from `directory`."""
    if config is None:
        return Layer(origin, directory=directory)
    if isinstance(config, LogConfiguration):
        return _complete_layer(config, origin).placed(directory, config._places)
    if isinstance(config, str | os.PathLike):
        path = os.fspath(config)
        layer = _layer_of_document(read_document(path), os.path.basename(path), path)
        return (
            layer if isinstance(layer, DictConfig) else layer._replace(file=absolute(path)).placed(directory)
        )
    if not isinstance(config, Mapping):
        reason = f"must be a LogConfiguration, a mapping or a path, was {shown(config)}"
        raise ConfigurationError([Problem("config", reason, config)])
    layer = _layer_of_document(config, origin, None)
    return layer if isinstance(layer, DictConfig) else layer.placed(directory)


def _complete_layer(configuration: LogConfiguration, origin: str) -> Layer:
    """Return a layer that makes exactly `configuration`, naming only what it says beyond the defaults."""
    whole = configuration.model_dump()
    origins = {path: configuration.origin(path) for path, _ in leaves(whole)}
    said = only(whole, lambda path: origins.get(path) != DEFAULT)
    # A copy made with `model_copy(update=…)` says more than it remembers.
    document = said if LogConfiguration.model_validate(said) == configuration else whole
    return Layer(origin, document, {path: origins[path] for path, _ in leaves(document)}, complete=True)


def _layer_of_document(document: Mapping[str, Any], origin: str, path: str | None) -> Layer | DictConfig:
    if is_dictconfig(document):
        return DictConfig(prepare_dictconfig(document, path or "config"))
    settings = document if path is None else log_settings(document, origin)
    return _file_layer(settings, origin)


def _file_layer(settings: Any, origin: str, file: Path | None = None) -> Layer:
    if not isinstance(settings, Mapping):
        raise ConfigurationError(
            [Problem("", f"must be a table of settings, was {shown(settings)}", origin=origin)]
        )
    path = None if file is None else absolute(file)
    return Layer(origin, removals_as_none(plain(settings)), file=path)


def _project_layers(
    environ: Mapping[str, str] | None, here: Path, known: tuple[str, ...]
) -> tuple[Layer, ...]:
    """Return what files in the directory `here` and variables say; `known` files had a part in it before."""
    layers: list[Layer] = []
    pyproject, project = here / _PYPROJECT_FILE, here / PROJECT_FILE
    if is_there(pyproject):
        table = tool_table(read_toml(pyproject))
        if table is not None:
            layers.append(_file_layer(table, PYPROJECT, pyproject))
    if is_there(project):
        layers.append(_file_layer(log_settings(read_toml(project), PROJECT_FILE), PROJECT_FILE, project))
    variables = os.environ if environ is None else environ
    file = absolute(here / DOTENV)
    dotenv, environment = variable_layers(variables, read_dotenv(here, must_be_file=file in known))
    if dotenv.values:
        dotenv = dotenv._replace(file=file)
    found = (*layers, dotenv, environment)
    check_removals(found)
    return tuple(layer.placed(absolute(here)) for layer in found)
