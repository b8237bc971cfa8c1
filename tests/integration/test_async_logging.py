"""T006: a call returns before anything is written, and everything that was logged arrives."""

import json
import os
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]

LARGE_QUEUE = """
from metaexpert.logger import configure, get_logger, flush, shutdown, stats
def identity(s):
    assert s.logged == s.written + s.dropped + s.queued, s
    return s
"""


def test_calls_return_while_the_destination_stands_still(run_python: Run) -> None:
    """With a pipe that is not read, calls return and `flush` gives up; once read, everything arrives."""
    outcome = run_python(
        LARGE_QUEUE
        + """
import os, threading, json
os.mkdir("logs")
os.mkfifo("logs/expert.log")
reader = os.open("logs/expert.log", os.O_RDONLY | os.O_NONBLOCK)
configure(queue={"capacity_bytes": 16 << 20},
          handlers={"console": None, "trades": None, "errors": None})
log = get_logger("bot")
for n in range(3000):
    log.info("filled", n=n, text="x" * 100)
assert flush(0.2) is False
waiting = identity(stats())
print("waiting", waiting.queued > 0, waiting.dropped)

os.set_blocking(reader, True)
parts = []
def read():
    while part := os.read(reader, 1 << 16):
        parts.append(part)
        if b"the end" in part[-200:]:
            return
thread = threading.Thread(target=read)
thread.start()
log.info("the end")
assert flush(30)
thread.join()
lines = b"".join(parts).decode().splitlines()
print(len(lines), [json.loads(line).get("n") for line in lines[:3000]] == list(range(3000)))
done = identity(stats())
print(done.logged, done.written, done.dropped, done.queued)
"""
    )

    assert outcome.stdout.splitlines() == ["waiting True 0", "3001 True", "3001 3001 0 0"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_calling_thread_never_writes(run_python: Run) -> None:
    """No system call of the calling thread concerns the log file: another thread writes it."""
    outcome = run_python(
        """
import os, subprocess, sys
program = '''
import os, sys, threading
from metaexpert.logger import configure, get_logger, flush
configure(handlers={"console": None, "trades": None, "errors": None})
log = get_logger("bot")
log.info("warm")
flush()
os.write(1, b"begin")
for n in range(2000):
    log.info("filled", n=n)
os.write(1, b"end")
print(threading.get_native_id())
'''
command = ["strace", "-f", "-qq", "-s", "300", "-e", "trace=write,writev,pwrite64,futex", "-o", "trace.txt",
           sys.executable, "-c", program]
try:
    done = subprocess.run(command, capture_output=True, timeout=50)
except OSError:
    sys.exit(77)
if done.returncode:
    print("SKIP", done.stderr.decode()[-200:])
    sys.exit(0)
thread = int(done.stdout.split()[-1].removeprefix(b"beginend"))
lines = open("trace.txt").read().splitlines()
mine = [line.split(None, 1)[1] for line in lines if int(line.split()[0]) == thread]
start = next(i for i, line in enumerate(mine) if "begin" in line)
end = next(i for i, line in enumerate(mine) if '"end"' in line)
between = [line for line in mine[start + 1:end] if line.startswith("write")]
others = [line for line in lines if int(line.split()[0]) != thread and "filled" in line]
print("calls of the caller:", len(between), "written by others:", bool(others))
print("records:", open("logs/expert.log").read().count("filled"))
"""
    )

    if outcome.stdout.startswith("SKIP"):
        pytest.skip(f"strace does not run here: {outcome.stdout}")
    assert outcome.stdout.splitlines() == [
        "calls of the caller: 0 written by others: True",
        "records: 2000",
    ]


def test_no_record_of_two_hundred_thousand_is_lost(run_python: Run) -> None:
    """With levels that wait for room nothing is dropped: every number is in the file once, in order."""
    outcome = run_python(
        LARGE_QUEUE
        + """
configure(queue={"protect_level": "DEBUG", "wait_ms": 60_000, "capacity_bytes": 1 << 20},
          handlers={"console": None, "trades": None, "errors": None,
                    "file": {"max_size": 0}})
log = get_logger("bot")
for n in range(200_000):
    log.info("filled", n=n, symbol="BTCUSDT", price=50000.5)
assert flush(60)
done = identity(stats())
print(done.logged, done.written, done.dropped, done.queued)
"""
    )

    assert outcome.stdout.split() == ["200000", "200000", "0", "0"]
    data = (outcome.directory / "logs/expert.log").read_bytes()
    numbers = [int(line.split(b'"n":', 1)[1].split(b",", 1)[0]) for line in data.splitlines()]
    assert numbers == list(range(200_000))


def test_threads_lose_nothing_and_mix_nothing(run_python: Run) -> None:
    """Eight threads logging at once: each one's records are complete, whole and in its own order."""
    outcome = run_python(
        LARGE_QUEUE
        + """
import logging, threading
configure(queue={"protect_level": "DEBUG", "wait_ms": 60_000},
          handlers={"console": None, "trades": None, "errors": None})
def work(name):
    log = get_logger(f"bot.{name}").bind(worker=name)
    plain = logging.getLogger(f"plain.{name}")
    for n in range(1500):
        log.info("m", n=n)
        log.info("general %d", n, n=n)
        plain.info("m", extra={"n": n, "worker": name})
threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
for t in threads: t.start()
for t in threads: t.join()
"""
    )

    records = outcome.records()
    assert [record["seq"] for record in records] == list(range(1, 8 * 4500 + 1))
    for worker in range(8):
        mine = [record["n"] for record in records if record["worker"] == worker]
        assert mine == [n for n in range(1500) for _ in range(3)]


def test_overflow_is_counted_and_told_in_the_log(run_python: Run) -> None:
    """When the queue is full, INFO gives way: gaps in `seq`, the log's own reports and `stats` agree."""
    outcome = run_python(
        LARGE_QUEUE
        + """
import json
# Ten formats to write of each record make the backend slower than any caller.
slow = {f"slow{n}": {"type": "file", "format": f"%(message)s %(asctime)s {n}"} for n in range(10)}
configure(queue={"capacity_bytes": 65536, "wait_ms": 60_000},
          handlers={"console": None, "trades": None, "errors": None, **slow})
log = get_logger("bot")
for n in range(60_000):
    log.info("filled", n=n, text="x" * 100)
log.warning("important")
log.trade("traded")
assert not flush(30) and flush(30)
done = identity(stats())
print(json.dumps([done.logged, done.written, done.dropped, done.queued,
                  dict(done.dropped_by_reason), dict(done.dropped_by_level)]))
"""
    )

    logged, written, dropped, queued, by_reason, by_level = json.loads(outcome.stdout)
    records = outcome.records()
    gaps = [record for record in records if record.get("event_name") == "log.gap"]
    present = {record["seq"] for record in records}
    missing = set(range(1, max(present) + 1)) - present
    told = {number for gap in gaps for number in range(gap["first_seq"], gap["last_seq"] + 1)}
    assert dropped > 1000
    assert dropped == len(missing) == sum(gap["dropped"] for gap in gaps) == by_level["INFO"]
    assert missing <= told
    assert sum(by_reason.values()) == by_reason["queue_full"] == dropped
    assert (logged, written, queued) == (60_002 + len(gaps), len(records), 0)
    assert len(present) == len(records)
    assert {(gap["level"], gap["module"]) for gap in gaps} == {("WARNING", "metaexpert.logger")}
    messages = [record["message"] for record in records]
    assert messages.count("important") == messages.count("traded") == 1


def test_a_slow_console_does_not_stop_the_files(run_python: Run) -> None:
    """While nobody reads standard error, calls return, and later all of it is in the file."""
    outcome = run_python(
        """
import os, subprocess, sys
program = '''
from metaexpert.logger import configure, get_logger
configure(handlers={"console": {"stream": "stderr", "format": "json"}, "trades": None, "errors": None})
log = get_logger("bot")
for n in range(2000):
    log.info("filled", n=n, text="x" * 100)
print("returned", flush=True)
'''
child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
print(child.stdout.readline().decode().strip())
lines = child.stderr.read().decode().splitlines()
print(child.wait(), len(lines))
"""
    )

    assert outcome.stdout.split() == ["returned", "0", "2000"]
    assert [record["n"] for record in outcome.records()] == list(range(2000))


def test_statistics_follow_a_program(run_python: Run) -> None:
    """Counts by level and by handler agree with the files."""
    outcome = run_python(
        LARGE_QUEUE
        + """
import os
print(stats().logged)
configure(handlers={"console": None})
log = get_logger("bot")
for n in range(100):
    log.info("m", n=n)
for n in range(10):
    log.error("e")
log.trade("t")
assert flush(30)
s = identity(stats())
print(s.logged, s.written, s.dropped, s.queued)
print(s.logged_by_level["INFO"], s.logged_by_level["ERROR"], s.written_by_level["INFO"])
print(s.sinks["file"].written, s.sinks["errors"].written, s.sinks["trades"].written)
print(s.sinks["file"].bytes == os.path.getsize("logs/expert.log"), s.bytes_written ==
      sum(os.path.getsize(f"logs/{name}.log") for name in ("expert", "errors", "trades")))
print(0 < s.delay_p50_ns <= s.delay_p99_ns <= s.delay_max_ns, s.errors, s.queue_capacity_bytes)
assert shutdown(10)
after = identity(stats())
print(after.logged, after.written)
"""
    )

    assert outcome.stdout.splitlines() == [
        "0",
        "111 111 0 0",
        "101 10 101",
        "111 10 1",
        "True True",
        f"True 0 {8 << 20}",
        "111 111",
    ]


def test_flush_covers_what_was_logged_before_it(run_python: Run) -> None:
    """After `flush` returns True another process sees every record logged before."""
    outcome = run_python(
        LARGE_QUEUE
        + """
configure(handlers={"console": None})
log = get_logger("bot")
seen = []
for n in range(200):
    log.info("m", n=n)
    assert flush()
    with open("logs/expert.log", "rb") as file:
        seen.append(sum(1 for _ in file))
print(seen == list(range(1, 201)), flush(0), flush(timeout=-1))
"""
    )

    assert outcome.stdout == "True True True\n"


assert os.name == "posix", "these tests use named pipes"
