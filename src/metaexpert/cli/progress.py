"""A progress bar on a terminal, nothing in a pipe."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from metaexpert.logger import configuration
from metaexpert.logger.config import parse_level
from metaexpert.streams import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class ProgressBar:
    """Shows on stderr how much of a run is done, from its start to its end.

    It is not shown where stderr is not a terminal. Nor is it shown where the console handler shows INFO
    records on a terminal, because it would tear their lines, which carry the simulated time.
    """

    def __init__(self, label: str, *, is_alone: bool = False) -> None:
        """`is_alone` says that this process writes no records beside it."""
        self._label = label
        self._is_alone = is_alone
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def begin(self, total: int) -> None:
        """Show that nothing of `total` is done yet; a bar that is shown already begins anew."""
        self.end()
        if not is_terminal(sys.stderr) or (not self._is_alone and _console_talks()):
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task(self._label, total=total)
        self._progress.start()

    def show(self, done: int, total: int | None = None) -> None:
        """Show that `done` is done; of another `total` than before, if it is given."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def end(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress = None


@contextmanager
def progress_bar(label: str, *, is_alone: bool = False) -> Iterator[ProgressBar]:
    """Yield a bar that is gone after the block."""
    bar = ProgressBar(label, is_alone=is_alone)
    try:
        yield bar
    finally:
        bar.end()


def _console_talks() -> bool:
    """Tell whether a console handler shows INFO records on a terminal."""
    # Handlers take the models in any case.
    from metaexpert.logger.config import ConsoleConfiguration

    for handler in configuration().handlers.values():
        if not isinstance(handler, ConsoleConfiguration) or parse_level(handler.level) > logging.INFO:
            continue
        if is_terminal(sys.stderr if handler.stream == "stderr" else sys.stdout):
            return True
    return False
