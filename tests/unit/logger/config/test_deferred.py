"""Facts about a configuration that is made when somebody looks at it."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from metaexpert.logger import ConfigurationError, LogConfiguration
from metaexpert.logger.config import Sources, load_layers
from metaexpert.logger.config.deferred import DeferredConfiguration


def deferred(tmp_path: Path, **settings: Any) -> LogConfiguration:
    """Return what `configure(**settings)` puts in force."""
    layers = load_layers(None, settings)
    assert isinstance(layers, tuple)
    configuration, document = Sources().refreshed({}, tmp_path).with_code(*layers).in_force()
    assert type(configuration) is DeferredConfiguration
    assert document is not None
    return configuration


def test_it_is_the_configuration_that_is_made_at_once(tmp_path: Path) -> None:
    """By value, by type, by origin, in words and in other processes."""
    one = deferred(tmp_path, default_level="debug", loggers={"wire": 5})
    whole = LogConfiguration(default_level="debug", loggers={"wire": 5})

    assert isinstance(one, LogConfiguration)
    assert (one == whole, whole == one, one != whole, one == 3) == (True, True, False, False)
    assert (repr(one), str(one), list(one)) == (repr(whole), str(whole), list(whole))
    assert one.describe() == whole.describe()
    assert one.model_dump() == whole.model_dump()
    for other in (copy.copy(one), copy.deepcopy(one), pickle.loads(pickle.dumps(one)), one.model_copy()):
        assert (type(other), other) == (LogConfiguration, whole)
    assert set(dir(whole)) <= set(dir(one))


@pytest.mark.parametrize(
    "name",
    ["default_level", "log_file_path", "loggers", "capture_stdlib", "control", "watch", "origins"],
)
def test_what_is_known_before_is_what_it_has(name: str, tmp_path: Path) -> None:
    """Logging reads these without making the whole."""
    one: Any = deferred(tmp_path, default_level=15, log_file_path="other", loggers={"wire": "debug"})

    assert getattr(one, name) == getattr(one.whole(), name)
    assert type(getattr(one, name)) is type(getattr(one.whole(), name))
    assert one.logger_levels() == one.whole().logger_levels()


def test_it_cannot_be_changed(tmp_path: Path) -> None:
    """It refuses what the whole refuses, in the same words."""
    one = deferred(tmp_path)

    with pytest.raises(ValidationError):
        one.default_level = "DEBUG"
    with pytest.raises(ValidationError):
        del one.default_level
    with pytest.raises(TypeError):
        hash(one)
    assert one.default_level == "INFO"


def test_it_can_be_given_to_configure(tmp_path: Path) -> None:
    """It is complete, as any `LogConfiguration` is."""
    one = deferred(tmp_path, default_level="ERROR")
    layers = load_layers(one)
    assert isinstance(layers, tuple)
    configuration, _ = Sources().refreshed({}, tmp_path).with_code(*layers).in_force()

    assert layers[0].complete
    assert configuration == one
    assert LogConfiguration.model_validate(one) == one


def test_a_refused_configuration_is_refused_at_once(tmp_path: Path) -> None:
    """What cannot be made is not deferred."""
    layers = load_layers(None, {"default_level": "debugg"})
    assert isinstance(layers, tuple)
    with pytest.raises(ConfigurationError, match="did you mean"):
        Sources().refreshed({}, tmp_path).with_code(*layers).in_force()
