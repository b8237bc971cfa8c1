"""Facts about the files that are made of the models: they say what the models say today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import metaexpert.logger.config
from metaexpert.logger.config import LogConfiguration, json_schema
from metaexpert.logger.config import standard as written
from metaexpert.logger.config.generate import files, kinds, standard, write

HERE = Path(metaexpert.logger.config.__file__).parent


@pytest.mark.parametrize("name", files())
def test_each_file_is_the_one_that_would_be_written(name: str) -> None:
    """After a change of a setting or a default, `just generate` writes it anew."""
    assert (HERE / name).read_text(encoding="utf-8") == files()[name]


def test_the_standard_configuration_is_that_of_the_models() -> None:
    """Python reads from the module what the models make of nothing."""
    assert standard() == (written.CONFIGURATION, written.ENGINE)
    assert kinds() == written.KINDS


def test_the_schema_is_that_of_the_models() -> None:
    """A program that has no models reads what the models would show."""
    assert json.loads(json_schema()) == LogConfiguration.model_json_schema()


def test_files_are_written_whole(tmp_path: Path) -> None:
    """What stood there before is gone, in whatever state it was."""
    (tmp_path / "standard.py").write_text("a longer text " * 10_000)
    write(tmp_path)

    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == files()
