"""The environment of measured programs, in which Python keeps the bytecode of what it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

_BYTECODE: Final = Path(__file__).resolve().parent / "__pycache__" / "programs"


def environment() -> dict[str, str]:
    """Return an environment in which imported modules are compiled, as in an installed program.

    Otherwise, where Python may not write its bytecode beside the sources, each start would compile all of it
    again.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(_BYTECODE)}


def compile_package(name: str) -> None:
    """Compile all modules of a package that is installed here, as installers do."""
    found = find_spec(name)
    paths = (found and found.submodule_search_locations) or ()
    subprocess.run([sys.executable, "-m", "compileall", "-q", *paths], env=environment(), check=True)
