"""Facts about the tables of the command line."""

import pytest

from metaexpert.cli.tables import fitting, print_table


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    """Each column is as wide as its widest cell, its heading included; no line ends in spaces."""
    print_table(("pid", "name"), [("7", "bot"), ("12345", "x")], indent="  ")

    assert capsys.readouterr().out == "  pid    name\n  7      bot\n  12345  x\n"


def test_a_heading_may_stand_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """A table without rows is its heading."""
    print_table(("pid", "name"), [])

    assert capsys.readouterr().out == "pid  name\n"


def test_a_cell_cannot_speak_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """What is not printable is shown as an escape."""
    print_table(("name",), [("a\x1b[2Jb\nc",)])

    assert capsys.readouterr().out == "name\na\\x1b[2Jb\\nc\n"


def test_a_table_is_made_to_fit_by_its_widest_columns() -> None:
    """Short cells stay whole; no column has fewer than eight characters."""
    rows = [("id", "text", "path"), ("12345", "a" * 30, "b" * 40)]

    assert fitting(rows, 80) == [list(row) for row in rows]
    assert fitting(rows, 40) == [["id", "text", "path"], ["12345", "a" * 14 + "…", "b" * 14 + "…"]]
    assert [len(cell) for cell in fitting(rows, 5)[1]] == [5, 8, 8]
    assert fitting([("a",), ("x\n",)], 80) == [["a"], ["x\\n"]]
