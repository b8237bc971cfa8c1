"""The JSON Schema of configurations, for editors and other programs.

It stands in a file beside this module, because it is made of the models, which take long to import.
"""

from __future__ import annotations

from pathlib import Path


def json_schema() -> str:
    """Return the schema as a text in JSON."""
    return Path(__file__).with_name("schema.json").read_text(encoding="utf-8")
