"""`metaexpert logs query`: SQL over the records of a log directory."""

from __future__ import annotations

import csv
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command
from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.logs.selection import mistakes_told, selecting, selection, tell_unreadable
from metaexpert.cli.tables import fitting, print_table
from metaexpert.exit_codes import BAD_INPUT
from metaexpert.streams import is_terminal

if TYPE_CHECKING:
    from metaexpert.reader.cells import Cells
    from metaexpert.reader.database import LogDatabase

_FORMATS: Final = ("table", "json", "csv", "parquet")
_NULL: Final = "null"
_STDIN: Final = "-"


@click.command(cls=Command)
@click.argument("sql")
@selecting
@click.option(
    "-o", "--output", type=click.Choice(_FORMATS), default="table", help="For people, or for programs."
)
@click.option("--file", type=options.PATH, metavar="PATH", help="Where -o parquet writes.")
def query(directory: Path, sql: str, output: str, file: Path | None, **given: Any) -> int:
    """Ask SQL over all records of a log directory, the table `logs`.

    SQL is DuckDB's, or - to read it from stdin. Every field is a column whose type holds its values exactly;
    timestamp is in UTC. A record that stands in several logs is one row. The query sees the logs alone: it
    neither reads nor writes files.
    """
    from metaexpert.reader.database import LogDatabase

    if (output == "parquet") != (file is not None):
        raise CommandFailedError("-o parquet and --file PATH belong together; give both")
    statement = _statement() if sql == _STDIN else sql
    with mistakes_told(), _missing_package_told():
        wanted = selection(given)
        database = LogDatabase(directory, wanted)
    with closing(database):
        is_failed = tell_unreadable(database, strict=wanted.is_strict)
        with _bad_query_told():
            if file is None:
                _show(database, statement, output)
            else:
                _write(database, statement, file)
    return BAD_INPUT if is_failed else 0


def _statement() -> str:
    if sys.stdin is None:
        raise CommandFailedError("stdin is closed; give the query as the argument")
    return sys.stdin.read()


def _show(database: LogDatabase, statement: str, output: str) -> None:
    from metaexpert.reader.cells import cells

    result = database.run(statement, cells)
    if result is None:
        return
    if output == "json":
        for line in result.json_lines():
            print(line)
    elif output == "csv":
        writer = csv.writer(_Printed(), lineterminator="\n")
        writer.writerow(result.names)
        writer.writerows(result.rows)
    else:
        _print_table(result)


class _Printed:
    """Stdout as a file, also where it is closed."""

    def write(self, text: str) -> None:
        """Print `text` as it is."""
        print(text, end="")


def _print_table(result: Cells) -> None:
    rows = [[_NULL if cell is None else cell for cell in row] for row in result.rows]
    if is_terminal(sys.stdout):
        names, *rows = fitting([result.names, *rows], shutil.get_terminal_size().columns)
    else:
        names = result.names
    print_table(names, rows)


def _write(database: LogDatabase, statement: str, file: Path) -> None:
    from metaexpert.reader.database import exact_for_arrow
    from metaexpert.reader.parquet import write_relation

    with _missing_package_told():
        try:
            database.run(statement, lambda relation: write_relation(exact_for_arrow(relation), file))
        except OSError as error:
            raise CommandFailedError(f"{file} cannot be written: {error.strerror or error}") from None


@contextmanager
def _missing_package_told() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        raise CommandFailedError(f"logs query: {error}") from None


@contextmanager
def _bad_query_told() -> Iterator[None]:
    """Have an error of DuckDB, which shows the place and similar names, end the command."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise CommandFailedError(str(error).strip()) from None
    except ValueError as error:
        raise CommandFailedError(str(error)) from None
