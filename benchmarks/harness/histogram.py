"""Durations counted in buckets, so that an hour of calls takes no more memory than a second of them."""

from __future__ import annotations

from typing import Final

#: Buckets to each doubling: a percentile is at most a thirty-second too high.
_STEPS_BITS: Final = 5
_STEPS: Final = 1 << _STEPS_BITS


class Histogram:
    """Counts durations in nanoseconds; those of one thread at a time."""

    def __init__(self) -> None:
        self._counts = [0] * (_STEPS * 60)
        self.largest = 0

    def add(self, duration_ns: int) -> None:
        """Count one duration."""
        shift = duration_ns.bit_length() - _STEPS_BITS - 1
        if shift < 0:
            self._counts[duration_ns] += 1
        else:
            self._counts[(shift << _STEPS_BITS) + (duration_ns >> shift)] += 1
        self.largest = max(self.largest, duration_ns)

    def merge(self, other: Histogram) -> None:
        """Count all that `other` has counted, too."""
        self._counts = [mine + its for mine, its in zip(self._counts, other._counts, strict=True)]
        self.largest = max(self.largest, other.largest)

    @property
    def count(self) -> int:
        """How many durations were counted."""
        return sum(self._counts)

    def percentile(self, fraction: float) -> int:
        """Return the upper end of the bucket in which the percentile lies, in nanoseconds; 0 if empty."""
        left = self.count * fraction
        for index, count in enumerate(self._counts):
            left -= count
            if count and left <= 0:
                return min(_upper_end(index), self.largest)
        return self.largest


def _upper_end(index: int) -> int:
    if index < 2 * _STEPS:
        return index
    shift = (index >> _STEPS_BITS) - 1
    return (index - (shift << _STEPS_BITS) + 1 << shift) - 1
