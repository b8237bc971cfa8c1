"""The settings of an expert, its connection and its logging: the checked arguments of `MetaExpert(...)`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.settings import arguments as check
from metaexpert.expert.settings.arguments import NotGiven
from metaexpert.logger import ConfigurationError

EXCHANGES: Final = ("binance", "bybit", "okx", "bitget", "kucoin")
MARKET_TYPES: Final = ("spot", "futures", "options")
CONTRACT_TYPES: Final = ("linear", "inverse")
MARGIN_MODES: Final = ("isolated", "cross")
POSITION_MODES: Final = ("hedge", "oneway")


@dataclass(frozen=True, slots=True)
class ExpertSettings:
    """The arguments of `MetaExpert(...)`, checked; their meaning is documented there."""

    exchange: str
    api_key: str | None
    api_secret: str | None
    api_passphrase: str | None
    subaccount: str | None
    base_url: str | None
    testnet: bool
    proxy: Mapping[str, str] | None
    market_type: str
    contract_type: str
    margin_mode: str
    position_mode: str
    log_level: str | NotGiven
    log_file: str | NotGiven | None
    trade_log_file: str | NotGiven | None
    error_log_file: str | NotGiven | None
    log_to_console: bool | NotGiven
    record_bars: bool | NotGiven
    rate_limit: int
    enable_metrics: bool
    metrics_interval: float
    persist_state: bool
    state_file: str

    def __repr__(self) -> str:
        """Show what identifies the expert, and never a credential."""
        return f"ExpertSettings(exchange={self.exchange!r}, market_type={self.market_type!r})"


def expert_settings(**given: object) -> ExpertSettings:
    """Check the arguments of `MetaExpert(...)`; raises `ArgumentError` for the first bad one."""
    return ExpertSettings(
        exchange=check.choice("exchange", given["exchange"], EXCHANGES),
        api_key=check.optional_text("api_key", given["api_key"]),
        api_secret=check.optional_text("api_secret", given["api_secret"]),
        api_passphrase=check.optional_text("api_passphrase", given["api_passphrase"]),
        subaccount=check.optional_text("subaccount", given["subaccount"]),
        base_url=_url("base_url", given["base_url"]),
        testnet=check.flag("testnet", given["testnet"]),
        proxy=_proxy(given["proxy"]),
        market_type=check.choice("market_type", given["market_type"], MARKET_TYPES),
        contract_type=check.choice("contract_type", given["contract_type"], CONTRACT_TYPES),
        margin_mode=check.choice("margin_mode", given["margin_mode"], MARGIN_MODES),
        position_mode=check.choice("position_mode", given["position_mode"], POSITION_MODES),
        log_level=check.if_given(log_level, "log_level", given["log_level"]),
        log_file=check.if_given(check.optional_text, "log_file", given["log_file"]),
        trade_log_file=check.if_given(check.optional_text, "trade_log_file", given["trade_log_file"]),
        error_log_file=check.if_given(check.optional_text, "error_log_file", given["error_log_file"]),
        log_to_console=check.if_given(check.flag, "log_to_console", given["log_to_console"]),
        record_bars=check.if_given(check.flag, "record_bars", given["record_bars"]),
        rate_limit=check.whole("rate_limit", given["rate_limit"], minimum=1),
        enable_metrics=check.flag("enable_metrics", given["enable_metrics"]),
        metrics_interval=_interval("metrics_interval", given["metrics_interval"]),
        persist_state=check.flag("persist_state", given["persist_state"]),
        state_file=check.text("state_file", given["state_file"]),
    )


def log_level(name: str, value: object) -> str:
    """Return a level's upper-case name; a custom level registered with `logging` is accepted."""
    names = logging.getLevelNamesMapping()
    if isinstance(value, int) and not isinstance(value, bool):
        return logging.getLevelName(value) if value in names.values() else str(value)
    return check.choice(name, value, sorted(set(names) - {"NOTSET"}), upper=True)


def log_directory(name: str, value: str) -> str:
    """Return `value`, which names the log directory; `name` is what the user knows the setting by."""
    from metaexpert.logger import LogConfiguration

    try:
        return LogConfiguration(log_file_path=value).log_file_path
    except ConfigurationError as error:
        raise ArgumentError(f"{name} {error.problems[0].reason}; name a directory, such as logs/") from None


def _interval(name: str, value: object) -> float:
    """Return a number of seconds; 0, which None stands for as well, means never."""
    return 0.0 if value is None else check.number(name, value, minimum=0)


def _url(name: str, value: object) -> str | None:
    found = check.optional_text(name, value)
    if found is not None and not re.match(r"^(https?|wss?)://[^/\s]+", found):
        raise ArgumentError(f"{name} must be an address such as https://host, was {found!r}")
    return found


def _proxy(value: object) -> Mapping[str, str] | None:
    if value is None or value == {}:
        return None
    if not isinstance(value, Mapping) or not set(value) <= {"http", "https"}:
        raise ArgumentError('proxy must be a dictionary with the keys "http" and "https"')
    # The address may hold a password: the message names the key alone.
    for scheme, address in value.items():
        if not isinstance(address, str) or not re.match(r"^(https?|socks[45]h?)://[^/\s]+", address):
            raise ArgumentError(f'proxy["{scheme}"] must be an address such as http://host:8080')
    return dict(value)
