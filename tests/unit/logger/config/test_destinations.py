"""Facts about adding a destination: one file, and its options among those of all."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import metaexpert
from metaexpert.logger.config import HandlerConfiguration
from metaexpert.logger.config.destinations import TYPES

if TYPE_CHECKING:
    from support.processes import Outcome

PIGEON = '''
"""Pigeons."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from metaexpert.logger.config.destinations.destination import Destination, HandlerType, Options, own_options
from metaexpert.logger.config.fields import Filename, Text
from metaexpert.logger.errors import Problem


class PigeonOptions(Options):
    loft: Text | None = None
    map: Filename | None = None


class Pigeon(Destination[PigeonOptions]):
    types = (
        HandlerType("pigeon", own_options(PigeonOptions), {"loft": "roof"}, synonyms=frozenset({"dove"})),
    )

    def problems(self, handlers: Any, directory: str, places: Any) -> Iterator[Problem]:
        for name, options in handlers.items():
            if options.get("loft") == "sea":
                yield Problem(f"handlers.{name}.loft", "must be on land")

    def paths(self, handler: PigeonOptions) -> Iterator[tuple[str, str]]:
        if handler.map is not None:
            yield "map", handler.map

    def document(self, name: str, handler: PigeonOptions, location: Any) -> dict[str, Any]:
        return {"loft": handler.loft}


PigeonOptions.destination = Pigeon()
'''
PROGRAM = """
import json
from metaexpert.logger import ConfigurationError
from metaexpert.logger.config import LogConfiguration, engine_document
from metaexpert.logger.config.confinement import strayed_files

def refused(**options):
    try:
        LogConfiguration(handlers={"p": options})
    except ConfigurationError as error:
        return str(error)

good = LogConfiguration(handlers={"p": {"type": "pigeon", "map": "/far/map"}})
sink, = (each for each in engine_document(good)["sinks"] if each["name"] == "p")
print(json.dumps({
    "destination": sink["destination"],
    "format": sink["format"],
    "of another type": refused(type="console", loft="roof"),
    "option of another type": refused(type="pigeon", stream="stdout"),
    "rule": refused(type="pigeon", loft="sea"),
    "synonym": refused(type="dove"),
    "strayed": [each.path for each in strayed_files(good, LogConfiguration())],
}))
"""


def test_a_destination_is_one_file_and_one_registration(
    tmp_path: Path, run_python: "Callable[..., Outcome]"
) -> None:
    """Its options, defaults, rules, paths and form for the engine are known everywhere from these two."""
    source = Path(metaexpert.__file__).parent
    shutil.copytree(source, tmp_path / "metaexpert", ignore=shutil.ignore_patterns("__pycache__"))
    destinations = tmp_path / "metaexpert" / "logger" / "config" / "destinations"
    (destinations / "pigeon.py").write_text(PIGEON)
    registry = destinations / "__init__.py"
    text = registry.read_text()
    bases = "class _EveryOption("
    assert text.count(bases) == 1
    registered = "from metaexpert.logger.config.destinations.pigeon import PigeonOptions\n\n\n"
    registry.write_text(text.replace(bases, f"{registered}{bases}PigeonOptions, "))

    told = json.loads(run_python(PROGRAM, {"PYTHONPATH": str(tmp_path)}).stdout)

    assert told == {
        "destination": {"type": "pigeon", "loft": "roof"},
        "format": {"kind": "json"},
        "of another type": 'handlers.p.loft must not be given for a console handler, was "roof"; '
        "it belongs to pigeon handlers",
        "option of another type": 'handlers.p.stream must not be given for a pigeon handler, was "stdout"; '
        "it belongs to console handlers",
        "rule": "handlers.p.loft must be on land",
        "synonym": "handlers.p.type must be one of console, file, syslog, tcp, udp, pigeon, "
        'was "dove"; did you mean "pigeon"?',
        "strayed": ["handlers.p.map"],
    }


def test_every_option_belongs_to_a_type() -> None:
    """What a handler can be given is what some type of handlers has, or all have."""
    owned = {option for kind in TYPES.values() for option in kind.options}

    assert owned == set(HandlerConfiguration.model_fields) - {"type", "level", "format", "datefmt", "filter"}
