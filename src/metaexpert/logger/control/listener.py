"""The socket of the control server."""

from __future__ import annotations

import socket
from typing import Any

from metaexpert.logger.shared.descriptors import FIRST_OWN, above_standard


class Listener(socket.socket):
    """A socket whose connections, and which itself, are above the standard streams."""

    def __init__(self, family: int, kind: int, protocol: int) -> None:
        descriptor = above_standard(socket.socket(family, kind, protocol).detach())
        super().__init__(family, kind, protocol, fileno=descriptor)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return a connection and the address of its other end, as `socket.socket.accept` does."""
        connection, address = super().accept()
        if connection.fileno() >= FIRST_OWN:
            return connection, address
        timeout = connection.gettimeout()
        moved = socket.socket(fileno=above_standard(connection.detach()))
        moved.settimeout(timeout)
        return moved, address
