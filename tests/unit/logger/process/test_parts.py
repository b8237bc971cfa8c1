"""Facts about the parts that change logging, or log, by themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from metaexpert.logger import ConfigurationError, configure, shutdown
from metaexpert.logger.process import parts

if TYPE_CHECKING:
    from support.logs import Logs


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, logs: "Logs") -> list[str]:
    """What two parts of a test's own were told, the one declared first standing below the other."""
    heard: list[str] = []
    monkeypatch.setattr(parts, "_parts", {})

    def begin(name: str) -> None:
        @contextmanager
        def following(_sources: Any, _configuration: Any) -> Iterator[None]:
            heard.append(f"{name} prepares")
            try:
                yield
            except BaseException:
                heard.append(f"{name} stays as it was")
                raise
            heard.append(f"{name} follows")

        parts.declare(name, "test")
        parts.begin(name, lambda seconds: heard.append(f"{name} stops in {seconds}"), following=following)

    begin("lower")
    begin("upper")
    return heard


def test_parts_follow_what_is_in_force_the_upper_ones_first(told: list[str], logs: "Logs") -> None:
    """Each is asked before the configuration is put in force, and follows once it is."""
    logs.configure()

    assert told == ["lower prepares", "upper prepares", "upper follows", "lower follows"]


def test_a_configuration_that_cannot_start_leaves_the_parts_alone(told: list[str], logs: "Logs") -> None:
    """A file where the log directory should be: each part hears that nothing has changed."""
    logs.directory.write_text("no directory")
    logs_below = str(logs.directory / "below")

    with pytest.raises(ConfigurationError):
        configure(log_file_path=logs_below)

    assert told == ["lower prepares", "upper prepares", "upper stays as it was", "lower stays as it was"]


def test_a_shutdown_stops_the_parts_the_upper_ones_first(told: list[str], logs: "Logs") -> None:
    """They have no limit of their own here, and the call has none either."""
    logs.configure()
    told.clear()

    shutdown()

    assert told == ["upper stops in None", "lower stops in None"]


def test_a_part_is_loaded_with_the_first_configuration_that_wants_it(
    told: list[str], logs: "Logs", monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """Its module says then how it stops; one that no configuration wants is never imported."""
    (tmp_path / "part_of_a_test.py").write_text(
        "from metaexpert.logger.process import parts\n"
        "stopped = []\n"
        "parts.begin('lazy', stopped.append, longest_stop_s=2.0)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    parts.declare("never", "no_module_of_this_name")
    parts.declare(
        "lazy", "part_of_a_test", lambda _, configuration: configuration.stats_interval_seconds == 7
    )
    logs.configure()
    shutdown()
    logs.configure(stats_interval_seconds=7)
    shutdown()

    import part_of_a_test  # type: ignore[import-not-found]

    assert part_of_a_test.stopped == [2.0]
