"""Periods cut where a price may change: policy period_spans_price_change, `split_by_time`.

Knows every edge of a tariff inside a period, and that nobody measured there: volumes are shared in
proportion to time, and marked imputed. Refuses to know prices.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from billing.bulk.catalog import NONE, Catalog
from billing.bulk.clock import DAY_US, Clock
from billing.bulk.days import days_of
from billing.bulk.hours import clock_edges
from billing.bulk.tables import Scales
from billing.bulk.whole import clipped, lit, power, ratio, scaled

SHARE_DIGITS = 6
"""Decimals of a shared volume, in Wh and seconds."""

_VOLUMES = ("wh", "time_s", "parking_s", "overtime_s")


def split(
    rows: pl.DataFrame, own: pl.DataFrame, catalog: Catalog, clocks: Sequence[Clock], scales: Scales
) -> pl.DataFrame:
    """The rows, each in parts where an edge lies within; `begins` stays with the first of them."""
    whole = rows.filter((pl.col("tariff") != NONE) & (pl.col("end") > pl.col("start")))
    clock = own["clock"][whole["s"]]
    cuts = pl.concat(
        [
            _by_clock(whole.with_columns(clock=clock), catalog, clocks),
            _by_energy(whole, catalog, scales),
            _by_duration(whole, catalog),
        ]
    )
    cuts = cuts.filter((pl.col("start") < pl.col("at")) & (pl.col("at") < pl.col("end")))
    if not cuts.height:
        return rows
    parts = _parts(rows, cuts.select("p", "at").unique(), scales)
    kept = rows.join(parts.select("p").unique(), on="p", how="anti")
    both = pl.concat([kept, parts.select(kept.columns)]).sort("p", "start", maintain_order=True)
    return both.drop("p").with_row_index("p")


_CUT = ("p", "start", "end", "at")


def _by_clock(whole: pl.DataFrame, catalog: Catalog, clocks: Sequence[Clock]) -> pl.DataFrame:
    """Where the local clock shows a time at which an element may open or close, or is set."""
    times = {
        number: clock_edges(catalog.tariffs[number], catalog.policy) for number in catalog.options
    }
    clocked = [number for number, edges in times.items() if edges]
    rows: list[tuple[int, int, int]] = []
    for tariff, clock, day in days_of(whole, clocked, clocks) if clocks else ():
        rows += [(tariff, clock, at) for at in _edges_on(clocks[clock], day, times[tariff])]
    schema = {"tariff": pl.UInt32, "clock": pl.UInt32, "at": pl.Int64}
    edges = pl.DataFrame(rows, schema=schema, orient="row").unique().sort("at")
    near = whole.join(edges, on=["tariff", "clock"], how="inner")
    return near.select(_CUT).filter(
        (pl.col("start") < pl.col("at")) & (pl.col("at") < pl.col("end"))
    )


def _edges_on(clock: Clock, day: int, times: Sequence[int]) -> Iterator[int]:
    for stretch in clock.parts(day):
        begins = day * DAY_US - stretch.offset_us
        if begins + stretch.from_us in clock.from_us:
            yield begins + stretch.from_us
        for time in times:
            if stretch.from_us <= time < stretch.until_us:
                yield begins + time


def _by_energy(whole: pl.DataFrame, catalog: Catalog, scales: Scales) -> pl.DataFrame:
    """Where a threshold of kWh is passed, if energy flows evenly; at the next microsecond."""
    levels = [
        (number, clipped(scaled(level, scales.wh + 3)))
        for number in catalog.options
        for element in catalog.tariffs[number].elements
        for level in (element.restrictions.min_kwh, element.restrictions.max_kwh)
        if level is not None
    ]
    near = _near(whole.filter(~pl.col("reserved") & (pl.col("wh") > 0)), levels)
    passed = (pl.col("level") - pl.col("before")).cast(pl.Int128)
    span = (pl.col("end") - pl.col("start")).cast(pl.Int128)
    near = near.filter((passed > 0) & (passed < pl.col("wh")))
    after = (passed * span + pl.col("wh").cast(pl.Int128) - lit(1)) // pl.col("wh").cast(pl.Int128)
    return near.with_columns(at=pl.col("start") + after.cast(pl.Int64)).select(_CUT)


def _by_duration(whole: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    levels = [
        (number, min(level, _NEVER) * 1_000_000)
        for number in catalog.options
        for element in catalog.tariffs[number].elements
        for level in (element.restrictions.min_duration, element.restrictions.max_duration)
        if level is not None
    ]
    near = _near(whole, levels)
    return near.with_columns(at=pl.col("start") + pl.col("level") - pl.col("elapsed")).select(_CUT)


_NEVER = 10**12
"""Thirty thousand years, in seconds."""


def _near(whole: pl.DataFrame, levels: list[tuple[int, int]]) -> pl.DataFrame:
    schema = {"tariff": pl.UInt32, "level": pl.Int64}
    known = pl.DataFrame(levels, schema=schema, orient="row").unique()
    return whole.join(known, on="tariff", how="inner")


def _parts(rows: pl.DataFrame, cuts: pl.DataFrame, scales: Scales) -> pl.DataFrame:
    """Each cut row in parts, its volumes shared."""
    cut = rows.join(cuts.select("p").unique(), on="p", how="semi")
    starts = pl.concat([cut.select("p", at="start"), cuts]).sort("p", "at")
    each = starts.join(cut, on="p", how="left", maintain_order="left")
    first = (pl.col("p") != pl.col("p").shift()).fill_null(value=True)
    last = (pl.col("p") != pl.col("p").shift(-1)).fill_null(value=True)
    until = pl.when(last).then("end").otherwise(pl.col("at").shift(-1))
    each = each.with_columns(first=first, last=last, until=until)
    shared = [
        _shared(each, name, (scales.wh if name == "wh" else scales.seconds) - SHARE_DIGITS)
        for name in _VOLUMES
    ]
    return each.with_columns(
        *shared,
        pl.col("at").alias("start"),
        pl.col("until").alias("end"),
        pl.col("first").alias("begins"),
        imputed=pl.lit(value=True),
    )


def _shared(each: pl.DataFrame, name: str, digits: int) -> pl.Series:
    """Parts of a total in proportion to time, at 1E-6; they sum to it exactly."""
    span = each.select(
        upto=pl.col("until") - pl.col("start"),
        whole=(pl.col("end") - pl.col("start")).cast(pl.Int128) * lit(power(digits)),
    )
    upto = ratio(each[name], span["upto"], span["whole"])
    frame = each.select("first", "last", total=pl.col(name).cast(pl.Int128)).with_columns(upto=upto)
    sums = pl.when("last").then("total").otherwise(pl.col("upto") * lit(power(digits)))
    frame = frame.with_columns(sums=sums)
    before = pl.when("first").then(lit(0)).otherwise(pl.col("sums").shift())
    return frame.select((pl.col("sums") - before).cast(pl.Int64).alias(name))[name]
