"""The guard of the server: the right host name, no foreign web page, the right token, not too often."""

from __future__ import annotations

import hmac
import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from metaexpert.logger.config.rules import is_loopback
from metaexpert.logger.control.answers import Refused

#: The contract is 1,000 changes per second for 10 seconds; more is not needed.
REQUESTS_PER_SECOND: Final = 1000
REQUESTS_BURST: Final = 10_000
#: Nobody mistypes a token more often; who guesses gets nowhere.
REFUSALS_PER_SECOND: Final = 5
REFUSALS_BURST: Final = 20

_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_BEARER: Final = "bearer "


class RateLimit:
    """A bucket of `burst` permits that fills by `per_second`."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._permits = float(burst)
        self._seen = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a permit; returns False if none is left now."""
        with self._lock:
            permits = self._filled()
            self._permits = permits - 1 if permits >= 1 else permits
            return permits >= 1

    def is_empty(self) -> bool:
        """Tell whether `take` would fail."""
        with self._lock:
            return self._filled() < 1

    def _filled(self) -> float:
        now = self._clock()
        self._permits = min(self._burst, self._permits + (now - self._seen) * self._per_second)
        self._seen = now
        return self._permits


class Guard:
    """Decides whether a request may be served; `host` is the configured address of the server."""

    def __init__(self, host: str, token: str | None) -> None:
        self.token = token
        self._names = _names_of(host)
        self._requests = RateLimit(REQUESTS_PER_SECOND, REQUESTS_BURST)
        self._refusals = RateLimit(REFUSALS_PER_SECOND, REFUSALS_BURST)

    def check(self, headers: Mapping[str, str]) -> None:
        """Raise `Refused` for a request with these `headers` (names in lower case) that may not be served."""
        if not self._requests.take():
            raise Refused(429, "too many requests; try again in a second", {"retry-after": "1"})
        self._check_host(headers.get("host", ""))
        self._check_web_page(headers)
        self._check_token(headers.get("authorization", ""))

    def _check_host(self, host: str) -> None:
        """A name that somebody else's DNS points here (DNS rebinding) is none of ours."""
        name = host_name(host)
        if name is None or (self._names and name not in self._names):
            raise Refused(403, f"the host {host[:80]!r} is not known here; use the address of the server")

    def _check_web_page(self, headers: Mapping[str, str]) -> None:
        """A web page of another site has no business here, whatever it knows."""
        page = headers.get("origin")
        if page is not None and page.lower() != f"http://{headers.get('host', '').lower()}":
            raise Refused(403, f"requests of the web page {page[:80]!r} are not served")
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            raise Refused(403, "requests of another web page are not served")

    def _check_token(self, authorization: str) -> None:
        if self.token is None:
            return
        if self._refusals.is_empty():
            raise Refused(429, "too many wrong tokens; try again in a second", {"retry-after": "1"})
        scheme, given = authorization[: len(_BEARER)], authorization[len(_BEARER) :].strip()
        is_right = hmac.compare_digest(given.encode(), self.token.encode())
        if scheme.lower() != _BEARER or not is_right:
            self._refusals.take()
            what = "a wrong token" if authorization else "no token"
            raise Refused(
                401, f"{what} was given; send it as Authorization: Bearer", {"www-authenticate": "Bearer"}
            )


def host_name(host: str) -> str | None:
    """Return the name in a `Host` header, without its port and in lower case; None if it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
        name = parts.hostname
    except ValueError:
        return None
    if not name or parts.path or parts.query or parts.fragment or "@" in host:
        return None
    return name.rstrip(".")


def _names_of(host: str) -> frozenset[str]:
    """Return the names that a request to `host` may carry; none where it may be any."""
    if is_loopback(host):
        return _LOOPBACK_NAMES | {host.lower()}
    try:
        if ipaddress.ip_address(host).is_unspecified:
            # All addresses, so any name may lead here: the token, which is required, decides.
            return frozenset()
    except ValueError:
        pass
    return frozenset({host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}) | _LOOPBACK_NAMES
