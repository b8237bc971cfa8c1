"""Sockets: syslog collectors, and lines over TCP, UDP and Unix sockets.

A URL says where records go; it is checked before anything is opened.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, SecretStr

from metaexpert.logger.config.destinations.handler import HandlerConfiguration, Handlers, Location
from metaexpert.logger.config.documents import HANDLERS
from metaexpert.logger.config.fields import Directory, Filename, Format, Quantity, refuse
from metaexpert.logger.config.formats import JOURNALD, SYSLOG, SYSLOG_FORMATS
from metaexpert.logger.config.places import Places
from metaexpert.logger.config.tables import Table
from metaexpert.logger.config.unusable import UnusableValueError
from metaexpert.logger.errors import Problem, did_you_mean, shown

#: A little less than the 8 KiB that most collectors take unless told otherwise.
DEFAULT_MESSAGE_BYTES: Final = 8000
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
#: What this version cannot do yet, with the way out.
_LATER_OPTIONS: Final = {
    "headers": "leave it out: nothing here is sent over HTTP",
    "tls": "leave it out, and let a collector on this machine forward what needs protection",
    "batch": "leave it out: what there is, is sent at once",
    "spool": "leave it out, and have a file handler beside this one",
}
_GIB: Final = 2**30

# As texts, which `re` compiles at their first use: most programs have no network handler.
_URL: Final = r"(?s)(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<rest>.*)"
_AUTHORITY: Final = r"(?:\[(?P<six>[^\]]*)\]|(?P<host>[^:/?#]*))(?::(?P<port>[^/?#]*))?/?"
_HOST: Final = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?"
_PORT: Final = r"[0-9]{1,5}"


class UrlError(UnusableValueError):
    """A URL that nothing can be sent to."""


def _url(value: Any) -> Any:
    if not isinstance(value, str) or not value.strip():
        suggestion = 'write it like "tcp://127.0.0.1:5140", "udp://127.0.0.1:514" or "unix:///dev/log"'
        refuse(f"must be a URL, was {shown(value)}", suggestion)
    return value


class TlsConfiguration(Table):
    """Files in PEM for a TLS connection."""

    ca: Filename | None = None
    cert: Filename | None = None
    key: Filename | None = None


class BatchConfiguration(Table):
    """When a network handler sends: as soon as one of these is reached."""

    records: Annotated[int, Quantity("records", 1, 100_000)] = 512
    bytes: Annotated[int, Quantity("bytes", 1024, 64 * 2**20)] = 2**20
    ms: Annotated[int, Quantity("milliseconds", 1, 60_000)] = 1000


class SpoolConfiguration(Table):
    """The disk space in which a network handler keeps records while its destination is away."""

    directory: Directory | None = None
    max_bytes: Annotated[int, Quantity("bytes", 2**20, 1024 * _GIB)] = _GIB


class SocketConfiguration(HandlerConfiguration):
    """A handler that sends records to the other end of a connection, or as packets; each type has a class."""

    url: Annotated[str, BeforeValidator(_url)] | None = Field(
        default=None,
        description="Where records go: tcp://host:port, udp://host:port or unix:///path, as the type takes.",
        examples=["tcp://127.0.0.1:5140", "udp://127.0.0.1:514", "unix:///dev/log"],
    )
    headers: dict[str, SecretStr] | None = None
    tls: TlsConfiguration | None = None
    batch: BatchConfiguration | None = None
    spool: SpoolConfiguration | None = None

    @classmethod
    def problems(cls, handlers: Handlers, directory: str, places: Places) -> Iterator[Problem]:
        """Yield what is wrong with URLs, and options that come later."""
        for name, options in handlers.items():
            path, kind = f"{HANDLERS}.{name}", options["type"]
            yield from _later_options(path, options)
            yield from _url_problems(f"{path}.url", kind, options.get("url"))

    def paths(self) -> Iterator[tuple[str, str]]:
        """Yield the directory of the spool and the files of the TLS connection."""
        if self.spool is not None and self.spool.directory is not None:
            yield "spool.directory", self.spool.directory
        if self.tls is not None:
            files = {part: getattr(self.tls, part) for part in TlsConfiguration.model_fields}
            yield from ((f"tls.{part}", file) for part, file in files.items() if file is not None)

    def urls(self) -> Iterator[tuple[str, str]]:
        """Yield the one URL."""
        if self.url is not None:
            yield "url", self.url

    def document(self, name: str, location: Location) -> dict[str, Any]:
        """Return where the handler sends."""
        return {"endpoint": endpoint(self.type, self.url or "")}


class SyslogConfiguration(SocketConfiguration):
    """A handler that sends messages to a syslog collector, or to systemd's journal."""

    formats = SYSLOG_FORMATS
    synonyms = frozenset({"sysloghandler", "journald", "journal"})

    type: Literal["syslog"]
    format: Format = SYSLOG
    max_bytes: Annotated[int, Quantity("bytes", 480, 2**20)] = Field(
        default=DEFAULT_MESSAGE_BYTES,
        description=(
            "The longest message that the syslog collector takes; a longer one is cut, which its text says."
        ),
    )

    @classmethod
    def problems(cls, handlers: Handlers, directory: str, places: Places) -> Iterator[Problem]:
        """Yield what is wrong with URLs, formats that a URL cannot take, and options that come later."""
        for name, options in handlers.items():
            yield from _journal_elsewhere(f"{HANDLERS}.{name}", options)
        yield from super().problems(handlers, directory, places)

    def format_document(self) -> dict[str, Any]:
        """Return the format, with the program's name and the collector's longest message in it."""
        return {
            "kind": SYSLOG,
            "app_name": _program_name(),
            "protocol": "auto" if self.format == SYSLOG else self.format,
            "max_bytes": self.max_bytes,
        }


