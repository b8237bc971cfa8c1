"""Log files that are rotated, packed, aged, and moved about by other programs, through the public surface."""

import gzip
import itertools
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.logs import Logs

from metaexpert.logger import flush, read_log, shutdown
from metaexpert.reader import family

DEADLINE_S = 30.0
DAY_S = 24 * 3600


def chain(directory: Path, name: str = "expert.log") -> list[Path]:
    """Return the log file and its rotated ones, oldest first."""
    return [file.path for file in family(directory / name) if file.written.name == name]


def lines(path: Path) -> list[str]:
    """Return the lines of a file, unpacked; each must be whole."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    assert data == b"" or data.endswith(b"\n"), f"{path.name} is torn"
    return data.decode().splitlines()


def numbers(directory: Path) -> list[int]:
    """Return field `n` of every record of the family, oldest first."""
    texts = itertools.chain.from_iterable(lines(path) for path in chain(directory))
    return [int(match[1]) for text in texts if (match := re.search(r'"n":(\d+)', text))]


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; fail when it does not in time."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.005)


def is_packed(directory: Path, ending: str) -> bool:
    """Tell whether every rotated file is packed, and nothing is half done."""
    rotated = chain(directory)[:-1]
    return bool(rotated) and all(path.name.endswith(ending) for path in rotated)


def log_numbers(logs: "Logs", count: int, first: int = 0) -> None:
    """Log that many numbered records and wait until they are written."""
    for n in range(first, first + count):
        logs.logger.warning("tick", n=n)
    assert flush(20)


def small(**options: Any) -> dict[str, Any]:
    """Return the handlers of a file that is rotated after some forty records."""
    return {"file": {"max_size": 4096, "backup_count": 50, **options}, "trades": None, "errors": None}


def test_packed_files_hold_every_line_in_order(logs: "Logs") -> None:
    """Any gzip reads what rotation and packing made of the lines, byte for byte."""
    logs.configure(handlers=small(compress="gzip"))
    log_numbers(logs, 1000)

    wait_until(lambda: is_packed(logs.directory, ".gz"))
    assert numbers(logs.directory) == list(range(1000))
    assert len(chain(logs.directory)) > 10


def test_zstd_files_are_zstd(logs: "Logs") -> None:
    """They begin with the magic number of RFC 8878, and are smaller than the lines."""
    logs.configure(handlers=small(compress="zstd"))
    log_numbers(logs, 200)

    wait_until(lambda: is_packed(logs.directory, ".zst"))
    for path in chain(logs.directory)[:-1]:
        assert path.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
        assert path.stat().st_size < 2000
    read = [entry.context["n"] for path in chain(logs.directory) for entry in read_log(path, strict=True)]
    assert read == list(range(200))


def test_what_was_not_packed_is_packed_by_the_next_start(logs: "Logs") -> None:
    """Packing may be asked for later, and a file left unpacked is not forgotten."""
    logs.configure(handlers=small())
    log_numbers(logs, 300)
    assert all(path.suffix != ".gz" for path in chain(logs.directory))
    assert shutdown(20)

    logs.configure(handlers=small(compress="gzip"))
    wait_until(lambda: is_packed(logs.directory, ".gz"))
    log_numbers(logs, 300, first=300)

    wait_until(lambda: is_packed(logs.directory, ".gz"))
    assert numbers(logs.directory) == list(range(600))


def test_a_change_of_configuration_while_files_are_packed_loses_nothing(logs: "Logs") -> None:
    """The new configuration takes over rotated files from the old, packed or not."""
    for round_ in range(10):
        logs.configure(handlers=small(compress=("gzip", "none")[round_ % 2]))
        log_numbers(logs, 100, first=100 * round_)
    logs.configure(handlers=small(compress="gzip"))

    wait_until(lambda: is_packed(logs.directory, ".gz"))
    assert numbers(logs.directory) == list(range(1000))


def test_files_of_a_smaller_count_and_of_old_age_are_removed(logs: "Logs") -> None:
    """What is beyond `backup_count` or `max_age_days` goes when the configuration says so; the file stays."""
    logs.configure(handlers=small())
    log_numbers(logs, 500)
    logs.configure(handlers=small(backup_count=5))
    wait_until(lambda: len(chain(logs.directory)) == 6)

    *_, older, newest, current = chain(logs.directory)
    long_ago = time.time() - 8 * DAY_S
    for path in (older, current):
        os.utime(path, (long_ago, long_ago))
    logs.configure(handlers=small(backup_count=5, max_age_days=7))

    wait_until(lambda: not older.exists())
    assert newest.exists()
    assert current.exists()


def test_a_renamed_file_is_followed_by_a_fresh_one(logs: "Logs") -> None:
    """As after logrotate: the moved file keeps its lines, what follows is under the configured name."""
    logs.configure(handlers=small(max_size=0))
    log_numbers(logs, 10)
    moved = (logs.directory / "expert.log").rename(logs.directory / "expert.log-20261123")
    for n in range(10, 20):
        log_numbers(logs, 1, first=n)

    fresh = [int(re.search(r'"n":(\d+)', line)[1]) for line in lines(logs.directory / "expert.log")]  # type: ignore[index]
    assert len(fresh) >= 9
    assert len(lines(moved)) + len(fresh) == 20
    assert fresh[-1] == 19


def test_a_deleted_file_is_made_again_with_what_was_being_written(logs: "Logs") -> None:
    """Nothing that is logged after the deletion is lost, nor anything a call later."""
    logs.configure(handlers=small(max_size=0))
    log_numbers(logs, 10)
    (logs.directory / "expert.log").unlink()
    log_numbers(logs, 10, first=10)

    assert numbers(logs.directory) == list(range(10, 20))


def test_a_deleted_directory_is_made_again(logs: "Logs") -> None:
    """The records that follow are there, in a directory of the same name."""
    logs.configure(handlers=small(max_size=0))
    log_numbers(logs, 10)
    (logs.directory / "expert.log").unlink()
    logs.directory.rmdir()
    log_numbers(logs, 10, first=10)

    assert numbers(logs.directory) == list(range(10, 20))


def test_copying_and_truncating_goes_on_at_the_beginning(logs: "Logs") -> None:
    """As logrotate's copytruncate: no hole of zeros, and the size counts from there."""
    logs.configure(handlers=small())
    log_numbers(logs, 20)
    file = logs.directory / "expert.log"
    copied = lines(file)
    os.truncate(file, 0)
    log_numbers(logs, 20, first=20)

    assert len(copied) == 20
    assert numbers(logs.directory) == list(range(20, 40))


