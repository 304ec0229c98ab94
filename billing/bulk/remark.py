"""Notes in columns: code, sentence and period of each, in the order in which price() makes them.

Knows the stages of a calculation and that a code is noted once per period. Refuses to decide.
"""

from dataclasses import dataclass, field
from enum import IntEnum

import polars as pl

from billing.notes import NOTE_CODES


class Stage(IntEnum):
    """What comes first in a receipt: notes stand in the order of the calculation."""

    VALIDITY = 0
    ORDER = 1
    STAMPS = 2
    PERIOD = 3
    LIMITS = 4
    CLAMPED = 5
    UNATTRIBUTED = 6
    STEP_TARGET = 7
    STEP_BUDGETS = 8
    STEPS = 9
    RATE = 10
    NEGATIVE_TAX = 11


class Place(IntEnum):
    """The order within one period."""

    TARIFF = 0
    NEGATIVE_ENERGY = 1
    NEGATIVE_TIME = 2
    VOLUMES = 8
    """Twice the slot later: that nothing prices it; one more: that another reading differs."""
    STRADDLING = 24
    UNKNOWN = 25
    SPAN = 26


_PER_PERIOD = 32
_PER_STAGE = 2**40


@dataclass(slots=True)
class Remarks:
    """Notes of a batch as they are found; `found` puts them in order, each once."""

    parts: list[pl.DataFrame] = field(default_factory=list)

    def add(
        self,
        code: str,
        message: str | pl.Expr,
        rows: pl.DataFrame,
        *,
        stage: Stage,
        place: int | pl.Expr = 0,
    ) -> None:
        """Note each row of `rows`: `s`, and, where it is about a period, `p` and `ordinal`."""
        assert code in NOTE_CODES, f"{code} is not in the table"
        if not rows.height:
            return
        text = pl.lit(message) if isinstance(message, str) else message
        row = pl.col("p") if "p" in rows.columns else pl.lit(0)
        about = pl.col("ordinal") if "ordinal" in rows.columns else pl.lit(-1)
        at = pl.lit(place) if isinstance(place, int) else place
        rank = stage * _PER_STAGE + row.cast(pl.Int64) * _PER_PERIOD + at.cast(pl.Int64)
        self.parts.append(
            rows.select(
                s=pl.col("s").cast(pl.UInt32),
                rank=rank,
                code=pl.lit(code),
                message=text,
                period=about.cast(pl.Int64),
            )
        )

    def found(self) -> pl.DataFrame:
        """`s`, `code`, `message`, `period` (−1: none), by session in the order of a receipt."""
        empty = pl.DataFrame(schema=_SCHEMA)
        together = pl.concat([empty, *self.parts]).sort("s", "rank", maintain_order=True)
        once = together.unique(["s", "code", "period"], keep="first", maintain_order=True)
        return once.drop("rank")


_SCHEMA = {
    "s": pl.UInt32,
    "rank": pl.Int64,
    "code": pl.String,
    "message": pl.String,
    "period": pl.Int64,
}
