"""What is remembered of tracebacks follows classes, files and functions that change, and is bounded."""

import gc
import importlib
import linecache
import os
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from zipfile import ZipFile

import pytest

from support.exceptions import caused, deep, describe, fail, failing_at, raised, told, written

#: More frames than are remembered.
VERY_MANY = 4200

# Classes that change.


def test_a_class_that_changes_is_looked_at_again() -> None:
    """A new name, module, text or attribute of a class, or of its base, counts from the next exception on."""

    class Base(Exception):
        pass

    class Changing(Base):
        pass

    def check() -> None:
        error = raised(lambda: fail(Changing("text")))
        assert describe(error)[2] == written(error)
        assert describe(error)[:2] == (f"{Changing.__module__}.{Changing.__qualname__}", str(error))

    changes: list[Callable[[], object]] = [
        lambda: setattr(Changing, "__qualname__", "Renamed"),
        lambda: setattr(Changing, "__module__", "elsewhere"),
        lambda: setattr(Base, "__str__", lambda _: "of the base"),
        lambda: setattr(Changing, "__str__", lambda _: "of the class"),
        lambda: setattr(Base, "__notes__", ["a note of all"]),
        lambda: delattr(Base, "__notes__"),
        lambda: setattr(Base, "__bool__", lambda _: False),
        lambda: setattr(Base, "__getattr__", lambda _self, _name: None),
    ]
    for change in (lambda: None, *changes):
        check()
        change()
        check()


def test_classes_that_come_and_go_are_not_mixed_up() -> None:
    """A class that gets the place of one that is gone has a name of its own, and none is kept alive."""
    for number in range(600):
        kind = type(f"Error{number}", (Exception,), {})
        error = raised(lambda kind=kind: fail(kind("x")))  # type: ignore[misc]
        assert told(error) == written(error)
        alive = weakref.ref(kind)
        del kind, error
        if number % 100 == 0:
            gc.collect()
            assert alive() is None


# Code and files that change.


def test_codes_that_come_and_go_are_not_mixed_up() -> None:
    """A code object that gets the place of one that is gone has a text of its own."""
    for number in range(500):
        error = raised(failing_at(number))
        assert told(error) == written(error)
        del error
        gc.collect(0)


def test_frames_remembered_are_bounded() -> None:
    """However many places fail, code that was remembered is let go of some time."""
    codes: list[weakref.ref[CodeType]] = []
    for _ in range(VERY_MANY):
        program: Any = failing_at(1)
        codes.append(weakref.ref(program.__code__))
        told(raised(program))
    del program
    gc.collect()
    assert codes[0]() is None
    assert sum(code() is not None for code in codes) < VERY_MANY


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module whose file a test may change, with a function that fails."""
    (tmp_path / "changing.py").write_text(
        "def program():\n    return 1 / 0  # as imported\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "changing", raising=False)
    return importlib.import_module("changing")


def check_twice(program: Callable[[], object]) -> str:
    """Return the traceback of a failure, which is the same whoever is asked first."""
    error = raised(program)
    first = told(error)
    assert first == written(error) == told(error)
    assert first is not None
    return first


def test_a_source_file_that_changes_is_shown_as_it_is_now(module: ModuleType) -> None:
    """A new text of the same or of another length, an older time, a removed and a new file."""
    path = Path(str(module.__file__))
    assert "# as imported" in check_twice(module.program)
    before = path.stat()
    path.write_text("\n    return 1 / 0  # of more text\n", encoding="utf-8")
    assert "# of more text" in check_twice(module.program)
    path.write_text("\n    return 1 / 0  # of same text\n", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns - 7_000_000_000))
    assert "# of same text" in check_twice(module.program)
    path.unlink()
    assert "return" not in check_twice(module.program)
    path.write_text("\n    return 1 / 0  # again\n", encoding="utf-8")
    assert "# again" in check_twice(module.program)


def test_what_linecache_holds_is_shown(module: ModuleType) -> None:
    """A program may give it lines of its own, and clear it."""
    path = str(module.__file__)
    for text in ("# first", "# other"):
        linecache.cache[path] = (1, None, ["\n", f"    return 1 / 0  {text}\n"], path)
        assert text in check_twice(module.program)
    linecache.clearcache()
    assert "# as imported" in check_twice(module.program)


def test_source_of_a_loader_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of a module in a zip file, and of code that is registered under a name."""
    with ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("in_an_archive.py", "def program():\n    return 1 / 0  # packed\n")
    monkeypatch.syspath_prepend(tmp_path / "packed.zip")
    monkeypatch.delitem(sys.modules, "in_an_archive", raising=False)
    for _ in range(2):
        assert "# packed" in check_twice(importlib.import_module("in_an_archive").program)


def test_source_that_is_known_later_is_shown_from_then_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of a notebook's cell."""
    for name in ("<cell 1>", "cell 2"):
        scope: dict[str, Any] = {}
        exec(compile("def program():\n    1 / 0\n", name, "exec"), scope)
        assert "    1 / 0" not in check_twice(scope["program"])
        monkeypatch.setitem(linecache.cache, name, (3, None, ["\n", "1 / 0\n"], name))
        assert "    1 / 0" in check_twice(scope["program"])


# What a program replaces.


def test_a_limit_of_frames_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """`sys.tracebacklimit` is left to `traceback`."""
    error = raised(caused)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "tracebacklimit", 1, raising=False)
        assert told(error) is None
        assert describe(error)[2] == written(error)
    assert told(error) == written(error)


REPLACEMENTS: dict[str, tuple[Any, str, Any]] = {
    "function": (traceback, "format_exception", lambda *_args, **_words: ["mine\n"]),
    "class": (traceback, "TracebackException", type("Mine", (traceback.TracebackException,), {})),
    "method": (traceback.TracebackException, "format", lambda *_args, **_words: iter(["mine\n"])),
    "method of stacks": (traceback.StackSummary, "format", lambda *_args, **_words: ["mine\n"]),
    "lines": (linecache, "getlines", lambda *_args: ["mine\n"] * 999),
    "line": (linecache, "getline", lambda *_args: "mine\n"),
    "cache": (linecache, "cache", {}),
}


@pytest.mark.parametrize("name", REPLACEMENTS)
def test_functions_that_are_replaced_are_asked(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`traceback` and `linecache` as the program has patched them, as long as it has."""
    error = raised(caused)
    usual = written(error)
    assert told(error) == usual
    with monkeypatch.context() as patch:
        patch.setattr(*REPLACEMENTS[name])
        assert told(error) is None
        assert describe(error)[2] == written(error)
    assert told(error) == usual


# Threads.


def test_threads_do_not_mix_up_their_frames() -> None:
    """Each tells its own exceptions, while others are remembered and forgotten."""
    wrong: list[str] = []

    def run(number: int) -> None:
        for round_ in range(60):
            program = failing_at(10 * round_ + number)
            for act in (program, caused, lambda: deep(number)):
                error = raised(act)
                if told(error) != written(error):
                    wrong.append(written(error))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
