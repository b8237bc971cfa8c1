"""Clocks and timers."""

from datetime import UTC, datetime, timedelta

from metaexpert.expert.run.clock import EventClock, Timer, WallClock
from support.expert_harness import MINUTE, START


def test_the_event_clock_is_as_late_as_the_last_event():
    """It stands still between two events."""
    clock = EventClock(START)
    clock.advance(START + MINUTE)
    assert clock.now == START + MINUTE


def test_the_wall_clock_does_not_listen_to_events():
    """An event of 2024 does not make it 2024."""
    before = datetime.now(UTC)
    clock = WallClock()
    clock.advance(START)
    assert before <= clock.now <= datetime.now(UTC)


def test_a_timer_counts_from_its_first_look_and_makes_up_for_nothing():
    """Every 2 minutes from 0: due at 2, then at 7, where 4 and 6 went by unseen, then at 8."""
    timer = Timer(timedelta(minutes=2))
    seen = [minute for minute in (0, 1, 2, 3, 7, 8, 9) if timer.is_due(START + minute * MINUTE)]
    assert seen == [2, 7, 8]
