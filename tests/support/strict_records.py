"""Reads log files as the strictest reader would; for tests, and for programs that test."""

import json
from pathlib import Path
from typing import Any


def strict_record(line: str | bytes) -> dict[str, Any]:
    """Return the object on `line`; fails for a key that is there twice and for what is not a JSON number."""
    text = line if isinstance(line, str) else line.decode("utf-8")

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        assert len(names) == len(set(names)), f"a key is there twice: {names}"
        return dict(pairs)

    def refuse(word: str) -> Any:
        raise AssertionError(f"not JSON: {word}")

    record = json.loads(text, object_pairs_hook=unique, parse_constant=refuse)
    assert isinstance(record, dict)
    return record


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the records of a log file, each of which must be one strictly valid, complete line."""
    data = path.read_bytes()
    assert data == b"" or data.endswith(b"\n"), "the last line is torn"
    return [strict_record(line) for line in data.split(b"\n")[:-1]]
