"""The environment in which the commands and code of pages run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: What configures the library or its output; the reader of a page has none of it set.
_CONFIGURING = ("LOG_", "METAEXPERT_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "PYTHONWARNINGS")


def clean_environment() -> dict[str, str]:
    """Return this process's environment with the project's active and nothing that configures the library."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_CONFIGURING)}
    programs = str(Path(sys.executable).parent)
    return {**kept, "PATH": programs + os.pathsep + kept.get("PATH", os.defpath)}
