"""Times as records write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_SECOND: Final = 1_000_000_000


def rfc3339(time_ns: int) -> str:
    """Return a time in nanoseconds since 1970 in RFC 3339, in UTC with all digits."""
    seconds, rest = divmod(time_ns, _NS_PER_SECOND)
    moment = _EPOCH + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:09}Z"
