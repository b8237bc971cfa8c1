"""Make the profile that this machine's compiler optimises with, and put it beside this file.

    uv run pgo/train.py

A module that counts its branches is built, `workload.py` is run with it, and the counts become
`<version>-<target>.profdata`; functions that were never reached are left out. Do it for a new compiler, and
when `benchmarks/instructions.py --check` says that a call has become more expensive, because the profile no
longer covers a function that changed. Needs LLVM's `llvm-profdata` of the compiler's own version:
`rustup component add llvm-tools`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pgo.flags import VARIABLE, compiler, profile_of  # noqa: E402


def merger() -> Path:
    """Return the program that merges counts, of the compiler's own version: others read other formats."""
    sysroot = Path(_output("rustc", "--print", "sysroot"))
    found = sorted(sysroot.glob("lib/rustlib/*/bin/llvm-profdata*"))
    if not found:
        sys.exit("llvm-profdata is missing: install it with `rustup component add llvm-tools`")
    return found[0]


def build(counts: Path, modules: Path) -> None:
    """Build a package that writes its counts into `counts`, and unpack it into `modules`."""
    with tempfile.TemporaryDirectory() as wheels:
        environ = {**os.environ, VARIABLE: f"generate:{counts}"}
        command = ["uv", "build", "--quiet", "--wheel", "--out-dir", wheels]
        subprocess.run(command, check=True, cwd=ROOT, env=environ)
        (wheel,) = Path(wheels).glob("*.whl")
        zipfile.ZipFile(wheel).extractall(modules)


def train(modules: Path, directory: Path) -> None:
    """Run the workload with the package in `modules`, and look at whether it was that package."""
    environ = {**os.environ, "PYTHONPATH": str(modules)}
    where = "import metaexpert.logger._native as native; print(native.__file__)"
    if not _output(sys.executable, "-c", where, environ=environ).startswith(str(modules)):
        sys.exit("another installation of metaexpert came first; the counts would be of nothing")
    workload = [sys.executable, str(ROOT / "pgo" / "workload.py"), str(directory)]
    subprocess.run(workload, check=True, env=environ, stdout=subprocess.DEVNULL)


def main() -> None:
    """Build, train and write."""
    merge = merger()
    with tempfile.TemporaryDirectory() as scratch:
        counts, modules, logs = (Path(scratch) / name for name in ("counts", "modules", "logs"))
        build(counts, modules)
        # Building ran a part of it, which is not what programs do.
        for each in counts.glob("*"):
            each.unlink()
        train(modules, logs)
        profile = profile_of(compiler(os.environ))
        subprocess.run([merge, "merge", "--sparse", "-o", profile, *counts.glob("*.profraw")], check=True)
    print(f"{profile.relative_to(ROOT)}: {profile.stat().st_size:,} bytes; `uv sync` builds with it")


def _output(*command: str, environ: dict[str, str] | None = None) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ).stdout.strip()


if __name__ == "__main__":
    main()
