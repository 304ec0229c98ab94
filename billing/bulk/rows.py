"""Rows of frames: picked by number or condition, put in order, summed where they belong together.

Knows stretches: the rows of one session, or of one of its scopes, that follow upon each other.
Refuses to know what the rows are. Column by column, as polars reckons single columns at once, but
plans and shares out whatever is asked of a frame.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from billing.bulk.whole import WIDEST, RangeError, kind_for, largest

Starts = NDArray[np.intp]
"""The first row of each stretch, in order."""


def where(frame: pl.DataFrame, mask: pl.Series) -> pl.DataFrame:
    """The rows in which a condition holds; null: it does not."""
    return pl.DataFrame([column.filter(mask) for column in frame.get_columns()])


def at(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The rows of these numbers (UInt32), in their order."""
    return pl.DataFrame([column[rows] for column in frame.get_columns()])


def stacked(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Frames of the same columns, one below the other, in one piece."""
    if len(frames) == 1:
        return frames[0]
    names = frames[0].columns
    return pl.DataFrame([pl.concat([one[name] for one in frames], rechunk=True) for name in names])


def chosen(mask: pl.Series) -> pl.Series:
    """The numbers of the rows in which a condition holds."""
    return numbers(len(mask)).filter(mask)


def numbers(height: int) -> pl.Series:
    """The numbers of so many rows."""
    return pl.Series(np.arange(height, dtype=np.uint32))


def ordered(ranks: pl.Series) -> pl.Series:
    """The numbers of rows by rank, those of one rank as they stand; quick where ranks rise in long
    runs.
    """
    return pl.Series(np.argsort(ranks.to_numpy(), kind="stable").astype(np.uint32))


def inverse(order: pl.Series) -> pl.Series:
    """Where each row comes in an order of all of them."""
    found = np.empty(len(order), dtype=np.uint32)
    found[order.to_numpy()] = np.arange(len(order), dtype=np.uint32)
    return pl.Series(found)


def starts_of(*columns: pl.Series) -> Starts:
    """Where stretches begin: in the first row, and where any column (without nulls) holds another
    value than in the row before.
    """
    other = np.zeros(len(columns[0]), dtype=np.bool_)
    other[:1] = True
    for column in columns:
        values = column.to_numpy()
        other[1:] |= values[1:] != values[:-1]
    return np.flatnonzero(other)


def firsts(starts: Starts) -> pl.Series:
    """The numbers of the first rows of stretches."""
    return pl.Series(starts.astype(np.uint32))


def lasts(starts: Starts, height: int) -> pl.Series:
    """The numbers of their last rows, of so many in all."""
    return pl.Series((np.append(starts[1:], height)[: len(starts)] - 1).astype(np.uint32))


def spread(values: pl.Series, places: pl.Series, size: int, absent: int = 0) -> pl.Series:
    """A column of so many rows with these values at their places (all different)."""
    if values.dtype == pl.Int64:
        found = np.full(size, absent, dtype=np.int64)
        found[places.to_numpy()] = values.to_numpy()
        return pl.Series(values.name, found)
    column = pl.Series(values.name, [absent], dtype=values.dtype).new_from_index(0, size)
    return column.scatter(places, values)


def running(column: pl.Series, starts: Starts) -> pl.Series:
    """The sum of whole numbers up to and with each row of its stretch.

    Int64 where the sum of the whole column fits it, else Int128. Raises RangeError beyond that.
    """
    column = _summable(column)
    if len(starts) == len(column):
        return column
    upto = _upto(column)
    first = firsts(starts)
    before = upto[first] - column[first]
    own = np.repeat(np.arange(len(starts), dtype=np.uint32), np.diff(starts, append=len(column)))
    return upto - before[pl.Series(own)]


def summed(column: pl.Series, starts: Starts) -> pl.Series:
    """The sum of whole numbers of each stretch, as wide as `running` has it."""
    column = _summable(column)
    if len(starts) == len(column):
        return column
    upto = _upto(column)
    first = firsts(starts)
    return upto[lasts(starts, len(column))] - upto[first] + column[first]


def steps(column: pl.Series, starts: Starts) -> pl.Series:
    """What each row adds to the row before of its stretch: the inverse of `running`."""
    if len(starts) == len(column):
        return column
    if column.dtype == pl.Int64:
        values = column.to_numpy()
        found = np.diff(values, prepend=0)
        found[starts] = values[starts]
        return pl.Series(column.name, found)
    first = firsts(starts)
    return (column - column.shift()).scatter(first, column[first])


def _summable(column: pl.Series) -> pl.Series:
    bound = largest(column) * max(len(column), 1)
    if bound > WIDEST:
        raise RangeError(f"{column.name}: a sum does not fit 128 bits")
    return column.cast(kind_for(bound))


def _upto(column: pl.Series) -> pl.Series:
    """The sum up to and with each row of all."""
    if column.dtype == pl.Int64:
        return pl.Series(column.name, np.cumsum(column.to_numpy()))
    return column.cum_sum()
