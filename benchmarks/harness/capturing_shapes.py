"""A program that logs each shape of call: `instructions.py` counts each one's instructions on its thread."""

import gc
import sys
from types import SimpleNamespace

from harness.shapes import SHAPES, bare_loop_of
from metaexpert.logger import configure, flush, get_logger, log_context, shutdown
from metaexpert.logger._native import nothing

#: Calls after which every part of the way has been used, and remembered what it remembers.
WARM_UP = 20


def main() -> None:
    """Log so many records of each shape, the second argument, into a directory, the first.

    A call of `nothing` stands before and after the calls that are counted.
    """
    directory, records = sys.argv[1], int(sys.argv[2])
    # The default handlers, because other ones import what takes long under valgrind.
    configure(log_file_path=directory)
    log = get_logger("bench")
    # A collection would be counted for the shape that it happens in.
    gc.disable()
    for shape in SHAPES:
        given = SimpleNamespace(log=log, context=log_context, **shape.values())
        loop = bare_loop_of(shape)
        loop(given, 0, range(WARM_UP))
        flush()
        items = range(records)
        nothing()
        loop(given, WARM_UP, items)
        nothing()
        flush()
    shutdown()


if __name__ == "__main__":
    main()
