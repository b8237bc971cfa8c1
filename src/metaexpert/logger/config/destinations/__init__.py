"""The types of handlers, by where they write. A new one is a file here, and its class among those below."""

from __future__ import annotations

from metaexpert.logger.config.destinations.console import ConsoleConfiguration
from metaexpert.logger.config.destinations.file import FileConfiguration
from metaexpert.logger.config.destinations.handler import (
    TYPES,
    HandlerConfiguration,
    Location,
    available_types,
    register,
    type_of,
)
from metaexpert.logger.config.destinations.socket import (
    OtlpConfiguration,
    SocketConfiguration,
    SyslogConfiguration,
    TcpConfiguration,
    UdpConfiguration,
)

__all__ = [
    "TYPES",
    "ConsoleConfiguration",
    "FileConfiguration",
    "HandlerConfiguration",
    "Location",
    "SocketConfiguration",
    "available_types",
    "type_of",
]

register(
    ConsoleConfiguration,
    FileConfiguration,
    SyslogConfiguration,
    TcpConfiguration,
    UdpConfiguration,
    OtlpConfiguration,
)
