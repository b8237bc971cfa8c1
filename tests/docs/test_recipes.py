"""The recipes of CONTRIBUTING.md, walked with a dummy: what they name is all that has to be touched."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.doc_pages import ROOT
from support.pigeons import add_pigeons
from support.recipes import PLACEHOLDER, Copy, copies, paths, recipe

RECIPES = ["A command", "A format", "A destination", "A venue", "An option of a handler"]

COMMAND = '''
"""`metaexpert logs weigh`: counts the files of a log."""

from pathlib import Path

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command


@click.command(cls=Command)
@options.logs_directory
def weigh(directory: Path) -> None:
    """Count the files of a log."""
    from metaexpert.reader import family

    print(len(family(directory / "expert.log")))
'''
#: Prints what a command has loaded that a small one does not need.
SLOW = """
import sys
from metaexpert.cli.app import run_command_line
assert run_command_line(sys.argv[1:]) == 0
print(sorted({"pydantic", "ssl", "rich", "asyncio", "metaexpert.expert"} & set(sys.modules)))
"""

#: Prints how the engine is told of the handler `p`, whose options are the program's argument.
SINK = """
import json, sys
from metaexpert.logger.config import LogConfiguration, engine_document
configuration = LogConfiguration(handlers={"p": json.loads(sys.argv[1])})
print(json.dumps([sink for sink in engine_document(configuration)["sinks"] if sink["name"] == "p"]))
"""
#: Tells whether the schema of configurations has a name.
SCHEMA = """
import sys
from metaexpert.logger import LogConfiguration
print(sys.argv[1] in str(LogConfiguration.model_json_schema()))
"""
DESTINATIONS = "src/metaexpert/logger/config/destinations"
VENUE = '''
"""A venue that is closed: it rejects each order, but not before the next bar."""

from __future__ import annotations

from copy import copy
from datetime import datetime

from metaexpert.expert.model.bars import Bar
from metaexpert.expert.model.orders import Order, OrderStatus
from metaexpert.expert.venue.protocol import OrderUpdate
from metaexpert.expert.venue.simulated.venue import SimulatedVenue


class ClosedVenue(SimulatedVenue):
    """Has an account, and takes no order."""

    waiting: tuple[Order, ...] = ()

    def submit(self, order: Order) -> None:
        """Keep the order until the next bar."""
        self.waiting += (order,)

    def close_bar(self, bar: Bar, closed: datetime) -> None:
        """Reject what has been sent since the last bar."""
        for order in self.waiting:
            told = copy(order)
            told.status, told.reason, told.answered_at = OrderStatus.REJECTED, "venue_closed", closed
            self._events.append(OrderUpdate(told))
        self.waiting = ()
        super().close_bar(bar, closed)
'''


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Copy]:
    """The sources, to add something to."""
    yield from copies(tmp_path / "copy")


def assert_names(title: str, touched: list[str], name: str) -> None:
    """Assert that a recipe names exactly the files that were touched; `name` is that of the dummy."""
    named = [path.replace(PLACEHOLDER, name) for path in paths(recipe(title))]
    assert set(touched) <= set(named), f"{title}: touched {touched}, named {named}"


@pytest.mark.parametrize("title", RECIPES)
def test_what_a_recipe_names_is_there(title: str) -> None:
    """Each path leads somewhere; the new file's folder does."""
    named = paths(recipe(title))
    assert named
    for path in named:
        place = path.partition(PLACEHOLDER)[0].rpartition("/")[0] if PLACEHOLDER in path else path
        assert (ROOT / place).exists(), f"{title}: {path}"


@pytest.mark.parametrize("title", RECIPES)
def test_a_new_file_of_rust_is_declared_in_a_file_that_the_recipe_names(title: str) -> None:
    """Rust compiles a new file once the `mod.rs` beside it has it."""
    named = paths(recipe(title))
    options = f"crates/metaexpert-log/src/config/{PLACEHOLDER}.rs"
    new = [path for path in named if path.endswith(f"{PLACEHOLDER}.rs")]
    if title == "An option of a handler":
        new.remove(options)  # It is there already.
    assert {path.replace(f"{PLACEHOLDER}.rs", "mod.rs") for path in new} <= set(named)


def test_a_command_is_one_file_and_its_line(copy: Copy, tmp_path: Path) -> None:
    """It is carried out, listed with its help, and loads nothing that it does not need."""
    copy.create("src/metaexpert/cli/logs/weigh.py", COMMAND.lstrip())
    copy.edit(
        "src/metaexpert/cli/logs/__init__.py",
        '"metaexpert.cli.logs.recover"',
        '"metaexpert.cli.logs.recover", "metaexpert.cli.logs.weigh"',
    )
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "expert.log").touch()
    (logs / "expert.log.1.gz").touch()

    listed = copy.run("-m", "metaexpert", "logs", "--help", directory=tmp_path).stdout
    counted = copy.run("-c", SLOW, "logs", "weigh", directory=tmp_path).stdout

    assert "weigh      Count the files of a log." in listed
    assert counted == "2\n[]\n"
    assert_names("A command", copy.touched, "weigh")


