"""Fixtures of tests of changes while a process runs."""

from support.control_harness import client, live, own_runtime_directory

__all__ = ["client", "live", "own_runtime_directory"]
