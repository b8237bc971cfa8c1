"""FR-027: recovery trusts the folder of a killed process only if it belongs to this user alone."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from support.processes import Outcome

Run = Callable[..., "Outcome"]
Change = Callable[[Path], object]

STORE = Path(f"/dev/shm/metaexpert-log-{os.geteuid()}")
NOBODY = 65534

pytestmark = pytest.mark.skipif(
    not os.access("/dev/shm", os.W_OK), reason="a killed process leaves its records on the tmpfs /dev/shm"
)

#: Leaves three records in its ring, which no file can take.
KILLED = """
import os, resource, signal, sys
from metaexpert.logger import configure, get_logger
configure(handlers={"console": None, "trades": None, "errors": None, "file": {"filename": FILE}})
resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
for n in range(3):
    get_logger("bot").warning("left", n=n)
os.kill(os.getpid(), signal.SIGKILL)
"""
RECOVER = """
import json, sys
from metaexpert.logger.process.recovery import recover
print(json.dumps(recover("logs", everything=EVERYTHING, files=FILES).to_dict()))
"""


@pytest.fixture
def ring(run_python: Run) -> Path:
    """The directory of a ring that a killed process has left."""
    return kill(run_python, "expert.log")


def kill(run_python: Run, file: str) -> Path:
    """Run a process that is killed with records in its ring, and return the ring's directory."""
    outcome = run_python(KILLED.replace("FILE", repr(file)), code=-9)
    # Other programs of the user may have rings there as well.
    mine = json.dumps(str(outcome.directory / "logs"))
    (found,) = [ring for ring in STORE.iterdir() if mine in author_of(ring)]
    return found


def author_of(ring: Path) -> str:
    """Return what a ring says of where it comes from; another program's may be gone meanwhile."""
    try:
        return (ring / "author.json").read_text()
    except OSError:
        return ""


def recover(run_python: Run, *, everything: bool = False, files: tuple[str, ...] = ()) -> dict[str, Any]:
    """Recover `logs` in a process of its own, and return the report."""
    program = RECOVER.replace("EVERYTHING", repr(everything)).replace("FILES", repr(list(files)))
    report = json.loads(run_python(program).stdout)
    assert isinstance(report, dict)
    return report


def linked(name: str) -> Change:
    """Return what puts a symbolic link to the genuine file in its place."""

    def change(ring: Path) -> None:
        genuine = ring.parent.parent / f"metaexpert-test-{os.getpid()}-{name}"
        shutil.move(ring / name, genuine)
        (ring / name).symlink_to(genuine)

    return change


CHANGES: dict[str, Change] = {
    "a ring that others may read": lambda ring: (ring / "ring").chmod(0o644),
    "a configuration that others may write": lambda ring: (ring / "config.0.json").chmod(0o666),
    "a directory that others may enter": lambda ring: ring.chmod(0o755),
    "a ring with a second name": lambda ring: os.link(ring / "ring", ring / "again"),
    "a link in place of the ring": linked("ring"),
    "a link in place of the configuration": linked("config.0.json"),
    "another user's ring": lambda ring: os.chown(ring / "ring", NOBODY, NOBODY),
    "another user's directory": lambda ring: os.chown(ring, NOBODY, NOBODY),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_not_this_users_alone_is_left_alone(change: str, ring: Path, run_python: Run) -> None:
    """It is reported, nothing of it is written anywhere, and the next program starts as ever."""
    if "another" in change and os.geteuid() != 0:
        pytest.skip("only root can give files away")
    CHANGES[change](ring)
    try:
        (report,) = recover(run_python)["rings"]
        outcome = run_python(
            "from metaexpert.logger import configure, get_logger\n"
            'configure(handlers={"console": None})\nget_logger("bot").info("next")\n'
        )

        assert report["status"] == "failed"
        assert (
            "this user alone" in report["problem"] or "Too many levels of symbolic links" in report["problem"]
        )
        assert outcome.messages() == ["next"]
        assert ring.is_dir()
    finally:
        shutil.rmtree(ring)
        for left in ring.parent.parent.glob(f"metaexpert-test-{os.getpid()}-*"):
            left.unlink()


def test_a_pipe_in_place_of_a_ring_holds_nobody_up(ring: Path, run_python: Run) -> None:
    """It is opened without waiting for a writer."""
    (ring / "ring").unlink()
    os.mkfifo(ring / "ring", 0o600)
    try:
        (report,) = recover(run_python)["rings"]
        assert report["status"] == "failed"
    finally:
        shutil.rmtree(ring)


def test_a_file_elsewhere_is_written_only_if_it_is_named(run_python: Run, tmp_path: Path) -> None:
    """Not by the ring itself, nor with `--all`: by a person, or by the program that starts."""
    (tmp_path / "logs").mkdir()
    ring = kill(run_python, str(tmp_path / "elsewhere" / "audit.log"))
    elsewhere = tmp_path / "elsewhere" / "audit.log"

    (report,) = recover(run_python)["rings"]
    assert (report["status"], ring.is_dir()) == ("failed", True)
    assert f"outside of the log directory {tmp_path / 'logs'}" in report["problem"]
    assert f"--file {elsewhere}" in report["problem"]
    mine = [
        each for each in recover(run_python, everything=True)["rings"] if each["run_id"] == report["run_id"]
    ]
    assert [each["status"] for each in mine] == ["failed"]
    assert not elsewhere.exists()

    (report,) = recover(run_python, files=(str(elsewhere),))["rings"]
    assert (report["status"], report["records"]) == ("recovered", 3)
    assert elsewhere.read_text().count('"message":"left"') == 3
    assert not ring.exists()


def test_the_next_start_writes_to_the_files_that_it_names_itself(run_python: Run, tmp_path: Path) -> None:
    """A handler whose file lies outside of the log directory loses nothing to a kill."""
    elsewhere = tmp_path / "elsewhere" / "audit.log"
    kill(run_python, str(elsewhere))
    run_python(
        "from metaexpert.logger import configure, get_logger\n"
        f"configure(handlers={{'console': None, 'file': {{'filename': {str(elsewhere)!r}}}}})\n"
        'get_logger("bot").info("next")\n'
    )

    text = elsewhere.read_text()
    assert text.count('"message":"left"') == 3
    assert text.splitlines()[-1].count('"message":"next"') == 1
