"""The control server's contract as an OpenAPI document: `python -m metaexpert.logger.control.openapi`."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.live.changes import MAX_TTL_SECONDS, TTL
from metaexpert.logger.live.metrics import CONTENT_TYPE
from metaexpert.logger.process.statistics import LoggerStats, SinkStats

_JSON: Final = "application/json"
_SCHEMAS: Final = "#/components/schemas/"
_REFUSALS: Final = {
    "400": "Not usable: the message names every bad field, and nothing was changed.",
    "401": "No token, or a wrong one.",
    "403": "Another host name, or the web page of another site.",
    "413": "The body is too large.",
    "415": "The body is not `application/json`.",
    "429": "Too many requests, or too many wrong tokens.",
    "500": "A mistake of the server's own: nothing was changed.",
}
_READING: Final = ("401", "403", "429", "500")


def document() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the control server."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "MetaExpert: logging control",
            "version": "1.0.0",
            "description": "Changes and shows the logging of a running process.",
        },
        "paths": {
            "/logging/configure": {"post": _change(), "get": _configuration()},
            "/logging/stats": {"get": _reading("The counters of `stats()`.", _ref("Stats"))},
            "/metrics": {"get": _metrics()},
            "/health": {"get": _health()},
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        # With a token where the server has one.
        "security": [{}, {"token": []}],
    }


def _change() -> dict[str, Any]:
    return {
        "summary": "Change any part of the configuration, at once and as a whole.",
        "operationId": "configure",
        "requestBody": {"required": True, "content": {_JSON: {"schema": _ref("Change")}}},
        "responses": {
            "200": _answer("The change is in force.", _ref("Success")),
            **{status: _answer(words, _ref("Error")) for status, words in _REFUSALS.items()},
        },
    }


def _configuration() -> dict[str, Any]:
    shown = {"oneOf": [_ref("Configuration"), _ref("ConfigurationWithOrigins")]}
    reading = _reading("The configuration in force, secrets masked.", shown)
    reading["parameters"] = [
        {
            "name": "origins",
            "in": "query",
            "description": "Also show where each value that is no default came from.",
            "schema": {"type": "boolean", "default": False},
        }
    ]
    return reading


def _health() -> dict[str, Any]:
    reading = _reading("Logging works.", _ref("Success"))
    reading["responses"]["503"] = _answer(
        "It does not: a handler is down, the disk is full, or records were dropped.", _ref("Unhealthy")
    )
    return reading


def _metrics() -> dict[str, Any]:
    reading = _reading("The counters for Prometheus.", {})
    kind = CONTENT_TYPE.partition(";")[0]
    reading["responses"]["200"]["content"] = {kind: {"schema": {"type": "string"}}}
    return reading


def _reading(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    refusals = {status: _answer(_REFUSALS[status], _ref("Error")) for status in _READING}
    return {"summary": words, "responses": {"200": _answer(words, schema), **refusals}}


def _answer(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": words, "content": {_JSON: {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"{_SCHEMAS}{name}"}


def _schemas() -> dict[str, Any]:
    configuration = LogConfiguration.model_json_schema(ref_template=f"{_SCHEMAS}{{model}}")
    parts = configuration.pop("$defs")
    settings = {name: _without_default(schema) for name, schema in configuration["properties"].items()}
    change = {name: schema for name, schema in settings.items() if name != "control"}
    change[TTL] = {
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": MAX_TTL_SECONDS,
        "description": "Take the change back after so many seconds.",
    }
    origins = {"type": "object", "additionalProperties": {"type": "string"}}
    unseen = {
        "type": "array",
        "items": {"type": "string"},
        "description": "Loggers that do not propagate, whose records `capture_stdlib` cannot see.",
    }
    return {
        **parts,
        "Configuration": {**configuration, "properties": settings, "required": sorted(settings)},
        "ConfigurationWithOrigins": _object(
            configuration=_ref("Configuration"), origins=origins, unseen_loggers=unseen
        ),
        "Change": {
            **_object(**change),
            "description": "Any part of a configuration; what is not named keeps its value.",
            "required": [],
        },
        "Success": _object(status={"const": "success"}, message={"type": "string"}),
        "Error": _object(status={"const": "error"}, message={"type": "string"}),
        "Unhealthy": _object(
            status={"const": "error"},
            message={"type": "string"},
            reasons={"type": "array", "items": {"type": "string"}},
        ),
        **_counters(),
    }


def _counters() -> dict[str, Any]:
    counts = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}}
    kinds: dict[str, dict[str, Any]] = {
        "int": {"type": "integer"},
        "float": {"type": "number"},
        "bool": {"type": "boolean"},
        "str | None": {"type": ["string", "null"]},
        "Mapping[str, int]": counts,
        "Mapping[str, SinkStats]": {"type": "object", "additionalProperties": _ref("SinkStats")},
    }
    return {
        name: _object(**{field: kinds.get(str(annotation), {}) for field, annotation in fields.items()})
        for name, fields in (("Stats", LoggerStats.__annotations__), ("SinkStats", SinkStats.__annotations__))
    }


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def _without_default(schema: dict[str, Any]) -> dict[str, Any]:
    # The handlers' default says nothing: those that are known are there without being named.
    return {key: value for key, value in schema.items() if key != "default"}


if __name__ == "__main__":
    json.dump(document(), sys.stdout, indent=2)
    sys.stdout.write("\n")
