"""Confinement of files that are named at run time: to a few directories, by whatever way a path leads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from metaexpert.logger.config.engine import log_directory
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.places import ALLOWED_DIRECTORIES, LOG_DIRECTORY, file_in, place_of
from metaexpert.logger.errors import Problem, shown


def strayed_files(after: LogConfiguration, before: LogConfiguration) -> Iterator[Problem]:
    """Yield a problem for each path of `after` that is new since `before` and lies where it must not.

    `control.directories` of `before` are allowed, or its log directory if it has none. Symbolic links and
    `..` are followed, and names that only a default gave (`handlers.<name>.filename`) count as well.
    """
    known = {path for path, _ in _paths(before).values()}
    new = {field: named for field, named in _paths(after).items() if named[0] not in known}
    if not new:
        # A change of levels asks no file system: each question may cost a turn of the interpreter's lock.
        return
    directories = allowed_directories(before)
    roots = [Path(directory).resolve() for directory in directories]
    for field, (path, text) in new.items():
        if not _lies_in(path, roots):
            place = "the log directory" if not _configured(before) else "one of control.directories"
            reason = f"must lie in {place} when set at run time, was {shown(text)}"
            advice = f"{place} is {', '.join(shown(directory) for directory in directories)}"
            yield Problem(field, reason, text, suggestion=advice.replace("one of ", ""))


def strayed_urls(after: LogConfiguration, before: LogConfiguration) -> Iterator[Problem]:
    """Yield a problem for each URL of `after` that no handler of `before` has.

    Else who may change levels could have all records sent wherever he likes.
    """
    known = set(_urls(before).values())
    for field, url in _urls(after).items():
        if url not in known:
            reason = f"must be one that the program was started with, was {shown(url)}"
            advice = "name it where the program is started, and change the rest at run time"
            yield Problem(field, reason, url, suggestion=advice)


def allowed_directories(configuration: LogConfiguration) -> tuple[str, ...]:
    """Return the absolute paths of the directories in which files may be named at run time."""
    named = _configured(configuration)
    if not named:
        return (log_directory(configuration),)
    return tuple(place_of(ALLOWED_DIRECTORIES, each, configuration._places) for each in named)


def _configured(configuration: LogConfiguration) -> tuple[str, ...]:
    return () if configuration.control is None else configuration.control.directories


def _paths(configuration: LogConfiguration) -> Mapping[str, tuple[str, str]]:
    """Return the absolute path, and its text, of each file or directory of a configuration, by setting."""
    directory = log_directory(configuration)
    named = {LOG_DIRECTORY: configuration.log_file_path}
    for name, handler in configuration.active_handlers().items():
        named |= {f"handlers.{name}.{option}": text for option, text in handler.paths()}
    return {
        setting: (
            directory
            if setting == LOG_DIRECTORY
            else file_in(directory, setting, text, configuration._places),
            text,
        )
        for setting, text in named.items()
    }


def _urls(configuration: LogConfiguration) -> dict[str, str]:
    """Return the URLs that a configuration sends to, by setting."""
    handlers = configuration.active_handlers().items()
    return {f"handlers.{name}.{option}": url for name, handler in handlers for option, url in handler.urls()}


def _lies_in(path: str, roots: Collection[Path]) -> bool:
    try:
        target = Path(path).resolve()
    except (OSError, RuntimeError):  # a name that is too long, a loop of links
        return False
    return any(target.is_relative_to(root) for root in roots)
