"""Facts about the JSON Schema: an editor that has it takes every valid file, and warns of mistakes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel

from metaexpert.logger.config import HandlerConfiguration, LogConfiguration
from metaexpert.logger.config.destinations import TYPES
from metaexpert.logger.config.presets import PRESETS

jsonschema = pytest.importorskip("jsonschema_rs")

SCHEMA = LogConfiguration.model_json_schema()
NET = {"type": "syslog", "url": "udp://127.0.0.1", "max_bytes": 4096}
VALID: list[dict[str, Any]] = [
    {},
    *({**preset} for preset in PRESETS.values()),
    {"handlers": {"console": False, "file": None}},
    {"handlers": {"console": {"level": 10}, "file": {"max_size": 0, "filter": {"max_level": "INFO"}}}},
    {"handlers": {"console": {"type": "file", "filename": "x.log"}, "trades": {"type": "console"}}},
    {"handlers": {"net": NET, "packets": {"type": "udp", "url": "udp://127.0.0.1:5140"}}},
    {"handlers": {"net": NET, "more": {"type": "file", "max_age_days": None, "rotate": None, "level": None}}},
    {"handlers": {"file": {"max_size": 4096, "backup_count": 0}}, "stats_interval_seconds": 0},
    {"queue": {"wait_ms": None}, "loggers": {"wire": None, "a": "DEBUG"}, "default_level": None},
]
#: A file need not say the type of a handler that another source has.
PARTS = [{"handlers": {"net": {"url": "tcp://127.0.0.1:1"}}}, {"handlers": {"net": {"level": "INFO"}}}]
MISTAKES: list[dict[str, Any]] = [
    {"handlers": {"x": {"type": "console", "filename": "x.log"}}},
    {"handlers": {"x": {"type": "file", "stream": "stderr"}}},
    {"handlers": {"x": {"type": "tcp", "url": "tcp://127.0.0.1:1", "max_bytes": 4096}}},
    {"handlers": {"x": {"type": "fle"}}},
    {"handlers": {"x": {"filename": "x.log", "stream": "stderr"}}},
    {"handlers": {"file": {"filenam": "x.log"}}},
    {"handlers": {"file": {"max_size": -1}}},
    {"handlers": {"file": {"max_size": 4095}}},
    {"handlers": {"net": {**NET, "max_bytes": 479}}},
    {"stats_interval_seconds": -1},
    {"queue": {"wait_ms": -1}},
    {"limits": {"depth": 65}},
    {"handlers": {"file": True}},
    {"quue": {}},
]


def is_taken(document: Any) -> bool:
    """Tell whether the schema takes a document."""
    return bool(jsonschema.validator_for(SCHEMA).is_valid(json.loads(json.dumps(document))))


@pytest.mark.parametrize("document", VALID, ids=str)
def test_what_can_be_configured_is_taken(document: dict[str, Any]) -> None:
    """With and without types, handlers that are removed, and null for what has its default."""
    LogConfiguration.model_validate(document)

    assert is_taken(document)
    assert is_taken(LogConfiguration.model_validate(document).model_dump(mode="json"))


@pytest.mark.parametrize("document", PARTS, ids=str)
def test_a_part_of_a_handler_is_taken(document: dict[str, Any]) -> None:
    """Other sources may say the rest."""
    assert is_taken(document)


@pytest.mark.parametrize("document", MISTAKES, ids=str)
def test_a_mistake_is_not_taken(document: dict[str, Any]) -> None:
    """An option of another type is one, where the type is there or no type has all options."""
    with pytest.raises(ValueError, match=r".+"):
        LogConfiguration.model_validate(document)

    assert not is_taken(document)


def test_every_setting_is_named_and_none_is_required() -> None:
    """Editors complete them."""
    assert set(SCHEMA["properties"]) == set(LogConfiguration.model_fields)
    assert "required" not in json.dumps(SCHEMA)


def test_the_schema_of_another_model_with_a_handler_has_the_types() -> None:
    """A program's own settings may have handlers in them; the types are built when they are asked for."""

    class Settings(BaseModel):
        log: HandlerConfiguration

    validator = jsonschema.validator_for(Settings.model_json_schema())

    assert validator.is_valid({"log": {"type": "file", "filename": "x.log"}})
    assert not validator.is_valid({"log": {"type": "console", "filename": "x.log"}})


def test_the_type_of_a_handler_leads_to_its_options() -> None:
    """The document names a schema for each type, which has the options of the type and their defaults."""
    choice = SCHEMA["properties"]["handlers"]["anyOf"][0]["additionalProperties"]["anyOf"][0]
    mapping = choice["discriminator"]["mapping"]

    assert choice["discriminator"]["propertyName"] == "type"
    assert set(mapping) == set(TYPES)
    assert [each["$ref"] for each in choice["anyOf"]] == [mapping[name] for name in TYPES]
    for name, reference in mapping.items():
        table = SCHEMA["$defs"][reference.rpartition("/")[2]]
        assert set(table["properties"]) == set(TYPES[name].model_fields)
        assert table["properties"]["type"]["const"] == name
    file = SCHEMA["$defs"]["FileConfiguration"]["properties"]
    assert file["backup_count"]["default"] == TYPES["file"].model_fields["backup_count"].default
