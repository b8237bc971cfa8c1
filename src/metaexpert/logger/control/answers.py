"""Answers of the control server: JSON objects of one shape, and refusals that become one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from starlette.responses import Response

JSON_TYPE: Final = "application/json"
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Refused(Exception):
    """A request that is not served: its status, the reason in words, and what the caller can do."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers or {}


def document(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer that is `value` as JSON."""
    body = json.dumps(plain_values(value), separators=(",", ":"), allow_nan=False).encode()
    return Response(body, status, {**_HEADERS, **(headers or {})}, JSON_TYPE)


def success(message: str, **more: Any) -> Response:
    """Return the answer to a request that was carried out."""
    return document({"status": "success", "message": message, **more})


def error(status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    """Return the answer to a request that was refused or has failed."""
    return document({"status": "error", "message": message, **more}, status, headers)


def plain_values(value: Any) -> Any:
    """Return `value` with dataclasses and mappings in it as dictionaries."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain_values(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_values(item) for item in value]
    return value
