"""The shape of a file of contract rules; imported where one is read, because pydantic is slow to load."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from metaexpert.expert.settings.arguments import normalized_symbol

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Percent = Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)]


class Tier(BaseModel):
    """A bracket of positions by their worth in quote currency; the last has no `up_to`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    up_to: _Positive | None = None
    rate_pct: _Percent
    amount: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


def _in_order(tiers: list[Tier]) -> list[Tier]:
    if not tiers:
        raise ValueError("must have at least one tier")
    ends = [tier.up_to for tier in tiers]
    if ends[-1] is not None or None in ends[:-1]:
        raise ValueError("must end with a tier without up_to, and have it in all others")
    for lower, higher in pairwise(tiers[:-1]):
        if (lower.up_to or 0.0) >= (higher.up_to or 0.0):
            raise ValueError(f"must rise: up_to {higher.up_to:g} comes after {lower.up_to:g}")
    for lower, higher in pairwise(tiers):
        if lower.rate_pct > higher.rate_pct:
            raise ValueError(f"must rise: rate_pct {higher.rate_pct:g} comes after {lower.rate_pct:g}")
    return tiers


class Table(BaseModel):
    """The rules of one symbol."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tick_size: _Positive | None = None
    qty_step: _Positive | None = None
    min_qty: _Positive | None = None
    min_notional: _Positive | None = None
    contract_size: _Positive = 1.0
    maintenance: Annotated[list[Tier], AfterValidator(_in_order)] | None = None


def _symbol(name: str) -> str:
    return normalized_symbol("symbol", name)


_Symbol = Annotated[str, StringConstraints(min_length=1), AfterValidator(_symbol)]
Tables: TypeAdapter[dict[str, Table]] = TypeAdapter(dict[_Symbol, Table])
