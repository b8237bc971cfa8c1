"""The records of what happens in a run: one method per event, so that every record is written in one place.

Strategy, symbol, timeframe and simulated time are in the context (see `run.loop`), not repeated here. Trade
records go to the trades log. Bars, metrics, and refusals that only repeat the one before, are DEBUG records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from metaexpert.expert.loggers import EXPERT_LOGGER, MARKET_LOGGER, TRADE_LOGGER
from metaexpert.expert.model.accounts import Account
from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.fills import Fill
from metaexpert.expert.model.funding import FundingPayment
from metaexpert.expert.model.orders import Order
from metaexpert.expert.model.positions import Position
from metaexpert.logger import get_logger


class Journal:
    """Writes the records of one run."""

    def __init__(self, comment: str = "") -> None:
        """`comment` is the strategy's own, put on its fills."""
        self._market = get_logger(MARKET_LOGGER)
        self._trade = get_logger(TRADE_LOGGER)
        self._expert = get_logger(EXPERT_LOGGER)
        self._comment = comment
        self._last_refusal: tuple[str, str] | None = None
        self._refusal_repeats = 0

    def started(self, **fields: Any) -> None:
        """Record that the run starts."""
        self._expert.info("Expert started", event_name="expert.started", **fields)

    def stopped(self, **fields: Any) -> None:
        """Record that the run is over."""
        self._expert.info("Expert stopped", event_name="expert.stopped", **fields)

    def metrics(self, handler: str, figures: Mapping[str, Any]) -> None:
        """Record how long an event handler took."""
        self._expert.debug("Handler metrics", event_name="expert.metrics", handler=handler, **figures)

    def expert_metrics(self, figures: Mapping[str, Any]) -> None:
        """Record how the expert does: rates, delays, what it costs."""
        self._expert.debug("Expert metrics", event_name="expert.metrics", **figures)

    def warn(self, message: str, event_name: str, **fields: Any) -> None:
        """Record something that the user should know of, at WARNING."""
        self._expert.warning(message, event_name=event_name, **fields)

    def remark(self, message: str, event_name: str, **fields: Any) -> None:
        """Record something that explains the run, at INFO."""
        self._expert.info(message, event_name=event_name, **fields)

    def event_handler_failed(self, handler: str, error: BaseException, *, consecutive: int) -> None:
        """Record an exception of a strategy's event handler, with its traceback."""
        self._expert.error(
            "Strategy handler failed",
            event_name="strategy.error",
            handler=handler,
            error_type=type(error).__name__,
            consecutive=consecutive,
            exc_info=error,
        )

    def bar_closed(self, bar: Bar) -> None:
        """Record a closed bar."""
        self._market.debug(
            "Bar closed",
            event_name="bar.closed",
            bar_time=bar.time,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
        )

    def order_created(self, order: Order) -> None:
        """Record an order that the venue took."""
        self._last_refusal = None
        self._trade.trade(
            "Order created",
            event_name="order.created",
            **_identity(order),
            qty=order.qty,
            limit_price=order.price,
            stop_loss=order.stop_loss,
            take_profit=order.take_profit,
            reduce_only=order.reduce_only,
            reason=order.reason,
            **({"detail": order.detail} if order.detail else {}),
        )

    def order_filled(self, order: Order, fill: Fill, balance: float | None) -> None:
        """Record a fill, with all that an audit needs; `balance` is that of the account after it."""
        self._trade.trade(
            "Order filled",
            event_name="order.filled",
            **_identity(order),
            position_side=fill.position_side.value,
            price=fill.price,
            qty=fill.qty,
            notional=fill.notional,
            liquidity="maker" if fill.maker else "taker",
            fee=fill.fee,
            realized_pnl=fill.realized_pnl,
            balance=balance,
            currency=fill.currency,
            reason=order.reason,
            comment=order.comment or self._comment,
        )

    def order_cancelled(self, order: Order) -> None:
        """Record an order that was taken back."""
        self._trade.trade(
            "Order cancelled",
            event_name="order.cancelled",
            **_identity(order),
            qty=order.qty,
            filled_qty=order.filled_qty,
            reason=order.reason,
            detail=order.detail,
        )

    def order_rejected(self, order: Order) -> None:
        """Record a refused order; one that repeats the refusal before it is DEBUG, outside the trades log."""
        refusal = (order.side.value, order.reason)
        fields = {
            "event_name": "order.rejected",
            **_identity(order),
            "qty": order.qty,
            "reason": order.reason,
            "detail": order.detail,
        }
        if refusal != self._last_refusal:
            self._last_refusal, self._refusal_repeats = refusal, 0
            self._trade.trade("Order rejected", **fields)
        else:
            self._refusal_repeats += 1
            self._trade.debug("Order rejected again", repeat=self._refusal_repeats, **fields)

    def position_opened(self, position: Position) -> None:
        """Record a new position."""
        self._trade.trade("Position opened", event_name="position.opened", **_holding(position))

    def position_changed(self, position: Position, reason: str) -> None:
        """Record a position whose size or stops changed."""
        self._trade.trade(
            "Position changed", event_name="position.changed", **_holding(position), reason=reason
        )

    def position_closed(self, position: Position, reason: str) -> None:
        """Record a position that is gone; `net_pnl` is its profit after all its fees."""
        self._trade.trade(
            "Position closed",
            event_name="position.closed",
            position_id=position.position_id,
            position_side=position.side.value,
            entry_price=position.entry_price,
            exit_price=position.last_price,
            opened_at=position.opened_at,
            realized_pnl=position.realized_pnl,
            fees=position.fees,
            **({"funding": position.funding} if position.funding else {}),
            net_pnl=position.net_pnl,
            reason=reason,
        )

    def funding_paid(self, payment: FundingPayment) -> None:
        """Record a funding payment; `amount` is positive where it was received."""
        self._trade.trade(
            "Funding paid",
            event_name="funding.paid",
            position_id=payment.position.position_id,
            position_side=payment.position.side.value,
            qty=payment.position.qty,
            price=payment.price,
            rate=payment.rate,
            amount=payment.amount,
            due=payment.time,
            balance=payment.balance,
        )

    def account_updated(self, account: Account) -> None:
        """Record the account after its balance changed."""
        self._trade.trade(
            "Account updated",
            event_name="account.updated",
            balance=account.balance,
            equity=account.equity,
            margin_used=account.margin_used,
            free_margin=account.free_margin,
            drawdown_pct=account.drawdown_pct,
            currency=account.currency,
        )


def _identity(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.order_id,
        "position_id": order.position_id,
        "side": order.side.value,
        "order_type": order.order_type.value,
    }


def _holding(position: Position) -> dict[str, Any]:
    return {
        "position_id": position.position_id,
        "position_side": position.side.value,
        "qty": position.qty,
        "entry_price": position.entry_price,
        "margin": position.margin,
        "stop_loss": position.stop_loss,
        "take_profit": position.take_profit,
    }
