"""Facts about the types of handlers: each has its own class, which is all that a new one needs."""

import copy
import json
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from metaexpert.logger.config import (
    ConsoleConfiguration,
    FileConfiguration,
    HandlerConfiguration,
    LogConfiguration,
    SocketConfiguration,
)
from metaexpert.logger.config.destinations import TYPES
from metaexpert.logger.config.destinations.socket import SyslogConfiguration, TcpConfiguration
from metaexpert.logger.errors import ConfigurationError
from support.pigeons import add_pigeons
from support.recipes import Copy, copies

COMMON = {"type", "level", "format", "datefmt", "filter"}
NET = {"type": "tcp", "url": "tcp://127.0.0.1:5140"}
SYSTEM = {"type": "syslog", "url": "udp://127.0.0.1"}
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
#: Prints the types of handlers that have been built.
BUILT = """
from metaexpert.logger.config import LogConfiguration
from metaexpert.logger.config.destinations import TYPES
built = lambda: [name for name, each in TYPES.items() if each.__pydantic_complete__]
LogConfiguration().model_dump_json()
print(*built())
LogConfiguration(handlers={"net": {"type": "udp", "url": "udp://127.0.0.1:5140"}})
print(*built())
"""


def handler(**options: Any) -> HandlerConfiguration:
    """Return the handler of a configuration that has these options."""
    return LogConfiguration(handlers={"it": options}).active_handlers()["it"]


def refusal(**options: Any) -> str:
    """Return the message that a handler with these options is refused with."""
    with pytest.raises(ConfigurationError) as caught:
        handler(**options)
    return str(caught.value)


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[Copy]:
    """The sources, to add something to."""
    yield from copies(tmp_path / "copy")


def test_a_destination_is_one_file_and_one_registration(sources: Copy, tmp_path: Path) -> None:
    """Its options, defaults, rules, paths and form for the engine are known everywhere from these two."""
    add_pigeons(sources)

    told = json.loads(sources.run("-c", PROGRAM, directory=tmp_path).stdout)

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


def test_a_handler_has_the_options_of_its_type_alone() -> None:
    """Each is an instance of the class of its type, and knows nothing of the options of others."""
    console, file = handler(type="console"), handler(type="file")

    assert (type(console), type(file), type(handler(**NET))) == (
        ConsoleConfiguration,
        FileConfiguration,
        TcpConfiguration,
    )
    assert console.model_dump().keys() == COMMON | {"stream"}
    assert {name for name in file.model_dump() if hasattr(console, name)} == COMMON
    assert isinstance(handler(**SYSTEM), SyslogConfiguration)
    assert all(isinstance(handler(**each), SocketConfiguration) for each in (NET, SYSTEM))
    assert not hasattr(handler(**NET), "max_bytes")


def test_each_type_of_handlers_has_the_common_options() -> None:
    """And each is called by one name, by which the registry has it."""
    assert list(TYPES) == ["console", "file", "syslog", "tcp", "udp", "otlp"]
    assert all(set(each.model_fields) >= COMMON for each in TYPES.values())


def test_a_handler_in_code_is_of_the_class_of_its_type() -> None:
    """`HandlerConfiguration` stands for all types: in a call, as a validator, and in another's model."""

    class Settings(BaseModel):
        log: HandlerConfiguration

    expected = FileConfiguration(type="file", level="ERROR")

    assert HandlerConfiguration(type="file", level="ERROR") == expected
    assert HandlerConfiguration.model_validate({"type": "file", "level": "ERROR"}) == expected
    assert Settings(log={"type": "file", "level": "ERROR"}).log == expected
    assert Settings(log=expected).log is expected
    assert Settings(log=expected).model_dump() == {"log": expected.model_dump()}


def test_a_handler_in_code_names_only_what_was_given_to_it() -> None:
    """It is laid over the defaults like a table."""
    given = HandlerConfiguration(type="file", level="ERROR")

    found = LogConfiguration(handlers={"file": given}).active_handlers()["file"]

    assert (found.level, found.filename) == ("ERROR", "expert.log")


