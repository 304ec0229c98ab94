"""Rows that come in parts, into one Parquet file per day, of which few are held at a time.

The parts must come in the table's order: by day, and within it by key. What a day's file is named
for, its content hash, is taken from the file itself once it is whole.
"""

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
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            path = Path(scratch) / "whole.parquet"
            rows = _Rows(table, (frame for _, frame in parts))
            rows.write(path)
            name = f"{folder.name}/{rows.count}-{file_hash(path, rows.schema)}.parquet"
            path.replace(lake / table.name / name)
        yield day, name


def _by_day(table: Table, frames: Iterable[pl.DataFrame]) -> Iterator[Part]:
    for frame in frames:
        typed = frame.select(table.schema.names()).cast(table.schema)
        rows, start = typed.drop("day"), 0
        for count, day in typed.select(pl.col("day").rle()).unnest("day").iter_rows():
            yield day, rows.slice(start, count)
            start += count


class _Rows:
    """A day's rows as they come, counted and seen to be in order."""

    def __init__(self, table: Table, parts: Iterator[pl.DataFrame]) -> None:
        columns = {name: dtype for name, dtype in table.schema.items() if name != "day"}
        self.schema = pl.Schema(columns)
        self.count = 0
        self._table = table
        self._parts = parts
        self._failure: Exception | None = None

    def write(self, path: Path) -> None:
        """Fill a file. Raises what making the parts raised."""
        try:
            register_io_source(self._source, schema=self.schema).sink_parquet(
                path, compression="zstd", compression_level=1, statistics=False,
                row_group_size=GROUP,
            )  # fmt: skip
        except pl.exceptions.PolarsError:
            if self._failure is not None:
                raise self._failure from None
            raise

    def _source(
        self, columns: object, where: object, limit: object, size: object
    ) -> Iterator[pl.DataFrame]:
        """The parts, as the engine asks for them; it would hide what went wrong with one."""
        assert columns is where is limit is None
        del size
        try:
            yield from self._in_order()
        except Exception as error:
            self._failure = error
            raise

    def _in_order(self) -> Iterator[pl.DataFrame]:
        last = pl.DataFrame(schema=self.schema).select(self._table.order)
        for part in self._parts:
            keys = part.select(self._table.order)
            _assert_rising(self._table, pl.concat([last, keys]))
            last = keys.tail(1)
            self.count += part.height
            yield part


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
