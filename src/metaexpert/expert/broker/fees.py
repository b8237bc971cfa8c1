"""What exchanges take for a trade: their published schedules for a regular account, in percent."""

from __future__ import annotations

from typing import Final, NamedTuple


class FeeSchedule(NamedTuple):
    """Fees in percent of a fill's worth; a resting limit order pays `maker_pct`, any other `taker_pct`."""

    maker_pct: float
    taker_pct: float


_SPOT: Final = {
    "binance": FeeSchedule(0.1, 0.1),
    "bybit": FeeSchedule(0.1, 0.1),
    "okx": FeeSchedule(0.08, 0.1),
    "bitget": FeeSchedule(0.1, 0.1),
    "kucoin": FeeSchedule(0.1, 0.1),
}
_FUTURES: Final = {
    "binance": FeeSchedule(0.02, 0.05),
    "bybit": FeeSchedule(0.02, 0.055),
    "okx": FeeSchedule(0.02, 0.05),
    "bitget": FeeSchedule(0.02, 0.06),
    "kucoin": FeeSchedule(0.02, 0.06),
}


def fee_schedule(exchange: str, market_type: str, fee_pct: float | None = None) -> FeeSchedule:
    """Return the fees of an exchange's market, or `fee_pct` for every fill when it is given."""
    if fee_pct is not None:
        return FeeSchedule(fee_pct, fee_pct)
    return (_SPOT if market_type == "spot" else _FUTURES)[exchange]
