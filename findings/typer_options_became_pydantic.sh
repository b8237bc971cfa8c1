#!/usr/bin/env bash
# Typer 0.29 converts options with pydantic: an int option takes "3.0", which 0.28 refused, and a program with
# one option loads pydantic before it does anything, twice the modules of before.
#
# typer 0.28.0 and 0.29.2, CPython 3.11, Linux x86_64.
#
# Since 0.29.0 pydantic is a dependency, and values are converted by a TypeAdapter in its lax mode, where a
# float without a fraction is an integer. It is imported for the first parameter, so `--help` of a command
# pays as well.
#
# Output seen:
#   0.28.0: exit 2, pydantic not loaded
#   0.29.2: count=3, pydantic loaded
#   0.29.2 loads more than 100 modules beyond those of 0.28.0
#
# What it means here: the command line is built on click itself, so that no command loads pydantic for its
# options; tests/unit/cli/test_app.py says so.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

cat >program.py <<'PROGRAM'
import sys

import typer

app = typer.Typer()


@app.command()
def main(count: int = 1) -> None:
    print(f"count={count}")


try:
    app(standalone_mode=True)
except SystemExit as end:
    loaded = "loaded" if "pydantic" in sys.modules else "not loaded"
    print(f"exit {end.code}, pydantic {loaded}, {len(sys.modules)} modules", file=sys.stderr)
PROGRAM

for version in 0.28.0 0.29.2; do
  uv venv --quiet --python 3.11 "$version"
  uv pip install --quiet --python "$version/bin/python" "typer==$version"
  said=$("$version/bin/python" program.py --count 3.0 2>errors | tail -1)
  end=$(tail -1 errors)
  "$version/bin/python" program.py --count 3 2>&1 >/dev/null | grep -o '[0-9]* modules' | cut -d' ' -f1 >"$version.modules"
  state=$(grep -o 'pydantic [a-z ]*loaded' <<<"$end")
  code=$(grep -o 'exit [0-9]*' <<<"$end")
  echo "$version: ${said:-$code}, $state"
done | tee output
more=$(($(<0.29.2.modules) - $(<0.28.0.modules)))
((more > 100)) && echo "0.29.2 loads more than 100 modules beyond those of 0.28.0" | tee -a output

cat >expected <<'EXPECTED'
0.28.0: exit 2, pydantic not loaded
0.29.2: count=3, pydantic loaded
0.29.2 loads more than 100 modules beyond those of 0.28.0
EXPECTED
if ! diff expected output; then
  echo "the behaviour has changed" >&2
  exit 1
fi
