"""The names that users import are there, documented and typed, and the version is stated once."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import logging
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import metaexpert
import metaexpert.logger
import metaexpert.logger.config
import metaexpert.logger.testing

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "metaexpert"

#: What `metaexpert.logger` promises its users, as far as this version goes.
LOGGER_NAMES = {
    "ConfigurationError",
    "LogConfiguration",
    "LogEntry",
    "LoggerStats",
    "MetaLogger",
    "configuration",
    "configure",
    "flush",
    "get_logger",
    "log_context",
    "read_log",
    "serve",
    "setup_logger",
    "shutdown",
    "stats",
    "timed",
}


def _is_own(member: Any) -> bool:
    return (inspect.isclass(member) or inspect.isfunction(member)) and member.__module__.startswith(
        "metaexpert"
    )


def _undocumented(module: ModuleType) -> list[str]:
    """Return the exported functions, classes and methods of a module that say nothing of themselves."""
    silent = []
    for name in module.__all__:
        member = getattr(module, name)
        if not _is_own(member):
            continue
        if not inspect.getdoc(member):
            silent.append(name)
        if inspect.isclass(member):
            silent += [
                f"{name}.{method}"
                for method, function in vars(member).items()
                if not method.startswith("_")
                and inspect.isfunction(function)
                and not inspect.getdoc(function)
            ]
    return silent


def _untyped(module: ModuleType) -> list[str]:
    """Return the exported functions of a module with a parameter or result that has no type."""
    bare = []
    for name in module.__all__:
        member = getattr(module, name)
        if inspect.isfunction(member) and _is_own(member):
            signature = inspect.signature(member)
            types = [each.annotation for each in signature.parameters.values()]
            if inspect.Signature.empty in (*types, signature.return_annotation):
                bare.append(name)
    return bare


def test_logger_has_its_names() -> None:
    """Each promised name of `metaexpert.logger` is exported and there."""
    assert set(metaexpert.logger.__all__) >= LOGGER_NAMES
    assert [name for name in metaexpert.logger.__all__ if not hasattr(metaexpert.logger, name)] == []


def test_host_has_its_name() -> None:
    """`from metaexpert import MetaExpert` is what every strategy begins with."""
    assert "MetaExpert" in metaexpert.__all__
    assert inspect.isclass(metaexpert.MetaExpert)


def test_logger_promises_no_other_name() -> None:
    """What else is exported is used by the library's own host; a new name is a decision to record here."""
    assert set(metaexpert.logger.__all__) - LOGGER_NAMES == {
        "PipelineHandler",
        "RecoveryReport",
        "RingReport",
        "SinkStats",
        "configure_program",
        "recover",
    }


def test_a_meta_logger_is_a_logger() -> None:
    """`MetaLogger` is a subclass of `logging.Logger`, with every method of it and those that it adds."""
    assert issubclass(metaexpert.logger.MetaLogger, logging.Logger)
    for name in (
        "trade",
        "bind",
        "unbind",
        "debug",
        "info",
        "warning",
        "error",
        "critical",
        "exception",
        "log",
    ):
        assert callable(getattr(metaexpert.logger.MetaLogger, name))


def test_configuration_has_presets() -> None:
    """The four presets make valid configurations, each different from the others."""
    names = ("for_development", "for_production", "for_backtesting", "for_high_frequency")
    made = [getattr(metaexpert.logger.LogConfiguration, name)() for name in names]
    assert all(isinstance(each, metaexpert.logger.LogConfiguration) for each in made)
    assert len({each.model_dump_json() for each in made}) == len(names)


def test_configuration_error_is_a_value_error() -> None:
    """The one exception of the library's own can be caught as ValueError."""
    assert issubclass(metaexpert.logger.ConfigurationError, ValueError)


@pytest.mark.parametrize("name", ["metaexpert", "metaexpert.logger", "metaexpert.expert"])
def test_what_is_exported_is_documented_and_typed(name: str) -> None:
    """Every exported function, class and method has a docstring, and every function has types."""
    module = importlib.import_module(name)
    assert len(module.__all__) > 0
    assert inspect.getdoc(module)
    assert _undocumented(module) == []
    assert _untyped(module) == []


def test_the_package_is_typed() -> None:
    """`py.typed` is part of the package, so type checkers of users read its types."""
    assert (Path(metaexpert.__path__[0]) / "py.typed").is_file()


