"""Local days in columns: which days of which clocks periods touch.

Knows instants and offsets. Refuses to know what is open on a day.
"""

from collections.abc import Sequence

import polars as pl

from billing.bulk.clock import DAY_US, Clock


def days_of(
    rows: pl.DataFrame, tariffs: Sequence[int], clocks: Sequence[Clock]
) -> list[tuple[int, int, int]]:
    """(tariff, clock, local day) of every period of these tariffs, each once and in order.

    `rows` with `tariff`, `clock`, `start` and `end` (µs since 1970).
    """
    wanted = pl.Series(tariffs, dtype=pl.UInt32)
    rows = rows.select("tariff", "clock", "start", "end").filter(
        pl.col("tariff").is_in(wanted.implode())
    )
    clock = rows["clock"]
    rows = rows.with_columns(
        first=(rows["start"] + offsets(rows["start"], clock, clocks)) // DAY_US,
        last=(rows["end"] + offsets(rows["end"], clock, clocks)) // DAY_US,
    )
    spans = rows.select("tariff", "clock", "first", "last").unique()
    return sorted(
        {
            (tariff, clock, day)
            for tariff, clock, first, last in spans.rows()
            for day in range(min(first, last), max(first, last) + 1)
        }
    )


def offsets(at: pl.Series, clock: pl.Series, clocks: Sequence[Clock]) -> pl.Series:
    """The offset from UTC, in microseconds, of each instant by its own clock."""
    if len(clocks) == 1:
        return _offsets(at, clocks[0])
    parts = pl.DataFrame({"at": at, "clock": clock}).with_row_index("n")
    found = []
    for number, one in enumerate(clocks):
        own = parts.filter(pl.col("clock") == number)
        found.append(own.select("n").with_columns(offset=_offsets(own["at"], one)))
    return pl.concat(found).sort("n")["offset"]


def _offsets(at: pl.Series, clock: Clock) -> pl.Series:
    steps = pl.Series(clock.from_us, dtype=pl.Int64).search_sorted(at, side="right")
    row = (steps.cast(pl.Int64) - 1).clip(0)
    return pl.Series("offset", clock.offset_us, dtype=pl.Int64)[row]
