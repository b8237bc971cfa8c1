"""One pass: a strategy file run once with other values of its parameters, in whatever process it was sent to.

A process makes one pass at a time, because logging and the modules of a strategy are the process's. Each
pass begins anew: the file is executed again, and what it imported from its own folder is imported again.
"""

from __future__ import annotations

import builtins
import hashlib
import os
import random
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from metaexpert.expert.analysis.rows import Rows
from metaexpert.expert.optimise.data import remembered_feed
from metaexpert.expert.optimise.parameters import Values, parsed, with_values
from metaexpert.expert.run.options import Overrides, overriding
from metaexpert.expert.run.result import RunResult
from metaexpert.logger import log_context

#: The error of a pass that was stopped.
INTERRUPTED: Final = "interrupted"
_lock: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class PassOptions:
    """What all passes of an optimisation have in common; it goes to other processes and machines."""

    file: str
    """Path of the strategy file."""
    data: tuple[str, ...]
    start: str | None = None
    end: str | None = None
    symbol: str | None = None
    allow_gaps: bool | None = None
    initial_capital: float | None = None
    fee_pct: float | None = None
    rules: str | None = None
    funding: str | None = None
    log_dir: str = "logs"
    log_passes: bool = False
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Job:
    """One pass that is to be made."""

    number: int
    values: Values
    options: PassOptions


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass that was made, or that failed."""

    number: int
    """From 1 up, in the order in which the search asked for it."""
    parameters: dict[str, Any]
    result: RunResult | None = None
    """Its figures, without the lists of trades and orders; None where it did not run."""
    error: str | None = None
    """Why it failed; None for one that ran to its end."""
    duration_s: float = 0.0
    value: float | None = field(default=None, compare=False)
    """What passes are compared by; None where that is undefined."""

    @property
    def ok(self) -> bool:
        """Whether it ran to its end."""
        return self.error is None

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        figures = {} if self.result is None else self.result.to_dict()
        return {
            "pass": self.number,
            "parameters": self.parameters,
            "value": self.value,
            "error": self.error,
            "figures": figures,
        }


class PassStoppedError(KeyboardInterrupt):
    """Ends a pass that nobody waits for any more."""


def make_pass(job: Job, is_stopped: Callable[[], bool] | None = None) -> Pass:
    """Make a pass; returns it in any case, with its error if it failed.

    `is_stopped` is asked now and then whether to leave off.
    """
    started = time.perf_counter()
    with _lock:
        try:
            result, error = _run(job, is_stopped)
        except KeyboardInterrupt:
            result, error = None, INTERRUPTED
        except SystemExit as end:
            result, error = None, f"the strategy ended its process: {end}"
        except Exception as failure:
            result, error = None, f"{type(failure).__name__}: {failure}"
    return Pass(job.number, dict(job.values), result, error, round(time.perf_counter() - started, 6))


def _run(job: Job, is_stopped: Callable[[], bool] | None) -> tuple[RunResult | None, str | None]:
    options = job.options
    file = Path(options.file)
    module, arguments = with_values(parsed(file), job.values)
    code = builtins.compile(module, str(file), "exec", dont_inherit=True)
    overrides = Overrides(
        mode="backtest",
        data=options.data,
        start=options.start,
        end=options.end,
        initial_capital=options.initial_capital,
        symbol=options.symbol,
        allow_gaps=options.allow_gaps,
        fee_pct=options.fee_pct,
        rules=options.rules,
        funding=options.funding,
        log_dir=_log_directory(job),
        is_quiet=not options.log_passes,
        has_console=False,
        init_arguments=arguments,
        load=remembered_feed,
        on_progress=None if is_stopped is None else _stopping(is_stopped),
    )
    with (
        overriding(overrides),
        log_context(**{"pass": job.number}),
        _sown(options.seed, job.values),
        _as_program(file) as namespace,
    ):
        exec(code, namespace)
    return _outcome(overrides.results)


def _outcome(results: list[RunResult]) -> tuple[RunResult | None, str | None]:
    if len(results) != 1:
        made = "never runs its expert" if not results else f"runs {len(results)} times"
        return None, f"the strategy file {made}; a pass is one run"
    (result,) = results
    slim = replace(result, closed_trades=Rows(), order_list=Rows(), positions=Rows())
    error = None if result.ok else result.error or result.stop_reason
    return slim, error


def _log_directory(job: Job) -> str:
    options = job.options
    return (
        os.path.join(options.log_dir, "passes", f"{job.number:05}") if options.log_passes else options.log_dir
    )


def _stopping(is_stopped: Callable[[], bool]) -> Callable[[int, int], None]:
    def look(done: int, total: int) -> None:
        if is_stopped():
            raise PassStoppedError

    return look


@contextmanager
def _sown(seed: int, values: Values) -> Iterator[None]:
    """Seed what the strategy may draw from, by its parameters: so a pass is the same wherever it is made."""
    text = f"{seed} {sorted(values.items())}"
    number = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:4], "big")
    state = random.getstate()
    random.seed(number)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(number)
    try:
        yield
    finally:
        random.setstate(state)


@contextmanager
def _as_program(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the namespace of `__main__` for a file; afterwards the process is as it was before."""
    folder = str(file.resolve().parent)
    main = types.ModuleType("__main__")
    main.__file__ = str(file)
    before, search_path, arguments = dict(sys.modules), sys.path[:], sys.argv
    sys.modules["__main__"], sys.argv = main, [str(file)]
    sys.path.insert(0, folder)
    try:
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield main.__dict__
    finally:
        sys.modules["__main__"], sys.path[:], sys.argv = before["__main__"], search_path, arguments
        for name in [name for name in sys.modules if name not in before]:
            place = getattr(sys.modules[name], "__file__", None)
            if place is not None and place.startswith(folder + os.sep) and "site-packages" not in place:
                del sys.modules[name]
