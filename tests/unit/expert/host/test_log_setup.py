"""The configuration that results from the arguments of `MetaExpert(...)`, the command line and all other
sources.
"""

import ast
import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from metaexpert.expert import MetaExpert
from metaexpert.expert.host.log_setup import configure_logging
from metaexpert.expert.loggers import MARKET_LOGGER
from metaexpert.expert.run.options import Overrides
from metaexpert.logger import ConfigurationError, LogConfiguration, configuration, configure, flush, read_log
from metaexpert.logger.config import HandlerConfiguration
from metaexpert.logger.process.service import reconfigure
from support.expert_harness import account_settings

PYPROJECT, TOML, DOTENV, ENVIRONMENT, CODE, LINE, RUNTIME = range(7)
ORIGINS = ("pyproject.toml", "metaexpert.toml", ".env", "environment", "code", "command line", "runtime")

#: Of each logging argument: the setting that it stands for, and what each source may say, from the lowest.
ARGUMENTS: dict[str, tuple[tuple[str, ...], list[Any]]] = {
    "log_level": (
        ("default_level",),
        ["ERROR", "CRITICAL", "WARNING", "DEBUG", "ERROR", "CRITICAL", "WARNING"],
    ),
    "log_file": (("handlers", "file", "filename"), [f"{n}.log" for n in range(7)]),
    "trade_log_file": (("handlers", "trades", "filename"), [f"{n}.log" for n in range(7)]),
    "error_log_file": (("handlers", "errors", "filename"), [f"{n}.log" for n in range(7)]),
    "log_to_console": (("handlers", "console"), [None, {"type": "console"}] * 3 + [None]),
    "record_bars": (("loggers", MARKET_LOGGER), ["INFO", "DEBUG"] * 3 + ["INFO"]),
}
#: What the command line has an option for.
LINE_OPTIONS = {"log_level"}


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The document with `value` at `path`."""
    document: Any = value
    for step in reversed(path):
        document = {step: document}
    return dict(document)


def toml(path: tuple[str, ...], value: Any) -> str:
    """A line of TOML that says it; false is what removes a handler there."""
    shown = "false" if value is None else '{type = "console"}' if isinstance(value, dict) else f'"{value}"'
    return ".".join(f'"{step}"' for step in path) + f" = {shown}\n"


def variable(path: tuple[str, ...], value: Any) -> tuple[str, str]:
    """The environment variable that says it."""
    if path[0] == "loggers":
        return "METAEXPERT_LOG__LOGGERS", json.dumps({path[1]: value})
    text = "none" if value is None else json.dumps(value) if isinstance(value, dict) else value
    return "METAEXPERT_LOG__" + "__".join(path).upper(), text


def argument(name: str, value: Any) -> Any:
    """What the caller of `MetaExpert` gives for it."""
    return {"log_to_console": value is not None, "record_bars": value == "DEBUG"}.get(name, value)


def in_force(path: tuple[str, ...]) -> Any:
    """What the configuration has at `path`."""
    configured: Any = configuration()
    for step in path:
        configured = configured[step] if isinstance(configured, dict) else getattr(configured, step)
    return configured


def handler(name: str) -> HandlerConfiguration:
    """A handler that is there."""
    found = configuration().handlers[name]
    assert found is not None
    return found


@pytest.mark.parametrize("highest", range(len(ORIGINS)))
@pytest.mark.parametrize("name", ARGUMENTS)
def test_each_source_beats_all_below_it(
    name: str, highest: int, fresh_logging: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever an expert's caller does not name, files and environment may; the origin says who did."""
    path, values = ARGUMENTS[name]
    if highest == LINE and name not in LINE_OPTIONS:
        pytest.skip("the command line has no option for it")
    Path("pyproject.toml").write_text("[tool.metaexpert.log]\n" + toml(path, values[PYPROJECT]))
    if highest >= TOML:
        Path("metaexpert.toml").write_text(toml(path, values[TOML]))
    if highest >= DOTENV:
        Path(".env").write_text("{}='{}'\n".format(*variable(path, values[DOTENV])))
    if highest >= ENVIRONMENT:
        monkeypatch.setenv(*variable(path, values[ENVIRONMENT]))
    given = {name: argument(name, values[CODE])} if highest >= CODE else {}
    line = Overrides(log_level=values[LINE]) if highest >= LINE and name in LINE_OPTIONS else None

    configure_logging(account_settings(**given), line)
    if highest >= RUNTIME:
        reconfigure(lambda sources: sources.with_runtime(nested(path, values[RUNTIME])))

    found = in_force(path)
    wanted = values[highest]
    assert found is None if wanted is None else isinstance(wanted, dict) or found == wanted
    assert configuration().origin(".".join(path)).startswith(ORIGINS[highest])
    told = configuration().describe()
    assert any(row.startswith(".".join(path)) and f"({ORIGINS[highest]}" in row for row in told.splitlines())


