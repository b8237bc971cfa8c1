"""Funding: what the sides of a perpetual contract pay to each other."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from metaexpert.expert.model.positions import Position


class FundingPayment(NamedTuple):
    """A position has paid or received funding."""

    position: Position
    """A copy, as the position is after this."""
    amount: float
    """Positive where it was received, in the account's currency."""
    rate: float
    """The fraction of the position's worth; above 0 longs pay."""
    price: float
    """The price by which the position was valued."""
    time: datetime
    balance: float
    """The balance of the account after it."""
