"""`metaexpert logs recover`: writes what killed processes left behind, without a new start."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from metaexpert.cli import options
from metaexpert.cli.command import Command
from metaexpert.cli.failure import CommandFailedError
from metaexpert.cli.tables import print_table
from metaexpert.streams import tell
from metaexpert.wording import counted

if TYPE_CHECKING:
    from metaexpert.logger import RecoveryReport, RingReport

RECOVERY_FAILED: Final = 1
# A problem that names this option says what to do: running the command again as it was changes nothing.
_WAY_OUT: Final = "recover with --file "
_COLUMNS: Final = ("process", "started", "status", "written", "already there", "unreadable", "lost")


@click.command(cls=Command)
@options.logs_directory
@click.option(
    "--all", "everything", is_flag=True, help="Recover the records of all other log directories too."
)
@click.option(
    "--file",
    "files",
    type=options.PATH,
    metavar="PATH",
    multiple=True,
    help="A file outside of the log directory that may be written to. May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def recover(directory: Path, everything: bool, files: tuple[Path, ...], as_json: bool) -> int:
    """Write the records that killed processes left behind to their files, each exactly once.

    The next start in the directory does the same by itself. Living processes are left alone.
    """
    from metaexpert import logger

    try:
        report = logger.recover(directory, everything=everything, files=files)
    except FileNotFoundError:
        raise CommandFailedError(
            f"there is no log directory {directory}; name the one that the program logs into with --dir"
        ) from None
    except NotADirectoryError:
        raise CommandFailedError(f"{directory} is not a directory; --dir takes the log directory") from None
    except OSError as error:
        reason = error.strerror or error
        raise CommandFailedError(f"{directory} cannot be recovered: {reason}", RECOVERY_FAILED) from None
    if as_json:
        print(json.dumps(report.to_dict(), indent=2, allow_nan=False))
    else:
        _show(report)
    for problem in problems(report):
        tell(problem)
    return 0 if report.ok else RECOVERY_FAILED


def _show(report: RecoveryReport) -> None:
    print(headline(report))
    if report.rings:
        print_table(_COLUMNS, map(_row, report.rings), indent="  ")
    for line in file_lines(report):
        print(f"  {line}")


def headline(report: RecoveryReport) -> str:
    """Return what the recovery comes to, in one line."""
    recovered = [ring for ring in report.rings if ring.status == "recovered"]
    alive = sum(ring.status == "alive" for ring in report.rings)
    parts = [f"nothing to recover in {report.directory}"]
    if recovered:
        whose = _processes(len(recovered))
        parts = [f"{counted(report.records, 'record')} of {whose} recovered in {report.directory}"]
    if alive:
        parts.append(f"{_processes(alive, 'living process')} left alone")
    if report.elsewhere:
        others = _processes(report.elsewhere)
        parts.append(f"{others} of other directories left alone (--all recovers them)")
    return "; ".join(parts)


def _processes(count: int, noun: str = "process") -> str:
    return counted(count, noun) if count == 1 else f"{count:,} {noun}es"


def file_lines(report: RecoveryReport) -> Iterator[str]:
    """Yield what was done to each file."""
    appended: dict[str, int] = {}
    for ring in report.rings:
        for path, lines in ring.files.items():
            appended[path] = appended.get(path, 0) + lines
    for path in sorted({*appended, *report.repaired}):
        done = []
        if path in report.repaired:
            done.append(f"a torn last line of {counted(report.repaired[path], 'byte')} cut")
        if path in appended:
            done.append(f"{counted(appended[path], 'line')} appended")
        yield f"{path}: {', '.join(done)}"


def problems(report: RecoveryReport) -> Iterator[str]:
    """Yield what a person should know or do, for stderr."""
    for ring in report.rings:
        whose = f"process {ring.process}, started {ring.started}"
        if ring.status == "failed":
            problem = ring.problem or "unknown"
            again = "" if _WAY_OUT in problem else "; its records are kept, run this again later"
            yield f"error: {whose}: {problem}{again}"
        elif ring.status == "foreign":
            way_out = "its records have another version's format: recover them with that one"
            yield f"warning: {whose}: {ring.problem or way_out}"
        elif ring.problem:
            yield f"warning: {whose}: {ring.problem}"
        if ring.unreadable:
            damaged = counted(ring.unreadable, "damaged record")
            yield f"warning: {whose}: {damaged} could not be read"


def _row(ring: RingReport) -> tuple[str, ...]:
    counts = (ring.records, ring.already_written, ring.unreadable, ring.lost)
    return (str(ring.process), ring.started, ring.status, *(f"{count:,}" for count in counts))
