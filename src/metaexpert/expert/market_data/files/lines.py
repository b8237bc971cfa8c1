"""The lines of a market data file, packed or not, in blocks that are quick to work through."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from metaexpert.expert.market_data.files.errors import MarketDataError

_BLOCK_BYTES = 1 << 18
_MAX_LINE_BYTES = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_BOM = b"\xef\xbb\xbf"
_FOREIGN_FORMATS = {
    b"PK\x03\x04": "is a zip archive; unpack it and give the file inside (gzip needs no unpacking)",
    b"PAR1": "is a Parquet file; export it as CSV",
    b"\xff\xfe": "is UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text; save it as UTF-8",
}


class Block(NamedTuple):
    """Consecutive lines without their ends."""

    first_line: int
    """Number of the first of them, from 1."""
    lines: list[str]
    is_simple: bool
    """True when all is ASCII without underscores, so that `float` takes nothing but written-out numbers."""


def read_blocks(path: Path) -> Iterator[Block]:
    """Give the lines of a UTF-8 text file, gzip-compressed or not, without blank ones at its end.

    Raises MarketDataError when there is no such file, it cannot be read, is no UTF-8 text, or has a line that
    is blank, longer than 64 KiB, or with a NUL byte in it.
    """
    blank: int | None = None
    for block in _decoded_blocks(path):
        count = len(block.lines)
        while block.lines and not block.lines[-1].strip():
            block.lines.pop()
        if block.lines:
            _refuse_blank_line(path, block, blank)
            yield block
        if blank is None and len(block.lines) < count:
            blank = block.first_line + len(block.lines)


def _refuse_blank_line(path: Path, block: Block, blank_before: int | None) -> None:
    blank = blank_before
    if blank is None and not all(map(str.strip, block.lines)):
        blank = block.first_line + [not line.strip() for line in block.lines].index(True)
    if blank is not None:
        raise MarketDataError(path, "is blank, with data after it; remove the blank line", line=blank)


def _decoded_blocks(path: Path) -> Iterator[Block]:
    line = 1
    for data in _whole_lines(path):
        block = _decode(path, data, line)
        line += len(block.lines)
        yield block


def _decode(path: Path, data: bytes, line: int) -> Block:
    nul = data.find(b"\0")
    if nul >= 0:
        at = line + data.count(b"\n", 0, nul)
        raise MarketDataError(
            path, "holds a NUL byte; the file is damaged or no text, export it anew", line=at
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = line + data.count(b"\n", 0, error.start)
        found = f"byte 0x{data[error.start]:02x} is not UTF-8 text; save the file as UTF-8"
        raise MarketDataError(path, found, line=at) from error
    is_simple = text.isascii() and "_" not in text
    lines = text.replace("\r\n", "\n").removesuffix("\r").split("\n")
    longest = max(map(len, lines))
    if longest > _MAX_LINE_BYTES:
        at = line + [len(each) for each in lines].index(longest)
        raise _too_long(path, at)
    return Block(line, lines, is_simple)


def _whole_lines(path: Path) -> Iterator[bytes]:
    """Give the bytes of whole lines, a few thousand at a time, without the last line end."""
    rest = b""
    line = 1
    for chunk in _chunks(path):
        head, line_end, rest = (rest + chunk).rpartition(b"\n")
        if line_end:
            yield head
            line += head.count(b"\n") + 1
        if len(rest) > _MAX_LINE_BYTES:
            raise _too_long(path, line)
    if rest:
        yield rest


def _too_long(path: Path, line: int) -> MarketDataError:
    problem = f"is longer than {_MAX_LINE_BYTES} bytes; the file is damaged or no table, export it anew"
    return MarketDataError(path, problem, line=line)


def _chunks(path: Path) -> Iterator[bytes]:
    with _opened(path) as stream:
        first = stream.read(_BLOCK_BYTES)
        for magic, problem in _FOREIGN_FORMATS.items():
            if first.startswith(magic):
                raise MarketDataError(path, problem)
        yield first.removeprefix(_UTF8_BOM)
        while chunk := stream.read(_BLOCK_BYTES):
            yield chunk


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open the file, unpacking gzip, and turn every trouble of reading it into a MarketDataError."""
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] != _GZIP_MAGIC:
                yield file
            else:
                with gzip.GzipFile(fileobj=file) as unpacked:
                    yield cast(BinaryIO, unpacked)
    except FileNotFoundError as error:
        raise MarketDataError(path, "no such file; check the path") from error
    except IsADirectoryError as error:
        raise MarketDataError(path, "is a directory; give one file in it") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise MarketDataError(path, f"is damaged gzip data ({error}); fetch it anew") from error
    except (OSError, ValueError) as error:
        if isinstance(error, MarketDataError):
            raise
        raise MarketDataError(path, f"cannot be read: {error}") from error
