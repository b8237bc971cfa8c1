"""Shows the figures of a run: a table on a terminal, lines in a pipe, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from metaexpert.exit_codes import INTERRUPTED, STRATEGY_ERROR, TERMINATED
from metaexpert.expert.run.records import Records
from metaexpert.expert.run.result import RunResult
from metaexpert.streams import end_without_stdout, tell
from metaexpert.wording import counted

_EXIT_CODES: Final = {"interrupted": INTERRUPTED, "terminated": TERMINATED}


def show(result: RunResult, records: Records, *, as_json: bool) -> None:
    """Print the figures of a run on stdout, unless the program was started with a closed one."""
    if sys.stdout is None:
        return
    if as_json:
        document = result.to_dict(lists=True) | records.to_dict()
        print(json.dumps(document, indent=2, allow_nan=False, default=str))
        return
    _print_rows(f"{result.strategy_name}: {result.mode} on {result.symbol}", _rows(result, records))


def publish(result: RunResult, records: Records, *, as_json: bool = False) -> None:
    """Print the figures of a run, and say on stderr why it did not come to its end.

    If stdout takes nothing, the process ends with 1 and a message, except where the reader has left, as
    behind `| head`.
    """
    try:
        show(result, records, as_json=as_json)
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError as error:
        last = f'; the record "Expert stopped" in {records.files[0]} has the figures' if records.files else ""
        end_without_stdout(error, last)
    explain_stop(result, records)


def exit_code(result: RunResult) -> int:
    """Return the exit code of a run."""
    return 0 if result.ok else _EXIT_CODES.get(result.stop_reason, STRATEGY_ERROR)


def explain_stop(result: RunResult, records: Records) -> None:
    """Say on stderr why a run did not come to its end, or that event handlers failed in it."""
    where = f"; tracebacks are in {records.errors_file}" if records.errors_file else ""
    if result.stop_reason in ("error", "init_failed"):
        tell(f"error: the strategy stopped ({result.stop_reason}): {result.error}{where}")
    elif not result.ok:
        tell(f"{result.stop_reason} at {result.end:%Y-%m-%d %H:%M:%S} of the data")
    elif result.handler_errors:
        tell(f"warning: {counted(result.handler_errors, 'event handler call')} failed{where}")


def _rows(result: RunResult, records: Records) -> Mapping[str, str]:
    rows = {
        "data": f"{result.source}",
        "from - to": f"{result.start:%Y-%m-%d %H:%M} - {result.end:%Y-%m-%d %H:%M} UTC",
        "bars": f"{result.bars:,}" if result.bars or result.events == 0 else f"0 ({result.events:,} ticks)",
        "orders": f"{result.orders:,}" + _also(cancelled=result.cancelled, rejected=result.rejected),
        "fills": f"{result.fills:,}",
        "trades": f"{result.trades:,}" + (f" ({result.win_rate_pct:.1f} % won)" if result.trades else ""),
        "profit factor": "-" if result.profit_factor is None else f"{result.profit_factor:.2f}",
        "realized": _amount(result, result.realized_pnl),
        "fees": _amount(result, result.fees),
        **({"funding": _amount(result, result.funding, sign="+")} if result.funding else {}),
        "result": f"{_amount(result, result.net_profit, sign='+')} ({result.return_pct:+.2f} %)",
        "balance": f"{_amount(result, result.initial_capital)} -> {_amount(result, result.final_balance)}",
        "max drawdown": f"{result.max_drawdown_pct:.2f} %",
    }
    if result.sharpe_365d is not None:
        rows["sharpe"] = f"{result.sharpe_365d:.2f} (daily, 365 days)"
    if result.rejections:
        rows["rejected for"] = ", ".join(f"{reason} {count:,}" for reason, count in result.rejections.items())
    if result.open_positions:
        rows["still open"] = f"{result.open_positions} (equity {_amount(result, result.final_equity)})"
    if result.criterion is not None:
        rows["criterion"] = f"{result.criterion:,.4f}"
    if result.handler_errors:
        rows["event handler errors"] = f"{result.handler_errors:,}"
    rows["records"] = records.summary()
    rows["files"] = ", ".join(records.files)
    rows["session"] = result.session_id
    return rows


def _amount(result: RunResult, value: float, sign: str = "") -> str:
    """Show money: cents of a quote currency, all decimals of a coin, which inverse contracts settle in."""
    decimals = 8 if result.symbol.startswith(result.currency) else 2
    return f"{value:{sign},.{decimals}f} {result.currency}"


def _also(**counts: int) -> str:
    named = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    return f" ({named})" if named else ""


def _print_rows(title: str, rows: Mapping[str, Any]) -> None:
    if sys.stdout.isatty():
        from rich.console import Console
        from rich.table import Table

        table = Table(title=title, show_header=False, title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in rows.items():
            table.add_row(name, value)
        Console().print(table)
        return
    width = max(map(len, rows))
    print(title)
    for name, value in rows.items():
        print(f"  {name:<{width}}  {value}")
