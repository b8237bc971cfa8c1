"""The CPU time and memory of this process."""

from __future__ import annotations

import os
import sys
import time

_STATM = "/proc/self/statm"


def cpu_seconds() -> float:
    """Return the CPU time of all threads since the process began, user and system together."""
    return time.process_time()


def memory_bytes() -> int:
    """Return the memory that the process has in RAM; its peak where the system tells no more, as on macOS."""
    try:
        with open(_STATM, "rb", buffering=0) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return _peak_bytes()


def _peak_bytes() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes everywhere but on macOS (getrusage(2)).
    return peak if sys.platform == "darwin" else peak * 1024
