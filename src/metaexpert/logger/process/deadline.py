"""The time by which a call returns, from whatever a caller gives as its timeout."""

from __future__ import annotations

import threading
import time


class Deadline:
    """The end of a wait that begins now.

    `timeout` is in seconds: None, or more than a lock can wait, means without end. A value that is below 0,
    or is not a number, means no time at all, because a caller that waits for records must not get an
    exception instead.
    """

    def __init__(self, timeout: object) -> None:
        seconds = _seconds(timeout)
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self, most: float | None = None) -> float | None:
        """Return the seconds that are left, `most` at most; None for ever."""
        if self._end is None:
            return most
        left = max(self._end - time.monotonic(), 0.0)
        return left if most is None else min(left, most)


def _seconds(timeout: object) -> float | None:
    if timeout is None:
        return None
    try:
        seconds = float(timeout)  # type: ignore[arg-type]
    except OverflowError:
        # An integer beyond any float.
        return None if isinstance(timeout, int) and timeout > 0 else 0.0
    except Exception:
        return 0.0
    if not seconds > 0:
        return 0.0
    return seconds if seconds < threading.TIMEOUT_MAX else None
