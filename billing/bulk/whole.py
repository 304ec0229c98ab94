"""Whole numbers in columns: every quantity and amount, scaled to an integer, divided once.

Knows scales, bounds and the one division that rounds. Refuses to overflow: where a product might
not fit 128 bits it is reckoned with Python's unbounded integers instead, to the same digit.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from math import gcd, prod

import polars as pl

Kind = type[pl.Int64] | type[pl.Int128] | type[pl.UInt32] | type[pl.UInt8]

GRAIN_DIGITS = 12
"""Exact amounts are kept to 1E-12 (`billing.money.GRAIN`)."""

GRAIN = 10**GRAIN_DIGITS
WIDEST = 10**38 - 1
"""What 128 bits and a Decimal of 38 digits both hold."""
NARROW = 2**62
"""Below it, with room for one more sum, 64 bits hold a number, and reckon twice as fast."""


class RangeError(ValueError):
    """A number that no column here can hold: more than 38 digits in all."""


def decimals(values: Iterable[Decimal]) -> int:
    """The most decimals any of the values has, trailing zeros not counted; at least 0."""
    return max((_decimals(value) for value in values), default=0)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int), "a price or threshold is a number"
    return max(0, -exponent)


def scaled(value: Decimal, digits: int) -> int:
    """The value as a whole number of 10^-digits. Raises RangeError where that is not exact."""
    sign, figures, exponent = value.as_tuple()
    assert isinstance(exponent, int), "a price or threshold is a number"
    number = int("".join(map(str, figures)) or "0") * (-1 if sign else 1)
    shift = exponent + digits
    if shift >= 0:
        return int(number * 10**shift)
    whole, rest = divmod(number, 10**-shift)
    if rest:
        raise RangeError(f"{value} has more than {digits} decimals")
    return int(whole)


def power(digits: int) -> int:
    """10^digits, where `digits` is not negative."""
    return int(10**digits)


@lru_cache(maxsize=1024)
def lit(value: int, kind: Kind = pl.Int128) -> pl.Expr:
    """A constant of 128 bits (or 64). Raises RangeError beyond them."""
    if abs(value) > WIDEST:
        raise RangeError(f"{value} does not fit 128 bits")
    return pl.lit(value, dtype=kind)


def kind_for(*factors: int) -> Kind:
    """The narrower of the two kinds of whole numbers that holds each factor and their product."""
    return pl.Int64 if prod(max(1, factor) for factor in factors) < NARROW else pl.Int128


def clipped(bound: int) -> int:
    """A threshold in 64 bits: beyond every measured value (`whole` refuses such) it is as good."""
    return max(-NARROW, min(NARROW, bound))


def constant(value: int, rows: int, kind: Kind = pl.Int64) -> pl.Series:
    """A column of one value."""
    return pl.Series([value], dtype=kind).new_from_index(0, rows)


def whole(column: pl.Series, digits: int) -> pl.Series:
    """A Decimal or integer column as Int64 in units of 10^-digits; null stays null.

    Raises RangeError where a value has more decimals than that or does not fit 64 bits.
    """
    if column.null_count() == len(column):
        return pl.Series(column.name, [None], dtype=pl.Int64).new_from_index(0, len(column))
    held = column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0
    plain = column.to_physical()
    times, by = (10 ** (digits - held), 1) if digits >= held else (1, 10 ** (held - digits))
    peak = largest(plain)
    if peak * times > WIDEST:
        raise RangeError(f"{column.name}: more than 38 digits")
    if peak * times // by >= NARROW:
        _check_decimals(plain, by, column.name, digits)
        raise RangeError(f"{column.name}: a value is beyond any session")
    kind = kind_for(max(peak, 1) * times, by)
    plain = plain.cast(kind)
    _check_decimals(plain, by, column.name, digits)
    frame = plain.to_frame("n")
    return frame.select(
        (pl.col("n") * lit(times, kind) // lit(by, kind)).cast(pl.Int64).alias(column.name)
    ).to_series()


def _check_decimals(plain: pl.Series, by: int, name: str, digits: int) -> None:
    """Every number is a multiple of `by`: else it would lose decimals."""
    divisor = lit(by, pl.Int128)
    inexact = (pl.col("n").cast(pl.Int128) % divisor != 0).any()
    if by > 1 and plain.to_frame("n").select(inexact).item():
        raise RangeError(f"{name}: a value has more than {digits} decimals")


def digits_used(column: pl.Series) -> int:
    """How many decimals a column's values need: its scale less the zeros all of them end in."""
    if column.null_count() == len(column):
        return 0
    held = column.dtype.scale if isinstance(column.dtype, pl.Decimal) else 0
    plain = column.to_physical()
    kind = kind_for(largest(plain))
    frame = plain.cast(kind).to_frame("n")
    while held and not frame.select((pl.col("n") % lit(10, kind) != 0).any()).item():
        held -= 1
        frame = frame.select(pl.col("n") // lit(10, kind))
    return held


def largest(column: pl.Series) -> int:
    """The largest magnitude in an integer column; 0 where it is empty."""
    low, high = column.min(), column.max()
    assert low is None or isinstance(low, int)
    assert high is None or isinstance(high, int)
    return max(-(low or 0), high or 0)


def quotient(column: pl.Series, times: int, by: int) -> pl.Series:
    """column × times / by, rounded once: half away from zero. `by` is positive.

    Int64 where every number on the way fits it, else Int128.
    """
    common = gcd(times, by)
    times, by = times // common, by // common
    bound = max(largest(column) * abs(times) + by, abs(times))
    if bound > WIDEST:
        found = [None if n is None else half_away(n * times, by) for n in column.to_list()]
        return pl.Series(column.name, checked(found), dtype=pl.Int128)
    kind = kind_for(bound)
    product = column.cast(kind)
    if times != 1:
        product = product * scalar(times, kind)
    if by == 1:
        return product
    half, per = scalar(by // 2, kind), scalar(by, kind)
    negative = product < scalar(0, kind)
    if not negative.any():
        return (product + half) // per
    size = (product.abs() + half) // per
    return (scalar(0, kind) - size).zip_with(negative, size)


def scalar(value: int, kind: Kind = pl.Int64) -> pl.Series:
    """A number as a column of one row, which stands for as many as there are beside it."""
    return pl.Series([value], dtype=kind)


def widened(columns: Sequence[pl.Series]) -> list[pl.Series]:
    """Columns of whole numbers, all as wide as the widest."""
    wide = any(column.dtype == pl.Int128 for column in columns)
    return [column.cast(pl.Int128) for column in columns] if wide else list(columns)


def ratio(column: pl.Series, times: pl.Series, by: pl.Series) -> pl.Series:
    """column × times / by of each row as Int128, rounded once: half away from zero.

    `by` is never 0; null where any of the three is.
    """
    frame = pl.DataFrame([column.alias("n"), times.alias("t"), by.alias("d")])
    bound = largest(column) * largest(times) + largest(by)
    if bound > WIDEST:
        found = [
            None if None in row else half_away(row[0] * row[1], row[2]) for row in frame.rows()
        ]
        return pl.Series(column.name, checked(found), dtype=pl.Int128)
    kind = kind_for(max(largest(column), 1) * max(largest(times), 1) + largest(by))
    product = pl.col("n") * pl.col("t")
    per = pl.col("d").abs()
    size = (product.abs() + per // lit(2, kind)) // per
    negative = (product < 0) != (pl.col("d") < 0)
    signed = pl.when(negative).then(lit(0, kind) - size).otherwise(size)
    return frame.cast(kind).select(signed.cast(pl.Int128).alias("n")).to_series().alias(column.name)


def half_away(number: int, by: int) -> int:
    """number / by, rounded half away from zero."""
    size = (abs(number) + abs(by) // 2) // abs(by)
    return -size if (number < 0) != (by < 0) else size


def checked(found: Sequence[int | None]) -> Sequence[int | None]:
    """The numbers, each known to fit 128 bits. Raises RangeError."""
    if any(number is not None and abs(number) > WIDEST for number in found):
        raise RangeError("an amount has more than 38 digits at 1E-12")
    return found


def as_decimal(column: pl.Series, digits: int = GRAIN_DIGITS) -> pl.Series:
    """Whole numbers of 10^-digits as the Decimal column that they are."""
    return column.to_frame("n").select(exact("n", digits).alias(column.name)).to_series()


def exact(name: str, digits: int = GRAIN_DIGITS) -> pl.Expr:
    """A column of whole numbers of 10^-digits as the Decimals that they are."""
    return pl.col(name).cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, digits))
