"""A plain simulation of fills, to compare the real one with: price by price, from the rules in the guide.

It is written from `docs/guides/backtesting.md`, not from the code of the simulated venue, and shares nothing
with it. At each single price on the way of the market it asks everything that waits whether it is due.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass, field

BUY, SELL = "BUY", "SELL"
MAINTENANCE = 0.005


def sign(side):
    """1 for BUY, -1 for SELL."""
    return 1 if side == BUY else -1


def other(side):
    """The opposite."""
    return SELL if side == BUY else BUY


@dataclass
class Waiting:
    """An order that waits."""

    number: int
    side: str
    kind: str
    qty: float
    price: float | None = None
    stop: float | None = None
    target: float | None = None
    reduces: bool = False
    position: int | None = None
    rests: bool = False

    def is_due(self, price):
        """A limit waits for its price or a better one, a stop for its price or a worse one."""
        falls = (self.side == BUY) == (self.kind == "LIMIT")
        return price <= self.price if falls else price >= self.price


@dataclass
class Held:
    """A position."""

    number: int
    side: str
    qty: float
    entry: float
    stop: float | None
    target: float | None
    margin: float
    why: str = "stop_loss"
    best: float = 0.0


@dataclass
class Rules:
    """The settings of the account and of the strategy."""

    netting: bool = False
    slippage: float = 0.0
    maker: float = 0.0
    taker: float = 0.0
    trailing: float | None = None
    activation: float | None = None
    breakeven: float | None = None
    leverage: int = 10
    liquidates: bool = True


@dataclass
class SlowMarket:
    """An account at a market of whole prices."""

    rules: Rules
    balance: float
    orders: list[Waiting] = field(default_factory=list)
    positions: list[Held] = field(default_factory=list)
    fills: list[tuple] = field(default_factory=list)
    opened: int = 0

    def show(self, opened, high, low, close):
        """Show a bar."""
        for order in [o for o in self.orders if o.kind == "MARKET"]:
            if order in self.orders:
                self.fill(order, opened, maker=False)
        self.meet(opened, at_open=True)
        self.note_best(opened)
        up, down = (opened, high, low, close), (opened, low, high, close)
        ways = (up, down) if high - opened < opened - low else (down, up)
        after = [deepcopy(self) for _ in ways]
        for market, way in zip(after, ways, strict=True):
            market.walk(way)
        first, second = (market.worth(close) for market in after)
        self.__dict__ = after[1 if second < first - 1e-8 else 0].__dict__
        for held in self.positions:
            self.follow(held)
        for order in self.orders:
            order.rests = order.kind == "LIMIT"

    def walk(self, way):
        """Go through a bar, price by price."""
        price = way[0]
        for turn in way[1:]:
            while price != turn:
                price = self.next_price(price, turn)
                self.meet(price, at_open=False)
                self.note_best(price)
            for held in self.positions:
                moved = deepcopy(held)
                self.follow(moved)
                beyond = moved.stop is not None and (way[-1] - moved.stop) * sign(held.side) <= 0
                if held.best == turn and moved.stop != held.stop and beyond:
                    self.follow(held)

    def note_best(self, price):
        """Remember the best price of each position."""
        for held in self.positions:
            held.best = max(held.best, price) if held.side == BUY else min(held.best, price)

    def next_price(self, price, turn):
        """Return the next price: a whole one, or one that something waits for."""
        step = 1 if turn > price else -1
        whole = math.floor(price) + 1 if step > 0 else math.ceil(price) - 1
        levels = [o.price for o in self.orders if o.price is not None]
        for held in self.positions:
            levels += [held.stop, held.target, self.liquidation(held)]
        between = [x for x in levels if x is not None and 0 < (x - price) * step < (whole - price) * step]
        return min(between, key=lambda x: abs(x - price), default=whole)

    def meet(self, price, *, at_open):
        """Do all that is due at a price: what was passed by the most, exits before entries, the oldest."""
        while due := self.due(price):
            _, _, _, do, cause = min(due, key=lambda each: each[:3])
            do(cause, price, at_open)

    def due(self, price):
        """Return what is due, with what sorts it."""
        found = []
        for held in self.positions:
            way = sign(held.side)
            level, reason = held.stop, held.why
            ruin = self.liquidation(held)
            if ruin is not None and (level is None or (ruin - level) * way > 0):
                level, reason = ruin, "liquidation"
            if level is not None and (price - level) * way <= 0:
                found.append((-abs(level - price), 0, held.number, self.leave(reason, level), held))
            elif held.target is not None and (price - held.target) * way >= 0:
                exit_ = self.leave("take_profit", held.target)
                found.append((-abs(held.target - price), 0, held.number, exit_, held))
        for order in self.orders:
            if order.kind != "MARKET" and order.is_due(price):
                rank = 1 if order.reduces else 2
                found.append((-abs(order.price - price), rank, order.number, self.trade, order))
        return found

    def trade(self, order, price, at_open):
        """Fill an order that waited."""
        at_level = order.kind == "LIMIT" and price == order.price
        self.fill(order, price, maker=at_level and (order.rests or not at_open))

    def leave(self, reason, level):
        """Return the act of closing a position."""

        def close(held, price, at_open):
            maker = False
            if reason == "take_profit":
                maker, paid = price == level, price
            elif reason == "liquidation":
                bankrupt = held.entry * (1 - sign(held.side) / self.rules.leverage)
                paid = max(price, bankrupt) if held.side == BUY else min(price, bankrupt)
            else:
                paid = self.slipped(other(held.side), price)
            self.reduce(held, held.qty, paid, maker, reason)

        return close

    def fill(self, order, price, *, maker):
        """Fill an order: first what it reduces, then what it opens."""
        self.orders.remove(order)
        if order.kind != "LIMIT":
            price = self.slipped(order.side, price)
        rest = order.qty
        if order.reduces or self.rules.netting:
            for held in [h for h in self.positions if h.side != order.side]:
                if rest > 1e-9 and order.position in (None, held.number):
                    used = min(rest, held.qty)
                    rest -= used
                    self.reduce(held, used, price, maker, "strategy", order)
        if order.reduces or rest <= 1e-9:
            return
        fee = self.pay(rest * price, maker)
        self.fills.append((order.side, price, rest, maker, "strategy", fee))
        held = next((h for h in self.positions if h.side == order.side), None) if self.rules.netting else None
        margin = rest * price / self.rules.leverage
        if held is None:
            self.opened += 1
            held = Held(self.opened, order.side, rest, price, order.stop, order.target, margin, best=price)
            self.positions.append(held)
            self.follow(held)
            return
        held.entry = (held.qty * held.entry + rest * price) / (held.qty + rest)
        held.qty += rest
        held.margin += margin
        if order.stop is not None:
            held.stop, held.why = order.stop, "stop_loss"
        if order.target is not None:
            held.target = order.target

    def reduce(self, held, qty, price, maker, reason, order=None):
        """Close a part of a position, or all of it."""
        profit = (price - held.entry) * sign(held.side) * qty
        fee = max(0.0, held.margin + profit) if reason == "liquidation" else self.pay(qty * price, maker)
        self.balance += profit
        if reason == "liquidation":
            self.balance -= fee
        self.fills.append((other(held.side), price, qty, maker, reason, fee))
        held.margin *= (held.qty - qty) / held.qty
        held.qty -= qty
        if held.qty > 1e-9:
            return
        self.positions.remove(held)
        none_left = not any(h.side == held.side for h in self.positions)
        self.orders = [
            o
            for o in self.orders
            if not (
                o.position == held.number
                or (o.reduces and o.position is None and o.side != held.side and none_left)
            )
        ]

    def pay(self, worth, maker):
        """Pay the fee of a fill."""
        fee = worth * (self.rules.maker if maker else self.rules.taker) / 100
        self.balance -= fee
        return fee

    def slipped(self, side, price):
        """Return a worse price."""
        return price * (1 + sign(side) * self.rules.slippage / 100)

    def liquidation(self, held):
        """Return the price at which a position's margin is down to the maintenance margin."""
        if not self.rules.liquidates:
            return None
        price = held.entry * (1 - sign(held.side) * (1 / self.rules.leverage - MAINTENANCE))
        return price if price > 0 else None

    def follow(self, held):
        """Move a stop after the best price: to the entry, or to a distance behind it, never back."""
        way, rules = sign(held.side), self.rules
        gain = round((held.best / held.entry - 1) * 100 * way, 9)
        if rules.breakeven is not None and gain >= rules.breakeven:
            self.tighten(held, held.entry, "breakeven")
        if rules.trailing is not None and gain >= (rules.activation or 0.0):
            self.tighten(held, held.best * (1 - way * rules.trailing / 100), "trailing_stop")

    def tighten(self, held, level, why):
        """Move a stop towards profit."""
        if held.stop is None or (level - held.stop) * sign(held.side) > 0:
            held.stop, held.why = level, why

    def worth(self, price):
        """Return the equity at a price."""
        return self.balance + sum((price - h.entry) * sign(h.side) * h.qty for h in self.positions)
