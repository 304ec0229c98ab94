"""Whole numbers in columns: each division rounded once, half away from zero, at any size."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.bulk import Asked, RangeError, price_all, sheet_of
from billing.bulk.clock import clock_of, micros
from billing.bulk.text import number_text
from billing.bulk.whole import (
    as_decimal,
    decimals,
    digits_used,
    kind_for,
    quotient,
    ratio,
    scaled,
    whole,
)
from billing.record import decimal_text
from tests.billing.pricing.samples import periods, tariff_of

NUMBERS = st.integers(-(10**20), 10**20) | st.integers(-30, 30) | st.integers(-(2**126), 2**126)
SIZES = st.integers(1, 10**15) | st.integers(1, 12)


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    size = floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=5), st.integers(1, 10**6), SIZES)
def test_quotients(values: list[int], times: int, by: int) -> None:
    expected = [rounded(Fraction(value * times, by)) for value in values]
    column = pl.Series(values, dtype=pl.Int128)
    if any(abs(value) >= 2**127 for value in expected):
        with pytest.raises(RangeError):
            quotient(column, times, by)
    else:
        assert quotient(column, times, by).to_list() == expected


@settings(deadline=None)
@given(st.integers(-(10**18), 10**18), NUMBERS, SIZES | SIZES.map(lambda by: -by))
def test_ratios(value: int, times: int, divisor: int) -> None:
    expected = rounded(Fraction(value * times, divisor))
    columns = [pl.Series([one, None], dtype=pl.Int128) for one in (value, times, divisor)]
    if abs(expected) >= 2**127:
        with pytest.raises(RangeError):
            ratio(*columns)
    else:
        assert ratio(*columns).to_list() == [expected, None]


@settings(deadline=None)
@given(st.decimals(-(10**6), 10**6, places=7))
def test_decimals_and_whole_numbers_are_the_same(value: Decimal) -> None:
    column = pl.Series("wh", [value, None], dtype=pl.Decimal(38, 7))
    assert as_decimal(whole(column, 7), 7).to_list() == [value, None]
    assert scaled(value, 9) == int(value * 10**9)
    assert digits_used(column) == decimals([value])
    text = pl.DataFrame({"n": [scaled(value, 7)]}).select(number_text(pl.col("n"), 7))
    assert text.item() == decimal_text(value)


def test_a_factor_of_zero_hides_no_width() -> None:
    assert [kind_for(*factors) for factors in ((2**40, 2**20), (0, 2**70), (2**40, 2**40))] == [
        pl.Int64,
        pl.Int128,
        pl.Int128,
    ]


def test_a_value_with_more_decimals_than_its_scale_is_refused() -> None:
    with pytest.raises(RangeError, match="more than 2 decimals"):
        scaled(Decimal("0.125"), 2)
    with pytest.raises(RangeError, match="wh: a value has more than 2 decimals"):
        whole(pl.Series("wh", [Decimal("0.125")]), 2)


def test_a_tax_of_exactly_half_a_grain_is_rounded_up() -> None:
    """21 % of 0.06 an hour for a microsecond: 3.5E-12, though the cost itself never ends."""
    found = periods(("2026-10-05T12:00", "charging"), end="2026-10-05T13:00")
    start = found[0].start_at
    end = start + timedelta(microseconds=1)
    short = type(found[0])(0, start, end, found[0].activity, Decimal(0), tariff_id="T")
    own = tariff_of([["TIME 0.06 vat 21 step 0"]])
    priced = price_all(sheet_of([Asked("one", (short,), (own,), "UTC", start, end)]))
    assert priced.lines["net"].to_list() == [Decimal("17E-12")]
    assert priced.lines["tax"].to_list() == [Decimal("4E-12")]


@pytest.mark.parametrize(
    "name", ["Europe/Amsterdam", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu", "UTC"]
)
def test_a_clock_shows_what_its_zone_does(name: str) -> None:
    zone = ZoneInfo(name)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    clock = clock_of(zone, micros(first), micros(first + timedelta(days=730)))
    for hour in range(0, 730 * 24, 3):
        at = first + timedelta(hours=hour)
        assert (
            timedelta(microseconds=clock.offset_at(micros(at))) == at.astimezone(zone).utcoffset()
        )
    for change in clock.from_us[1:]:
        assert clock.offset_at(change) != clock.offset_at(change - 1)
