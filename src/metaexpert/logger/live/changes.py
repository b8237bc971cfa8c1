"""Changes of the configuration at run time: checked whole, and taken back when their time is over."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from metaexpert.logger.config import LogConfiguration, Sources
from metaexpert.logger.config.strictness import may_weaken, weakenings
from metaexpert.logger.errors import ConfigurationError, Problem, shown
from metaexpert.logger.live.audit import audit_logger, described, shows_audit
from metaexpert.logger.live.turns import give_way
from metaexpert.logger.process import parts, service
from metaexpert.logger.process.forks import at_fork

TTL: Final = "ttl_seconds"
MAX_TTL_SECONDS: Final = 30 * 24 * 3600
#: Changes that wait to be taken back are kept one by one, so their number is bounded.
MAX_TEMPORARY: Final = 100

_RETRY_SECONDS: Final = 5.0
#: Settings named in an answer; the log has them all.
_TOLD: Final = 20


def change(document: Mapping[str, Any], *, has_token: bool = False, **by: Any) -> str:
    """Put in force what `document`, any part of a configuration, asks for, and return what was done in words.

    Its `ttl_seconds`, if given, is the time after which the change is taken back by itself; what others
    changed meanwhile stays. A request over a server that `has_token` may make redaction weaker if
    `control.allow_weaker_redaction` says so. `by` are fields that identify the client in the log. Raises
    `ConfigurationError` that lists every bad field; then nothing was changed.
    """
    values = dict(document)
    ttl_seconds = values.pop(TTL, None)
    problems = [*_ttl_problems(ttl_seconds), *_fixed_settings(values)]
    number = None if ttl_seconds is None or problems else _temporary.next_number()

    def changed(sources: Sources) -> Sources:
        after = sources.with_runtime(values, number)
        found = [*problems, *(_problems_of(after) if problems else ())]
        if "redact" in values and not (has_token and may_weaken(sources.at_start())):
            found += _weakened_redaction(sources, after)
        if found:
            raise ConfigurationError(found)
        return after

    def tell() -> None:
        audit_logger().info(
            "Logging was reconfigured",
            event_name="log.reconfigured",
            changes=settings,
            ttl_seconds=ttl_seconds,
            **by,
        )

    settings = described(values)
    if not settings:
        changed(service.sources_in_force() or Sources.discover()).resolve()
        return "nothing to change"
    service.reconfigure(changed, _told_in_time(tell))
    if number is not None:
        _temporary.expire(number, ttl_seconds)
    return _answer(settings, ttl_seconds)


def _told_in_time(
    tell: Callable[[], None],
) -> Callable[[LogConfiguration, LogConfiguration | None], Callable[[], None] | None]:
    """Return what has a change told of while a handler takes that: after it, unless it takes that away."""

    def announce(after: LogConfiguration, before: LogConfiguration | None) -> Callable[[], None] | None:
        if shows_audit(before) and not shows_audit(after):
            # The last that these handlers take.
            tell()
            return None
        return tell_later

    def tell_later() -> None:
        # The trading thread needs the new configuration now; the record and the answer can wait.
        give_way()
        tell()

    return announce


def _answer(settings: list[str], ttl_seconds: float | None) -> str:
    told = ", ".join(settings[:_TOLD]) + (f" and {len(settings) - _TOLD} more" if settings[_TOLD:] else "")
    limit = "" if ttl_seconds is None else f" for {ttl_seconds:g} s"
    return f"logging was reconfigured{limit}: {told}"


def stop(timeout: float | None = None) -> None:
    """Take back at once all changes that have a time to live.

    Waits for that for at most `timeout` seconds, None for ever; then it goes on by itself.
    """
    _temporary.end_all(timeout)


def _ttl_problems(ttl_seconds: Any) -> Iterator[Problem]:
    if ttl_seconds is None:
        return
    must = f"must be a number of seconds above 0 and at most {MAX_TTL_SECONDS}"
    is_number = isinstance(ttl_seconds, int | float) and not isinstance(ttl_seconds, bool)
    if not is_number or not 0 < ttl_seconds <= MAX_TTL_SECONDS or not math.isfinite(ttl_seconds):
        advice = "leave it out for a change that stays"
        yield Problem(TTL, f"{must}, was {shown(ttl_seconds)}", ttl_seconds, suggestion=advice)
    elif _temporary.count() >= MAX_TEMPORARY:
        reason = f"{MAX_TEMPORARY} temporary changes are in force already"
        yield Problem(TTL, reason, ttl_seconds, suggestion="wait for one to end, or leave it out")


def _fixed_settings(values: Mapping[str, Any]) -> Iterator[Problem]:
    """A client that may reconfigure must not widen what reconfiguring is allowed to do."""
    if "control" in values:
        advice = "leave it out, and change it where the program is started"
        yield Problem("control", "must not be changed at run time", suggestion=advice)


def _weakened_redaction(before: Sources, after: Sources) -> Iterator[Problem]:
    """Yield what makes the redaction that is in force weaker."""
    try:
        asked = after.as_asked()
    except ConfigurationError:
        # Told by whoever puts it in force.
        return
    yield from weakenings(asked.redact, before.resolve().redact)


def _problems_of(sources: Sources) -> tuple[Problem, ...]:
    try:
        sources.resolve()
    except ConfigurationError as error:
        return error.problems
    return ()


class _Temporary:
    """The changes that are taken back when their time is over, by a thread that sleeps until then."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._ends: dict[int, float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def next_number(self) -> int:
        return next(self._numbers)

    def count(self) -> int:
        return len(self._ends)

    def expire(self, number: int, seconds: float) -> None:
        with self._changed:
            self._ends[number] = time.monotonic() + seconds
            self._ensure_thread()
            self._changed.notify()

    def end_all(self, timeout: float | None) -> None:
        with self._changed:
            numbers = tuple(self._ends)
            self._ends.clear()
            self._changed.notify()
        if not numbers:
            return
        if timeout is None:
            self._take_back(numbers)
            return
        # It may wait for another change, or for a disk.
        taking = threading.Thread(target=self._take_back, args=(numbers,), daemon=True)
        taking.start()
        taking.join(timeout)

    def after_fork(self) -> None:
        """Go on in a child, which has the changes but not the thread."""
        self._changed = threading.Condition()
        self._thread = None
        if self._ends:
            self._ensure_thread()

    def _ensure_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="metaexpert-log-expiry", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                due = tuple(number for number, end in self._ends.items() if end <= now)
                if not due:
                    if not self._ends:
                        self._thread = None
                        return
                    self._changed.wait(min(self._ends.values()) - now)
                    continue
            if self._take_back(due):
                with self._changed:
                    for number in due:
                        self._ends.pop(number, None)
            else:
                with self._changed:
                    self._ends.update(dict.fromkeys(due, time.monotonic() + _RETRY_SECONDS))

    def _take_back(self, numbers: tuple[int, ...]) -> bool:
        """Put in force what would hold without these changes; False if that is impossible now."""
        try:
            service.reconfigure(lambda sources: sources.without_runtime(*numbers), at_end=True)
        except ConfigurationError as error:
            audit_logger().error(
                "A temporary change of logging cannot be taken back yet",
                event_name="log.restore_failed",
                reason=str(error),
            )
            return False
        audit_logger().info("A temporary change of logging is over", event_name="log.restored")
        return True


_temporary: Final = _Temporary()

at_fork(in_child=_temporary.after_fork)
parts.begin("temporary changes", stop)
