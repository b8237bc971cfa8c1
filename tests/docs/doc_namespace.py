"""Executes the `python` blocks of one page in order, in one namespace: `python doc_namespace.py PAGE`."""

from __future__ import annotations

import linecache
import sys
from pathlib import Path

from doc_pages import blocks


def main(page: Path) -> None:
    """Run the page as one program; an exception goes its way, with the page's lines in the traceback."""
    lines = page.read_text(encoding="utf-8").splitlines(keepends=True)
    linecache.cache[str(page)] = (sum(map(len, lines)), None, lines, str(page))
    # As the main program, so that pickling and dataclasses find what the page defines.
    namespace = sys.modules["__main__"].__dict__
    for block in blocks(page, "python"):
        if "no-run" not in block.flags:
            source = "\n" * (block.line - 1) + block.text
            exec(compile(source, str(page), "exec", dont_inherit=True), namespace)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
