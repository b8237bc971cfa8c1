"""The contract document, `docs/contracts/openapi.json`, and the running server agree."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings

from metaexpert.logger import configuration
from metaexpert.logger.control import openapi
from support.control_harness import serving
from support.doc_pages import ROOT

if TYPE_CHECKING:
    from support.logs import Logs

schemathesis = pytest.importorskip("schemathesis")

DOCUMENT = ROOT / "docs" / "contracts" / "openapi.json"
OPERATIONS = [
    (path, method) for path, item in json.loads(DOCUMENT.read_text())["paths"].items() for method in item
]


def test_the_document_is_what_the_code_says() -> None:
    """`just generate` writes it anew after each change of what can be set, as CONTRIBUTING.md says."""
    assert json.loads(DOCUMENT.read_text()) == openapi.document()


def test_the_document_names_every_route() -> None:
    """The five routes of the contract, and no others."""
    assert set(OPERATIONS) == {
        ("/logging/configure", "post"),
        ("/logging/configure", "get"),
        ("/logging/stats", "get"),
        ("/metrics", "get"),
        ("/health", "get"),
    }


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_the_server_answers_as_the_document_says(path: str, method: str, live: Logs) -> None:
    """Generated requests get the statuses, types and shapes that are documented, and never a 5xx."""
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import (
        content_type_conformance,
        response_schema_conformance,
        status_code_conformance,
    )

    checks = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
    ]
    operation = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()))[path][method.upper()]
    statuses: list[int] = []

    with serving() as client:

        @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            if isinstance(case.body, dict):
                # Rings of gigabytes are valid, and no test of this.
                case.body.pop("queue", None)
            response = case.call_and_validate(base_url=client.server.url, checks=checks)
            statuses.append(response.status_code)

        ask()

    assert 200 in statuses
    assert configuration().control is None
