"""The build backend: maturin, told to use the profile of this directory where it fits the compiler."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import maturin
from maturin import (
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

from pgo.flags import compiler, with_profile

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
    "prepare_metadata_for_build_wheel",
]

_Settings = dict[str, str] | None


def build_wheel(directory: str, settings: _Settings = None, metadata: str | None = None) -> str:
    """Build a wheel into `directory` and return its name."""
    with _profiled():
        return str(maturin.build_wheel(directory, settings, metadata))


def build_editable(directory: str, settings: _Settings = None, metadata: str | None = None) -> str:
    """Build the native module in place and a wheel that leads to it, and return the wheel's name."""
    with _profiled():
        return str(maturin.build_editable(directory, settings, metadata))


@contextmanager
def _profiled() -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(with_profile(before, compiler(before)))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
