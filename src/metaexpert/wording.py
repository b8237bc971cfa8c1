"""How commands and reports say things in words."""

from __future__ import annotations


def counted(count: int, noun: str) -> str:
    """Return a number with its noun: "1 handler call", "1,200 handler calls"; the plural ends in s."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
