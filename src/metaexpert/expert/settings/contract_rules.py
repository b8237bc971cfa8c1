"""The rules of contracts, from a file of the user's or from the table of what exchanges have published.

A file is TOML or JSON, and has one table per symbol: `tick_size`, `qty_step`, `min_qty`, `min_notional`,
`contract_size`, and `maintenance`, a list of tiers with `up_to` (worth in quote currency; none in the last),
`rate_pct` and, where the exchange names one, `amount`. What a table leaves out is no rule.

The tables of exchanges, `published/NAME.toml`, say where their numbers come from and of when they are. They
are used where the user asks for them, because a market of another time had other rules.
"""

from __future__ import annotations

import json
import math
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metaexpert.expert.errors import ArgumentError
from metaexpert.expert.model.contracts import DEFAULT_TIERS, ContractRules, MaintenanceTier

if TYPE_CHECKING:
    from metaexpert.expert.settings.contract_tables import Table, Tier

PUBLISHED: Final = "published"
"""What names the table of the repository in place of a file."""
_MOST_BYTES: Final = 1 << 20


def contract_rules(
    name: str, source: str, symbol: str, *, exchange: str, market_type: str, contract_type: str
) -> ContractRules:
    """Return the rules of a symbol from the file `source`, or from the published ones.

    Raises `ArgumentError`, which begins with `name`, for a file that cannot be read, for all bad fields of it
    at once, and for a symbol that has no rules there.
    """
    if source == PUBLISHED:
        kind = "spot" if market_type == "spot" else contract_type
        where, tables = (
            f"{name}: the published rules of {exchange} {kind}",
            _published(exchange).get(kind, {}),
        )
    else:
        where, tables = f"{name} {source}", _read(name, source)
    checked = _checked(where, tables)
    if symbol not in checked:
        known = ", ".join(sorted(checked)) or "none"
        raise ArgumentError(f"{where} has no rules of {symbol}, only of: {known}; write a file with them")
    return _rules(checked[symbol])


def _published(exchange: str) -> dict[str, Any]:
    text = files(__package__).joinpath("published", f"{exchange}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _read(name: str, source: str) -> dict[str, Any]:
    path = Path(source)
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ArgumentError(f"{name} {source} cannot be read: {error.strerror or error}") from error
    if len(data) > _MOST_BYTES:
        raise ArgumentError(f"{name} {source} is larger than 1 MiB, so it is no file of rules")
    try:
        text = data.decode("utf-8-sig")
        found = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{name} {source} is neither TOML nor JSON: {error}") from None
    if not isinstance(found, dict):
        raise ArgumentError(f"{name} {source} must have one table per symbol")
    return found


def _checked(where: str, tables: dict[str, Any]) -> dict[str, Table]:
    from pydantic import ValidationError

    from metaexpert.expert.settings.contract_tables import Tables

    try:
        return Tables.validate_python(tables)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}, was {each['input']!r}"
            for each in error.errors(include_url=False, include_context=False)
        ]
        raise ArgumentError(f"{where}: {'; '.join(problems)}") from None


def _rules(table: Table) -> ContractRules:
    return ContractRules(
        table.tick_size,
        table.qty_step,
        table.min_qty,
        table.min_notional,
        table.contract_size,
        _tiers(table.maintenance),
    )


def _tiers(given: list[Tier] | None) -> tuple[MaintenanceTier, ...]:
    """Return the tiers with their amounts; one that is not named makes the margin grow without a jump."""
    if given is None:
        return DEFAULT_TIERS
    tiers: list[MaintenanceTier] = []
    for tier in given:
        amount = tier.amount
        if amount is None:
            before = tiers[-1] if tiers else MaintenanceTier(0.0, tier.rate_pct, 0.0)
            amount = before.amount + before.up_to * (tier.rate_pct - before.rate_pct) / 100
        up_to = math.inf if tier.up_to is None else tier.up_to
        tiers.append(MaintenanceTier(up_to, tier.rate_pct, amount))
    return tuple(tiers)
