"""The modes of a run: which source, venue and clock each has. Nothing else names what is behind the ports.

| mode | source | venue | clock |
|---|---|---|---|
| backtest | recorded data | simulated | event clock |
| paper | recorded data | simulated | event clock |

A live mode, and paper on live data, need a connection to an exchange, which is not in this release.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from metaexpert.expert.errors import ExpertError
from metaexpert.expert.market_data.feed import Feed, feed_of_file
from metaexpert.expert.market_data.funding import FundingRates
from metaexpert.expert.market_data.source import Source
from metaexpert.expert.model.contracts import NO_RULES, ContractRules
from metaexpert.expert.model.orders import OrderNumbers
from metaexpert.expert.run.clock import Clock, EventClock
from metaexpert.expert.run.options import RunOptions
from metaexpert.expert.settings.expert import ExpertSettings
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.protocol import Venue
from metaexpert.expert.venue.simulated.fees import fee_schedule
from metaexpert.expert.venue.simulated.venue import SimulatedVenue
from metaexpert.wording import SAMPLE_DATA


class Ports(NamedTuple):
    """The ports of a run."""

    source: Source
    venue: Venue
    clock: Clock


def ports_of(
    expert: ExpertSettings,
    strategy: StrategySettings,
    options: RunOptions,
    feed: Feed | None,
    numbers: OrderNumbers,
    load: Callable[..., Feed] = feed_of_file,
) -> Ports:
    """Return the ports of a run; `feed` is data in memory, in place of the file that the options name.

    `load` loads that file.

    Raises `ExpertError` for a run that cannot be made, and `MarketDataError` for a bad file.
    """
    _refuse_what_needs_an_exchange(options, feed)
    _refuse_what_cannot_be_simulated(expert, strategy, options)
    if feed is None:
        feed = load(
            options.data[0],
            strategy.symbols,
            symbol=options.symbol,
            start=options.start,
            end=options.end,
            allow_gaps=options.allow_gaps,
        )
    venue = SimulatedVenue(
        expert,
        strategy,
        feed.symbol,
        capital=options.initial_capital,
        first_price=feed.first_price,
        starts=feed.starts,
        fees=fee_schedule(expert.exchange, expert.market_type, options.fee_pct),
        numbers=numbers,
        contract_rules=_contract_rules(expert, options, feed.symbol),
        funding=_funding_rates(expert, options),
    )
    return Ports(feed, venue, EventClock(feed.starts))


def _contract_rules(expert: ExpertSettings, options: RunOptions, symbol: str) -> ContractRules:
    if options.rules is None:
        return NO_RULES
    from metaexpert.expert.settings.contract_rules import contract_rules

    return contract_rules(
        "rules",
        options.rules,
        symbol,
        exchange=expert.exchange,
        market_type=expert.market_type,
        contract_type=expert.contract_type,
    )


def _funding_rates(expert: ExpertSettings, options: RunOptions) -> FundingRates | None:
    if options.funding is None:
        return None
    if expert.market_type == "spot":
        raise ExpertError('funding is paid on futures, and market_type is "spot"; leave it out')
    from metaexpert.expert.market_data.funding import ConstantRate, funding_of_file

    rate = options.funding
    return funding_of_file(rate) if isinstance(rate, str) else ConstantRate(rate)


def _refuse_what_needs_an_exchange(options: RunOptions, feed: Feed | None) -> None:
    """Raise `ExpertError` for a run on a live market."""
    file = _strategy_file()
    backtest = f"metaexpert backtest {file} --data CSV"
    works = f"type: {backtest}, or: metaexpert run {file} --mode paper --data CSV"
    if options.mode == "live":
        raise ExpertError(f"live mode needs an exchange connection, not in this release; {works}")
    if options.data or feed is not None:
        return
    if options.mode == "paper":
        raise ExpertError(
            "paper mode without data needs an exchange connection, not in this release; "
            f"{works}; {SAMPLE_DATA}"
        )
    raise ExpertError(
        f"a backtest needs market data; type: {backtest}, or write expert.run(..., data=CSV); {SAMPLE_DATA}"
    )


def _refuse_what_cannot_be_simulated(
    expert: ExpertSettings, strategy: StrategySettings, options: RunOptions
) -> None:
    """Raise `ExpertError` for markets without a model of their prices, and for several at once."""
    if expert.market_type == "options":
        raise ExpertError(
            'market_type "options" cannot be simulated: data has no strikes and expiries; use spot or futures'
        )
    if len(options.data) > 1:
        raise ExpertError(
            f"{options.data_named_by} names {len(options.data)} files: {', '.join(options.data)}; "
            "a simulation runs on one, so name one"
        )
    if len(strategy.symbols) > 1 and options.symbol is None:
        raise ExpertError(
            f"symbol of @expert.on_init(...) names {len(strategy.symbols)}: {', '.join(strategy.symbols)}; "
            "a simulation trades one, so name one there, or say which by --symbol or "
            "expert.run(..., symbol=SYMBOL)"
        )


def _strategy_file() -> str:
    """Return the name of the file that runs, as a command would name it."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    # A module that runs as a program, `python -m`, is not a strategy's file.
    if not isinstance(main, str) or Path(main).name == "__main__.py":
        return "FILE"
    path = Path(main).absolute()
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))