@pytest.mark.parametrize(
    "options", [{"type": "fle"}, {"type": "console", "filename": "x"}, {"level": "INFO"}, {"type": ["file"]}]
)
def test_a_handler_in_code_is_refused_like_a_table(options: dict[str, Any]) -> None:
    """An unknown or missing type and an option of another type are errors at once."""
    with pytest.raises(ValidationError):
        HandlerConfiguration(**options)


def test_a_class_takes_its_own_type_alone() -> None:
    """The tag and the class cannot differ."""
    with pytest.raises(ValidationError, match="'file'"):
        FileConfiguration(type="console")


@pytest.mark.parametrize("options", [{"type": "console"}, {"type": "file"}, NET, SYSTEM])
def test_handlers_are_values(options: dict[str, Any]) -> None:
    """Copies, pickles and dumps give an equal one of the same class; a change is a copy; none changes."""
    original = handler(**options)

    for other in (
        copy.copy(original),
        copy.deepcopy(original),
        pickle.loads(pickle.dumps(original)),
        HandlerConfiguration.model_validate(original.model_dump()),
        HandlerConfiguration.model_validate(json.loads(original.model_dump_json())),
    ):
        assert other == original
        assert type(other) is type(original)
        assert hash(other) == hash(original)
    assert original.model_copy(update={"level": "ERROR"}).level == "ERROR"
    with pytest.raises(ValidationError, match="frozen"):
        original.level = "ERROR"


def test_a_configuration_survives_its_dump_with_every_type() -> None:
    """As values, as JSON, and as it was dumped when a handler had the options of all types as null."""
    handlers = {"net": NET, "system": SYSTEM, "screen": {"type": "console"}, "errors": None}
    original = LogConfiguration(handlers=handlers)
    every_option = dict.fromkeys(option for each in TYPES.values() for option in each.model_fields)
    flat = original.model_dump()
    flat["handlers"] = {name: each and {**every_option, **each} for name, each in flat["handlers"].items()}

    assert LogConfiguration.model_validate(original.model_dump()) == original
    assert LogConfiguration.model_validate_json(original.model_dump_json()) == original
    assert LogConfiguration.model_validate(flat) == original


def test_a_dump_with_what_was_given_alone_has_that_of_handlers() -> None:
    """The options of `model_dump` reach the handlers."""
    given = HandlerConfiguration(type="file", level="ERROR")
    configuration = LogConfiguration.model_construct(handlers={"file": given})

    assert configuration.model_dump(exclude_unset=True) == {
        "handlers": {"file": {"type": "file", "level": "ERROR"}}
    }


def test_the_options_of_an_unknown_type_are_checked_as_far_as_they_can_be() -> None:
    """The type is refused together with a bad common option and a name that no type knows, nothing else."""
    assert refusal(type="fle", level="purple", max_size=8192, levl=1).splitlines() == [
        'handlers.it.level: unknown level "purple"; use one of NOTSET, DEBUG, INFO, WARNING, ERROR, CRITICAL',
        'handlers.it.levl: unknown setting; did you mean "level"?',
        'handlers.it.type must be one of console, file, syslog, tcp, udp, was "fle"; did you mean "file"?',
    ]


def test_an_option_of_another_type_is_refused_with_the_types_that_have_it() -> None:
    """All that is wrong is said at once, and each thing once."""
    assert refusal(**NET, max_bytes=1, stream="x", level=-1).splitlines() == [
        "handlers.it.level must be a level from 0 to 2147483647, was -1",
        "handlers.it.max_bytes must not be given for a tcp handler, was 1; it belongs to syslog handlers",
        'handlers.it.stream must not be given for a tcp handler, was "x"; it belongs to console handlers',
    ]


def test_removing_an_option_that_no_type_has_is_refused_and_one_of_another_type_is_nothing() -> None:
    """None says that nothing is wanted, which is so."""
    assert handler(type="console", filename=None) == handler(type="console")
    assert refusal(type="console", filenam=None) == (
        "handlers.it.filenam: unknown setting; known are type, level, format, datefmt, filter, stream"
    )


def test_types_that_nobody_uses_are_not_built(tmp_path: Path) -> None:
    """A start pays for the types of its handlers."""
    for sources in copies(tmp_path / "copy"):
        told = sources.run("-c", BUILT, directory=tmp_path).stdout

    assert told.splitlines() == ["console file", "console file udp"]
