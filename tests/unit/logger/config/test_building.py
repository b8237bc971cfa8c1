"""Facts about building the configuration's models without pydantic's plugins."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from metaexpert.logger.config import building
from metaexpert.logger.config.building import UnpluggedModel

PLUGIN = """
asked = []
class Plugin:
    def new_schema_validator(self, schema, schema_type, *_):
        asked.append(schema_type.__name__)
        return None, None, None
plugin = Plugin()
"""
ENTRY_POINT = "[pydantic]\nseeing = seeing:plugin\n"


def run(program: str, **environment: str) -> list[str]:
    """Run a program in a fresh interpreter and return the words that it printed."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | environment,
        timeout=60,
    )
    return done.stdout.split()


def test_configuring_looks_for_no_plugins() -> None:
    """What finds plugins, and the fifty modules that it loads, stays out of a program that only logs."""
    program = (
        "import sys; from metaexpert.logger.config import LogConfiguration\n"
        "print(LogConfiguration(default_level='debug').default_level, 'importlib.metadata' in sys.modules)"
    )

    assert run(program) == ["DEBUG", "False"]


def test_a_plugin_sees_other_models_alone(tmp_path: Path) -> None:
    """A plugin that is installed is asked about a program's own model, not about the configuration."""
    (tmp_path / "seeing.py").write_text(PLUGIN)
    (tmp_path / "seeing-1.dist-info").mkdir()
    (tmp_path / "seeing-1.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: seeing\nVersion: 1\n"
    )
    (tmp_path / "seeing-1.dist-info" / "entry_points.txt").write_text(ENTRY_POINT)
    program = (
        "from pydantic import BaseModel; import seeing\n"
        "from metaexpert.logger.config import LogConfiguration\n"
        "LogConfiguration(default_level='debug', handlers={'console': {}})\n"
        "class Order(BaseModel):\n    price: float\n"
        "print(*seeing.asked)"
    )

    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    assert run(program, PYTHONPATH=path) == ["Order"]


def test_a_schema_is_made_of_models_that_are_built() -> None:
    """Versions of pydantic before 2.14 fail to show the defaults of others."""
    program = (
        "from metaexpert.logger.config import LogConfiguration\n"
        "from metaexpert.logger.config.models import FilterConfiguration, LimitsConfiguration\n"
        "schema = LogConfiguration.model_json_schema()\n"
        "print(schema['properties']['limits']['default']['depth'])\n"
        "print(FilterConfiguration.__pydantic_complete__, LimitsConfiguration.__pydantic_complete__)"
    )

    assert run(program) == ["32", "True", "True"]


class Table(UnpluggedModel):
    """A table of one number."""

    depth: int


def test_a_model_checks_and_shows_what_it_was_given() -> None:
    """It validates, refuses and serialises as a model of pydantic's does."""
    assert Table(depth=3).model_dump() == {"depth": 3}
    assert Table.model_json_schema()["properties"] == {"depth": {"title": "Depth", "type": "integer"}}
    with pytest.raises(ValidationError, match="depth"):
        Table.model_validate({"depth": "deep"})


def test_a_pydantic_that_builds_in_another_way_builds_its_own_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the way that leaves plugins out, a model is an ordinary one."""

    def missing(_model: type[BaseModel]) -> None:
        raise ImportError("pydantic._internal._namespace_utils")

    monkeypatch.setattr(building, "_build", missing)

    class Other(UnpluggedModel):
        width: int

    assert Other(width=2).model_dump() == {"width": 2}
    with pytest.raises(ValidationError, match="width"):
        Other.model_validate({"width": "wide"})
