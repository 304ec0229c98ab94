"""Content hashes: what a table says, whatever files, row groups or engine hold it.

A partition's rows, sorted by the table's key, are hashed column by column: its name and type, which
values are null, then the values: text as lengths and UTF-8, decimals as text with their full scale,
all else as little-endian 64-bit integers; lists as lengths, then their elements; structs as their
fields. A table's hash is the hash of its partitions' days, row counts and hashes in order.
"""

import hashlib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from warehouse.lake.abreast import abreast

if TYPE_CHECKING:
    from hashlib import _Hash

_AT_ONCE = 50_000
"""Texts joined at a time: a day's payloads must not stand in memory twice."""


def frame_hash(frame: pl.DataFrame) -> str:
    """SHA-256 (hex) of the rows of `frame` in the order they stand."""
    return FrameHasher(frame).of(0, frame.height)


def file_hash(path: Path, schema: pl.Schema) -> str:
    """`frame_hash` of a Parquet file's rows, a column at a time: a day need not fit into memory.

    The next column is read while one is hashed.
    """
    digest = hashlib.sha256()
    file = pl.scan_parquet(path, glob=False)

    def load(name: str) -> tuple[str, int, _Column]:
        column = file.select(pl.col(name).cast(schema[name])).collect().to_series()
        return f"{name}:{column.dtype}", len(column), _prepare(column)

    for title, rows, column in abreast(load, schema.names(), 1):
        digest.update(f"{title}:{rows}\n".encode())
        column.update(digest, 0, rows)
    return digest.hexdigest()


def table_hash(partitions: Iterable[tuple[date, int, str]]) -> str:
    """SHA-256 (hex) over (day, rows, partition hash), ascending; empty partitions don't count."""
    lines = (f"{day.isoformat()} {rows} {digest}\n" for day, rows, digest in sorted(partitions))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


class FrameHasher:
    """Hashes many stretches of rows of one frame: columns are prepared once for all of them."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._columns = [
            (f"{column.name}:{column.dtype}", _prepare(column)) for column in frame.get_columns()
        ]

    def of(self, start: int, stop: int) -> str:
        """SHA-256 (hex) of rows [start, stop)."""
        digest = hashlib.sha256()
        for name, column in self._columns:
            digest.update(f"{name}:{stop - start}\n".encode())
            column.update(digest, start, stop)
        return digest.hexdigest()


class _Column(Protocol):
    def update(self, digest: "_Hash", start: int, stop: int) -> None: ...


class _Integers:
    def __init__(self, column: pl.Series) -> None:
        self._nulls = _nulls(column)
        self._values = _int64(column.to_physical())

    def update(self, digest: "_Hash", start: int, stop: int) -> None:
        digest.update(self._nulls[start:stop].tobytes())
        digest.update(self._values[start:stop].tobytes())


class _Texts:
    def __init__(self, column: pl.Series) -> None:
        self._nulls = _nulls(column)
        self._texts = column.fill_null("")
        self._lengths = _int64(self._texts.str.len_bytes())

    def update(self, digest: "_Hash", start: int, stop: int) -> None:
        digest.update(self._nulls[start:stop].tobytes())
        digest.update(self._lengths[start:stop].tobytes())
        for first in range(start, stop, _AT_ONCE):
            texts = self._texts.slice(first, min(_AT_ONCE, stop - first))
            digest.update(texts.str.join("").cast(pl.Binary)[0])


class _Lists:
    def __init__(self, column: pl.Series) -> None:
        self._nulls = _nulls(column)
        self._lengths = _int64(column.list.len())
        self._ends = np.concatenate([[0], np.cumsum(self._lengths)])
        self._elements = _prepare(column.filter(column.list.len().fill_null(0) > 0).explode())

    def update(self, digest: "_Hash", start: int, stop: int) -> None:
        digest.update(self._nulls[start:stop].tobytes())
        digest.update(self._lengths[start:stop].tobytes())
        self._elements.update(digest, int(self._ends[start]), int(self._ends[stop]))


class _Structs:
    def __init__(self, column: pl.Series, fields: list[pl.Field]) -> None:
        self._nulls = _nulls(column)
        self._fields = [
            (f"{field.name}:{field.dtype}\n".encode(), _prepare(column.struct.field(field.name)))
            for field in fields
        ]

    def update(self, digest: "_Hash", start: int, stop: int) -> None:
        digest.update(self._nulls[start:stop].tobytes())
        for name, column in self._fields:
            digest.update(name)
            column.update(digest, start, stop)


def _prepare(column: pl.Series) -> _Column:
    dtype = column.dtype
    if isinstance(dtype, pl.List):
        return _Lists(column)
    if isinstance(dtype, pl.Struct):
        return _Structs(column, dtype.fields)
    if dtype == pl.String:
        return _Texts(column)
    if dtype.is_decimal():
        return _Texts(column.cast(pl.String))
    if dtype == pl.Boolean or dtype.is_integer() or dtype.is_temporal():
        return _Integers(column)
    raise TypeError(f"a {dtype} has no canonical form: floats never enter the lake")


def _nulls(column: pl.Series) -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    return column.is_null().cast(pl.UInt8).to_numpy()


def _int64(column: pl.Series) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    return column.fill_null(0).cast(pl.Int64).to_numpy().astype("<i8", copy=False)
