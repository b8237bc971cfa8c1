"""The state of a paper account between runs, in a JSON file that is replaced as a whole."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from metaexpert.expert.errors import ExpertError
from metaexpert.expert.model.orders import Order, OrderStatus, OrderType, Side
from metaexpert.expert.model.positions import Position
from metaexpert.expert.venue.protocol import VenueState

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class SavedState:
    """An account at the moment `sim_time`, with the strategy's own `state`."""

    sim_time: datetime
    strategy_id: int | str
    symbol: str
    currency: str
    account: VenueState
    state: dict[str, Any]


def save_state(path: Path, saved: SavedState) -> None:
    """Write the file so that a crash leaves the old one or the new one, never a mixture.

    Raises `ExpertError` when the strategy's state is not JSON, or the file cannot be written.
    """
    document = {"version": FORMAT_VERSION, **_document(saved)}
    try:
        text = json.dumps(document, indent=2, default=_plain, allow_nan=False) + "\n"
    except (TypeError, ValueError) as error:
        raise ExpertError(
            f"{path} is not written: expert.state must hold JSON values alone: {error}"
        ) from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, text)
    except OSError as error:
        raise ExpertError(f"{path} cannot be written: {error.strerror or error}") from error


def _replace(path: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def load_state(path: Path) -> SavedState | None:
    """Return what was saved, or None without a file; raises `ExpertError` for one that cannot be used."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ExpertError(f"{path} cannot be read: {error}; move it away to start afresh") from error
    try:
        if document["version"] != FORMAT_VERSION:
            raise ValueError(f"version {document['version']!r} is not {FORMAT_VERSION}")
        return SavedState(
            sim_time=datetime.fromisoformat(document["sim_time"]),
            strategy_id=document["strategy_id"],
            symbol=document["symbol"],
            currency=document["currency"],
            account=VenueState(
                balance=float(document["balance"]),
                next_order_id=int(document["next_order_id"]),
                positions=[_position(item) for item in document["positions"]],
                orders=[_order(item) for item in document["orders"]],
            ),
            state=dict(document["state"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ExpertError(f"{path} is not a state file: {error!r}; move it away to start afresh") from error


def _document(saved: SavedState) -> dict[str, Any]:
    """Return the state as a file has it: flat, the strategy's own state last."""
    return {
        "sim_time": saved.sim_time,
        "strategy_id": saved.strategy_id,
        "symbol": saved.symbol,
        "currency": saved.currency,
        "balance": saved.account.balance,
        "next_order_id": saved.account.next_order_id,
        "positions": [asdict(position) for position in saved.account.positions],
        "orders": [asdict(order) for order in saved.account.orders],
        "state": saved.state,
    }


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} {value!r}")


def _position(item: dict[str, Any]) -> Position:
    known = _known_fields(Position, item)
    return Position(**known | {"side": Side(item["side"])})


def _order(item: dict[str, Any]) -> Order:
    known = _known_fields(Order, item)
    return Order(
        **known
        | {
            "side": Side(item["side"]),
            "order_type": OrderType(item["order_type"]),
            "status": OrderStatus(item["status"]),
        }
    )


def _known_fields(kind: type[Any], item: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of `item` that `kind` has, times read; a file of an earlier version lacks some."""
    found = {field.name: item[field.name] for field in fields(kind) if field.name in item}
    times = {
        name: datetime.fromisoformat(found[name])
        for name in found
        if name.endswith("_at") and found[name] is not None
    }
    return found | times
