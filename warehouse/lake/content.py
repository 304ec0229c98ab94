"""Content hashes: what a table says, whatever files, row groups or engine hold it.

A partition's rows, sorted by the table's key, are hashed column by column: its name and type, which
values are null, then the values: text as lengths and UTF-8, decimals as text with their full scale,
all else as little-endian 64-bit integers; lists as lengths, then their elements; structs as their
fields. A table's hash is the hash of its partitions' days, row counts and hashes in order.
"""

import hashlib
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from hashlib import _Hash


_AT_ONCE = 50_000
"""Texts joined at a time: a day's payloads must not stand in memory twice."""


def frame_hash(frame: pl.DataFrame) -> str:
    """SHA-256 (hex) of the rows of `frame` in the order they stand."""
    digest = hashlib.sha256()
    for column in frame.get_columns():
        digest.update(f"{column.name}:{column.dtype}:{len(column)}\n".encode())
        _column(digest, column)
    return digest.hexdigest()


def table_hash(partitions: Iterable[tuple[date, int, str]]) -> str:
    """SHA-256 (hex) over (day, rows, partition hash), ascending; empty partitions don't count."""
    lines = (f"{day.isoformat()} {rows} {digest}\n" for day, rows, digest in sorted(partitions))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _column(digest: "_Hash", column: pl.Series) -> None:
    """A day's table is short, so each call into the engine costs more than the bytes it gives."""
    if column.null_count():
        digest.update(column.is_null().cast(pl.UInt8).to_numpy().tobytes())
    else:
        digest.update(bytes(len(column)))
    dtype = column.dtype
    if isinstance(dtype, pl.List):
        _integers(digest, column.list.len())
        _column(digest, column.filter(column.list.len().fill_null(0) > 0).explode())
    elif isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            digest.update(f"{field.name}:{field.dtype}\n".encode())
            _column(digest, column.struct.field(field.name))
    elif dtype == pl.String:
        _text(digest, column)
    elif dtype.is_decimal():
        _text(digest, column.cast(pl.String))
    elif dtype == pl.Boolean or dtype.is_integer() or dtype.is_temporal():
        _integers(digest, column.to_physical())
    else:
        raise TypeError(f"a {dtype} has no canonical form: floats never enter the lake")


def _integers(digest: "_Hash", column: pl.Series) -> None:
    filled = column.fill_null(0) if column.null_count() else column
    digest.update(filled.to_numpy().astype("<i8").tobytes())


def _text(digest: "_Hash", column: pl.Series) -> None:
    filled = column.fill_null("") if column.null_count() else column
    _integers(digest, filled.str.len_bytes())
    for start in range(0, len(filled), _AT_ONCE):
        digest.update("".join(filled.slice(start, _AT_ONCE).to_list()).encode())
