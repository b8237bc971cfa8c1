"""Statistics of logs: what was logged, what went wrong, what is missing, what was traded."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from metaexpert.reader.report import unreadable
from metaexpert.reader.selection import Selection, Time, counting
from metaexpert.reader.times import rfc3339

if TYPE_CHECKING:
    from metaexpert.logger.shared import native

#: As for the names of fields in expressions.
_MAX_DOTS: Final = 200
_NS_PER_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by a value, the most frequent value first; `others` are those beyond 100,000 values."""

    values: Mapping[str, int]
    others: int


@dataclass(frozen=True, slots=True)
class Interval:
    """Records from `begin_ns`, in nanoseconds since 1970, until the next interval begins."""

    begin_ns: int
    records: int
    errors: int


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Records with one type of exception, raised at one place in the code.

    Errors without an exception have no `type`; their `place` is the caller, or else the logger. `message` is
    that of the first one that was read. Times are nanoseconds since 1970.
    """

    type: str | None
    place: str
    count: int
    first_ns: int | None
    last_ns: int | None
    message: str


@dataclass(frozen=True, slots=True)
class RunNumbers:
    """Which numbers (`seq`) of one run are in no file.

    `missing` are the numbers between the first and the last record that no record has, and `holes` the
    stretches of them, first and last number each, 100 at most; `more_holes` are further ones. `told` is how
    many records the log says were lost, in `log.gap` records. `unexplained` are missing numbers of which it
    says nothing: records that were lost, or that no handler took. `is_partial` says that the files have so
    few of the records that holes are not looked for.
    """

    run_id: str | None
    first_ns: int | None
    records: int
    first_seq: int | None
    last_seq: int | None
    missing: int
    told: int
    unexplained: int
    holes: tuple[tuple[int, int], ...]
    more_holes: int
    is_partial: bool


@dataclass(frozen=True, slots=True)
class SymbolFills:
    """Fills of one symbol in one currency; the sums are exact. `left_out` are values that are no numbers."""

    symbol: str
    currency: str
    fills: int
    qty: Decimal
    notional: Decimal
    fee: Decimal
    realized_pnl: Decimal
    left_out: int


@dataclass(frozen=True, slots=True)
class HandlerTimes:
    """How long an event handler took, in microseconds: over all sessions, of p50 and p99 the highest."""

    event: str
    calls: int
    mean_us: float
    p50_us: float
    p99_us: float
    max_us: float


@dataclass(frozen=True, slots=True)
class Statistics:
    """What a log says in numbers. `runs` is None where a part of the records alone was asked for.

    `interval_s` is the length of the intervals in seconds; those without records are left out. `unreadable`
    says in words what could not be read.
    """

    records: int
    first_ns: int | None
    last_ns: int | None
    levels: Counts
    loggers: Counts
    events: Counts
    interval_s: int
    intervals: tuple[Interval, ...]
    errors: tuple[ErrorGroup, ...]
    other_errors: int
    runs: tuple[RunNumbers, ...] | None
    fills: tuple[SymbolFills, ...]
    handlers: tuple[HandlerTimes, ...]
    unreadable: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON: times in RFC 3339, exact sums as texts."""
        plain: dict[str, Any] = _plain(self)
        return plain


@dataclass(frozen=True, slots=True)
class Group:
    """The records with these values, by key; a key that they do not have is left out.

    A text is `str`, a number `int` or `Decimal`, and objects and arrays are their JSON.
    """

    values: Mapping[str, Any]
    count: int


