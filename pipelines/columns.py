"""Columns to Python values and back, many at a time: cell by cell takes ten times as long.

Instants travel as microseconds since the epoch, decimals as text; lists of structs as tuples.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

import polars as pl

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_AT_ONCE = 20_000
"""Rows whose cells stand as Python objects at the same time."""


def micros(at: datetime | None) -> int | None:
    """µs since the epoch, as `series` takes an instant."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def series(name: str, values: Sequence[Any], dtype: pl.DataType) -> pl.Series:
    """A column of values: instants as datetimes, decimals as Decimals, structs as tuples."""
    if isinstance(dtype, pl.Datetime):
        return pl.Series(name, [micros(at) for at in values], dtype=pl.Int64).cast(dtype)
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return _lists(name, values, dtype.inner)
    return pl.Series(name, values, dtype=dtype)


def _lists(name: str, values: Sequence[Sequence[tuple[Any, ...]]], inner: pl.Struct) -> pl.Series:
    """Each value is a sequence of tuples, a tuple the fields of a struct."""
    flat = list(zip(*(item for value in values for item in value), strict=True))
    fields = [
        series(field.name, flat[position] if flat else [], _typed(field.dtype))
        for position, field in enumerate(inner.fields)
    ]
    return gathered(name, list(map(len, values)), fields, pl.List(inner))


def gathered(
    name: str, lengths: Sequence[int], fields: Sequence[pl.Series], dtype: pl.DataType
) -> pl.Series:
    """A column of lists of structs, from the fields of all items and how many each row has."""
    items = pl.DataFrame(fields).to_struct("item")
    rows = pl.DataFrame({"row": pl.int_range(len(lengths), dtype=pl.UInt32, eager=True)})
    numbers = rows["row"].repeat_by(pl.Series(lengths, dtype=pl.UInt32)).explode()
    numbers = numbers.drop_nulls()
    grouped = (
        pl.DataFrame({"row": numbers, "item": items})
        .group_by("row", maintain_order=True)
        .agg("item")
    )
    found = rows.join(grouped, on="row", how="left", maintain_order="left")["item"]
    return _filled(name, found.cast(dtype), pl.Series([[]], dtype=dtype))


def _filled(name: str, found: pl.Series, empty: pl.Series) -> pl.Series:
    frame = pl.DataFrame({name: found})
    return frame.select(
        pl.when(pl.col(name).is_null()).then(pl.lit(empty)).otherwise(pl.col(name)).alias(name)
    )[name]


def _typed(dtype: Any) -> pl.DataType:  # noqa: ANN401 - a class or an instance of a type
    return dtype if isinstance(dtype, pl.DataType) else dtype()


def rows(frame: pl.DataFrame, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples of the named columns: what `series` takes, back again."""
    for part in frame.select(names).iter_slices(_AT_ONCE):
        yield from zip(*(values(column) for column in part.get_columns()), strict=True)


def values(column: pl.Series) -> Iterable[Any]:
    """The cells of a column: what `series` takes, back again."""
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        whole = column.cast(pl.Int64).to_list()
        return [None if us is None else _EPOCH + timedelta(0, 0, us) for us in whole]
    if isinstance(dtype, pl.Decimal):
        texts = column.cast(pl.String).to_list()
        return [None if text is None else Decimal(text) for text in texts]
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.Struct):
        return _tuples(column)
    return column.to_list()


def _tuples(column: pl.Series) -> Iterator[list[tuple[Any, ...]]]:
    """The structs of each list as tuples of their fields."""
    lengths = column.list.len().fill_null(0)
    items = column.filter(lengths > 0).explode().struct.unnest()
    flat = zip(*(values(field) for field in items.get_columns()), strict=True)
    for length in lengths:
        yield list(islice(flat, length))
