"""Messages on streams that are closed or take nothing."""

import sys
from pathlib import Path

import pytest

from metaexpert.streams import end_without_stdout, is_terminal, tell

FULL = Path("/dev/full")


def test_without_a_stderr_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program may have been started with a closed one."""
    monkeypatch.setattr(sys, "stderr", None)
    tell("a line")

    assert sys.stderr is None
    assert not is_terminal(sys.stderr)


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full")
def test_a_stderr_that_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows, at the interpreter's end too, goes nowhere instead of failing."""
    full = FULL.open("w")
    monkeypatch.setattr(sys, "stderr", full)
    tell("a line")
    assert sys.stderr is not full
    tell("another")
    sys.stderr.flush()
    sys.stderr.close()
    with pytest.raises(OSError, match="No space"):
        full.close()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device"), "error: stdout takes nothing: No space left on device\n"),
        (BrokenPipeError(), ""),
    ],
)
def test_an_end_without_stdout_is_told_unless_nobody_reads_on(
    error: OSError, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`| head` has what it wants."""
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(SystemExit) as ended:
        end_without_stdout(error)

    assert ended.value.code == 1
    assert capsys.readouterr().err == said
