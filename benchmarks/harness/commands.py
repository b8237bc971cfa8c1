"""Whole commands as a person types them: the processor time, the time on the clock and the memory of each."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from harness.bytecode import environment

MB = 2**20


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of a command, its threads and its children included."""

    exit_code: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    output: bytes
    errors: bytes


class CommandError(Exception):
    """A command failed, or its answer is wrong."""


def run(command: Sequence[str], *, may_end_with: Sequence[int] = (0,)) -> Ran:
    """Run a command with its output to a file and nothing on its input.

    Raises `CommandError` with its words if it ends with another code. The peak of memory is not below that of
    the calling process, which the kernel counts until the command has replaced it.
    """
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment()
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        ran = Ran(
            exit_code=process.returncode,
            cpu_s=usage.ru_utime + usage.ru_stime,
            wall_s=wall_s,
            peak_mb=usage.ru_maxrss * 1024 / MB,
            output=output.read(),
            errors=errors.read(),
        )
    if ran.exit_code not in may_end_with:
        words = ran.errors.decode("utf-8", "replace")[-2000:]
        raise CommandError(f"{' '.join(command)[:500]} ended with {ran.exit_code}: {words}")
    return ran
