"""Money of a position: what a quantity is worth, and what a price move makes of it.

Quantities are base coins for spot and linear contracts and contracts of one quote unit (1 USD) for
inverse ones. Amounts of money are in the settlement currency: the quote currency for spot and linear,
the base coin for inverse.

Amounts are floats, rounded to 8 decimals each time one is booked, as exchanges keep their ledgers.
Nothing accumulates unrounded, so sums of the booked amounts agree with the balance far below a cent,
and every figure is a JSON number that any tool can add up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple, Protocol

from metaexpert.expert.model.symbols import split

MONEY_DECIMALS: Final = 8
QTY_DECIMALS: Final = 8
# Keeps a quantity that is a whole number of steps from being cut by its binary representation.
_STEP_TOLERANCE: Final = 1e-6


class MaintenanceTier(NamedTuple):
    """A bracket of positions by their worth, and the equity that one of it must keep."""

    up_to: float
    """The largest worth in it, in quote currency; infinite for the last."""
    rate_pct: float
    """Equity to keep, in percent of the worth."""
    amount: float
    """Quote currency by which it is less, so that it grows without a jump where the bracket begins."""


#: The lowest tier of the supported exchanges, for contracts whose tiers are not given.
DEFAULT_TIERS: Final = (MaintenanceTier(math.inf, 0.5, 0.0),)


@dataclass(frozen=True, slots=True)
class ContractRules:
    """What an exchange asks of the orders and positions of one contract; None is no rule."""

    tick_size: float | None = None
    """Prices are multiples of it, in quote currency."""
    qty_step: float | None = None
    """Quantities are multiples of it: base coins, or contracts of one quote unit for inverse."""
    min_qty: float | None = None
    """The smallest quantity of an entry."""
    min_notional: float | None = None
    """The least worth of an entry, in quote currency."""
    contract_size: float = 1.0
    """For inverse: the worth in quote currency of one contract of the exchange; volume is in such ones."""
    maintenance: tuple[MaintenanceTier, ...] = DEFAULT_TIERS

    def maintenance_of(self, worth: float) -> float:
        """Return the equity that a position of this worth must keep; both in quote currency."""
        tier = next((tier for tier in self.maintenance if worth <= tier.up_to), self.maintenance[-1])
        return worth * tier.rate_pct / 100 - tier.amount


NO_RULES: Final = ContractRules()


class Contract(Protocol):
    """The arithmetic of one kind of contract; `sign` is 1 for a long and -1 for a short."""

    @property
    def currency(self) -> str:
        """Return the settlement currency, as the records name it."""

    @property
    def rules(self) -> ContractRules:
        """Return what the exchange asks of orders and positions."""

    def pnl(self, sign: int, entry_price: float, exit_price: float, qty: float) -> float:
        """Return the profit of a closed quantity in the settlement currency, before fees."""

    def notional(self, qty: float, price: float) -> float:
        """Return the worth of a quantity in the settlement currency."""

    def quote_value(self, qty: float, price: float) -> float:
        """Return the worth of a quantity in the quote currency."""

    def average_price(self, qty: float, price: float, added_qty: float, added_price: float) -> float:
        """Return the entry price of a position after a quantity was added to it."""

    def qty_from_quote(self, amount: float, price: float) -> float:
        """Return the quantity that an amount of quote currency buys, rounded down to a step."""

    def qty_from_base(self, amount: float, price: float) -> float:
        """Return the quantity that stands for an amount of base coins, rounded down to a step."""

    def rounded_qty(self, qty: float) -> float:
        """Return a quantity rounded down to a step."""

    def to_quote(self, amount: float, price: float) -> float:
        """Return an amount of settlement currency in quote currency."""

    def from_quote(self, amount: float, price: float) -> float:
        """Return an amount of quote currency in settlement currency."""

    def maintenance(self, qty: float, price: float) -> float:
        """Return the equity that a position must keep at a price, in the settlement currency."""

    def volume_value(self, volume: float, price: float) -> float:
        """Return the worth of a bar's volume, as sources tell it, in quote currency."""


