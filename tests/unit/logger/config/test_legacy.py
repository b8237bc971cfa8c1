"""Facts about `logging.config.dictConfig` documents of existing installations."""

import json
import logging
import logging.config
from pathlib import Path
from typing import Any

import pytest

from metaexpert.logger.config.legacy import is_dictconfig, prepare_dictconfig, read_dictconfig
from metaexpert.logger.errors import ConfigurationError


@pytest.fixture
def kept_logging():
    """Give the root logger its handlers and level back."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    for handler in root.handlers[:]:
        root.removeHandler(handler)
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def document(tmp_path: Path, propagate: Any = "no") -> dict[str, Any]:
    """Return a document as it is found in the wild."""
    return {
        "version": 1,
        "disable_existing_loggers": "no",
        "formatters": {"plain": {"format": "%(levelname)s %(message)s"}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "plain", "stream": "ext://sys.stdout"},
            "file": {
                "class": "logging.FileHandler",
                "formatter": "plain",
                "filename": str(tmp_path / "new" / "deep" / "legacy.log"),
            },
        },
        "loggers": {"legacy.bot": {"level": "DEBUG", "handlers": ["file"], "propagate": propagate}},
        "root": {"level": "INFO", "handlers": ["console"]},
    }


def test_a_document_from_the_wild_is_applied_as_it_was_meant(tmp_path: Path, kept_logging: None) -> None:
    """`"propagate": "no"` stops propagation, and the missing directory is there."""
    file = tmp_path / "logging.json"
    file.write_text(json.dumps(document(tmp_path)))

    logging.config.dictConfig(read_dictconfig(file))
    logger = logging.getLogger("legacy.bot")
    logger.debug("here")
    for handler in logger.handlers[:]:
        handler.close()
        logger.removeHandler(handler)

    assert logger.propagate is False
    assert (tmp_path / "new" / "deep" / "legacy.log").read_text() == "DEBUG here\n"


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("no", False),
        ("No ", False),
        ("false", False),
        ("off", False),
        (0, False),
        ("yes", True),
        (1, True),
        (True, True),
    ],
)
def test_texts_become_the_booleans_they_stand_for(tmp_path: Path, text: Any, flag: bool) -> None:
    """A text that is not empty would be true to `logging`, whatever it says."""
    ready = prepare_dictconfig(document(tmp_path, text), "log.json")

    assert ready["loggers"]["legacy.bot"]["propagate"] is flag
    assert ready["disable_existing_loggers"] is False


def test_the_given_document_is_left_alone(tmp_path: Path) -> None:
    """The caller's mapping can be used again."""
    given = document(tmp_path)

    prepare_dictconfig(given, "log.json")

    assert given == document(tmp_path)


def test_every_problem_is_told_with_the_file(tmp_path: Path) -> None:
    """One error lists all that is wrong, each line with the file's name, and no directory is made."""
    bad = document(tmp_path, "perhaps") | {"version": 2, "formatters": [], "root": 5}
    bad["handlers"]["broken"] = "x"

    with pytest.raises(ConfigurationError) as caught:
        prepare_dictconfig(bad, "log.json")

    assert str(caught.value).splitlines() == [
        "log.json: version must be 1, was 2",
        "log.json: formatters must be a table, was []",
        'log.json: handlers.broken must be a table, was "x"',
        'log.json: loggers.legacy.bot.propagate must be true or false (or "yes" or "no"), was "perhaps"',
        "log.json: root must be a table, was 5",
    ]
    assert not (tmp_path / "new").exists()


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the directory should be is an error at configuration, not at a log call."""
    (tmp_path / "new").write_text("in the way")

    with pytest.raises(
        ConfigurationError, match=r"log\.json: handlers\.file\.filename: the directory .* cannot be made"
    ):
        prepare_dictconfig(document(tmp_path), "log.json")


def test_a_file_without_json_is_named_with_line_and_column(tmp_path: Path) -> None:
    """The user finds the comma that is missing."""
    file = tmp_path / "logging.json"
    file.write_text('{"version": 1\n"root": {}}')

    with pytest.raises(ConfigurationError, match=r"logging\.json: not valid JSON at line 2, column 1"):
        read_dictconfig(file)


def test_a_version_tells_the_two_kinds_of_documents_apart() -> None:
    """Our own documents have no version; theirs must have one."""
    assert is_dictconfig({"version": 1})
    assert not is_dictconfig({"default_level": "INFO", "handlers": {}, "loggers": {}})
