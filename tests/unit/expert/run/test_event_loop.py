"""The event loop of a run."""

import asyncio

from metaexpert.expert.run.event_loop import OwnEventLoop


def test_what_a_handler_left_running_is_cancelled_at_the_end():
    """A task that outlives its event handler is told so, and the loop is closed."""
    ends, loops = [], []

    async def linger():
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    async def handler():
        loops.append(asyncio.get_running_loop())
        loops.append(asyncio.ensure_future(linger()))
        await asyncio.sleep(0)

    event_loop = OwnEventLoop()
    event_loop.run(handler())
    event_loop.close()
    assert ends == ["cancelled"]
    assert loops[0].is_closed()


def test_a_loop_is_made_for_the_first_coroutine_alone(monkeypatch):
    """A run without coroutines has none, and closing it then is nothing."""
    made, new_event_loop = [], asyncio.new_event_loop
    monkeypatch.setattr(asyncio, "new_event_loop", lambda: made.append(new_event_loop()) or made[-1])
    OwnEventLoop().close()
    assert made == []

    event_loop = OwnEventLoop()
    for _ in range(2):
        event_loop.run(asyncio.sleep(0))
    event_loop.close()
    assert len(made) == 1