@dataclass(frozen=True, slots=True)
class Grouping:
    """Records by the values of `keys`, the most frequent first; `others` are those beyond 100,000 groups."""

    keys: tuple[str, ...]
    records: int
    groups: tuple[Group, ...]
    others: int
    unreadable: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON; numbers beyond 64 bits or with a fraction are texts."""
        plain: dict[str, Any] = _plain(self)
        return plain


def statistics(
    directory: str | os.PathLike[str],
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
) -> Statistics:
    """Return statistics of the records of all logs in `directory`, or of the one log at that path.

    Which records these are is said as for `read`. Memory is bounded, however many records there are. A run's
    numbers are looked at where all records are asked for. Runs are told apart by `run_id`; without it by the
    process in a file's name, and by numbers that start again.

    Raises `ValueError` for a bad expression or time, and `OSError` for a directory that is not there or
    cannot be listed.
    """
    conditions = () if where is None else (where,)
    return counted(directory, Selection(where=conditions, since=since, until=until, level=level))


def count_by(
    directory: str | os.PathLike[str],
    keys: Sequence[str],
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
) -> Grouping:
    """Return how many records have which values of `keys`, which are named as in expressions.

    The records are chosen as for `read`. Raises what `statistics` raises, and `ValueError` for keys that are
    no names.
    """
    conditions = () if where is None else (where,)
    return grouped(directory, keys, Selection(where=conditions, since=since, until=until, level=level))


def counted(source: str | os.PathLike[str], selection: Selection) -> Statistics:
    """Return the statistics of the records that `selection` wants, as `statistics` does."""
    engine = counting(source, selection)
    found = _read_all(engine)
    errors, runs = found["errors"], found["runs"]
    return Statistics(
        records=found["records"],
        first_ns=found["first_ns"],
        last_ns=found["last_ns"],
        levels=_counts(found["levels"]),
        loggers=_counts(found["loggers"]),
        events=_counts(found["events"]),
        interval_s=found["times"]["width_s"],
        intervals=tuple(
            Interval(begin_s * _NS_PER_SECOND, records, errors)
            for begin_s, records, errors in found["times"]["intervals"]
        ),
        errors=tuple(ErrorGroup(**each) for each in errors["groups"]),
        other_errors=errors["others"],
        runs=None if runs is None else tuple(map(_run, runs["runs"])),
        fills=tuple(map(_fills, found["fills"]["symbols"])),
        handlers=tuple(HandlerTimes(**each) for each in found["handlers"]),
        unreadable=tuple(unreadable(engine.report())),
    )


def grouped(source: str | os.PathLike[str], keys: Sequence[str], selection: Selection) -> Grouping:
    """Return the counts by `keys` of the records that `selection` wants, as `count_by` does."""
    if isinstance(keys, str) or not keys or not all(map(_is_name, keys)):
        raise ValueError(f'keys must be names of fields, such as ["symbol", "side"], were {keys!r}')
    engine = counting(source, selection, keys)
    found = _read_all(engine)
    return Grouping(
        keys=tuple(keys),
        records=found["records"],
        groups=tuple(Group(_values(keys, each["values"]), each["count"]) for each in found["groups"]),
        others=found["others"],
        unreadable=tuple(unreadable(engine.report())),
    )


def _read_all(engine: native.Counting) -> Any:
    while engine.read_on():
        pass
    return json.loads(engine.to_json())


def _is_name(key: object) -> bool:
    return isinstance(key, str) and bool(key.strip()) and key.count(".") <= _MAX_DOTS and key.isprintable()


def _counts(found: Mapping[str, Any]) -> Counts:
    return Counts(dict(found["values"]), found["others"])


def _run(found: Mapping[str, Any]) -> RunNumbers:
    return RunNumbers(**{**found, "holes": tuple((first, last) for first, last in found["holes"])})


def _fills(found: Mapping[str, Any]) -> SymbolFills:
    sums = {name: Decimal(found[name]) for name in ("qty", "notional", "fee", "realized_pnl")}
    return SymbolFills(**{**found, **sums})


def _values(keys: Sequence[str], found: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    return {
        key: value["text"] if "text" in value else _raw_value(value["raw"])
        for key, value in zip(keys, found, strict=True)
        if value
    }


def _raw_value(raw: str) -> Any:
    if raw.startswith(("{", "[")):
        return raw
    return json.loads(raw, parse_float=Decimal, parse_int=_integer)


def _integer(digits: str) -> int | Decimal:
    # Python refuses to read very long ones.
    return int(digits) if len(digits) < 1_000 else Decimal(digits)


def _plain(value: Any) -> Any:
    """Return what JSON has for a value; fields whose names end with `_ns` are times."""
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if not hasattr(value, "__dataclass_fields__"):
        return value
    plain: dict[str, Any] = {}
    for name in value.__dataclass_fields__:
        each = getattr(value, name)
        if name.endswith("_ns"):
            plain[name.removesuffix("_ns")] = None if each is None else rfc3339(each)
        else:
            plain[name] = _plain(each)
    return plain
