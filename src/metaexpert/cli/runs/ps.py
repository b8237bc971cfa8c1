"""`metaexpert ps`: lists the running experts."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from metaexpert.cli.command import Command
from metaexpert.cli.durations import elapsed
from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.tables import print_table

if TYPE_CHECKING:
    from metaexpert.cli.control_client import Answer
    from metaexpert.logger.live.runtime_file import RunningProcess

#: A rate is the difference of two readings that are this far apart.
_RATE_SPAN_S: Final = 0.5
_SHOWN_CHARACTERS: Final = 200
_COLUMNS: Final = ("pid", "name", "mode", "uptime", "records/s", "dropped", "health", "control")


@dataclass(frozen=True, slots=True)
class _Row:
    """One running expert; figures that only its control server knows are None if there is none."""

    pid: int
    name: str
    mode: str | None
    uptime_seconds: int
    records_per_second: float | None
    dropped: int | None
    health: str
    url: str | None
    log_directory: str


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def ps(as_json: bool) -> None:
    """List the experts of this user that run: how long, how much they log, and whether logging works.

    Records, drops and health are known of those with a control server.
    """
    from metaexpert.cli.running import experts_here

    rows = _rows(experts_here())
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    elif not rows:
        print("no expert is running")
    else:
        print_table(_COLUMNS, map(_cells, rows))


def _rows(experts: list[RunningProcess]) -> list[_Row]:
    first = [_counters(expert) for expert in experts]
    if any(counters is not None for counters in first):
        time.sleep(_RATE_SPAN_S)
    return [_row(expert, counters) for expert, counters in zip(experts, first, strict=True)]


def _row(expert: RunningProcess, first: tuple[float, Mapping[str, Any]] | None) -> _Row:
    second = None if first is None else _counters(expert)
    rate = dropped = None
    if first is not None and second is not None:
        rate = round(max(0, second[1]["logged"] - first[1]["logged"]) / (second[0] - first[0]), 1)
        dropped = int(second[1]["dropped"])
    return _Row(
        expert.pid,
        expert.name,
        expert.mode,
        _uptime_seconds(expert.started),
        rate,
        dropped,
        _health(expert),
        expert.url,
        expert.log_directory,
    )


def _counters(expert: RunningProcess) -> tuple[float, Mapping[str, Any]] | None:
    answer = _ask(expert, "/logging/stats")
    if answer is None or not all(
        isinstance(answer.document.get(name), int) for name in ("logged", "dropped")
    ):
        return None
    return time.monotonic(), answer.document


def _health(expert: RunningProcess) -> str:
    if expert.url is None:
        return "unknown"
    answer = _ask(expert, "/health")
    if answer is None:
        return "unreachable"
    return "ok" if answer.document.get("status") == "success" else answer.message[:_SHOWN_CHARACTERS]


def _ask(expert: RunningProcess, path: str) -> Answer | None:
    if expert.url is None:
        return None
    from metaexpert.cli.control_client import ControlClient

    try:
        return ControlClient(expert.url, expert.token).get(path)
    except CommandFailedError:
        return None


def _uptime_seconds(started: str) -> int:
    try:
        since = datetime.fromisoformat(started)
        return max(0, int((datetime.now(UTC) - since).total_seconds()))
    except (ValueError, TypeError):
        return 0


def _cells(row: _Row) -> tuple[str, ...]:
    return (
        str(row.pid),
        row.name,
        row.mode or "-",
        elapsed(row.uptime_seconds),
        "-" if row.records_per_second is None else f"{row.records_per_second:,.1f}",
        "-" if row.dropped is None else f"{row.dropped:,}",
        row.health,
        row.url or "-",
    )
