"""Fixtures of tests of the control server."""

from support.control_harness import client, live, own_runtime_directory

__all__ = ["client", "live", "own_runtime_directory"]
