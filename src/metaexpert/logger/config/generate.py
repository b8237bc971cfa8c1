"""The files that are made of the models, which `python -m metaexpert.logger.config.generate` writes anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from metaexpert.logger.config.documents import ANY
from metaexpert.logger.config.engine import engine_document
from metaexpert.logger.config.models import LogConfiguration
from metaexpert.logger.config.navigation import fields_at, kind_at

_HEAD: Final = '''"""The configuration that the models make of nothing, as `generate` writes it.

Of what the engine is configured with, the log directory, the paths of files and the views are left out,
because they differ from program to program. `KINDS` are the kinds of all settings, by name (`*` is any).
"""

from __future__ import annotations

from typing import Any, Final
'''


def standard() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return `CONFIGURATION` and `ENGINE` as the models make them."""
    configuration = LogConfiguration()
    document = engine_document(configuration)
    del document["directory"], document["views"]
    for sink in document["sinks"]:
        sink["destination"].pop("path", None)
    return configuration.model_dump(mode="json"), document


def kinds(steps: tuple[str, ...] = ()) -> Any:
    """Return the kind of the setting at `steps`; of a table, the kinds of what is in it, by name."""
    names = fields_at(LogConfiguration, steps)
    if not names and kind_at(LogConfiguration, (*steps, ANY)) is not None:
        names = (ANY,)
    return {name: kinds((*steps, name)) for name in names} if names else kind_at(LogConfiguration, steps)


def files() -> dict[str, str]:
    """Return the text of each file by its name in this directory."""
    schema = json.dumps(LogConfiguration.model_json_schema(), indent=2)
    return {"standard.py": _module(), "schema.json": f"{schema}\n"}


def write(directory: Path) -> None:
    """Write all files into `directory`."""
    for name, text in files().items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")


def _module() -> str:
    configuration, document = standard()
    tables = {"CONFIGURATION": configuration, "ENGINE": document, "KINDS": kinds()}
    parts = [f"{name}: Final[dict[str, Any]] = {_literal(table)}\n" for name, table in tables.items()]
    return "\n".join((_HEAD, *parts))


def _literal(value: Any, depth: int = 0) -> str:
    """Return a value as Python writes it, with one member per line."""
    indent, inner = "    " * depth, "    " * (depth + 1)
    if isinstance(value, dict) and value:
        members = "".join(
            f"{inner}{json.dumps(key)}: {_literal(each, depth + 1)},\n" for key, each in value.items()
        )
        return f"{{\n{members}{indent}}}"
    if isinstance(value, list) and value:
        members = "".join(f"{inner}{_literal(each, depth + 1)},\n" for each in value)
        return f"[\n{members}{indent}]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


if __name__ == "__main__":
    write(Path(__file__).parent)
