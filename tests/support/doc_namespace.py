"""Executes the `python` blocks of one page in order, in one namespace: `python doc_namespace.py PAGE`.

Blocks that are not run because a package is missing are named on standard output.
"""

from __future__ import annotations

import linecache
import sys
from importlib.util import find_spec
from pathlib import Path

# Started as a program, without what pytest puts on the path.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.doc_pages import Block, blocks

NEEDS = "needs-"


def missing_packages(block: Block) -> list[str]:
    """Return the packages that a block says it needs and that are not installed."""
    needed = sorted(flag.removeprefix(NEEDS) for flag in block.flags if flag.startswith(NEEDS))
    return [name for name in needed if find_spec(name) is None]


def main(page: Path) -> None:
    """Run the page as one program; an exception passes on, with the page's lines in the traceback."""
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    linecache.cache[str(page)] = (sum(map(len, lines)), None, lines, str(page))
    # As the main program, so that pickling and dataclasses find what the page defines.
    namespace = sys.modules["__main__"].__dict__
    for block in blocks(page, "python"):
        if missing := missing_packages(block):
            print(f"line {block.line} is not run: {', '.join(missing)} is not installed")
        elif "no-run" not in block.flags:
            source = "\n" * (block.line - 1) + block.text
            exec(compile(source, str(page), "exec", dont_inherit=True), namespace)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
