"""The fees of exchanges: their published schedules for a regular account, in percent.

`--fee`, or `fee_pct` of `expert.run(...)`, replaces these for every fill. Use it when yours differ: exchanges
change their schedules, and a fee depends on region, pair, volume and discounts.

Looked up on 2026-11-23, for the lowest tier (regular, VIP 0, Lv1), without a discount for paying in the
exchange's own coin. What was read were stored copies of these pages, some at mirrors of the exchange:

- Binance: spot, the support article "What is Binance Spot Trading Fee and How to Calculate"; USD-margined
  futures, https://www.binance.com/en/fee/futureFee, by way of the loweef fee index of 2026-10-12
- Bybit: spot and futures, https://www.bybit.com/en/help-center/article/Trading-Fee-Structure
- OKX: spot, https://www.okx.com/fees; futures, the same page by way of the loweef fee index of 2026-10-16
- Bitget: spot, https://www.bitget.com/fee; futures, the support article "Futures Fee" (12560603811573)
- KuCoin: spot of class A (B costs twice, C three times as much) and futures,
  https://www.kucoin.com/support/48142946141635 of 2026-03-26

Inverse futures are taken to cost what linear ones do.
"""

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
