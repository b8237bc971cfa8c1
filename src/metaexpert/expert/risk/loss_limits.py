"""The limits that stop a strategy which loses too much: by the day, and from the peak."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from metaexpert.expert.risk.refusal import Refusal
from metaexpert.expert.settings.strategy import StrategySettings

#: The reason of what the limit of the drawdown does.
MAX_DRAWDOWN: Final = "max_drawdown_pct"


class LossLimits:
    """Watches the equity and says when entries are over.

    - daily_loss_limit: equity lost since the start of the UTC day, in quote currency. Entries are refused
      until the next day, and those that wait are cancelled; open positions keep their own stops.
    - max_drawdown_pct: fall from the peak equity. Entries are refused for the rest of the run, and
      everything is closed.
    """

    def __init__(self, settings: StrategySettings, equity: float) -> None:
        """`equity` is what the account starts with, in its own currency."""
        self._drawdown_limit = settings.max_drawdown_pct
        self._daily_limit = settings.daily_loss_limit
        self._day: date | None = None
        self._day_start_equity = equity
        self._last_equity = equity
        self.has_daily = settings.daily_loss_limit is not None
        """Whether the loss of a day is limited."""
        self._daily: Refusal | None = None
        self._drawdown: Refusal | None = None
        self.peak_equity = equity
        self.max_drawdown = 0.0
        """Largest fall from a peak so far, as a fraction of the peak."""

    def halted(self, time: datetime) -> Refusal | None:
        """Return the limit that is in force at `time`, or None."""
        return self._drawdown or (self._daily if time.date() == self._day else None)

    @property
    def drawdown(self) -> float:
        """Present fall from the peak, as a fraction of the peak."""
        # Rounded, so that 80 is 20 % under 100, which it is not in binary.
        return round(1 - self._last_equity / self.peak_equity, 12) if self.peak_equity > 0 else 0.0

    def update(self, time: datetime, equity: float, quote_per_unit: float) -> Refusal | None:
        """Take the equity at `time`; return a limit that was passed just now, or None.

        `quote_per_unit` is the worth of one unit of the account's currency in quote currency; only a daily
        limit asks for it (`has_daily`).
        """
        today = time.date()
        if today != self._day:
            # The day starts with what the previous one left, not with its own first move.
            self._day, self._day_start_equity, self._daily = today, self._last_equity, None
        self._last_equity = equity
        self.peak_equity = max(self.peak_equity, equity)
        drawdown = self.drawdown
        self.max_drawdown = max(self.max_drawdown, drawdown)
        return self._passed_drawdown() or self._passed_daily(quote_per_unit)

    def _passed_drawdown(self) -> Refusal | None:
        limit = self._drawdown_limit
        if limit is None or self._drawdown is not None or self.drawdown < limit:
            return None
        detail = f"equity is {self.drawdown * 100:.2f} % under its peak, the limit is {limit * 100:g} %"
        self._drawdown = Refusal(MAX_DRAWDOWN, detail)
        return self._drawdown

    def _passed_daily(self, quote_per_unit: float) -> Refusal | None:
        if self._daily_limit is None or self._daily is not None:
            return None
        lost = (self._day_start_equity - self._last_equity) * quote_per_unit
        if lost < self._daily_limit:
            return None
        detail = f"lost {lost:.2f} on {self._day}, the limit is {self._daily_limit:g}"
        self._daily = Refusal("daily_loss_limit", detail)
        return self._daily