def test_an_expert_without_arguments_has_the_defaults(fresh_logging: None) -> None:
    """Nothing of it is said to come from code; what differs from the library's defaults is the expert's."""
    MetaExpert(exchange="binance")

    origins = set(configuration().origins.values())
    assert origins == {"default of MetaExpert"}
    assert configuration().default_level == "INFO"
    handlers = configuration().active_handlers()
    assert {name: each.type for name, each in handlers.items()} == {
        "console": "console",
        "file": "file",
        "trades": "file",
        "errors": "file",
    }
    assert [handlers[name].filename for name in ("file", "trades", "errors")] == [
        "expert.log",
        "trades.log",
        "errors.log",
    ]


def test_a_complete_configuration_in_code_keeps_the_defaults_of_an_expert(fresh_logging: None) -> None:
    """A preset says nothing of bars, so they stay on record."""
    configure(LogConfiguration.for_production())
    MetaExpert(exchange="binance")

    assert configuration().loggers[MARKET_LOGGER] == "DEBUG"
    assert handler("console").level == "WARNING"
    assert configuration().origin("handlers.console.level") == "preset production"


@pytest.mark.parametrize("level", ["DEBUG", "INFO", "WARNING", "CRITICAL"])
def test_bars_are_on_record_at_any_level(level: str, fresh_logging: None) -> None:
    """`log_level` has no say in it; the console stays at INFO or above, or at DEBUG if that is asked for."""
    configure_logging(account_settings(log_level=level))

    assert configuration().loggers[MARKET_LOGGER] == "DEBUG"
    assert handler("file").level == "DEBUG"
    assert handler("console").level == level


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_bars_are_off_record_if_that_is_asked_for(level: str, fresh_logging: None) -> None:
    """`record_bars=False` stops them at any `log_level`, and the metrics stay."""
    configure_logging(account_settings(log_level=level, record_bars=False))

    assert configuration().loggers[MARKET_LOGGER] == "INFO"
    assert configuration().loggers["metaexpert.expert"] == "DEBUG"


