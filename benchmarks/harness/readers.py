"""The readers of logs that are compared: the command with which each answers a query, and its answer.

Each reader is used as its documentation advises for speed. DuckDB and Polars get the types of the columns, so
they read no others and guess nothing, and they count only; the others print the lines that they find.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from harness.corpus import HIGH_PRICE, LEAST_PRICE, Expected, files

OWN, RIPGREP, JQ, DUCKDB, POLARS, HL, ZCAT, ZSTDCAT = (
    *("metaexpert", "ripgrep", "jq", "DuckDB", "Polars", "hl", "zcat", "zstdcat"),
)
START, LITERAL, FILTER, EVERY_KEY, COUNT, FORMAT, UNPACK = (
    *("start", "literal", "filter", "every key", "count by two keys", "all as text", "unpack"),
)
PLAIN: Final = "none"
#: The directory of a log without records.
EMPTY: Final = "empty"
#: The longer log has so many times the records.
TIMES: Final = 5
#: What a reader is asked about an empty log, for its start.
NOTHING: Final = ("/dev/null",)

#: Where the programs of this environment are.
BIN: Final = Path(sys.executable).parent

Command = list[str]

_LEVELS: Final = "('WARNING', 'ERROR', 'CRITICAL')"
_OWN: Final[Mapping[str, Sequence[str]]] = {
    FILTER: ("grep", "-l", "WARNING", "-w", f"symbol = BTCUSDT and price > {LEAST_PRICE}", "-o", "raw"),
    EVERY_KEY: ("grep", "-c", "-w", f"exception not exists and fee not exists and price > {HIGH_PRICE}"),
    COUNT: ("stats", "--by", "symbol,level", "--json"),
    FORMAT: ("grep", "-o", "text"),
}
_JQ_FILTER: Final = (
    '(.level == "WARNING" or .level == "ERROR" or .level == "CRITICAL")'
    f' and .symbol == "BTCUSDT" and .price > {LEAST_PRICE}'
)
_HL: Final[Mapping[str, Sequence[str]]] = {
    FILTER: ("--raw", "--level", "w", "--query", f'symbol = "BTCUSDT" and price > {LEAST_PRICE}'),
    FORMAT: (),
}
_DUCKDB: Final[Mapping[str, str]] = {
    START: "select 0",
    FILTER: f"select count(*) from log where level in {_LEVELS} and symbol = 'BTCUSDT'"
    f" and price > {LEAST_PRICE}",
    EVERY_KEY: f"select count(*) from log where exception is null and fee is null and price > {HIGH_PRICE}",
    COUNT: "select symbol, level, count(*) from log group by all",
}
_DUCKDB_PROGRAM: Final = """
import duckdb, json, sys
types = "{level: 'VARCHAR', symbol: 'VARCHAR', price: 'DOUBLE', exception: 'JSON', fee: 'VARCHAR'}"
query, *paths = sys.argv[1:]
duckdb.sql("set enable_progress_bar = false")
if paths:
    log = f"read_json({paths}, format = 'newline_delimited', columns = {types})"
    duckdb.sql(f"create view log as select * from {log}")
print(json.dumps(duckdb.sql(query).fetchall()))
"""
_POLARS: Final[Mapping[str, str]] = {
    START: "polars.select(0)",
    FILTER: f"log.filter(level.is_in({_LEVELS}) & (symbol == 'BTCUSDT') & (price > {LEAST_PRICE}))"
    ".select(count)",
    COUNT: "log.group_by('symbol', 'level').agg(count)",
}
_POLARS_PROGRAM: Final = """
import json, polars, sys
from polars import Float64, String
types = dict(level=String, symbol=String, price=Float64)
level, symbol, price = map(polars.col, types)
count = polars.len()
query, *paths = sys.argv[1:]
log = polars.scan_ndjson(paths, schema=types) if paths else None
print(json.dumps(eval(query).lazy().collect().rows()))
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """One query, asked of one reader about a log that is packed so."""

    reader: str
    query: str
    packing: str = PLAIN
    #: So many times the records.
    times: int = 1

    @property
    def what(self) -> str:
        """The query, and what is unusual about the log."""
        packed = [] if self.packing == PLAIN else [self.packing]
        longer = [] if self.times == 1 else [f"{self.times} times the records"]
        return ", ".join([self.query, *packed, *longer])

    @property
    def log(self) -> str:
        """The name of the log's directory."""
        return EMPTY if self.query == START else log_name(self.packing, self.times)

    @property
    def subject(self) -> str:
        """The name of the measurement."""
        return f"{self.reader}: {self.what}"

    def command(self, corpus: Path) -> Command:
        """Return the command; `corpus` has a directory for each log."""
        directory = corpus / self.log
        paths = [] if self.query == START else [str(path) for path in files(directory)]
        return _COMMANDS[self.reader](self.query, directory, paths)

    def answer(self, output: bytes) -> object:
        """Return what the command answered. Raises `ValueError` for words that are no answer."""
        if self.query == COUNT:
            return _groups(self.reader, output)
        if self.reader in (DUCKDB, POLARS):
            [[count]] = json.loads(output)
            return count
        if self.reader == OWN and self.query == EVERY_KEY:
            return int(output)
        if self.query == FORMAT:
            # What belongs to a record, such as a traceback, is indented below it.
            return sum(not line.startswith(b" ") for line in output.splitlines())
        return output.count(b"\n")

    def right_answer(self, expected: Expected) -> object:
        """Return what the command has to answer about a log of the `expected` length."""
        answers: Mapping[str, object] = {
            START: 0,
            LITERAL: expected.errors,
            FILTER: expected.filtered,
            EVERY_KEY: expected.every_key,
            COUNT: expected.groups,
        }
        return answers.get(self.query, expected.records)


