"""The compiler's flags, which let it optimise for the calls that programs really make.

A profile says how often each branch of the native module was taken while `train.py` ran. Only the compiler
that it was made with can use it, so it is named after that compiler. With any other compiler the module is
built without a profile, and a call takes some nanoseconds longer.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

PROFILES: Final = Path(__file__).resolve().parent
#: `none` builds without a profile, `generate:DIRECTORY` a module that writes one there when it ends.
VARIABLE: Final = "METAEXPERT_PGO"
#: Cargo's own separator: paths may have blanks.
_SEPARATOR: Final = "\x1f"


def compiler(environ: Mapping[str, str]) -> str:
    """Return what the compiler is and builds for: `1.95.0-x86_64-unknown-linux-gnu`; empty without one."""
    try:
        told = subprocess.run(
            [environ.get("RUSTC", "rustc"), "-vV"],
            capture_output=True,
            text=True,
            check=True,
            cwd=PROFILES.parent,
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return ""
    facts = dict(re.findall(r"^(\w+): (\S+)", told, re.MULTILINE))
    target = environ.get("CARGO_BUILD_TARGET") or facts.get("host", "")
    return f"{facts.get('release', '')}-{target}"


def profile_of(compiler: str, directory: Path = PROFILES) -> Path:
    """Return where the profile for `compiler` lies, if there is one."""
    return directory / f"{compiler}.profdata"


def with_profile(environ: Mapping[str, str], compiler: str, directory: Path = PROFILES) -> dict[str, str]:
    """Return the variables that cargo is to see: `environ`, and what `METAEXPERT_PGO` asks for.

    Flags that are there already are kept. Raises `ValueError` for a value that says nothing.
    """
    wanted = environ.get(VARIABLE, "")
    way, _, where = wanted.partition(":")
    if way == "generate" and where:
        flag = f"-Cprofile-generate={where}"
    elif wanted not in ("", "none"):
        raise ValueError(
            f"{VARIABLE} must be none or generate:DIRECTORY, was {wanted}; leave it out for a release"
        )
    elif wanted == "none" or not profile_of(compiler, directory).is_file():
        return dict(environ)
    else:
        flag = f"-Cprofile-use={profile_of(compiler, directory)}"
    encoded = environ.get("CARGO_ENCODED_RUSTFLAGS")
    given = environ.get("RUSTFLAGS", "").split() if encoded is None else encoded.split(_SEPARATOR)
    flags = [*(each for each in given if each), flag]
    return {**environ, "CARGO_ENCODED_RUSTFLAGS": _SEPARATOR.join(flags)}
