"""The CPU time and memory of a process."""

import pytest

from metaexpert.expert.metrics import process


def test_memory_is_told_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the present size is not to be had, the peak stands for it: never less than what is there."""
    now = process.memory_bytes()
    monkeypatch.setattr(process, "_STATM", "/nowhere/statm")

    assert process.memory_bytes() >= now * 0.5 > 0