@dataclass(frozen=True, slots=True)
class LinearContract:
    """Spot and linear contracts: profit is (exit - entry) x quantity, in quote currency."""

    currency: str
    rules: ContractRules = NO_RULES

    def pnl(self, sign: int, entry_price: float, exit_price: float, qty: float) -> float:
        """Return sign x (exit - entry) x qty."""
        return sign * (exit_price - entry_price) * qty

    def notional(self, qty: float, price: float) -> float:
        """Return qty x price."""
        return qty * price

    def quote_value(self, qty: float, price: float) -> float:
        """Return qty x price."""
        return qty * price

    def average_price(self, qty: float, price: float, added_qty: float, added_price: float) -> float:
        """Return the mean of the prices, weighted by quantity."""
        return (qty * price + added_qty * added_price) / (qty + added_qty)

    def qty_from_quote(self, amount: float, price: float) -> float:
        """Return amount / price, rounded down."""
        return self.rounded_qty(amount / price)

    def qty_from_base(self, amount: float, price: float) -> float:
        """Return the amount itself, rounded down."""
        return self.rounded_qty(amount)

    def rounded_qty(self, qty: float) -> float:
        """Return the quantity rounded down to a step, or to 8 decimals."""
        step = self.rules.qty_step
        return floor_to(qty, QTY_DECIMALS) if step is None else floor_to_step(qty, step)

    def to_quote(self, amount: float, price: float) -> float:
        """Return the amount itself."""
        return amount

    def from_quote(self, amount: float, price: float) -> float:
        """Return the amount itself."""
        return amount

    def maintenance(self, qty: float, price: float) -> float:
        """Return what the position's tier asks for."""
        return self.rules.maintenance_of(qty * price)

    def volume_value(self, volume: float, price: float) -> float:
        """Return coins x price."""
        return volume * price


@dataclass(frozen=True, slots=True)
class InverseContract:
    """Inverse contracts of 1 quote unit: profit is (1/entry - 1/exit) x quantity, in base coins."""

    currency: str
    rules: ContractRules = NO_RULES

    def pnl(self, sign: int, entry_price: float, exit_price: float, qty: float) -> float:
        """Return sign x (1/entry - 1/exit) x qty."""
        return sign * (1 / entry_price - 1 / exit_price) * qty

    def notional(self, qty: float, price: float) -> float:
        """Return qty / price."""
        return qty / price

    def quote_value(self, qty: float, price: float) -> float:
        """Return the quantity itself: a contract is worth one quote unit."""
        return qty

    def average_price(self, qty: float, price: float, added_qty: float, added_price: float) -> float:
        """Return the harmonic mean of the prices, weighted by quantity."""
        return (qty + added_qty) / (qty / price + added_qty / added_price)

    def qty_from_quote(self, amount: float, price: float) -> float:
        """Return whole contracts."""
        return self.rounded_qty(amount)

    def qty_from_base(self, amount: float, price: float) -> float:
        """Return whole contracts worth the coins at this price."""
        return self.rounded_qty(amount * price)

    def rounded_qty(self, qty: float) -> float:
        """Return the quantity rounded down to a step, or to whole contracts."""
        step = self.rules.qty_step
        return floor_to(qty, 0) if step is None else floor_to_step(qty, step)

    def to_quote(self, amount: float, price: float) -> float:
        """Return coins x price."""
        return amount * price

    def from_quote(self, amount: float, price: float) -> float:
        """Return quote amount / price."""
        return amount / price

    def maintenance(self, qty: float, price: float) -> float:
        """Return what the position's tier asks for, in coins."""
        return self.rules.maintenance_of(qty) / price

    def volume_value(self, volume: float, price: float) -> float:
        """Return contracts x the worth of one: the volume of coin-margined data is in contracts."""
        return volume * self.rules.contract_size


def contract_for(
    market_type: str, contract_type: str, symbol: str, rules: ContractRules = NO_RULES
) -> Contract:
    """Return the arithmetic of a market; spot is always linear."""
    base, quote = split(symbol)
    if market_type == "futures" and contract_type == "inverse":
        return InverseContract(base, rules)
    return LinearContract(quote, rules)


def money(amount: float) -> float:
    """Round an amount to the ledger's 8 decimals; a negative zero becomes zero."""
    return round(amount, MONEY_DECIMALS) + 0.0


def floor_to(value: float, decimals: int) -> float:
    """Round down to a number of decimals, so that an order never exceeds what was asked for."""
    scaled = value * 10.0**decimals
    nearest = round(scaled)
    if math.isclose(scaled, nearest, rel_tol=1e-12, abs_tol=_STEP_TOLERANCE):
        return float(nearest) / 10.0**decimals
    return math.floor(scaled) / 10.0**decimals


def floor_to_step(value: float, step: float) -> float:
    """Round down to a multiple of a step, which has no digits but those of the step."""
    return _multiple(_steps(value, step, math.floor), step)


def ceil_to_step(value: float, step: float) -> float:
    """Round up to a multiple of a step."""
    return _multiple(_steps(value, step, math.ceil), step)


def is_multiple(value: float, step: float) -> bool:
    """Tell whether a value is a number of steps, but for its binary representation."""
    return _steps(value, step, math.floor) == _steps(value, step, math.ceil)


def _steps(value: float, step: float, rounded: Callable[[float], int]) -> int:
    steps = value / step
    nearest = round(steps)
    return nearest if math.isclose(steps, nearest, rel_tol=1e-12, abs_tol=_STEP_TOLERANCE) else rounded(steps)


def _multiple(steps: int, step: float) -> float:
    return float(steps * Decimal(repr(step)))
