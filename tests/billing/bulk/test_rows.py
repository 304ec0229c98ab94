"""Rows of frames: stretches, their sums at any width, and orders."""

from itertools import groupby

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.bulk.rows import (
    at,
    chosen,
    firsts,
    inverse,
    lasts,
    ordered,
    running,
    spread,
    stacked,
    starts_of,
    steps,
    summed,
    where,
)
from billing.bulk.whole import WIDEST, RangeError

ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**100), 2**100)), max_size=9)
NARROW_ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**40), 2**40)), max_size=9)


@settings(deadline=None)
@given(ROWS | NARROW_ROWS)
def test_sums_of_stretches(rows: list[tuple[int, int]]) -> None:
    stretches = [[value for _, value in own] for _, own in groupby(rows, key=lambda row: row[0])]
    begins = starts_of(pl.Series([key for key, _ in rows], dtype=pl.UInt32))
    column = pl.Series("n", [value for _, value in rows], dtype=pl.Int128)
    upto = [sum(own[: n + 1]) for own in stretches for n in range(len(own))]
    assert running(column, begins).to_list() == upto
    assert summed(column, begins).to_list() == [sum(own) for own in stretches]
    assert steps(running(column, begins), begins).to_list() == column.to_list()
    assert column[firsts(begins)].to_list() == [own[0] for own in stretches]
    assert column[lasts(begins, len(rows))].to_list() == [own[-1] for own in stretches]


def test_a_sum_beyond_128_bits_is_refused() -> None:
    column = pl.Series("cost", [WIDEST, WIDEST], dtype=pl.Int128)
    begins = starts_of(pl.Series([0, 0]))
    for work in (running, summed):
        with pytest.raises(RangeError, match="cost: a sum does not fit 128 bits"):
            work(column, begins)


def test_a_stretch_begins_where_any_column_changes() -> None:
    found = starts_of(pl.Series([1, 1, 1, 2, 2]), pl.Series([5, 5, 6, 6, 6]))
    assert found.tolist() == [0, 2, 3]


@given(st.lists(st.integers(0, 5), max_size=12))
def test_an_order_is_stable_and_can_be_undone(ranks: list[int]) -> None:
    order = ordered(pl.Series(ranks, dtype=pl.UInt64))
    assert order.to_list() == sorted(range(len(ranks)), key=lambda row: ranks[row])
    assert order[inverse(order)].to_list() == list(range(len(ranks)))


@pytest.mark.parametrize("kind", [pl.Int64, pl.Int128])
def test_what_is_spread_is_found_in_its_place(kind: type[pl.Int64 | pl.Int128]) -> None:
    values = pl.Series("n", [7, 8], dtype=kind)
    found = spread(values, pl.Series([3, 1], dtype=pl.UInt32), 5, absent=-1)
    assert found.to_list() == [-1, 8, -1, 7, -1]
    assert found.dtype == kind
    assert found.name == "n"


def test_rows_are_picked_by_number_and_by_condition() -> None:
    frame = pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    mask = pl.Series([True, None, False])
    assert where(frame, mask).rows() == [(1, "x")]
    assert chosen(mask).to_list() == [0]
    assert at(frame, pl.Series([2, 0], dtype=pl.UInt32)).rows() == [(3, "z"), (1, "x")]
    assert stacked([frame, frame]).equals(pl.concat([frame, frame]))
