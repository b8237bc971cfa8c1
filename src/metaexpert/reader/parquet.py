"""Parquet files, each of which is whole or not there."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from metaexpert.reader.extras import needed

if TYPE_CHECKING:
    import pyarrow

_COMPRESSION: Final = "zstd"


def write_relation(relation: Any, path: Path) -> None:
    """Write the result of a query. Raises ValueError where there is none, OSError for a bad path."""
    if relation is None:
        raise ValueError("there is no result to write; ask a query, such as select * from logs")
    needed("pyarrow.parquet", "query")
    reader = relation.to_arrow_reader()
    write(path, reader.schema, reader)


def write(path: Path, schema: pyarrow.Schema, batches: Iterable[pyarrow.RecordBatch]) -> None:
    """Write batches to a file at `path`, which appears there when all of it is on the disk.

    Raises OSError, also where something else than a file is there, and whatever the batches raise; then there
    is what was there before.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "it is there, and not a regular file")
    parquet = needed("pyarrow.parquet", "query")
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            with parquet.ParquetWriter(file, schema, compression=_COMPRESSION) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, _mode())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    _sync_directory(path.parent)


def _mode() -> int:
    """Return the mode of a new file."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
