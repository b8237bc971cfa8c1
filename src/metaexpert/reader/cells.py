"""The values of a query's result as exact texts, for people and for JSON."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from metaexpert.reader.database import quoted

_SMALL_INTEGERS: Final = {
    *("TINYINT", "SMALLINT", "INTEGER", "BIGINT"),
    *("UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"),
}
_LARGE_INTEGERS: Final = {"HUGEINT", "UHUGEINT"}
_FLOATS: Final = {"FLOAT", "DOUBLE"}
_NO_NUMBERS: Final = {"nan", "inf", "-inf"}
#: The values of 64 bits, signed or not, which a log has as numbers; it has longer ones as texts.
_SMALL: Final = range(-(2**63), 2**64)
#: Times with a zone, which is UTC, and the types that have none.
_WITHOUT_ZONE: Final = {"TIMESTAMPTZ_NS": "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP"}
#: A time as DuckDB writes it: with as many digits of a second as are not zeros at the end.
_TIME: Final = re.compile(r"(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?")


@dataclass(frozen=True)
class Cells:
    """Rows of texts, with the names and the DuckDB types of their columns; None is null."""

    names: list[str]
    types: list[str]
    rows: Iterator[tuple[str | None, ...]]

    def json_lines(self) -> Iterator[str]:
        """Yield each row as a JSON object, with the values as a log has them.

        Integers beyond 64 bits and decimals are texts, NaN and infinities null, times RFC 3339. Of two
        columns with one name the second gets an underscore.
        """
        keys = [json.dumps(name, ensure_ascii=False) for name in distinct(self.names)]
        for row in self.rows:
            cells = zip(keys, row, self.types, strict=True)
            yield "{" + ",".join(f"{key}:{_as_json(cell, kind)}" for key, cell, kind in cells) + "}"


def cells(relation: Any) -> Cells | None:
    """Return the result of a query, which is run at once; None where it has none."""
    if relation is None:
        return None
    names, types = list(relation.columns), [str(kind) for kind in relation.types]
    places = [f"c{place}" for place in range(len(names))]
    texts = ", ".join(_text_of(place, kind) for place, kind in zip(places, types, strict=True))
    aliases = ", ".join(places)
    rows = relation.query("_result", f"select {texts} from _result as _cells({aliases})").iter_rows()
    # The first row is asked for here, so that what is wrong with the query is wrong here.
    first = list(itertools.islice(rows, 1))
    times = [place for place, kind in enumerate(types) if kind.startswith("TIMESTAMP")]
    return Cells(names, types, (_with_times(row, times) for row in itertools.chain(first, rows)))


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names, each with underscores behind it if an earlier one is the same."""
    found: list[str] = []
    for name in names:
        free = name
        while free in found:
            free += "_"
        found.append(free)
    return found


def _with_times(row: tuple[str | None, ...], places: Sequence[int]) -> tuple[str | None, ...]:
    """Return the row with the times at these places as RFC 3339 has them, to the nanosecond."""
    if not places:
        return row
    texts = list(row)
    for place in places:
        found = _TIME.fullmatch(texts[place] or "")
        if found:
            date, time, fraction = found.groups()
            texts[place] = f"{date}T{time}.{fraction or '':0<9}Z"
    return tuple(texts)


def _text_of(place: str, kind: str) -> str:
    """Return the SQL for the text of a column."""
    name = quoted(place)
    if kind in _WITHOUT_ZONE:
        return f"cast(cast({name} as {_WITHOUT_ZONE[kind]}) as VARCHAR)"
    if _is_nested(kind):
        return f"cast(to_json({name}) as VARCHAR)"
    return f"cast({name} as VARCHAR)"


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "UNION(", "ROW("))


def _as_json(cell: str | None, kind: str) -> str:
    if cell is None or (kind in _FLOATS and cell in _NO_NUMBERS):
        return "null"
    if kind in _SMALL_INTEGERS or kind in _FLOATS or kind == "BOOLEAN" or _is_nested(kind):
        return cell
    if kind in _LARGE_INTEGERS and int(cell) in _SMALL:
        return cell
    return json.dumps(cell, ensure_ascii=False)
