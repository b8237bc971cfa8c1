"""Where network handlers send: the URLs that each type takes, checked before anything is opened."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from metaexpert.logger.config.merge import HANDLERS
from metaexpert.logger.config.unsupported import later_network_options
from metaexpert.logger.errors import Problem, did_you_mean, shown

#: What each type sends over; `tls` comes later.
SCHEMES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"syslog": ("udp", "tcp", "unix"), "tcp": ("tcp", "unix"), "udp": ("udp",)}
)
_LATER_SCHEMES: Final = ("tls",)
#: The port of syslog over UDP (RFC 5426), and of most that takes it over TCP.
_SYSLOG_PORT: Final = 514
_MAX_PORT: Final = 65_535
#: `sockaddr_un.sun_path` without the byte that ends it.
_MAX_SOCKET_PATH_BYTES: Final = 107
_MAX_HOST_CHARACTERS: Final = 253

# As texts, which `re` compiles at their first use: most programs have no network handler.
_URL: Final = r"(?s)(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)"
_AUTHORITY: Final = r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:/?#]*))(?::(?P<port>[^/?#]*))?/?"
_HOST: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?"
_PORT: Final = r"[0-9]{1,5}"


class UrlError(ValueError):
    """A URL that nothing can be sent to; `suggestion` says what to write instead."""

    def __init__(self, reason: str, suggestion: str | None = None) -> None:
        super().__init__(f"{reason}; {suggestion}" if suggestion else reason)
        self.reason = reason
        self.suggestion = suggestion


def network_problems(handlers: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield what is wrong with the URLs of network handlers, and their options that come later."""
    for name, options in handlers.items():
        kind = options.get("type")
        if not isinstance(kind, str) or kind not in SCHEMES:
            continue
        yield from later_network_options(f"{HANDLERS}.{name}", options)
        field, url = f"{HANDLERS}.{name}.url", options.get("url")
        if url is None:
            yield Problem(field, f"must be given for a {kind} handler", suggestion=f"use {_example(kind)}")
        elif isinstance(url, str) and url.strip():
            try:
                endpoint(kind, url)
            except UrlError as error:
                # What may be a password is not repeated.
                value = None if "@" in url else url
                yield Problem(field, error.reason, value, suggestion=error.suggestion)


def endpoint(kind: str, url: str) -> dict[str, Any]:
    """Return where a handler of the type `kind` sends, in the native engine's terms. Raises `UrlError`."""
    if "@" in url:
        raise UrlError("must not hold a user or a password", "leave out what stands before the @")
    parts = re.fullmatch(_URL, url)
    if parts is None:
        is_path = url.startswith("/")
        guess = f"unix://{url}" if is_path else f"{SCHEMES[kind][0]}://{url}"
        raise UrlError(f"must be a URL, was {shown(url)}", f"write {_guessed(kind, guess)}")
    scheme, rest = parts["scheme"].lower(), parts["rest"]
    if scheme in _LATER_SCHEMES:
        raise UrlError(f"not available in this version ({shown(url)})", f"use {_example(kind)}")
    if scheme not in SCHEMES[kind]:
        allowed = ", ".join(f"{name}://" for name in SCHEMES[kind])
        meant = did_you_mean(scheme, SCHEMES[kind])
        raise UrlError(f"must begin with {allowed} for a {kind} handler, was {shown(url)}", meant)
    if scheme == "unix":
        return {"transport": "unix", "path": _socket_path(url, rest)}
    host, port = _host_and_port(kind, url, rest)
    return {"transport": scheme, "host": host, "port": port}


def _host_and_port(kind: str, url: str, rest: str) -> tuple[str, int]:
    parts = re.fullmatch(_AUTHORITY, rest)
    if parts is None:
        raise UrlError(f"must be a host and a port alone, was {shown(url)}", f"use {_example(kind)}")
    host = parts["six"] if parts["six"] is not None else parts["host"]
    if not _is_host(host, is_bracketed=parts["six"] is not None):
        raise UrlError(f"must name a host, was {shown(url)}", f"use {_example(kind)}")
    text = parts["port"]
    if not text and kind == "syslog":
        return host, _SYSLOG_PORT
    if not text or re.fullmatch(_PORT, text) is None or not 1 <= int(text) <= _MAX_PORT:
        reason = f"must end with a port from 1 to {_MAX_PORT}, was {shown(url)}"
        raise UrlError(reason, f"use {_example(kind)}")
    return host, int(text)


def _is_host(host: str, *, is_bracketed: bool) -> bool:
    if is_bracketed:
        try:
            return ipaddress.ip_address(host).version == 6
        except ValueError:
            return False
    return len(host) <= _MAX_HOST_CHARACTERS and re.fullmatch(_HOST, host) is not None


def _socket_path(url: str, path: str) -> str:
    if not path.startswith("/"):
        raise UrlError(f"must hold an absolute path, was {shown(url)}", 'write "unix:///" and the path')
    if not path.isprintable() or path.endswith("/"):
        raise UrlError(f"must be the path of a socket, was {shown(url)}")
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH_BYTES:
        raise UrlError(f"must have a path of at most {_MAX_SOCKET_PATH_BYTES} bytes, was {shown(url)}")
    return path


def _example(kind: str) -> str:
    return '"unix:///dev/log" or "udp://127.0.0.1:514"' if kind == "syslog" else f'"{kind}://127.0.0.1:5140"'


def _guessed(kind: str, url: str) -> str:
    """Return `url` if it would do, else an example."""
    try:
        endpoint(kind, url)
    except UrlError:
        return _example(kind)
    return f'"{url}"'
