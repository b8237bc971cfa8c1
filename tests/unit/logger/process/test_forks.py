"""Facts about what happens at a fork: the hooks, and the lock that forks wait for."""

import os
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from metaexpert.logger.process import forks
from metaexpert.logger.process.forks import ForkLock

if TYPE_CHECKING:
    from support.processes import Outcome

#: Made once: what waits for forks is never forgotten.
lock = ForkLock()


def in_child(body: Callable[[], bool]) -> bool:
    """Return what `body` says in a forked child."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        child = os.fork()
    if child == 0:
        code = 1
        try:
            code = 0 if body() else 1
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def is_free() -> bool:
    """Tell whether another thread can take the lock now."""
    taken = []

    def take() -> None:
        if lock._lock.acquire(blocking=False):
            taken.append(True)
            lock._lock.release()

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    return taken == [True]


def test_it_may_be_taken_again_by_its_holder() -> None:
    """It is reentrant, and free after the outermost `with`."""
    with lock.held():
        with lock.held():
            assert not is_free()
        assert not is_free()
    assert is_free()


def test_a_fork_leaves_it_as_it_was() -> None:
    """After a fork it is free on both sides."""
    assert in_child(is_free)
    assert is_free()


def test_a_fork_by_its_holder_frees_it_in_the_child_alone() -> None:
    """The holder may fork; the child's lock is free, and the parent holds its own until the `with` ends."""
    with lock.held():
        assert in_child(is_free)
        assert not is_free()
    assert is_free()


def test_a_fork_waits_for_the_holder() -> None:
    """The child is born when the other thread is done."""
    held, done = threading.Event(), threading.Event()
    finished = []

    def work() -> None:
        with lock.held():
            held.set()
            done.wait(20)
            finished.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    held.wait(20)
    threading.Timer(0.05, done.set).start()
    assert in_child(lambda: finished == [True])
    thread.join(20)


def test_a_fork_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder that never ends holds up a fork for a bounded time; the child's lock is free."""
    monkeypatch.setattr(forks, "LONGEST_WAIT", 0.01)
    held, done = threading.Event(), threading.Event()

    def work() -> None:
        with lock.held():
            held.set()
            done.wait(20)

    thread = threading.Thread(target=work)
    thread.start()
    held.wait(20)
    assert in_child(is_free)
    done.set()
    thread.join(20)
    assert is_free()


def test_a_lock_that_is_not_free_in_time_is_not_held() -> None:
    """Who waits no longer goes on without it, and gives nothing back."""
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with lock.held():
            held.set()
            release.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(60)
        for seconds in (0.0, 0.01):
            with lock.held_within(seconds) as is_held:
                assert not is_held
    finally:
        release.set()
        holder.join(60)
    with lock.held_within(60) as is_held, lock.held_within(0.0) as again:
        assert is_held
        assert again
    with lock.held_within(None) as is_held:
        assert is_held


def test_hooks_run_around_a_fork_in_the_order_of_their_registration(
    run_python: "Callable[..., Outcome]",
) -> None:
    """Those before it: last registered first; after it: first registered first. One that fails stops none."""
    done = run_python(
        """
    import os, sys
    from metaexpert.logger.process.forks import at_fork

    def told(what):
        return lambda: os.write(1, f"{what}\\n".encode())

    def fails():
        raise ValueError("no such thing")

    # One write per exception: what Python prints comes in pieces, and parent and child would mix theirs.
    sys.unraisablehook = lambda said: os.write(2, f"{said.exc_type.__name__}: {said.exc_value}\\n".encode())
    at_fork(before=told("before 1"), in_parent=told("parent 1"), in_child=told("child 1"))
    at_fork(before=fails, in_parent=fails, in_child=fails)
    at_fork(before=told("before 2"), in_parent=told("parent 2"), in_child=told("child 2"))
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    """
    )
    lines = done.stdout.splitlines()

    assert lines[:2] == ["before 2", "before 1"]
    assert [line for line in lines if "parent" in line] == ["parent 1", "parent 2"]
    assert [line for line in lines if "child" in line] == ["child 1", "child 2"]
    assert done.stderr.splitlines() == ["ValueError: no such thing"] * 3
