"""Numbers in the words of a receipt: plain, without exponent or trailing zeros.

Knows how `billing.record.decimal_text` writes a number, in columns. Refuses everything else.
"""

import polars as pl


def number_text(value: pl.Expr, digits: int) -> pl.Expr:
    """Whole numbers of 10^-digits as text: 1500 with three digits is `1.5`."""
    if not digits:
        return value.cast(pl.String)
    size, unit = value.abs(), 10**digits
    fraction = (size % unit).cast(pl.String).str.zfill(digits).str.strip_chars_end("0")
    whole = (size // unit).cast(pl.String)
    sign = pl.when(value < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(
        sign, whole, pl.when(fraction == "").then(pl.lit("")).otherwise("." + fraction)
    )
