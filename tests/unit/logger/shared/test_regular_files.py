"""Facts about opening files that may be anything."""

import os
import socket
import threading
from pathlib import Path

import pytest

from metaexpert.logger.shared.regular_files import NotRegularError, TooLargeError, open_regular, read_regular


def test_a_file_and_a_link_to_one_are_read(tmp_path: Path) -> None:
    """Up to the bytes that are allowed; the link is not followed by who says so."""
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(b"12345")
    link.symlink_to(file)

    assert read_regular(file, 5) == read_regular(link, 5) == b"12345"
    with pytest.raises(TooLargeError, match="at most 4 bytes"):
        read_regular(file, 4)
    with pytest.raises(NotRegularError, match="was a link"):
        open_regular(link, follow_links=False)


def test_what_is_no_file_is_named_and_not_opened(tmp_path: Path) -> None:
    """Nobody is waited for, and a pipe's writer is not let in."""
    pipe, address = tmp_path / "pipe", tmp_path / "socket"
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        kinds = {
            pipe: "a named pipe",
            address: "a socket",
            tmp_path: "a directory",
            Path("/dev/zero"): "a device",
        }
        for path, kind in kinds.items():
            with pytest.raises(NotRegularError, match=f"must be a file, was {kind}"):
                read_regular(path, 100)

    opened = threading.Event()

    def write() -> None:
        os.close(os.open(pipe, os.O_WRONLY))
        opened.set()

    writer = threading.Thread(target=write)
    writer.start()
    with pytest.raises(NotRegularError):
        read_regular(pipe, 100)
    assert not opened.is_set()
    os.close(os.open(pipe, os.O_RDONLY))
    writer.join(20)


def test_a_file_that_tells_no_size_is_bounded_too() -> None:
    """Files of the system have the size 0 whatever is in them."""
    if not os.path.exists("/proc/self/smaps"):
        pytest.skip("needs /proc")
    with pytest.raises(TooLargeError):
        read_regular("/proc/self/smaps", 100)


def test_what_is_missing_raises_what_opening_does(tmp_path: Path) -> None:
    """A missing file, and a link to nothing."""
    (tmp_path / "dangling").symlink_to("nothing")
    for name in ("missing", "dangling"):
        with pytest.raises(FileNotFoundError):
            read_regular(tmp_path / name, 1)
