"""Parts of the library that log or change logging by themselves, such as the control server.

A part is declared from above and loaded with the first configuration that asks for it. Its module then says
how the part follows a configuration and how it stops, so nothing here knows what parts there are.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final

from metaexpert.logger.process.deadline import Deadline
from metaexpert.logger.shared import native

if TYPE_CHECKING:
    from metaexpert.logger.config import LogConfiguration, Sources

_Following = Callable[["Sources", "LogConfiguration"], AbstractContextManager[object]]


class _Part:
    """One part: what asks for it and, once its module is loaded, how it follows and stops."""

    def __init__(self) -> None:
        self.module = ""
        self.is_wanted: Callable[[Sources, LogConfiguration], Any] = _never
        self.following: _Following | None = None
        self.stop: Callable[[float | None], object] | None = None
        self.longest_stop_s: float | None = None


def _never(_sources: Sources, _configuration: LogConfiguration) -> bool:
    return False


#: By name, lowest first. A second import of the package finds those of the first, which may still run.
_parts: Final[dict[str, _Part]] = native.lasting.setdefault("parts", {})


def declare(name: str, module: str, is_wanted: Callable[[Sources, LogConfiguration], Any] = _never) -> None:
    """Have `module` imported before the first configuration in force that `is_wanted` says yes to.

    A part that is declared later stands on the earlier ones: it follows a configuration, and stops, first.
    """
    part = _parts.setdefault(name, _Part())
    part.module, part.is_wanted = module, is_wanted


def begin(
    name: str,
    stop: Callable[[float | None], object],
    *,
    longest_stop_s: float | None = None,
    following: _Following | None = None,
) -> None:
    """Say how the part `name` stops and follows, once its module is loaded.

    `stop` gets the seconds that it may take, `longest_stop_s` at most, or None for no limit. What `following`
    returns is entered before a configuration is put in force and left once it is, with an exception if it is
    refused.
    """
    part = _parts.setdefault(name, _Part())
    part.stop, part.longest_stop_s, part.following = stop, longest_stop_s, following


@contextmanager
def following(sources: Sources, configuration: LogConfiguration) -> Iterator[None]:
    """Have all parts follow `configuration`, which `sources` make, once the block has succeeded."""
    with ExitStack() as stack:
        for part in tuple(_parts.values()):
            if part.stop is None and part.is_wanted(sources, configuration):
                importlib.import_module(part.module)
            if part.following is not None:
                stack.enter_context(part.following(sources, configuration))
        yield


def stop(deadline: Deadline) -> None:
    """Stop all parts that have begun, those that stand on others first."""
    for part in reversed(_parts.values()):
        if part.stop is not None:
            part.stop(deadline.left(part.longest_stop_s))


def take_over() -> None:
    """Stop the parts that an earlier import of the package has begun.

    Those that are wanted follow the next configuration.
    """
    stop(Deadline(None))
    for part in _parts.values():
        if not _is_loaded(part):
            part.stop = part.following = None


def _is_loaded(part: _Part) -> bool:
    """Tell whether the part's module is the one that has begun it."""
    module = sys.modules.get(part.module)
    return module is not None and getattr(part.stop, "__globals__", None) is vars(module)
