"""Facts about who may ask."""

import pytest

from metaexpert.logger.control.answers import Refused
from metaexpert.logger.control.guard import Guard, RateLimit, host_name


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def test_a_rate_limit_gives_its_burst_then_its_rate() -> None:
    """All of the burst at once, then as many as time has brought, never more than the burst."""
    clock = Clock()
    limit = RateLimit(10, 3, clock)

    assert [limit.take() for _ in range(5)] == [True, True, True, False, False]
    clock.now = 0.25
    assert [limit.take() for _ in range(3)] == [True, True, False]
    clock.now = 1000
    assert [limit.take() for _ in range(4)] == [True, True, True, False]


def test_too_many_requests_are_refused() -> None:
    """Beyond the limit the answer is 429, with when to come back."""
    guard = Guard("127.0.0.1", None)
    guard._requests = RateLimit(0, 2)
    guard.check({"host": "127.0.0.1"})
    guard.check({"host": "127.0.0.1"})

    with pytest.raises(Refused) as caught:
        guard.check({"host": "127.0.0.1"})

    assert (caught.value.status, dict(caught.value.headers)) == (429, {"retry-after": "1"})


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost.:80", "localhost"),
        ("[::1]:80", "::1"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("", None),
        (":80", None),
        ("a:b", None),
        ("a/b", None),
        ("user@127.0.0.1", None),
        ("[::1", None),
        ("a:99999", None),
    ],
)
def test_a_host_header_is_read_strictly(header: str, name: str | None) -> None:
    """The name without port, in lower case; what is malformed names nobody."""
    assert host_name(header) == name


def test_a_server_on_one_address_knows_its_own_names() -> None:
    """The address that it listens on and this machine's names are served, others are not."""
    guard = Guard("192.0.2.7", "s3cret")
    right = {"authorization": "bearer s3cret"}

    guard.check({"host": "192.0.2.7:80", **right})
    guard.check({"host": "localhost", **right})
    with pytest.raises(Refused, match="not known here"):
        guard.check({"host": "192.0.2.8", **right})


def test_a_server_on_all_addresses_goes_by_the_token() -> None:
    """Any name may lead to it, so the name says nothing; the token does."""
    guard = Guard("0.0.0.0", "s3cret")

    guard.check({"host": "trading.example.com", "authorization": "Bearer s3cret"})
    with pytest.raises(Refused) as caught:
        guard.check({"host": "trading.example.com"})
    assert caught.value.status == 401
