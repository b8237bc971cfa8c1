"""Sources of a configuration, and which of them wins.

Highest first: changes at run time, command line, arguments in code, environment, `.env`, `metaexpert.toml`,
`[tool.metaexpert.log]` of `pyproject.toml`, defaults of the program, defaults of the library. The files are
those in the directory that was the current one when the process was first configured.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, cast

from metaexpert.logger.config.defaults import DEFAULT_DIRECTORY
from metaexpert.logger.config.deferred import DeferredConfiguration
from metaexpert.logger.config.documents import (
    HANDLERS,
    LOGGERS,
    plain,
    removals_as_none,
    without_nones,
)
from metaexpert.logger.config.environment import read_dotenv, variable_layers
from metaexpert.logger.config.files import (
    absolute,
    is_there,
    log_settings,
    read_toml,
    tool_table,
)
from metaexpert.logger.config.layer import Layer
from metaexpert.logger.config.loading import DictConfig, file_layer, layer_of
from metaexpert.logger.config.origins import (
    CODE,
    COMMAND_LINE,
    DEFAULT,
    DOTENV,
    PROGRAM,
    PROJECT_FILE,
    PYPROJECT,
    RUNTIME,
)
from metaexpert.logger.config.pile import Pile
from metaexpert.logger.config.places import LOG_DIRECTORY, current_directory
from metaexpert.logger.config.prepared import Prepared, prepare
from metaexpert.logger.config.removals import check_removals
from metaexpert.logger.errors import ConfigurationError, Problem
from metaexpert.logger.shared.frozen import FrozenDict

if TYPE_CHECKING:
    from metaexpert.logger.config.models import LogConfiguration

_PYPROJECT_FILE: Final = "pyproject.toml"

#: Returns what a program has where nobody says otherwise; it is called with what all other sources say.
Defaults = Callable[[Mapping[Any, Any]], Mapping[str, Any]]


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
    _start: list[tuple[Pile, LogConfiguration]] = field(default_factory=list, compare=False, repr=False)

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

    def _at_start(self) -> tuple[Pile, LogConfiguration]:
        if not self._start:
            pile = self._pile()
            self._start.append((pile, pile.configuration()))
        return self._start[0]

    def _pile(self) -> Pile:
        """Return all but the changes at run time."""
        default = Layer(DEFAULT, {LOG_DIRECTORY: DEFAULT_DIRECTORY}).placed(self.home)
        return Pile(places=default.places).with_all(self._defaults()).with_all(self._said())

    def _said(self) -> list[Layer]:
        said = [*self.project, *self.code]
        return [*said, _without_revivals(self.command_line, Pile().with_all(said).document)]

    def _defaults(self) -> list[Layer]:
        if self.defaults is None:
            return []
        return [Layer(PROGRAM, self.defaults(Pile().with_all(self._said()).document))]

    def resolve(self) -> LogConfiguration:
        """Return the configuration that all sources make together. Raises as the function `resolve` does.

        A change at run time may name files inside certain directories only, and no new URL (see
        `confinement`), and takes nothing away from the redaction at the start (see `strictness`).
        """
        configuration, start = self.as_asked(), self.at_start()
        if configuration is start:
            return start
        from metaexpert.logger.config.strictness import at_least_as_strict, may_weaken

        return configuration if may_weaken(start) else at_least_as_strict(configuration, start)

    def as_asked(self) -> LogConfiguration:
        """Return what `resolve` does, with redaction as changes at run time ask for it, however weak."""
        pile, start = self._at_start()
        if not self._has_changed():
            return start
        from metaexpert.logger.config.confinement import strayed_files, strayed_urls

        configuration = pile.with_all(change.layer for change in self.runtime).configuration()
        strayed = [*strayed_files(configuration, start), *strayed_urls(configuration, start)]
        if strayed:
            raise ConfigurationError(strayed)
        return configuration

    def _has_changed(self) -> bool:
        return any(change.layer.values for change in self.runtime)

    def in_force(self) -> tuple[LogConfiguration, dict[str, Any] | None]:
        """Return what `resolve` does, and what the engine is configured with if that needs no models.

        The configuration is then made when somebody looks at it. Raises as `resolve` does.
        """
        pile, prepared = self._prepared()
        if prepared is None:
            return self.resolve(), None
        known = {name: value for name, value in prepared.values.items() if not isinstance(value, dict | list)}
        tables = {"loggers": FrozenDict(prepared.values[LOGGERS]), "origins": FrozenDict(pile.said())}
        deferred = DeferredConfiguration(known | tables, self.resolve)
        return cast("LogConfiguration", deferred), prepared.document

    def shown(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Return what `resolve` does in JSON's values, without what is None, and the source of each value.

        A handler that was removed is None. Raises as `resolve` does.
        """
        pile, prepared = self._prepared()
        if prepared is not None:
            return without_nones(prepared.values), pile.said()
        configuration = self.resolve()
        document = configuration.model_dump(mode="json", exclude_none=True)
        removed = {name: None for name, options in configuration.handlers.items() if options is None}
        document[HANDLERS] = {**document[HANDLERS], **removed}
        return document, dict(configuration.origins)

    def _prepared(self) -> tuple[Pile, Prepared | None]:
        pile = self._pile()
        return pile, None if self._has_changed() else prepare(pile.document, pile.places)

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
    layer = layer_of(before.file, CODE, before.directory)
    if isinstance(layer, DictConfig):
        raise ConfigurationError(
            [Problem(before.file or "", "has become a dictConfig document, which is not watched")]
        )
    return layer


def _project_layers(
    environ: Mapping[str, str] | None, here: Path, known: tuple[str, ...]
) -> tuple[Layer, ...]:
    """Return what files in the directory `here` and variables say; `known` files had a part in it before."""
    layers: list[Layer] = []
    pyproject, project = here / _PYPROJECT_FILE, here / PROJECT_FILE
    if is_there(pyproject):
        table = tool_table(read_toml(pyproject))
        if table is not None:
            layers.append(file_layer(table, PYPROJECT, pyproject))
    if is_there(project):
        layers.append(file_layer(log_settings(read_toml(project), PROJECT_FILE), PROJECT_FILE, project))
    variables = os.environ if environ is None else environ
    file = absolute(here / DOTENV)
    dotenv, environment = variable_layers(variables, read_dotenv(here, must_be_file=file in known))
    if dotenv.values:
        dotenv = dotenv._replace(file=file)
    found = (*layers, dotenv, environment)
    check_removals(found)
    return tuple(layer.placed(absolute(here)) for layer in found)