def log_name(packing: str, times: int) -> str:
    """Return the name of the directory of a log."""
    return packing if times == 1 else f"{packing}-{times}"


def _groups(reader: str, output: bytes) -> Counter[tuple[str | None, str]]:
    """Return how many records of each symbol and level a reader counted."""
    found = json.loads(output)
    if reader == OWN:
        keys = ("symbol", "level")
        found = [(*map(each["values"].get, keys), each["count"]) for each in found["groups"]]
    return Counter({(symbol, level): count for symbol, level, count in found})


def own_command(directory: Path, command: str, *options: str) -> Command:
    """Return a command of this product about the logs in `directory`."""
    return [str(BIN / "metaexpert"), "logs", command, "--dir", str(directory), *options]


def _own(query: str, directory: Path, _paths: Sequence[str]) -> Command:
    return own_command(directory, *_OWN[FILTER if query == START else query])


def _duckdb(query: str, _directory: Path, paths: Sequence[str]) -> Command:
    return [sys.executable, "-c", _DUCKDB_PROGRAM, _DUCKDB[query], *paths]


def _polars(query: str, _directory: Path, paths: Sequence[str]) -> Command:
    return [sys.executable, "-c", _POLARS_PROGRAM, _POLARS[query], *paths]


def _ripgrep(_query: str, _directory: Path, paths: Sequence[str]) -> Command:
    return [_found("rg"), "--fixed-strings", "--no-filename", '"level":"ERROR"', *(paths or NOTHING)]


def _jq(_query: str, _directory: Path, paths: Sequence[str]) -> Command:
    return [_found("jq"), "-c", f"select({_JQ_FILTER})", *(paths or NOTHING)]


def _hl(query: str, _directory: Path, paths: Sequence[str]) -> Command:
    return [_found("hl"), "-P", "--color", "never", *_HL.get(query, ()), *(paths or NOTHING)]


def _zcat(_query: str, _directory: Path, paths: Sequence[str]) -> Command:
    return [_found("zcat"), "--force", *(paths or NOTHING)]


def _zstdcat(_query: str, _directory: Path, paths: Sequence[str]) -> Command:
    return [_found("zstd"), "--decompress", "--stdout", "--force", "--quiet", *(paths or NOTHING)]


_COMMANDS: Final[Mapping[str, Callable[[str, Path, Sequence[str]], Command]]] = {
    OWN: _own,
    RIPGREP: _ripgrep,
    JQ: _jq,
    HL: _hl,
    DUCKDB: _duckdb,
    POLARS: _polars,
    ZCAT: _zcat,
    ZSTDCAT: _zstdcat,
}
_PACKED: Final = ("gzip", "zstd")
READINGS: Final = (
    *(Reading(reader, START) for reader in _COMMANDS),
    Reading(RIPGREP, LITERAL),
    *(Reading(reader, FILTER) for reader in (OWN, HL, DUCKDB, POLARS, JQ)),
    *(Reading(reader, EVERY_KEY) for reader in (OWN, DUCKDB)),
    *(Reading(reader, COUNT) for reader in (OWN, DUCKDB, POLARS)),
    *(Reading(reader, FILTER, packing) for packing in _PACKED for reader in (OWN, HL, DUCKDB)),
    Reading(ZCAT, UNPACK, "gzip"),
    Reading(ZSTDCAT, UNPACK, "zstd"),
    *(Reading(reader, FORMAT) for reader in (OWN, HL)),
    *(Reading(OWN, query, packing, TIMES) for query in (FILTER, COUNT) for packing in (PLAIN, "gzip")),
)


def missing() -> dict[str, str]:
    """Return the readers that cannot be measured here, and why not."""
    reasons: dict[str, str] = {}
    for reader, name in ((RIPGREP, "rg"), (JQ, "jq"), (HL, "hl"), (ZCAT, "zcat"), (ZSTDCAT, "zstd")):
        if shutil.which(name, path=_path()) is None:
            reasons[reader] = f"there is no program {name}"
    # Other programs have this short name, too.
    if HL not in reasons and "JSON and logfmt" not in _printed_by("hl", "--help"):
        reasons[HL] = "the program hl here is another one, not the log viewer"
    for reader in (DUCKDB, POLARS):
        if find_spec(reader.lower()) is None:
            reasons[reader] = f"the package {reader.lower()} is not installed"
    return reasons


def versions(absent: Mapping[str, str]) -> list[str]:
    """Return what the programs that are no packages call themselves, as far as they are here."""
    names = [reader for reader in (JQ, HL) if reader not in absent]
    return [_printed_by(name, "--version").splitlines()[0] for name in names]


def _path() -> str:
    """Return where programs are looked for: beside Python first."""
    return os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath)))


def _found(name: str) -> str:
    path = shutil.which(name, path=_path())
    if path is None:
        raise FileNotFoundError(f"there is no program {name}; it is one of the peers that are compared")
    return path


def _printed_by(name: str, option: str) -> str:
    return subprocess.run([_found(name), option], capture_output=True, text=True, check=False).stdout
