"""Facts about which files belong to a log, and in which order."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.reader import LogFile, family

NAMES = st.from_regex(r"[a-z0-9 _-][a-z0-9 ._-]{0,8}[a-z]", fullmatch=True)
PACKINGS = st.sampled_from(["", ".gz", ".zst"])
#: What a writer adds to the name: nothing, its process, or its process and which of that number it is.
WRITERS = st.one_of(
    st.none(),
    st.tuples(st.integers(1, 2**22), st.one_of(st.none(), st.integers(2, 256))),
)


def names(files: list[LogFile]) -> list[str]:
    """Return the names of the files."""
    return [file.path.name for file in files]


def touch(directory: Path, *names: str) -> None:
    """Make empty files."""
    for name in names:
        (directory / name).touch()


def test_a_family_is_all_that_was_written_for_one_path(tmp_path: Path) -> None:
    """Each writer's from the oldest to the one that it appends to, by number and not by text."""
    touch(
        tmp_path, "a.log", "a.log.1", "a.log.2.gz", "a.log.10.zst", "a.99.log", "a.99.log.1", "a.4711-2.log"
    )

    files = family(tmp_path / "a.log")

    assert names(files) == [
        *("a.log.10.zst", "a.log.2.gz", "a.log.1", "a.log"),
        *("a.99.log.1", "a.99.log", "a.4711-2.log"),
    ]
    assert files[0] == LogFile(tmp_path / "a.log.10.zst", tmp_path / "a.log", None, 10)
    assert files[-1] == LogFile(tmp_path / "a.4711-2.log", tmp_path / "a.4711-2.log", 4711, 0)


def test_what_only_looks_alike_does_not_belong_to_it(tmp_path: Path) -> None:
    """Other logs, files in the making, other people's numbers and directories are left out."""
    touch(tmp_path, "a.log2", "a.log.0", "a.log.01", "a.log.1.bz2", "a.log.3.gz.7-1.part", "b.log", "a.x.log")
    (tmp_path / "a.log.5").mkdir()

    assert family(tmp_path / "a.log") == []


def test_a_copy_unpacked_and_packed_counts_once(tmp_path: Path) -> None:
    """Packing it has not finished, so the unpacked one is whole."""
    touch(tmp_path, "a.log", "a.log.1", "a.log.1.gz")

    assert names(family(tmp_path / "a.log")) == ["a.log.1", "a.log"]


def test_a_path_may_be_text_and_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are named as the path is."""
    touch(tmp_path, "a.log", "a.log.1")
    monkeypatch.chdir(tmp_path)

    assert [str(file.path) for file in family("a.log")] == ["a.log.1", "a.log"]


def test_a_name_need_not_be_text(tmp_path: Path) -> None:
    """The system's names are bytes; those that are no UTF-8 are found like others."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff.log")
    touch(tmp_path, path, f"{path}.1")

    assert [str(file.path) for file in family(path)] == [f"{path}.1", path]


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """An empty list would look like a log without records. The error names the directory."""
    with pytest.raises(FileNotFoundError, match="No such file or directory") as caught:
        family(tmp_path / "gone" / "a.log")
    assert caught.value.filename == tmp_path / "gone"


@given(
    log=NAMES,
    files=st.lists(
        st.tuples(WRITERS, st.integers(0, 1200), PACKINGS), max_size=12, unique_by=lambda file: file[:2]
    ),
)
def test_every_name_of_a_writer_is_found_with_its_place(
    log: str, files: list[tuple[tuple[int, int | None] | None, int, str]]
) -> None:
    """Whatever the log is called: the file's number and process are read from its name, and order it."""
    stem, extension = os.path.splitext(log)
    expected = []
    for writer, number, packing in files:
        process, ordinal = writer or (None, None)
        own = log
        if process is not None:
            # A name without an extension gets one, because `expert.4711` would be a rotated file's.
            own = f"{stem}.{process}{f'-{ordinal}' if ordinal else ''}{extension or '.log'}"
        name = f"{own}.{number}{packing}" if number else own
        expected.append(((process or 0, ordinal or 1, -number), name, own, process, number))
    with tempfile.TemporaryDirectory() as directory:
        touch(Path(directory), *(name for _, name, *_ in expected))
        found = family(Path(directory, log))

    shown = [(file.path.name, file.written.name, file.process, file.number) for file in found]
    assert shown == [tuple(rest) for _, *rest in sorted(expected)]


@given(
    name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=12)
)
def test_any_other_name_is_left_out_or_belongs_to_it(name: str) -> None:
    """No file's name makes it fail."""
    if name in (".", "..") or len(name.encode()) > 255:
        return
    with tempfile.TemporaryDirectory() as directory:
        touch(Path(directory), "a.log", name)
        assert "a.log" in names(family(Path(directory, "a.log")))
