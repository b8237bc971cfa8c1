"""Fixtures of tests of the control server."""

from control_harness import client, live, own_runtime_directory

__all__ = ["client", "live", "own_runtime_directory"]
