"""Unknown names that a strategy file asks its expert for: each error names the right one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def _words_for(meant: str, words: str) -> dict[str, str]:
    return dict.fromkeys(words.split(), meant)


#: The names of backtesting.py, freqtrade, backtrader, MetaTrader and ccxt, in lower case without "_".
MEANT: Final[Mapping[str, str]] = MappingProxyType(
    _words_for('expert.open_position("BUY")', "buy long enterlong golong openlong")
    | _words_for(
        'expert.open_position("SELL"), or expert.close_position("BUY") to close a long',
        "sell short entershort goshort openshort",
    )
    | _words_for('expert.close_position("BUY")', "close exit exitlong closelong closetrade")
    | _words_for('expert.close_position("SELL")', "cover exitshort closeshort")
    | _words_for("expert.close_all_positions()", "closeall exitall flatten liquidate")
    | _words_for(
        "expert.open_order(...)",
        "order createorder placeorder submitorder ordersend limitorder stoporder createlimitorder",
    )
    | _words_for("expert.cancel_order(order_id)", "cancel")
    | _words_for("expert.cancel_all_orders()", "cancelall")
    | _words_for("expert.account.equity", "equity getequity portfoliovalue")
    | _words_for("expert.account.balance", "balance getbalance fetchbalance wallet")
    | _words_for("expert.account.free_margin", "cash freemargin margin")
    | _words_for("expert.history(count)", "bars candles data rates dataframe df ohlcv klines copyrates")
    | _words_for("expert.logger", "log logging")
    | _words_for("expert.time", "now datetime currenttime timestamp")
    | _words_for("expert.run(...)", "start execute backtest optimize")
    | _words_for("@expert.on_init(...)", "init setup onstart oninitialize onsetup leverage setleverage")
    | _words_for("@expert.on_deinit", "onstop onexit onend onfinish onshutdown")
    | _words_for("@expert.on_bar", "next oncandle onkline onnext ondata oncalculate")
    | _words_for("@expert.on_tick", "onquote onprice onticker")
    | _words_for("@expert.on_book", "onorderbook ondepth onbookevent")
    | _words_for("@expert.on_timer(...)", "oninterval onschedule every schedule")
    | _words_for("@expert.on_order", "ontrade onfill onexecution")
)
_NEAR: Final = 0.75


def unknown_attribute(owner: type, name: str) -> AttributeError:
    """Return the error for `name`, which an `owner` does not have; it says which one is probably meant."""
    refusal = f'{owner.__name__} has no attribute "{name}"'
    if name.startswith("_"):
        return AttributeError(refusal, name=name)
    public = [known for known in dir(owner) if not known.startswith("_")]
    if meant := MEANT.get(name.replace("_", "").lower()):
        return AttributeError(f"{refusal}; use {meant}", name=name)
    near = difflib.get_close_matches(name.lower(), public, n=1, cutoff=_NEAR)
    return AttributeError(f'{refusal}; did you mean "{near[0]}"?' if near else refusal, name=name)
