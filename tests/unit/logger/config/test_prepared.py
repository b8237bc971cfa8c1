"""Facts about configurations that need no models: they are the ones that the models would make."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaexpert.logger.config import LogConfiguration, engine_document
from metaexpert.logger.config.places import places_of
from metaexpert.logger.config.prepared import prepare
from metaexpert.logger.errors import ConfigurationError

#: Levels as sources write them, and what is none.
LEVELS = st.one_of(
    st.sampled_from(["DEBUG", "info", " Warning ", "NOTSET", "15", "TRACE", "", "debugg", None, True, 2.5]),
    st.integers(-1, 60),
    st.sampled_from([2**31 - 1, 2**31]),
)
NAMES = st.one_of(
    st.text(max_size=12), st.sampled_from(["a.b", "root", "x" * 501, "\ud800", "", 7, "metaexpert.trade"])
)
DIRECTORIES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["logs", "~/logs", "~nobody-here/x", "/var/log/bot", "a.log", "a.log/", ".log", "..", "./", "\ud800"]
    ),
    st.sampled_from([Path("logs"), Path("a.log"), b"logs", None, 3, "n\0ul"]),
)
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "default_level": LEVELS,
        "log_file_path": DIRECTORIES,
        "loggers": st.one_of(st.dictionaries(NAMES, LEVELS, max_size=4), st.none(), st.just([])),
        "handlers": st.sampled_from([{}, {"console": None}, {"file": {"level": "INFO"}}]),
        "capture_stdlib": st.booleans(),
        "levle": st.none(),
    },
)


def outcome(document: Mapping[Any, Any], directory: str) -> tuple[Any, Any] | None:
    """Return what the models make of a document, and the engine's document; None where they refuse it."""
    places = places_of(document, directory)
    try:
        configuration = LogConfiguration.model_validate(document, context=places)
        return configuration.model_dump(mode="json"), engine_document(configuration)
    except (ConfigurationError, ValueError):
        return None


@given(document=DOCUMENTS)
def test_what_needs_no_models_is_what_they_make(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Any document that is prepared becomes the configuration and the engine that the models make of it."""
    directory = str(tmp_path_factory.getbasetemp())

    prepared = prepare(document, places_of(document, directory))

    if prepared is not None:
        assert (prepared.values, prepared.document) == outcome(document, directory)


@given(document=DOCUMENTS)
def test_what_the_models_refuse_is_not_prepared(document: dict[str, Any]) -> None:
    """So a bad value is reported with all others, and by one place."""
    if outcome(document, "/srv") is None:
        assert prepare(document, places_of(document, "/srv")) is None


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"log_file_path": "logs"},
        {"log_file_path": Path("~/logs"), "default_level": "warning"},
        {"default_level": 5, "loggers": {"metaexpert.market": "DEBUG", "wire": 3}},
    ],
    ids=str,
)
def test_common_configurations_are_prepared(document: dict[str, Any]) -> None:
    """A program that names a directory and levels needs no models."""
    assert prepare(document, places_of(document, "/srv")) is not None


@pytest.mark.parametrize(
    "document",
    [{"handlers": {"console": None}}, {"queue": {"wait_ms": 5}}, {"levle": "INFO"}, {"loggers": None}],
    ids=str,
)
def test_anything_else_is_left_to_the_models(document: dict[str, Any]) -> None:
    """The settings that are prepared are few."""
    assert prepare(document, {}) is None


def test_a_directory_that_is_a_file_is_left_to_the_models(tmp_path: Path) -> None:
    """What lies on the disk decides as it does for them."""
    (tmp_path / "logs").touch()

    assert prepare({"log_file_path": str(tmp_path / "logs")}, {}) is None
    assert prepare({"log_file_path": str(tmp_path)}, {}) is not None


def test_a_prepared_document_is_a_copy() -> None:
    """Whoever changes one changes no later one."""
    first = prepare({}, {})
    assert first is not None
    first.values["handlers"]["file"]["level"] = first.document["sinks"][0]["level"] = "another level"

    assert "another level" not in json.dumps(prepare({}, {}))
