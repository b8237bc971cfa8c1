"""The log that readers are compared on has what the right answers say."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness import corpus
from harness.corpus import HIGH_PRICE, LEAST_PRICE, PACKINGS, expected, files, middle
from metaexpert.logger import read_log

RECORDS = 2_500


def write(directory: Path, packing: str) -> None:
    """Write the corpus as the benchmark does, in a process of its own."""
    subprocess.run([sys.executable, corpus.__file__, str(directory), str(RECORDS), packing], check=True)


@pytest.fixture(params=PACKINGS)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A log of the corpus, packed so."""
    write(tmp_path, request.param)
    return tmp_path


def test_right_answers_are_those_of_the_log(directory: Path) -> None:
    """What is counted over the numbers is what a look at each record counts."""
    records = [entry.to_dict() for path in files(directory) for entry in read_log(path, strict=True)]
    right = expected(RECORDS)

    assert len(records) == right.records == RECORDS
    assert sum(map(_is_filtered, records)) == right.filtered > 0
    assert sum(map(_needs_every_key, records)) == right.every_key > 0
    assert sum(record["level"] == "ERROR" for record in records) == right.errors > 0
    groups = Counter((record["context"].get("symbol"), record["level"]) for record in records)
    assert groups == right.groups


def _is_filtered(record: dict[str, Any]) -> bool:
    context = record["context"]
    serious = record["level"] in ("WARNING", "ERROR", "CRITICAL")
    return serious and context.get("symbol") == "BTCUSDT" and context.get("price", 0) > LEAST_PRICE


def _needs_every_key(record: dict[str, Any]) -> bool:
    context = record["context"]
    return not record.get("exception") and "fee" not in context and context.get("price", 0) > HIGH_PRICE


def test_files_are_in_the_order_of_their_records(directory: Path) -> None:
    """A reader that takes them one after the other has the records in order."""
    numbers = [entry.seq for path in files(directory) for entry in read_log(path, strict=True)]
    assert numbers == list(range(1, RECORDS + 1))


def test_the_middle_is_a_range_of_times(tmp_path: Path) -> None:
    """Its ends are the times of records a fixed number apart."""
    write(tmp_path, "none")
    since, until = middle(tmp_path, RECORDS)
    lines = (tmp_path / "expert.log").read_text().splitlines()
    times = [json.loads(line)["timestamp"] for line in lines]
    assert times.index(until) - times.index(since) == 1_000
