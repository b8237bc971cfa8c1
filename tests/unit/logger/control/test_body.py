"""Facts about the bodies of requests."""

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.control import body as bodies
from metaexpert.logger.control.answers import Refused
from metaexpert.logger.control.body import MAX_BODY_BYTES, MAX_DEPTH, bounded, parse_body

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), VALUES, max_size=5), st.booleans())
def test_an_object_comes_through_as_it_is(document: dict[str, object], ascii_only: bool) -> None:
    """Whatever JSON can spell, in whichever way, within the depth allowed."""
    try:
        body = json.dumps(document, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return

    assert parse_body(body) == document


@given(st.binary(max_size=200))
def test_noise_is_refused_or_is_an_object(body: bytes) -> None:
    """No bytes make anything but an object or a refusal with 400."""
    status = 200
    try:
        document = parse_body(body)
    except Refused as refusal:
        status = refusal.status
    assert status == 400 or (status == 200 and isinstance(document, dict))


@pytest.mark.parametrize("text", ['{"a": "[[[[[[[[[[[[[[[[[[[[[["}', '{"a\\"[[[[[[[[[[[[[[[[[[[[[[[": 1}'])
def test_brackets_in_texts_are_no_nesting(text: str) -> None:
    """Only brackets outside of texts count."""
    assert parse_body(text.encode()) == json.loads(text)


def test_the_depth_is_bounded() -> None:
    """As deep as allowed is taken, one more is not."""
    deepest = b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH
    assert parse_body(deepest)

    with pytest.raises(Refused, match=f"at most {MAX_DEPTH} levels"):
        parse_body(b'{"a":' + deepest + b"}")


def part(body: bytes) -> dict[str, Any]:
    """Return a part of a body that has more to come."""
    return {"type": "http.request", "body": body, "more_body": True}


def test_who_reads_before_the_route_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not come is refused, and refused again to the next reader."""
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_SECONDS", 0.01)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    async def read_twice() -> None:
        receive_bounded = bounded(receive)
        for _ in range(2):
            with pytest.raises(Refused, match="did not arrive within"):
                await receive_bounded()

    asyncio.run(read_twice())


def test_a_body_without_a_length_is_bounded() -> None:
    """What fits arrives as it is; one byte more is refused from then on."""

    async def receive() -> dict[str, Any]:
        return part(b"x" * (MAX_BODY_BYTES // 4))

    async def read() -> None:
        receive_bounded = bounded(receive)
        for _ in range(4):
            assert await receive_bounded() == await receive()
        for _ in range(2):
            with pytest.raises(Refused, match="at most"):
                await receive_bounded()

    asyncio.run(read())
