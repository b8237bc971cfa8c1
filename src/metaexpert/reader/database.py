"""SQL over the records of logs, as the table `logs` of a DuckDB in memory."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from metaexpert.reader.extras import needed
from metaexpert.reader.selection import Selection, Time, surveyed

if TYPE_CHECKING:
    import pyarrow

    from metaexpert.logger.shared.native import Columns
    from metaexpert.reader.report import Report

_Result = TypeVar("_Result")

#: What DuckDB calls the records, before `logs` gives their times a type that its functions take.
_RECORDS: Final = "_records"
#: A query sees the logs and nothing else: it neither reads nor writes files, and loads no code.
_SEALED: Final = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
}
#: Types of the records that most functions do not take, each with the one that they do.
_USABLE: Final = {"TIMESTAMPTZ_NS": "TIMESTAMP_NS"}
#: Integers of 128 bits.
_BEYOND_ARROW: Final = ("HUGEINT", "UHUGEINT")
_NOT_READ: Final = "metaexpert: this column was not read"


class LogDatabase:
    """The records of logs as the table `logs`, which any number of queries may read.

    The columns are those of `metaexpert.reader.to_arrow`. A query that needs some of them reads only these.
    DuckDB does not distinguish capitals in names: of two fields that differ in nothing else, the second has a
    number behind its name. Times are `TIMESTAMP_NS` in UTC, exact to the nanosecond.

    Raises ModuleNotFoundError without DuckDB (`metaexpert[query]`), otherwise as `metaexpert.reader.read`.
    """

    def __init__(self, source: str | os.PathLike[str], selection: Selection) -> None:
        self._duckdb = needed("duckdb", "query")
        self._columns = surveyed(source, selection)
        self._connection = self._duckdb.connect(":memory:", config=_SEALED)
        self._connection.execute("set TimeZone = 'UTC'")
        self._connection.execute("set lock_configuration = true")
        self._connection.register(_RECORDS, self._columns)
        described = self._connection.execute(f"describe {_RECORDS}").fetchall()
        self._types = {name: str(kind) for name, kind, *_ in described}
        self._view(self._types)

    def close(self) -> None:
        """Free what the database holds."""
        self._connection.close()

    def report(self) -> Report:
        """Return what could not be read, for `metaexpert.reader.report.unreadable`."""
        return self._columns.report()

    def run(self, sql: str, take: Callable[[Any], _Result]) -> _Result:
        """Return what `take` makes of the relation that `sql` is, or of None where it is no query.

        `take` may be called twice. Raises `duckdb.Error` for what is wrong with the query.
        """
        needed_columns = self._needed(sql)
        self._offer(needed_columns)
        try:
            return take(self._connection.sql(sql))
        except self._duckdb.Error as error:
            if needed_columns is None or _NOT_READ not in str(error):
                raise
        self._offer(None)
        return take(self._connection.sql(sql))

    def _needed(self, sql: str) -> set[str] | None:
        """Return the columns that a query needs, as its plan has them; None where that is not known."""
        self._offer(None)
        try:
            statements = self._connection.extract_statements(sql)
            if [statement.type for statement in statements] != [self._duckdb.StatementType.SELECT]:
                return None
            explained = self._connection.execute(f"explain (format json) {statements[0].query}").fetchall()
            scanned = set(_scanned(json.loads(explained[0][1])))
        except (self._duckdb.Error, ValueError, LookupError):
            return None  # the query itself tells what is wrong with it
        names = {name: name for name in self._types}
        found = {names.get(name) or names.get(name.partition(".")[0]) for name in scanned}
        return None if None in found or not found else {name for name in found if name is not None}

    def _offer(self, needed_columns: set[str] | None) -> None:
        """Make these columns the ones that are read; None stands for all."""
        columns: Columns = self._columns
        if needed_columns is not None:
            # DuckDB's names are the columns' own, in their order, some with a number behind them.
            pairs = zip(self._types, self._columns.names, strict=True)
            own = {shown: name for shown, name in pairs if shown in needed_columns}
            columns = self._columns.only(list(own.values()))
            shown = list(own)
        else:
            shown = list(self._types)
        self._connection.execute("drop view if exists logs")
        self._connection.unregister(_RECORDS)
        self._connection.register(_RECORDS, columns)
        self._view(shown)

    def _view(self, read: Iterable[str]) -> None:
        """Make `logs` of the columns that are read; any other is an error to look at."""
        places = {name: f"c{place}" for place, name in enumerate(read)}
        parts = []
        for name, kind in self._types.items():
            value = places.get(name, f"error('{_NOT_READ}')")
            parts.append(f"cast({value} as {_USABLE.get(kind, kind)}) as {quoted(name)}")
        renamed = f"{_RECORDS} as _read({', '.join(places.values())})"
        self._connection.execute(f"create view logs as select {', '.join(parts)} from {renamed}")


def query(
    directory: str | os.PathLike[str],
    sql: str,
    where: str | None = None,
    *,
    since: Time | None = None,
    until: Time | None = None,
    level: str | None = None,
) -> pyarrow.Table:
    """Return what SQL finds in the records of logs, the table `logs`, with exact types.

    The records and the other arguments are those of `metaexpert.reader.read`, the columns those of
    `metaexpert.reader.to_arrow`, with `timestamp` in UTC. The query sees nothing else: it neither reads nor
    writes files.

    Raises ModuleNotFoundError without DuckDB or pyarrow (`metaexpert[query]`), `duckdb.Error` for a bad
    query, ValueError for one without a result, and otherwise as `metaexpert.reader.read`.
    """
    needed("pyarrow", "query")
    selection = Selection(where=() if where is None else (where,), since=since, until=until, level=level)
    database = LogDatabase(directory, selection)
    try:
        table = database.run(sql, _arrow_table)
    finally:
        database.close()
    if table is None:
        raise ValueError("sql must be a query, such as select count(*) from logs")
    return table


def _arrow_table(relation: Any) -> Any:
    return None if relation is None else exact_for_arrow(relation).to_arrow_table()


def exact_for_arrow(relation: Any) -> Any:
    """Return a result whose integers of 128 bits, which Arrow does not have, are decimals that it has.

    DuckDB gives Arrow the bits as they are, so the largest would be negative there
    (`findings/duckdb_arrow_makes_large_ints_negative.sh`). One of more than 38 digits raises `duckdb.Error`
    when the result is read: cast it to a text.
    """
    if relation is None or not any(str(kind) in _BEYOND_ARROW for kind in relation.types):
        return relation
    parts = []
    for place, (name, kind) in enumerate(zip(relation.columns, relation.types, strict=True)):
        value = f"cast(c{place} as decimal(38, 0))" if str(kind) in _BEYOND_ARROW else f"c{place}"
        parts.append(f"{value} as {quoted(name)}")
    places = ", ".join(f"c{place}" for place in range(len(parts)))
    return relation.query("_result", f"select {', '.join(parts)} from _result as _exact({places})")


def quoted(name: str) -> str:
    """Return a name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def _scanned(plan: Sequence[Any]) -> Iterator[str]:
    """Yield the columns that a plan reads of the records."""
    nodes = list(plan)
    while nodes:
        node = nodes.pop()
        nodes.extend(node["children"])
        if node["name"] == "PYTHON_ARROW_SCAN":
            projections = node["extra_info"]["Projections"]
            yield from [projections] if isinstance(projections, str) else projections