class TcpConfiguration(SocketConfiguration):
    """A handler that sends lines over a connection."""

    synonyms = frozenset({"sockethandler", "socket"})

    type: Literal["tcp"]


class UdpConfiguration(SocketConfiguration):
    """A handler that sends each line as a packet."""

    synonyms = frozenset({"datagramhandler", "datagram"})

    type: Literal["udp"]


class OtlpConfiguration(SocketConfiguration):
    """A handler that sends records to an OpenTelemetry collector, which comes later."""

    instead = "use a tcp or a syslog handler"

    type: Literal["otlp"]

    @classmethod
    def problems(cls, handlers: Handlers, directory: str, places: Places) -> Iterator[Problem]:
        """Yield nothing: the type is refused, and its options are known."""
        yield from ()


def _program_name() -> str:
    """Return what a person calls this program: its script's or package's name."""
    script = PurePath(sys.argv[0] if sys.argv else "")
    name = script.parent.name if script.name == "__main__.py" else script.name
    return name if name not in ("", "-c", "-m", "-") else "python"


def _later_options(path: str, options: Mapping[str, Any]) -> Iterator[Problem]:
    for option, suggestion in _LATER_OPTIONS.items():
        if options.get(option) is not None:
            yield Problem(f"{path}.{option}", "not available in this version", suggestion=suggestion)


def _journal_elsewhere(path: str, options: Mapping[str, Any]) -> Iterator[Problem]:
    """Refuse systemd's journal beyond the Unix sockets of this machine."""
    url = options.get("url")
    if options.get("format") != JOURNALD or not isinstance(url, str):
        return
    if not url.lower().startswith("unix:"):
        reason = f"must not be {JOURNALD} where records go to {shown(url)}"
        advice = 'use "unix:///dev/log", or leave it out for the default'
        yield Problem(f"{path}.format", reason, JOURNALD, suggestion=advice)


def _url_problems(field: str, kind: str, url: Any) -> Iterator[Problem]:
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
