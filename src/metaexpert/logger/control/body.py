"""Reading the body of a request: it must be small, JSON, and of a harmless shape."""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from metaexpert.logger.config.files import parse_json
from metaexpert.logger.config.nesting import TooDeepError, check_json_depth
from metaexpert.logger.control.answers import JSON_TYPE, Refused
from metaexpert.logger.errors import ConfigurationError

#: A configuration with every setting and a hundred loggers has a tenth of it.
MAX_BODY_BYTES: Final = 64 * 1024
#: The configuration itself is five deep.
MAX_DEPTH: Final = 16
BODY_TIMEOUT_SECONDS: Final = 10.0


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body of `request`.

    Raises `Refused` with 415 for another type, 413 for more than `MAX_BODY_BYTES`, and 400 for what is no
    JSON object: cut off, not UTF-8, a key given twice, NaN or an infinity, nested too deeply.
    """
    _check_type(request)
    return parse_body(await _read(request))


def parse_body(body: bytes) -> dict[str, Any]:
    """Return the JSON object in `body`. Raises `Refused` with 400 for anything else."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Refused(400, f"the body is not UTF-8 at byte {problem.start}") from None
    try:
        check_json_depth(text, MAX_DEPTH)
    except TooDeepError:
        raise Refused(400, f"the body must be nested at most {MAX_DEPTH} levels deep") from None
    try:
        value = parse_json(text, "the body")
    except ConfigurationError as problem:
        raise Refused(400, str(problem)) from None
    _check_values(value)
    return value


def _check_type(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    if kind.strip().lower() != JSON_TYPE:
        given = f"was {kind.strip()[:80]!r}" if kind.strip() else "was missing"
        raise Refused(415, f"the content type must be {JSON_TYPE}, {given}")
    charset = re.search(r"charset\s*=\s*\"?([^\s\";]*)", parameters, re.IGNORECASE)
    if charset is not None and charset[1].lower() not in ("utf-8", "utf8", "us-ascii"):
        raise Refused(415, f"the charset must be utf-8, was {charset[1][:40]!r}")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding != "identity":
        raise Refused(415, f"the body must not be encoded, was {encoding[:40]!r}")


def bounded(receive: Receive) -> Receive:
    """Return `receive` for a body of at most `MAX_BODY_BYTES` that is whole `BODY_TIMEOUT_SECONDS` later.

    Raises `Refused` for any other, as often as it is called. It bounds every reader, because an integration
    that watches web applications, such as Sentry's for Starlette, may read before the route does.
    """
    end, size, refusal = None, 0, None

    async def receive_bounded() -> Message:
        nonlocal end, size, refusal
        if refusal is not None:
            raise refusal
        end = end or asyncio.get_running_loop().time() + BODY_TIMEOUT_SECONDS
        try:
            async with asyncio.timeout_at(end):
                message = await receive()
        except TimeoutError:
            refusal = Refused(400, f"the body did not arrive within {BODY_TIMEOUT_SECONDS:g} s")
            raise refusal from None
        size += len(message.get("body", b""))
        if size > MAX_BODY_BYTES:
            refusal = _too_large()
            raise refusal
        return message

    return receive_bounded


async def _read(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and (len(length) > len(str(MAX_BODY_BYTES)) + 1 or int(length) > MAX_BODY_BYTES):
        raise _too_large()
    try:
        return await request.body()
    except ClientDisconnect:
        raise Refused(400, "the body was cut off") from None


def _too_large() -> Refused:
    return Refused(413, f"the body must have at most {MAX_BODY_BYTES} bytes; send the change in parts")


def _check_values(document: dict[str, Any]) -> None:
    """Refuse what JSON can spell and no setting can be: half of a surrogate pair, a number without end."""
    pending: list[Any] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending += [*value, *value.values()]
        elif isinstance(value, list):
            pending += value
        elif isinstance(value, str) and not value.isascii() and not _is_encodable(value):
            raise Refused(400, "the body must not have half of a surrogate pair (\\ud800 to \\udfff)")
        elif isinstance(value, float) and not math.isfinite(value):
            raise Refused(400, "the body must not have a number beyond the range of a double")


def _is_encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