def test_the_level_of_the_environment_is_the_consoles_too(
    fresh_logging: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`LOG_LEVEL=WARNING` quietens the console as `log_level="WARNING"` does: trades pass loggers' levels."""
    monkeypatch.setenv("LOG_LEVEL", "warning")
    configure_logging(account_settings())

    assert handler("console").level == "WARNING"


def test_a_console_that_is_removed_stays_removed(fresh_logging: None) -> None:
    """Neither a level above INFO nor the command line brings it back."""
    Path("metaexpert.toml").write_text('default_level = "ERROR"\nhandlers.console = false\n')
    configure_logging(account_settings(), Overrides(log_level="WARNING"))
    assert configuration().handlers["console"] is None

    configure(handlers={"console": {"type": "console"}})
    assert handler("console").stream == "stderr"


def test_handlers_that_are_switched_off_are_removed(fresh_logging: None) -> None:
    """None for a file and False for the console remove those handlers."""
    configure_logging(account_settings(log_to_console=False, trade_log_file=None))

    assert set(configuration().active_handlers()) == {"file", "errors"}


def test_command_line_level_and_directory_go_before_the_file(fresh_logging: None) -> None:
    """--log-level and --log-dir win, also over a console's own level, and the console is stderr."""
    Path("metaexpert.toml").write_text(
        'handlers.console.level = "ERROR"\nhandlers.console.stream = "stdout"\n'
    )
    configure_logging(account_settings(log_level="ERROR"), Overrides(log_level="debug", log_dir="elsewhere"))

    assert (configuration().default_level, configuration().log_file_path) == ("DEBUG", "elsewhere")
    console = handler("console")
    assert (console.level, console.format, console.stream) == ("DEBUG", "console", "stderr")


def test_the_format_of_the_environment_counts(fresh_logging: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """`LOG_FORMAT` reaches an expert's console and file."""
    monkeypatch.setenv("LOG_FORMAT", "%(message)s")
    MetaExpert(exchange="binance").logger.info("plain")

    assert handler("console").format == "%(message)s"
    assert handler("file").format == "%(message)s"


def test_a_bad_value_of_the_environment_is_refused(
    fresh_logging: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the variable."""
    monkeypatch.setenv("METAEXPERT_LOG__DEFAULT_LEVEL", "LOUD")
    with pytest.raises(ConfigurationError, match="METAEXPERT_LOG__DEFAULT_LEVEL"):
        MetaExpert(exchange="binance")


def test_the_file_of_the_environment_is_written(fresh_logging: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expert logs where `LOG_FILE` says."""
    monkeypatch.setenv("LOG_FILE", "mine.log")
    monkeypatch.setenv("METAEXPERT_LOG__HANDLERS__CONSOLE", "none")
    expert = MetaExpert(exchange="binance")
    expert.logger.info("here")
    assert flush(20)
    assert [entry.message for entry in read_log("logs/mine.log")] == ["here"]


def test_a_running_expert_follows_its_file(fresh_logging: None) -> None:
    """Read again, a file's level is the console's as well, and bars stay on record."""
    Path("metaexpert.toml").write_text('default_level = "ERROR"\n')
    configure_logging(account_settings())
    assert handler("console").level == "ERROR"

    Path("metaexpert.toml").write_text('default_level = "DEBUG"\n')
    reconfigure(lambda sources: sources.reloaded())

    assert (configuration().default_level, handler("console").level) == ("DEBUG", "DEBUG")
    assert configuration().loggers[MARKET_LOGGER] == "DEBUG"


@pytest.mark.parametrize("bad", ['default_level = ["x"]', "default_level = 3.5", "loggers = 3"])
def test_what_makes_no_sense_in_a_file_is_refused_with_its_place(bad: str, fresh_logging: None) -> None:
    """An expert's own defaults cope with whatever stands there."""
    Path("metaexpert.toml").write_text(bad + "\n")

    with pytest.raises(ConfigurationError, match=r"metaexpert\.toml"):
        configure_logging(account_settings(), Overrides(log_dir="l"))


def test_the_comments_of_the_template_are_the_defaults(fresh_logging: None) -> None:
    """Taking the `#` away from its logging arguments changes nothing but where values come from."""
    source = resources.files("metaexpert").joinpath("template.py").read_text(encoding="utf-8")
    commented = re.findall(r"^    # (\w+)=(\S+),  #", source, re.MULTILINE)
    assert {name for name, _ in commented} == set(ARGUMENTS)
    MetaExpert(exchange="binance")
    before = configuration()

    MetaExpert(exchange="binance", **{name: ast.literal_eval(value) for name, value in commented})

    assert configuration() == before
    assert configuration().origin("handlers.trades.filename") == "code"
