"""`metaexpert backtest --optimize`: what it prints, its exit codes, and Ctrl-C."""

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from support.optimisations import write_data, write_strategy


@pytest.fixture
def command(tmp_path):
    """The beginning of the command line, for a directory with a strategy and data."""
    write_strategy(tmp_path)
    write_data(tmp_path)
    return [
        sys.executable,
        "-m",
        "metaexpert",
        "backtest",
        "s.py",
        "--data",
        "BTCUSDT-1m.csv",
        "--cores",
        "2",
    ]


def run(command, folder, *options):
    """Run the command to its end."""
    return subprocess.run(
        [*command, *options], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_table_and_a_heat_map(command, tmp_path):
    """The best pass is first, and each pair of values has a cell."""
    done = run(
        command, tmp_path, "--optimize", "EVERY=10:30:10", "--optimize", "leverage=1,2,3", "--top", "2"
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "s.py: 9 passes (grid, seed 0), highest sharpe_365d first"
    names = "pass EVERY leverage sharpe_365d return_pct max_drawdown_pct trades profit_factor"
    assert lines[1].split() == names.split()
    assert lines[4].strip().startswith("and 7 more")
    assert lines[6] == "sharpe_365d, the highest of each pair: EVERY down, leverage across"
    assert [line.split()[0] for line in lines[8:]] == ["10", "20", "30"]
    assert len(lines[8].split()) == 4


def test_json_has_each_pass_with_its_figures(command, tmp_path):
    """The same seed gives the same document, but for times and names of sessions."""
    options = "--optimize EVERY=5:59 --search random --passes 3 --minimize max_drawdown_pct --seed 4 --json"
    documents = [json.loads(run(command, tmp_path, *options.split()).stdout) for _ in range(2)]
    for document in documents:
        for row in [document["best"], *document["passes"]]:
            assert row["figures"].pop("session_id")
            assert row["figures"].pop("duration_s")
    assert documents[0] == documents[1]
    values = [row["value"] for row in documents[0]["passes"]]
    assert documents[0]["best"]["value"] == min(values)
    assert (documents[0]["minimize"], documents[0]["seed"], len(values)) == (True, 4, 3)


def test_a_walk_forward_has_a_line_per_step(command, tmp_path):
    """And the figures of all that was out of sample."""
    done = run(command, tmp_path, "--optimize", "EVERY=10,30", "--train", "1d", "--test", "1d")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "s.py: 2 steps forward (grid, seed 0)"
    assert lines[2].split()[:3] == ["1", "2024-01-01", "00:00"]
    assert lines[-2].split()[0] == "return_pct"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--optimize", "every=1"], "did you mean EVERY?"),
        (["--optimize", "EVERY"], "is not NAME=VALUES"),
        (["--optimize", "EVERY=1", "--optimize", "EVERY=2"], "twice"),
        (["--optimize", "EVERY=1", "--train", "1d"], "go together"),
        (["--optimize", "EVERY=1", "--train", "soon", "--test", "1d"], "--train must be a time"),
        (["--optimize", "EVERY=1", "--maximize", "luck"], "must be one of"),
        (["--optimize", "EVERY=1", "--log-level", "DEBUG"], "--log-passes logs each pass"),
        (["--maximize", "fees"], "--maximize is for many passes; add --optimize"),
    ],
)
def test_bad_options_are_refused(command, tmp_path, options, message):
    """With 2, before any pass."""
    done = run(command, tmp_path, *options)
    assert done.returncode == 2
    assert message in done.stderr
    assert not (tmp_path / "passes.txt").exists()


def test_failed_passes_are_told_of(command, tmp_path):
    """With 0 as long as one was made, and with 1 when none was."""
    some = run(command, tmp_path, "--optimize", "FAULT=none,broken")
    assert some.returncode == 0
    assert "1 of 2 passes failed; pass 2 (FAULT=broken): RuntimeError: cannot be imported" in some.stderr
    none = run(command, tmp_path, "--optimize", "FAULT=broken")
    assert none.returncode == 1


def test_ctrl_c_leaves_what_is_done(command, tmp_path):
    """The pass that is over is in the document; the one that goes on ends at once."""
    process = subprocess.Popen(
        [*command, "--cores", "1", "--optimize", "FAULT=none,slow", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "slow").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    # As a terminal does: to the workers as well.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    document = json.loads(out)
    assert process.returncode == 130
    assert document["interrupted"] is True
    assert [(row["parameters"], row["error"]) for row in document["passes"]] == [({"FAULT": None}, None)]
    assert err == "interrupted; 1 pass was over\n"


def test_a_terminal_sees_progress_and_colours(command, tmp_path):
    """The bar is on stderr, the heat map has colours."""
    main, end = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [*command, "--optimize", "EVERY=10,20", "--optimize", "leverage=1,2"],
        cwd=tmp_path, stdout=end, stderr=end, env=environment,
    )  # fmt: skip
    os.close(end)
    seen = b""
    while True:
        try:
            part = os.read(main, 65536)
        except OSError:
            break
        if not part:
            break
        seen += part
    assert process.wait(60) == 0
    text = seen.decode()
    assert "s.py" in text
    assert "/4" in text
    assert "37;48;5;" in text
