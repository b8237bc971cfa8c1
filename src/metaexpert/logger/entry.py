"""Reading records back: a `LogEntry` is one record, and `read_log` yields those of a file."""

from __future__ import annotations

import io
import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final, Self

from metaexpert.logger.shared import native
from metaexpert.logger.shared.foreign_text import SOME_TEXT, text_format, unlogged_warnings
from metaexpert.logger.shared.regular_files import DirectoryError, open_regular

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: A record has at most 1 MiB, and escapes make six bytes of one.
MAX_LINE_BYTES: Final = 8 * 2**20
#: An archive with this many lines in a row that are not records is not a log; it may unpack to more than any
#: disk.
MAX_PASSED_OVER: Final = 100_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NS_DIGITS: Final = 9
_FRACTION: Final = re.compile(r"[.,]([0-9]+)")
_CORE_KEYS: Final = ("timestamp", "level", "module", "message")
_CONTEXT: Final = "context"
# Optional members of a record and what they are; another type under the name is a field of the user's.
_OPTIONAL_KEYS: Final[Mapping[str, type]] = {
    "category": str,
    "exception": dict,
    "seq": int,
    "run_id": str,
    "thread_id": int,
    "process_id": int,
    "caller": dict,
}
_PACKED: Final[Mapping[str, str]] = {".gz": "gzip", ".zst": "zstd"}
_MAGIC_BYTES: Final = 4
#: Unpacked at a time.
_PART_BYTES: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record of a log: the entity of `docs/data-model.md`.

    `timestamp` is in UTC, to the microsecond; `timestamp_ns` is exact, in nanoseconds since 1970. `context`
    holds the fields, `exception` has `type`, `message` and `stacktrace`, `caller` has file, line and
    function. What a record does not have is None.
    """

    timestamp: datetime
    timestamp_ns: int
    level: str
    module: str
    message: str
    context: Mapping[str, Any] = field(default_factory=dict)
    category: str | None = None
    exception: Mapping[str, Any] | None = None
    seq: int | None = None
    run_id: str | None = None
    thread_id: int | None = None
    process_id: int | None = None
    caller: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """Return the record in one line of a JSON log, with its fields flat or under `context`.

        Raises `ValueError`, saying what is wrong, for a line that is not strictly one JSON object in UTF-8,
        names a key twice, or lacks a timestamp, level, module or message.
        """
        return cls._from_document(_parsed(line))

    @classmethod
    def _from_document(cls, document: dict[str, Any]) -> Self:
        for key in _CORE_KEYS:
            if not isinstance(document.get(key), str):
                raise ValueError(f"not a record: {key} must be text, was {document.get(key)!r}")
        text, level, module, message = (document.pop(key) for key in _CORE_KEYS)
        timestamp, timestamp_ns = _moment(text)
        known = {
            key: document.pop(key)
            for key, kind in _OPTIONAL_KEYS.items()
            if isinstance(document.get(key), kind) and not isinstance(document[key], bool)
        }
        nested = document.get(_CONTEXT)
        context = nested if isinstance(nested, dict) and len(document) == 1 else document
        return cls(timestamp, timestamp_ns, level, module, message, context, **known)

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain values for JSON, the fields under `context`, without what it lacks.

        `LogEntry.from_json(json.dumps(entry.to_dict()))` is an equal entry.
        """
        document: dict[str, Any] = {
            "timestamp": _rfc3339(self.timestamp_ns),
            "level": self.level,
            "module": self.module,
            "message": self.message,
            _CONTEXT: dict(self.context),
        }
        for key in _OPTIONAL_KEYS:
            value = getattr(self, key)
            if value is not None:
                document[key] = dict(value) if isinstance(value, Mapping) else value
        return document


def read_log(path: str | os.PathLike[str], *, strict: bool = False) -> Iterator[LogEntry]:
    """Yield the records of one JSON log file, unpacked, gzip or zstd, in the order they stand there.

    A last line without its line break is still being written, so it is left out. Any other line that is not a
    record, such as one of more than `MAX_LINE_BYTES`, is skipped, and one `UserWarning` at the end says how
    many there were and where the first was. An archive that is damaged, or not a log at all, ends there. With
    `strict` the first such line, a torn last one too, raises `ValueError` naming file and line. A log in a
    format for people, such as console or text, raises `ValueError` that names the format and the way out; so
    does a file of any other text. A file that is missing, unreadable or not a regular file (a directory, a
    pipe, a device) raises `OSError` at the call.

    What is written after reading has begun is not read, so a loop may log into the file that it reads. The
    warning never becomes a record, also where `capture_stdlib` has warnings logged: it is shown on stderr.
    """
    file = Path(path)
    # Tried here, not at the first `next`, so that the caller who made the mistake gets the error.
    try:
        os.close(open_regular(file))
    except DirectoryError:
        raise DirectoryError(file, "a directory; name one of the log files in it") from None
    return _entries(file, strict)


def _entries(file: Path, strict: bool) -> Iterator[LogEntry]:
    skipped, in_a_row, first, end = 0, 0, "", ""
    is_log, kind = False, None
    with os.fdopen(open_regular(file), "rb") as raw:
        packing = _packing(file, raw)
        lines = _lines_so_far(raw) if packing is None else _unpacked(raw, packing)
        for number, line in enumerate(lines, 1):
            if isinstance(line, Exception):
                problem: Exception = line
            elif not line.endswith(b"\n"):
                if not strict:
                    break
                problem = ValueError("torn: the line has no end")
            else:
                try:
                    entry = LogEntry.from_json(line)
                except ValueError as error:
                    problem = error
                else:
                    in_a_row, is_log = 0, True
                    yield entry
                    continue
            kind = text_format(line) if number == 1 else kind
            if strict:
                raise _refusal(file, number, problem, kind) from problem
            skipped, in_a_row = skipped + 1, in_a_row + 1
            first = first or f"line {number}: {problem}"
            if packing is not None and in_a_row >= MAX_PASSED_OVER:
                end = f"; reading ended after {in_a_row:,} of them in a row"
                break
    if skipped and not is_log and kind is not None:
        raise _not_json(file, kind)
    if skipped:
        noun = "line is no record and was" if skipped == 1 else "lines are no records and were"
        told = f"{file}: {skipped} {noun} passed over; the first is {first}{end}"
        with unlogged_warnings():
            warnings.warn(told, stacklevel=2)


