"""The count of growth: the compared figures, and a check that no record is missing or too many."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

import scaling
from harness.loggers import FILE, NOTHING, OWN
from harness.rounds import Rounds


class Numbers:
    """A logger that keeps the first field of each call, and the thread that made it."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, str]] = []

    def info(self, message: str, **fields: Any) -> None:
        """Keep one call."""
        self.seen.append((fields["field_0"], threading.current_thread().name))


def rounds_of(own: dict[int, float], nothing: dict[int, float]) -> Rounds:
    """Return a round in which calls with so many fields took so long."""
    return [
        {
            scaling.subject_of("fields", name): {
                f"{scaling.CALL_NS}{count}": cost for count, cost in of.items()
            }
            for name, of in ((OWN, own), (NOTHING, nothing))
        }
    ]


def test_a_field_is_a_share_of_the_whole_call() -> None:
    """A call with 64 fields that takes eight times one with 8 is flat; nothing is taken off either."""
    rounds = rounds_of(own={8: 100.0, 64: 800.0}, nothing={8: 50.0, 64: 1_000.0})
    assert scaling.field_growth(rounds, OWN) == 1.0
    assert scaling.field_growth(rounds, NOTHING) == 2.5


def test_a_call_cheaper_than_doing_nothing_is_no_tiny_growth() -> None:
    """Where the do-nothing call takes longer, the figure is that of the call all the same."""
    rounds = rounds_of(own={8: 160.0, 64: 2_600.0}, nothing={8: 100.0, 64: 3_000.0})
    assert scaling.field_growth(rounds, OWN) == pytest.approx(2.03, abs=0.01)


def test_spans_that_overlap_count_once() -> None:
    """What several threads spend at the same time is one time; what lies between spans is none."""
    assert scaling.covered([(10, 20), (40, 50)]) == 20
    assert scaling.covered([(30, 40), (10, 35), (12, 15)]) == 30
    assert scaling.covered([]) == 0


@pytest.mark.parametrize("threads", [1, 3, 16])
def test_threads_share_all_calls(threads: int) -> None:
    """Each number is logged once, whatever the number of threads, and each thread logs its share."""
    log = Numbers()
    wall, cpu = scaling.run_together(log, scaling.loop_of(OWN), range(100, 1_117), threads)
    assert sorted(number for number, _ in log.seen) == list(range(100, 1_117))
    assert len({thread for _, thread in log.seen}) == threads
    assert wall > 0
    assert cpu > 0


def lines_of(kind: str, records: int) -> list[dict[str, Any]]:
    """Return the lines of a file that has all that was logged."""
    return [
        {"message": "Tick", **{f"{scaling.FIELD}{place}": number for place in range(fields)}}
        for (fields, number), times in scaling.wanted(kind, records).items()
        for _ in range(times)
    ]


@pytest.mark.parametrize("kind", ["fields", "threads"])
def test_a_complete_file_has_nothing_wrong(kind: str, tmp_path: Path) -> None:
    """Every record once for each number of fields or threads is what was logged."""
    lines = lines_of(kind, 3)
    assert len(lines) == 3 * len(scaling.FIELDS if kind == "fields" else scaling.THREADS)
    (tmp_path / FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert scaling.check(scaling.subject_of(kind, OWN), 3, tmp_path) == {"wrong": 0}


@pytest.mark.parametrize("kind", ["fields", "threads"])
def test_a_record_twice_does_not_stand_for_one_that_is_missing(kind: str, tmp_path: Path) -> None:
    """As many lines as calls is not enough: one doubled and one lost are two wrong."""
    lines = lines_of(kind, 3)
    lines[0] = lines[-1]
    (tmp_path / FILE).write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert scaling.check(scaling.subject_of(kind, OWN), 3, tmp_path) == {"wrong": 2}


def test_an_empty_file_is_all_wrong(tmp_path: Path) -> None:
    """A logger that wrote nothing has lost every record."""
    (tmp_path / FILE).touch()
    wanted = sum(scaling.wanted("fields", 3).values())
    assert scaling.check(scaling.subject_of("fields", OWN), 3, tmp_path) == {"wrong": wanted}
    assert wanted == 3 * len(scaling.FIELDS)


@pytest.mark.parametrize("fields", scaling.FIELDS)
def test_a_call_has_so_many_fields(fields: int) -> None:
    """However many there are, the first is the number of the call."""
    calls: list[dict[str, Any]] = []

    class Fields:
        def info(self, message: str, **given: Any) -> None:
            calls.append(given)

    scaling.unpacking_loop_of(OWN, fields)(Fields(), 7, 9)
    assert [scaling.record_of(call) for call in calls] == [(fields, 7), (fields, 8)]