def sink(copy: Copy, directory: Path, **options: object) -> Any:
    """Return what the engine is told of a handler with these options."""
    (told,) = json.loads(copy.run("-c", SINK, json.dumps(options), directory=directory).stdout)
    return told


def listing(enum: str) -> set[str]:
    """Return the files of the engine that tell several variants of an enum apart, tests aside."""
    found = set()
    for path in (ROOT / "crates/metaexpert-log/src").rglob("*.rs"):
        code = path.read_text(encoding="utf-8").partition("#[cfg(test)]")[0]
        if len(set(re.findall(rf"\b{enum}::([A-Z]\w+)", code))) > 2:
            found.add(path.relative_to(ROOT).as_posix())
    return found


def test_a_format_is_one_encoder_and_two_registrations(copy: Copy, tmp_path: Path) -> None:
    """Python takes the names from the engine, where only the files that the recipe names list the formats."""
    more = "(('morse', True), ('flags', False))"
    known = f"from metaexpert.logger.shared import native; native.PRESETS += {more}\n"
    options = json.dumps({"type": "file", "format": "morse", "datefmt": "%H:%M"})
    (told,) = json.loads(copy.run("-c", known + SINK, options, directory=tmp_path).stdout)
    options = json.dumps({"type": "file", "format": "flags"})
    (other,) = json.loads(copy.run("-c", known + SINK, options, directory=tmp_path).stdout)

    assert told["format"] == {"kind": "morse", "datefmt": "%H:%M"}
    assert other["format"] == {"kind": "flags"}
    assert len(listing("Format") | listing("Encoder")) == 2
    assert_names("A format", [*copy.touched, *listing("Format"), *listing("Encoder")], "morse")


def test_a_destination_is_one_file_and_its_registration(copy: Copy, tmp_path: Path) -> None:
    """Its type, options and defaults are known everywhere; in Rust no other file lists the destinations."""
    add_pigeons(copy)

    assert sink(copy, tmp_path, type="pigeon")["destination"] == {"type": "pigeon", "loft": "roof"}
    assert sink(copy, tmp_path, type="pigeon", loft="tower")["destination"] == {
        "type": "pigeon",
        "loft": "tower",
    }
    assert listing("Destination") != set()
    assert_names("A destination", [*copy.touched, *listing("Destination")], "pigeon")


def test_a_venue_is_one_file_and_its_line_among_the_modes(copy: Copy, tmp_path: Path) -> None:
    """A run sends its orders there, and takes the answers whenever they come."""
    modes = "src/metaexpert/expert/run/modes.py"
    copy.create("src/metaexpert/expert/venue/closed.py", VENUE.lstrip())
    copy.edit(
        modes,
        "from metaexpert.expert.venue.protocol import Venue\n",
        "from metaexpert.expert.venue.closed import ClosedVenue\n"
        "from metaexpert.expert.venue.protocol import Venue\n",
    )
    copy.edit(modes, "venue = SimulatedVenue(", "venue = ClosedVenue(")

    done = copy.run("-m", "metaexpert", "demo", "--bars", "600", "--json", directory=tmp_path)
    figures = json.loads(done.stdout)

    assert figures["fills"] == 0
    assert figures["rejections"]["venue_closed"] > 1
    assert_names("A venue", copy.touched, "closed")


def test_an_option_is_a_field_in_either_language(copy: Copy, tmp_path: Path) -> None:
    """It is checked, has a default, is in the schema and reaches the engine."""
    file = f"{DESTINATIONS}/file.py"
    copy.edit(
        file,
        "    audit: Flag = False\n",
        "    audit: Flag = False\n    loud: Flag = True\n",
    )
    copy.edit(file, '"delay": self.delay,', '"loud": self.loud,')

    assert sink(copy, tmp_path, type="file")["destination"]["loud"] is True
    assert sink(copy, tmp_path, type="file", loud=False)["destination"]["loud"] is False
    assert copy.run("-c", SCHEMA, "loud", directory=tmp_path).stdout == "True\n"
    for path in (ROOT / "crates/metaexpert-log/src/config").glob("*.rs"):
        code = path.read_text(encoding="utf-8")
        structs = re.findall(r"((?:#\[[^\]]*\]\s*)*)pub struct (\w+Config)\b", code)
        assert all("deny_unknown_fields" in attributes for attributes, _ in structs), (path, structs)
    assert_names("An option of a handler", copy.touched, "file")
