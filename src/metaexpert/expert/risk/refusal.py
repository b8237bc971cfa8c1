"""Why a request of the strategy is refused."""

from typing import NamedTuple


class Refusal(NamedTuple):
    """The setting or rule that refuses a request, and a sentence about it."""

    reason: str
    detail: str