def test_all_versions_agree() -> None:
    """pyproject.toml, the Rust workspace, the installed package and `__version__` say the same."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    workspace = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    installed = importlib.metadata.version("metaexpert")
    assert {project, workspace, installed} == {metaexpert.__version__}
    manifests = list((ROOT / "crates").glob("*/Cargo.toml"))
    assert len(manifests) >= 2
    for manifest in manifests:
        assert tomllib.loads(manifest.read_text())["package"]["version"] == {"workspace": True}, manifest


def _imports(path: Path) -> set[str]:
    """Return the absolute names of what a module imports, `a.b` and `a.b.c` for `from a.b import c`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = path.relative_to(SOURCE.parent).with_suffix("").parts
            base = ".".join(parts[: len(parts) - node.level]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def test_one_module_alone_touches_the_native_engine() -> None:
    """Only `logger/shared/native.py` imports `_native`: everything else sees what that module offers."""
    importers = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if "metaexpert.logger._native" in _imports(path)
    }
    assert importers == {"logger/shared/native.py"}


#: What the rest of `metaexpert` may import of the logger: its public names and modules, what a program with
#: runs of its own needs beside them, and for the reader the native functions that read.
LOGGER_MODULES_FOR_OTHERS = {
    "metaexpert.logger",
    "metaexpert.logger.config",
    "metaexpert.logger.errors",
    "metaexpert.logger.views",
    "metaexpert.logger.live.metrics",
    "metaexpert.logger.live.presence",
    "metaexpert.logger.live.runtime_file",
    "metaexpert.logger.shared.frozen",
    "metaexpert.logger.shared.foreign_text",
    "metaexpert.logger.shared.native",
}


def _taken_from_the_logger(path: Path) -> set[tuple[str, str]]:
    """Return module and name of what a file imports of the logger; the name is empty for a whole module."""
    modules = {
        ".".join(each.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for each in (SOURCE / "logger").rglob("*.py")
    }
    nodes = [*ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    taken = {(each.name, "") for node in nodes if isinstance(node, ast.Import) for each in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            whole = {alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            taken |= {
                (module, "") if module in modules else (node.module, name) for name, module in whole.items()
            }
    return {pair for pair in taken if pair[0] in modules}


def test_other_parts_import_what_is_listed_of_the_logger_and_no_more() -> None:
    """A module that nobody outside needs any more leaves the list; of the two packages `__all__` counts."""
    taken = {
        pair
        for path in SOURCE.rglob("*.py")
        if path.relative_to(SOURCE).parts[0] != "logger"
        for pair in _taken_from_the_logger(path)
    }
    packages: dict[str, ModuleType] = {
        each.__name__: each for each in (metaexpert.logger, metaexpert.logger.config)
    }

    assert {module for module, _ in taken} == LOGGER_MODULES_FOR_OTHERS
    assert {
        (module, name)
        for module, name in taken
        if name and module in packages and name not in packages[module].__all__
    } == set()


def test_the_logger_knows_no_other_part() -> None:
    """`metaexpert.logger` imports nothing else of `metaexpert`: it can be used and tested alone."""
    outside = {
        (path.name, name)
        for path in (SOURCE / "logger").rglob("*.py")
        for name in _imports(path)
        if name.startswith("metaexpert") and not f"{name}.".startswith("metaexpert.logger.")
    }
    # `from metaexpert.logger import x` names the package on the way.
    assert {pair for pair in outside if pair[1] != "metaexpert"} == set()


def test_importing_changes_nothing() -> None:
    """Importing the library leaves `logging` as it was and loads neither pydantic nor the host."""
    # The last ones are for files that few programs have.
    slow = {
        "pydantic",
        "click",
        "rich",
        "starlette",
        "metaexpert.expert",
        "logging.config",
        "tomllib",
        "gzip",
        "metaexpert.logger.entry",
    }
    script = (
        "import logging, sys\n"
        "state = lambda: (logging.root.handlers[:], logging.root.level, logging.getLoggerClass())\n"
        "before = state()\n"
        "import metaexpert.logger\n"
        "assert before == state()\n"
        f"print(sorted({slow} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "[]", "")


def test_what_programs_call_the_module_logging_for_is_there_or_told() -> None:
    """`getLogger` is `get_logger`; an error for the rest names the module that has it."""
    from metaexpert.logger import get_logger, getLogger

    assert getLogger is get_logger
    with pytest.raises(AttributeError, match="no attribute 'basicConfig'; it is one of logging, unchanged"):
        _ = metaexpert.logger.basicConfig
    assert not hasattr(metaexpert.logger, "nothing_of_the_kind")