LOOP = """
    import itertools, os
    from metaexpert.logger import configure, get_logger
    file = {"max_size": 4096, "backup_count": 10_000, "compress": "gzip"}
    handlers = {"console": None, "trades": None, "errors": None, "file": file}
    configure(handlers=handlers, include=["run_id"], queue={"capacity_bytes": 64 * 1024, "wait_ms": 60_000})
    open(f"configured.{os.getpid()}", "x").close()
    log = get_logger("bot")
    for n in itertools.count():
        log.warning("tick", n=n)
"""


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Start processes that log, rotate and pack without end; they are killed at the latest with the test."""
    program = tmp_path / "endless.py"
    program.write_text(textwrap.dedent(LOOP))
    started: list[subprocess.Popen[bytes]] = []
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("LOG_", "METAEXPERT_"))}

    def start() -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen([sys.executable, str(program)], cwd=tmp_path, env=environment))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_killed_while_rotating_and_packing_every_line_is_there_once(
    logs: "Logs", endless: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    """After some kills the files of all runs hold an unbroken count of records each, none of them twice."""
    for kill in range(1, 6):
        process = endless()
        # What the one before has left is written by then.
        configured = logs.directory.parent / f"configured.{process.pid}"
        wait_until(configured.exists)
        known = len(os.listdir(logs.directory))
        wait_until(lambda known=known: len(os.listdir(logs.directory)) > known + 9)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL, f"kill {kill}"
    logs.configure(handlers=small(backup_count=10_000, compress="gzip"))

    wait_until(lambda: is_packed(logs.directory, ".gz"))
    wait_until(lambda: not list(logs.directory.glob("*.part")))
    runs: dict[str, list[int]] = {}
    for path in chain(logs.directory):
        for line in lines(path):
            run_id, n = re.search(r'"run_id":"([^"]+)"', line), re.search(r'"n":(\d+)', line)
            if run_id and n:
                runs.setdefault(run_id[1], []).append(int(n[1]))
    assert len(runs) == 5
    for seen in runs.values():
        assert seen == list(range(len(seen)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_killed_parents_files_are_free_though_its_child_lives_on(
    run_python: Callable[..., Any], tmp_path: Path
) -> None:
    """A child lets go of the files it was born with: the next start writes under the configured name."""
    run_python(
        """
        import os, signal, subprocess, sys
        from metaexpert.logger import configure, flush, get_logger

        def log(message):
            configure(handlers={"console": None})
            get_logger("bot").info(message)
            assert flush(20)

        if sys.argv[1:] == ["next"]:
            log("next")
            sys.exit()

        reader, writer = os.pipe()
        end_of_grandchild, hold = os.pipe()
        parent = os.fork()
        if parent == 0:
            log("parent")
            if os.fork() == 0:
                os.close(hold)
                os.write(writer, b"x")
                os.read(end_of_grandchild, 1)  # until the first process ends
                os._exit(0)
            signal.pause()
        os.read(reader, 1)
        os.kill(parent, signal.SIGKILL)
        os.waitpid(parent, 0)
        subprocess.run([sys.executable, __file__, "next"], check=True)
        """
    )

    text = (tmp_path / "logs/expert.log").read_text()
    assert '"message":"parent"' in text
    assert '"message":"next"' in text
    assert not list((tmp_path / "logs").glob("expert.*.log"))
