"""The courses of the days that a batch touches, laid out in UTC: who competes from which instant.

Knows clocks, local days and courses. Refuses to know what is measured. On the days a clock is set
a local hour comes twice, or never: each stretch of a day is laid out under its own offset.
"""

from dataclasses import dataclass

import polars as pl

from billing.bulk.catalog import KEYS, Catalog, Option
from billing.bulk.clock import DAY_US
from billing.bulk.days import days_of
from billing.bulk.layout import Batch
from billing.bulk.whole import largest


def wholes(catalog: Catalog) -> int:
    """What is added to a question that is asked of whole elements."""
    return len(catalog.tariffs) * KEYS


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells in order of place (question and clock) and time, each lasting until the next.

    `at` is place × `span` + microseconds since `base`; `list` who competes in the cell.
    """

    clocks: int
    dense: pl.Series
    """By question × clocks + clock: the place."""
    at: pl.Series
    list: pl.Series
    base: int
    span: int

    def place(self, question: pl.Series, clock: pl.Series) -> pl.Series:
        """The places of questions by clocks; all of them are known."""
        return self.dense[question * self.clocks + clock]

    def holding(self, place: pl.Series, at: pl.Series) -> pl.Series:
        """The row of the cell in which an instant (µs since 1970) of a day laid out lies."""
        return self.at.search_sorted(self._code(place, at), side="right") - 1

    def before(self, place: pl.Series, at: pl.Series) -> pl.Series:
        """The row of the last cell that begins before an instant (−1: none does)."""
        return self.at.search_sorted(self._code(place, at), side="left").cast(pl.Int64) - 1

    def _code(self, place: pl.Series, at: pl.Series) -> pl.Series:
        kind = self.at.dtype
        span, base = (pl.Series([one], dtype=kind) for one in (self.span, self.base))
        return place.cast(kind) * span + at.cast(kind) - base


def cells_of(batch: Batch, catalog: Catalog) -> Cells | None:
    """The cells of every day that a period of the batch touches; None where no clock matters."""
    if not batch.clocks:
        return None
    options = _clocked(catalog)
    clock = batch.sessions["clock"][batch.periods["s"]]
    clocked = sorted({tariff for tariff, _ in options.values()})
    days = days_of(batch.periods.with_columns(clock=clock), clocked, batch.clocks)
    rows: dict[str, list[int]] = {"place": [], "course": [], "midnight": []}
    parts: dict[str, list[int]] = {name: [] for name in ("offset", "low", "high")}
    places: dict[tuple[int, int], int] = {}
    by_tariff: dict[int, list[tuple[int, Option]]] = {}
    for question, (tariff, option) in options.items():
        by_tariff.setdefault(tariff, []).append((question, option))
    for tariff, number, day in days:
        stretches = tuple(batch.clocks[number].parts(day))
        for question, option in by_tariff[tariff]:
            place = places.setdefault((question, number), len(places))
            course = catalog.course_on(option, day)
            for stretch in stretches:
                rows["place"].append(place)
                rows["course"].append(course)
                rows["midnight"].append(day * DAY_US)
                parts["offset"].append(stretch.offset_us)
                parts["low"].append(stretch.from_us)
                parts["high"].append(stretch.until_us)
    dense = [-1] * (2 * wholes(catalog) * len(batch.clocks))
    for (question, number), place in places.items():
        dense[question * len(batch.clocks) + number] = place
    known = pl.Series("place", dense, dtype=pl.Int64)
    days_laid = pl.DataFrame({**rows, **parts}, schema_overrides=_INT64)
    return _laid_out(days_laid, catalog, known, len(batch.clocks))


_INT64 = dict.fromkeys(("place", "course", "midnight", "offset", "low", "high"), pl.Int64)


def _clocked(catalog: Catalog) -> dict[int, tuple[int, Option]]:
    """The questions that the clock decides, with their tariff."""
    return {
        base + tariff * KEYS + key: (tariff, option)
        for base, known in ((0, catalog.options), (wholes(catalog), catalog.wholes))
        for tariff, options in known.items()
        for key, option in options.items()
        if option.kinds is not None
    }


def _laid_out(days: pl.DataFrame, catalog: Catalog, places: pl.Series, clocks: int) -> Cells:
    """The cells of the days, in order; what goes on past midnight is one cell."""
    numbers = [n for n, course in enumerate(catalog.courses) for _ in course]
    steps = [step for course in catalog.courses for step in course]
    courses = pl.DataFrame(
        {
            "course": pl.Series(numbers, dtype=pl.Int64),
            "from": pl.Series([at for at, _ in steps], dtype=pl.Int64),
            "list": pl.Series([number for _, number in steps], dtype=pl.UInt32),
        }
    ).with_columns(until=pl.col("from").shift(-1).over("course").fill_null(DAY_US))
    cells = days.join(courses, on="course").with_columns(
        low=pl.max_horizontal("low", "from"), high=pl.min_horizontal("high", "until")
    )
    cells = cells.filter(pl.col("low") < pl.col("high")).select(
        "place", "list", at=pl.col("midnight") + pl.col("low") - pl.col("offset")
    )
    cells = cells.sort("place", "at")
    begins = (pl.col("place") != pl.col("place").shift()) | (
        pl.col("list") != pl.col("list").shift()
    )
    cells = cells.filter(begins.fill_null(value=True))
    first, last = days["midnight"].min() or 0, days["midnight"].max() or 0
    assert isinstance(first, int)
    assert isinstance(last, int)
    base = first - 2 * DAY_US  # midnights are local: in UTC a day reaches into its neighbours
    span = last - base + 4 * DAY_US
    dtype = pl.Int64 if span * (largest(places) + 2) < 2**62 else pl.Int128
    code = pl.col("place").cast(dtype) * pl.lit(span, dtype=dtype) + (pl.col("at") - base).cast(
        dtype
    )
    return Cells(clocks, places, cells.select(code)["place"], cells["list"], base, span)
