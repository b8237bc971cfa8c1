"""Facts about descriptors above the standard streams, in a process whose streams are closed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]


def test_what_is_opened_keeps_off_closed_streams(run_python: Run) -> None:
    """Files, listening sockets and their connections; what was opened is the same file at the same place."""
    outcome = run_python(
        """
import fcntl, os, socket, sys
from metaexpert.logger.control.listener import Listener
from metaexpert.logger.shared.descriptors import above_standard, standard_taken

told = os.dup2(1, 9)
for number in range(3):
    os.close(number)
low = os.open("file", os.O_RDWR | os.O_CREAT)
assert low == 0
os.write(low, b"abc")
high = above_standard(low)
assert high >= 3 and os.lseek(high, 0, os.SEEK_CUR) == 3
assert fcntl.fcntl(high, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
assert above_standard(high) == high

with standard_taken():
    opened = os.open("file", os.O_RDONLY)
assert opened >= 3

listener = Listener(socket.AF_INET, socket.SOCK_STREAM, 0)
listener.bind(("127.0.0.1", 0))
listener.listen()
client = socket.create_connection(listener.getsockname())
assert client.fileno() < 3, "the program's own sockets are where they would be"
connection, address = listener.accept()
assert min(listener.fileno(), connection.fileno()) >= 3 and address == client.getsockname()
client.sendall(b"x")
assert connection.recv(1) == b"x"
assert connection.family == socket.AF_INET
left = [number for number in range(3) if number != client.fileno()]
for number in left:
    try:
        os.fstat(number)
    except OSError:
        continue
    raise AssertionError(number)
os.write(told, b"GOOD")
os._exit(0)
"""
    )

    assert outcome.stdout == "GOOD"
