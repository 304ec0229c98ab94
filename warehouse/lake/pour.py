"""Rows that come in parts, into one Parquet file per day, of which few are held at a time.

The parts must come in the table's order: by day, and within it by key. What a day's file is named
for, its content hash, is taken from the file itself once it is whole.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from warehouse.lake.content import file_hash
from warehouse.lake.tables import Table

GROUP = 65_536
"""Rows in a row group: what a reader must take at once."""

Part = tuple[date, pl.DataFrame]


def pour(lake: Path, table: Table, frames: Iterable[pl.DataFrame]) -> Iterator[tuple[date, str]]:
    """Write a file for each day that has rows; the days and the files' names in the table."""
    before: date | None = None
    for day, parts in groupby(_by_day(table, frames), key=lambda part: part[0]):
        assert before is None or before < day, f"{table.name}: {day} comes after {before}"
        before = day
        folder = lake / table.name / f"day={day.isoformat()}"
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=folder, suffix=".partial")
        os.close(handle)
        rows, digest = _write(Path(temporary), table, (frame for _, frame in parts))
        name = f"{folder.name}/{rows}-{digest}.parquet"
        Path(temporary).replace(lake / table.name / name)
        yield day, name


def _by_day(table: Table, frames: Iterable[pl.DataFrame]) -> Iterator[Part]:
    for frame in frames:
        typed = frame.select(table.schema.names()).cast(table.schema)
        for part in typed.partition_by("day", maintain_order=True):
            yield part["day"][0], part.drop("day")


def _write(path: Path, table: Table, parts: Iterator[pl.DataFrame]) -> tuple[int, str]:
    """Fill a file; how many rows it has, and their hash."""
    schema = pl.Schema({name: dtype for name, dtype in table.schema.items() if name != "day"})
    rows = 0

    def source(
        columns: object, where: object, limit: object, size: object
    ) -> Iterator[pl.DataFrame]:
        nonlocal rows
        assert columns is where is limit is None
        del size
        last = pl.DataFrame(schema=schema).select(table.order)
        for part in parts:
            keys = part.select(table.order)
            _assert_rising(table, pl.concat([last, keys]))
            last = keys.tail(1)
            rows += part.height
            yield part

    register_io_source(source, schema=schema).sink_parquet(
        path, compression="zstd", compression_level=1, statistics=False, row_group_size=GROUP
    )
    return rows, file_hash(path, schema)


def _assert_rising(table: Table, keys: pl.DataFrame) -> None:
    """Each key is greater than the one before it, so that none occurs twice."""
    rising, same = pl.lit(value=False), pl.lit(value=True)
    for name in table.order:
        before = pl.col(name).shift(1)
        rising |= same & (before < pl.col(name))
        same &= before == pl.col(name)
    assert keys.select(rising.fill_null(value=True).all()).item(), (
        f"{table.name}: a key occurs twice, or out of order"
    )