def _refusal(file: Path, number: int, problem: Exception, kind: str | None) -> ValueError:
    """Return the error of the line `number`, which may show what the whole file is."""
    if number == 1 and kind is not None:
        return _not_json(file, kind)
    return ValueError(f"{file}, line {number}: {problem}")


def _not_json(file: Path, kind: str) -> ValueError:
    if kind == SOME_TEXT:
        return ValueError(
            f"{file}: text, and read_log reads JSON; if a handler wrote it, give that the format "
            '"json", or read the file as text'
        )
    return ValueError(
        f"{file}: a log in {kind}, and read_log reads JSON; "
        'give its handler the format "json", or read the file as text'
    )


def _lines_so_far(raw: IO[bytes]) -> Iterator[bytes | Exception]:
    """Yield the lines that begin in what the file holds now: who reads may be logging into it."""
    size = os.fstat(raw.fileno()).st_size
    lines = _bounded_lines(raw)
    while raw.tell() < size:
        line = next(lines, None)
        if line is None:
            return
        yield line


def _packing(file: Path, raw: IO[bytes]) -> str | None:
    # By its beginning first: a file that has just been packed has its unpacked name for a moment.
    packing = native.packing_of(raw.read(_MAGIC_BYTES)) or _PACKED.get(file.suffix)
    raw.seek(0)
    return packing


class _UnpackedFile(io.RawIOBase):
    """A packed file as a stream of what it holds."""

    def __init__(self, raw: IO[bytes], packing: str) -> None:
        # A buffered file has read on.
        os.lseek(raw.fileno(), 0, os.SEEK_SET)
        self._unpacked = native.Unpacked(raw.fileno(), packing)

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the beginning of `buffer`. Raises EOFError or ValueError for a damaged file."""
        target = memoryview(buffer)
        data = self._unpacked.read(len(target))
        target[: len(data)] = data
        return len(data)


def _unpacked(raw: IO[bytes], packing: str) -> Iterator[bytes | Exception]:
    """Yield the lines of an archive, and as the last item the error that a bad one ends with."""
    stream = io.BufferedReader(_UnpackedFile(raw, packing), _PART_BYTES)
    try:
        yield from _bounded_lines(stream, is_packed=True)
    except (EOFError, ValueError) as error:
        yield error


class _NoLogError(ValueError):
    """An archive with a line that is longer than any log."""


def _bounded_lines(stream: IO[bytes], *, is_packed: bool = False) -> Iterator[bytes | Exception]:
    """Yield the lines of `stream`, in the place of one that is too long an error."""
    while line := stream.readline(MAX_LINE_BYTES):
        if line.endswith(b"\n") or len(line) < MAX_LINE_BYTES:
            yield line
            continue
        yield ValueError(f"not a record: more than {MAX_LINE_BYTES:,} bytes without a line break")
        while (rest := stream.readline(MAX_LINE_BYTES)) and not rest.endswith(b"\n"):
            if is_packed:
                # A packed file can unpack to more than any disk.
                raise _NoLogError("no log: a line goes on and on")


def _parsed(line: str | bytes) -> dict[str, Any]:
    try:
        text = line if isinstance(line, str) else line.decode("utf-8")
        document = _DECODER.decode(text)
    except UnicodeDecodeError as error:
        raise ValueError(f"not a record: not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"not a record: not JSON at column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise ValueError("not a record: nested too deeply") from None
    if not isinstance(document, dict):
        raise ValueError(f"not a record: a JSON object was expected, found {type(document).__name__}")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"not a record: the key {twice!r} stands there twice")
    return members


def _no_constant(name: str) -> Any:
    raise ValueError(f"not a record: {name} is not a JSON number")


# One for all lines: `json.loads` makes a new one at every call with options.
_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant)


def _moment(text: str) -> tuple[datetime, int]:
    """Return an RFC 3339 time as a UTC datetime and as exact nanoseconds since 1970."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"not a record: timestamp must be RFC 3339, was {text!r}") from None
    if moment.tzinfo is None:
        raise ValueError(f"not a record: timestamp must have a zone such as Z, was {text!r}")
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"not a record: timestamp is out of range: {text!r}") from None
    since = moment - _EPOCH
    # `datetime` drops what is below a microsecond; the digits are still in the text.
    fraction = _FRACTION.search(text)
    fraction_ns = int(fraction[1][:_NS_DIGITS].ljust(_NS_DIGITS, "0")) if fraction else 0
    return moment, (since.days * 86_400 + since.seconds) * 10**_NS_DIGITS + fraction_ns


def _rfc3339(timestamp_ns: int) -> str:
    seconds, fraction_ns = divmod(timestamp_ns, 10**_NS_DIGITS)
    # Arithmetic, since the platform's time functions refuse years before 1970 here and there.
    days, second = divmod(seconds, 86_400)
    moment = datetime.fromordinal(_EPOCH.toordinal() + days)
    hour, rest = divmod(second, 3600)
    return f"{moment.date().isoformat()}T{hour:02}:{rest // 60:02}:{rest % 60:02}.{fraction_ns:09}Z"
