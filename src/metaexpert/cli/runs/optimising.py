"""The options of `metaexpert backtest` for many passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from metaexpert.cli.failure import CommandFailedError

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS_OF_PASSES: Final = (
    "maximize",
    "minimize",
    "search",
    "passes",
    "seed",
    "cores",
    "train",
    "test",
    "top",
    "log_passes",
)
_OPTIONS: Final = (
    click.option(
        "--optimize",
        multiple=True,
        metavar="NAME=VALUES",
        help="Try a parameter's values: FAST=5:50:5 or SLOW=20,50,100; once for each parameter.",
    ),
    click.option("--maximize", metavar="FIGURE", help="What passes are compared by.  [default: sharpe_365d]"),
    click.option("--minimize", metavar="FIGURE", help="The same for a figure that is better when lower."),
    click.option(
        "--search",
        default="grid",
        metavar="NAME",
        help="grid tries every combination, random some, optuna those that look best.",
    ),
    click.option("--passes", type=int, metavar="N", help="How many, for random and optuna.  [default: 100]"),
    click.option("--seed", type=click.IntRange(0), default=0, help="The same seed makes the same passes."),
    click.option("--cores", type=click.IntRange(1, 1024), help="How many processes; all cores by default."),
    click.option("--train", metavar="TIME", help="Walk forward: optimise on so much of the data, as 60d."),
    click.option("--test", metavar="TIME", help="Then run the best pass on so much after it, as 20d."),
    click.option("--top", type=click.IntRange(1), default=10, help="How many passes the table shows."),
    click.option(
        "--log-passes", is_flag=True, help="Log each pass into a folder of its own, not only errors."
    ),
)


def options(command: F) -> F:
    """Give a command all of them, in this order."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)


def check(named: Sequence[str], log_level: str | None) -> None:
    """Refuse the options of many passes for one run, and the other way round; raises `CommandFailedError`."""
    if named:
        if log_level is not None:
            raise CommandFailedError("--log-level is for one run; --log-passes logs each pass in full")
        return
    context = click.get_current_context()
    for option in _OPTIONS_OF_PASSES:
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            name = option.replace("_", "-")
            raise CommandFailedError(f"--{name} is for many passes; add --optimize NAME=VALUES")
