"""The processes that make passes: one per core, or those of any executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, as_completed, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing.synchronize import Event
from types import TracebackType
from typing import Self

from metaexpert.expert.optimise.passes import INTERRUPTED, Job, Pass, make_pass

_stop: Event | None = None


class Workers:
    """Makes passes, several at a time; leaving the `with` ends what is still running."""

    def __init__(self, executor: Executor | None = None, cores: int | None = None) -> None:
        """Without an `executor` there is a process per core, `cores` of them."""
        self._given = executor
        self._cores = cores or _available_cores()
        self._context = multiprocessing.get_context("spawn")
        self._stop = self._context.Event() if executor is None else None
        self._own: ProcessPoolExecutor | None = None

    def passes(self, jobs: Sequence[Job]) -> Generator[Pass, None, None]:
        """Yield each pass when it is over; one whose process died has an error."""
        return self._passes_of_ours(jobs) if self._given is None else _passes_elsewhere(self._given, jobs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _passes_of_ours(self, jobs: Sequence[Job]) -> Generator[Pass, None, None]:
        running: dict[Future[Pass], Job] = {}
        try:
            yield from self._as_they_end(list(reversed(jobs)), running)
        except KeyboardInterrupt:
            self._end()
            # Some were over before the others were stopped.
            done = [future for future in running if not future.cancelled() and future.exception() is None]
            yield from (row for row in (future.result() for future in done) if row.error != INTERRUPTED)
            raise

    def _as_they_end(
        self, waiting: list[Job], running: dict[Future[Pass], Job]
    ) -> Generator[Pass, None, None]:
        while waiting or running:
            # A few more than there are cores, so that no core waits.
            while waiting and len(running) < 2 * self._cores:
                job = waiting.pop()
                running[self._pool().submit(_make, job)] = job
            over = wait(running, return_when=FIRST_COMPLETED).done
            if any(isinstance(future.exception(), BrokenProcessPool) for future in over):
                # A pass has ended its process, and with it the whole pool; nobody knows which one.
                suspects = list(running.values())
                running.clear()
                self._own = None
                for job in suspects:
                    yield self._alone(job)
                continue
            for future in over:
                del running[future]
                yield future.result()

    def _end(self) -> None:
        if self._own is not None and self._stop is not None:
            self._stop.set()
            pool, self._own = self._own, None
            _shut_down(pool)

    def _pool(self) -> ProcessPoolExecutor:
        if self._own is None:
            self._own = self._new_pool(self._cores)
        return self._own

    def _new_pool(self, cores: int) -> ProcessPoolExecutor:
        begin = partial(_begin, self._stop)
        return ProcessPoolExecutor(cores, mp_context=self._context, initializer=begin)

    def _alone(self, job: Job) -> Pass:
        """Make a pass in a process of its own, because it may end it."""
        pool = self._own = self._new_pool(1)
        try:
            return pool.submit(_make, job).result()
        except BrokenProcessPool:
            return Pass(job.number, dict(job.values), error="its process died")
        finally:
            self._own = None
            pool.shutdown(wait=True, cancel_futures=True)


def _passes_elsewhere(executor: Executor, jobs: Sequence[Job]) -> Generator[Pass, None, None]:
    futures = {executor.submit(make_pass, job): job for job in jobs}
    try:
        for future in as_completed(futures):
            job = futures[future]
            try:
                yield future.result()
            except Exception as error:
                yield Pass(job.number, dict(job.values), error=f"{type(error).__name__}: {error}")
    finally:
        for future in futures:
            future.cancel()


def _shut_down(pool: ProcessPoolExecutor) -> None:
    processes = list((getattr(pool, "_processes", None) or {}).values())
    try:
        pool.shutdown(wait=True, cancel_futures=True)
    except KeyboardInterrupt:
        # An event handler takes too long for who has pressed Ctrl-C twice.
        for process in processes:
            process.kill()
        raise


def _available_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _begin(stop: Event | None) -> None:
    """Begin the life of a process: Ctrl-C is for the parent, and without a parent there is nothing to do."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _make(job: Job) -> Pass:
    return make_pass(job, None if _stop is None else _stop.is_set)
