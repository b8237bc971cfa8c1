"""Options of the commands that read logs: which records they are about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from metaexpert.cli import options
from metaexpert.cli.failure import CommandFailedError
from metaexpert.streams import tell

if TYPE_CHECKING:
    from metaexpert.reader.report import Reporting
    from metaexpert.reader.selection import Selection, Time

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Records of trades, in whichever log they are.
_TRADES: Final = "category = trade"
_ERRORS: Final = "level >= error"

_SELECTING: Final = (
    options.logs_directory,
    click.option("-l", "--level", metavar="LEVEL", help="The least severe level: info, warning, 25."),
    click.option(
        "-w",
        "--where",
        multiple=True,
        metavar="EXPRESSION",
        help="A condition; all that are given must hold.",
    ),
    click.option("--since", metavar="TIME", help="From then on: 2026-12-01T10:00, 10:30, yesterday, 10m."),
    click.option("--until", metavar="TIME", help="Before then, in the same forms."),
    click.option("--logger", metavar="NAME", help="Of this logger and its children."),
    click.option("--strategy", metavar="NAME", help="Of the strategy with this name or id."),
    click.option("--trades", is_flag=True, help="Records of trades."),
    click.option("--errors", is_flag=True, help="Records of level ERROR and above."),
    click.option("--tz", metavar="ZONE", help="The zone of times: local, UTC, Europe/Berlin."),
    click.option("--utc", is_flag=True, help="The same as --tz UTC."),
    click.option("--strict", is_flag=True, help="Fail where a line is no record."),
)


def selecting(command: _Function) -> _Function:
    """Give a command the options that say which records it is about."""
    for option in reversed(_SELECTING):
        command = option(command)
    return command


def selection(given: Mapping[str, Any], **more: Any) -> Selection:
    """Return what the options of `selecting`, as they were given, say, with `more` of its members."""
    from metaexpert.reader.selection import Selection

    since, until = given["since"], given["until"]
    zone = None if since is None and until is None else _tzinfo(zone_name(given))
    conditions = [*given["where"]]
    conditions += [_TRADES] if given["trades"] else []
    conditions += [_ERRORS] if given["errors"] else []
    return Selection(
        where=tuple(conditions),
        since=_time(since, zone),
        until=_time(until, zone),
        level=given["level"],
        logger=given["logger"],
        strategy=given["strategy"],
        is_strict=given["strict"],
        **more,
    )


def zone_name(given: Mapping[str, Any]) -> str:
    """Return the name of the zone that times are read and shown in."""
    tz: str | None = given["tz"]
    if tz is not None and given["utc"]:
        raise CommandFailedError("--tz and --utc are two answers to one question; give one of them")
    return "UTC" if given["utc"] else tz or "local"


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Have what is wrong with an expression, a time or a directory end the command with its message."""
    try:
        yield
    except ValueError as error:
        raise CommandFailedError(str(error)) from None
    except FileNotFoundError as error:
        if error.filename is None:
            raise CommandFailedError(f"{error}; name the one that the program logs into with --dir") from None
        raise CommandFailedError(f"{error.filename}: {error.strerror}") from None
    except PermissionError as error:
        raise CommandFailedError(f"{error.filename or 'the log'} cannot be read: {error.strerror}") from None


def tell_unreadable(reading: Reporting, *, strict: bool) -> bool:
    """Say on stderr what could not be read, by file and kind; True where that is an error."""
    from metaexpert.reader.report import unreadable

    problems = list(unreadable(reading.report()))
    for problem in problems:
        tell(f"{'error' if strict else 'warning'}: {problem}")
    return strict and bool(problems)


def _time(text: str | None, zone: tzinfo | None) -> Time | None:
    """Return a time without a zone as one of `zone`, and any other as it is."""
    if text is None:
        return None
    midnight = datetime.now(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    word = text.strip().lower()
    days = {"yesterday": 1, "today": 0}
    if word in days:
        return (midnight - timedelta(days=days[word])).astimezone()
    if word == "now":
        return timedelta(0)
    try:
        given = datetime.fromisoformat(f"{midnight:%Y-%m-%d}T{text}" if ":" in text[:3] else text)
    except ValueError:
        return text
    if given.tzinfo is not None:
        return text
    return given.replace(tzinfo=zone) if zone is not None else given.astimezone()


def _tzinfo(name: str) -> tzinfo | None:
    """Return the zone with this name, None for the system's."""
    if name == "local":
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise CommandFailedError(
            f"--tz must be local, UTC or a name such as Europe/Berlin, was {name}"
        ) from None
