"""The event loop of a run, in which async event handlers are executed."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from metaexpert.expert.errors import ExpertError


class OwnEventLoop:
    """An event loop of the run's own, made with the first coroutine; a run without one has none."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Run a coroutine to its end and return its result.

        Raises `ExpertError` where another event loop is running already.
        """
        if self._loop is None:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                self._loop = asyncio.new_event_loop()
            else:
                coroutine.close()
                raise ExpertError(
                    "async event handlers cannot run inside a running event loop, as in a notebook; "
                    "run the expert as a script"
                )
        return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        """Cancel what async event handlers left running, and end the loop."""
        loop, self._loop = self._loop, None
        if loop is None:
            return
        try:
            pending = asyncio.all_tasks(loop)
            for task in pending:
                task.cancel()
            if pending:
                loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
