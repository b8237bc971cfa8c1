"""Builders for tests of the expert host: settings, bars, and a venue with a hand-moved market."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from metaexpert.expert.journal import Journal
from metaexpert.expert.market_data import Bar, OrderBook, Tick
from metaexpert.expert.market_data.feed import Feed, feed_of_bars
from metaexpert.expert.market_data.funding import FundingRates
from metaexpert.expert.model.contracts import NO_RULES, ContractRules
from metaexpert.expert.model.orders import Order, OrderNumbers
from metaexpert.expert.model.requests import Entry
from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.run.clock import EventClock
from metaexpert.expert.run.desk import Desk
from metaexpert.expert.run.options import Overrides, overriding
from metaexpert.expert.settings.arguments import NOT_GIVEN
from metaexpert.expert.settings.expert import ExpertSettings, expert_settings
from metaexpert.expert.settings.strategy import StrategySettings
from metaexpert.expert.venue.simulated.fees import FeeSchedule
from metaexpert.expert.venue.simulated.venue import SimulatedVenue

START = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)
NO_FEES = FeeSchedule(0.0, 0.0)
NAN = float("nan")


def account_settings(**given: Any) -> ExpertSettings:
    """Return settings of a linear futures account, isolated and hedged, with what is given changed."""
    return expert_settings(
        **{
            "exchange": "binance",
            "api_key": None,
            "api_secret": None,
            "api_passphrase": None,
            "subaccount": None,
            "base_url": None,
            "testnet": False,
            "proxy": None,
            "market_type": "futures",
            "contract_type": "linear",
            "margin_mode": "isolated",
            "position_mode": "hedge",
            "log_level": NOT_GIVEN,
            "log_file": NOT_GIVEN,
            "trade_log_file": NOT_GIVEN,
            "error_log_file": NOT_GIVEN,
            "log_to_console": NOT_GIVEN,
            "record_bars": NOT_GIVEN,
            "rate_limit": 1200,
            "enable_metrics": True,
            "metrics_interval": 60.0,
            "persist_state": True,
            "state_file": "state.json",
        }
        | given
    )


def bar(
    minute: int,
    open_: float,
    high: float | None = None,
    low: float | None = None,
    close: float | None = None,
    volume: float = 10.0,
    timeframe: str = "1m",
) -> Bar:
    """Return a bar `minute` minutes after `START`; without more prices it does not move."""
    close = open_ if close is None else close
    high = max(open_, close) if high is None else high
    low = min(open_, close) if low is None else low
    return Bar("BTCUSDT", timeframe, START + minute * MINUTE, open_, high, low, close, volume)


def run(expert, feed, mode="backtest", **options):
    """Run an expert on a feed."""
    with overriding(Overrides(mode=mode, feed=feed, **options)) as overrides:
        result = expert.run()
    assert overrides.results == [result]
    return result


def minutes(count, price=100.0):
    """Bars of a price that rises by 1 a minute."""
    return feed_of_bars([bar(i, price + i) for i in range(count)], "test")


def quotes(*prices, seconds=10):
    """Quotes every ten seconds with a spread of 2."""
    ticks = [
        Tick("BTCUSDT", START + timedelta(seconds=seconds * i), p - 1, p + 1, NAN, 0.0)
        for i, p in enumerate(prices)
    ]
    books = [OrderBook("BTCUSDT", t.time, ((t.bid, 1.0),), ((t.ask, 1.0),)) for t in ticks]
    return Feed("test", "BTCUSDT", None, ticks=ticks, books=books)


class Market:
    """A simulated venue with a desk before it, and the bars that are shown to it one by one."""

    def __init__(
        self,
        strategy: StrategySettings | None = None,
        *,
        capital: float = 10_000.0,
        fees: FeeSchedule = NO_FEES,
        symbol: str = "BTCUSDT",
        first_price: float = 100.0,
        rules: ContractRules = NO_RULES,
        funding: FundingRates | None = None,
        **account: Any,
    ) -> None:
        self.bars: list[Bar] = []
        self.clock = EventClock(START)
        numbers = OrderNumbers()
        settings = account_settings(**account)
        strategy = strategy or StrategySettings(leverage=10, size_type="fixed_base", size_value=1.0)
        self.venue = SimulatedVenue(
            settings,
            strategy,
            symbol,
            capital=capital,
            first_price=first_price,
            starts=START,
            fees=fees,
            numbers=numbers,
            contract_rules=rules,
            funding=funding,
        )
        self.desk = Desk(
            self.venue,
            strategy,
            symbol,
            clock=self.clock,
            numbers=numbers,
            journal=Journal(),
            recent_bars=lambda count: self.bars[-count:],
            spot=settings.market_type == "spot",
            client="test-",
        )

    def show(self, *prices: float) -> Refusal | None:
        """Show the next minute's bar (open, high, low, close or less); returns a limit that was passed."""
        shown = bar(len(self.bars), *prices)
        self.venue.open_bar(shown)
        self.clock.advance(shown.time + MINUTE)
        self.venue.close_bar(shown, self.clock.now)
        self.desk.take_answers()
        passed = self.desk.watch_losses(shown.time)
        self.bars.append(shown)
        return passed

    def enter(self, side: str, **entry: Any) -> Order:
        """Order an entry."""
        return self.desk.enter(Entry(side, **entry))

    @property
    def balance(self) -> float:
        """The balance of the account."""
        return self.venue.account.balance

    def told(self, event: str) -> list[Any]:
        """Return what event handlers of an event of one argument are to be told, in order."""
        return [each.arguments[0] for each in self.desk.answers.notifications if each.event == event]

    def fills(self) -> list[tuple[str, float, float, str]]:
        """Return what was filled, in order: side, price, whole quantity, reason."""
        return [
            (order.side.value, order.fill_price, order.qty, order.reason)
            for order in self.told("on_order")
            if order.status in ("FILLED", "PARTIALLY_FILLED")
        ]
