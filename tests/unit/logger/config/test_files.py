"""Facts about reading configuration documents from files."""

from pathlib import Path

import pytest

from metaexpert.logger.config.files import read_document
from metaexpert.logger.errors import ConfigurationError


def test_json_and_toml_are_told_apart_by_extension(tmp_path: Path) -> None:
    """Both kinds give the same plain document, with or without a byte order mark."""
    as_json, as_toml = tmp_path / "log.json", tmp_path / "log.TOML"
    as_json.write_bytes(b'\xef\xbb\xbf{"queue": {"wait_ms": 5}}')
    as_toml.write_text("[queue]\nwait_ms = 5\n")

    assert read_document(as_json) == read_document(str(as_toml)) == {"queue": {"wait_ms": 5}}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("log.json", b'{\n "a": 1,\n 2}', "not valid JSON at line 3, column 2"),
        ("log.json", b"", "not valid JSON at line 1, column 1"),
        ("log.json", b"[1]", "must hold one JSON object, was [1]"),
        ("log.json", b'{"a": {"b": 1, "b": 2}}', 'the key "b" is given twice'),
        ("log.json", b'{"a": NaN}', "NaN is not a JSON number"),
        ("log.json", b'{"a": "\xff"}', "not UTF-8 at byte 7"),
        ("log.json", b"[" * 100_000, "not usable JSON"),
        ("log.toml", b"a = 1\nb = = 2\n", "at line 2, column 5"),
        ("log.toml", b"a = 1\na = 2\n", "at line 2"),
        ("log.yaml", b"a: 1\n", "is not a .json or .toml file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_the_place(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    """The error names the file, and line and column where there are any."""
    file = tmp_path / name
    file.write_bytes(content)

    with pytest.raises(ConfigurationError) as caught:
        read_document(file)

    assert words in str(caught.value)
    assert name in str(caught.value)


def test_a_missing_file_and_a_directory_are_told(tmp_path: Path) -> None:
    """A wrong path says which absolute path was looked for."""
    (tmp_path / "dir.json").mkdir()

    with pytest.raises(ConfigurationError, match=r"none\.toml: no such file; looked for .*none\.toml"):
        read_document(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match=r"dir\.json must be a file, was a directory"):
        read_document(tmp_path / "dir.json")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_document("a\0b.json")


def test_json_text_in_place_of_a_path_gets_advice() -> None:
    """Whoever passes the content instead of its path is told what to pass."""
    with pytest.raises(ConfigurationError, match="pass a mapping"):
        read_document('{"default_level": "INFO"}')


def test_a_document_belongs_to_who_read_it(tmp_path: Path) -> None:
    """What one caller does to it, no later one sees; and what is written meanwhile is read."""
    file = tmp_path / "metaexpert.toml"
    file.write_text("[log.queue]\nwait_ms = 1\n")
    read_document(file)["log"]["queue"]["wait_ms"] = 3
    assert read_document(file) == {"log": {"queue": {"wait_ms": 1}}}

    file.write_text("[log.queue]\nwait_ms = 2\n")
    assert read_document(file) == {"log": {"queue": {"wait_ms": 2}}}
