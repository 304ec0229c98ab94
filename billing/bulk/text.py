"""Numbers in the words of a receipt: plain, without exponent or trailing zeros.

Knows how `billing.record.decimal_text` writes a number, in columns. Refuses everything else.
"""

import polars as pl


def number_text(value: pl.Expr, digits: int) -> pl.Expr:
    """Whole numbers of 10^-digits as text: 1500 with three digits is `1.5`."""
    if not digits:
        return value.cast(pl.String)
    exact = value.cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, digits)).cast(pl.String)
    return exact.str.strip_chars_end("0").str.strip_chars_end(".")
