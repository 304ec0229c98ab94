"""Which component prices a dimension: rivals in order, each with its tests, the first to hold wins.

Knows questions, thresholds and what a period measured. Refuses to know prices. OCPI 2.2.1
mod_tariffs, TariffRestrictions; policies missing_bound and straddling_bound.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from billing.bulk.catalog import BY_CLOCK, NOBODY, TO_TEST
from billing.bulk.cells import Cells
from billing.bulk.layout import Batch
from billing.bulk.rows import at, chosen, numbers, where
from billing.bulk.tables import BOUNDS, NO_INTEREST, Tables
from billing.bulk.whole import NARROW, constant, scalar
from billing.policy import PricingPolicy

MEASURED = ("before", "elapsed", "min_power_kw", "max_power_kw", "min_current_a", "max_current_a")


@dataclass(frozen=True, slots=True)
class Found:
    """Who won each question, and what must be said of how. Rows as they were asked."""

    winner: pl.Series
    """A component or NOBODY."""
    list: pl.Series
    """The list of rivals that was looked at, or NO_LIST."""
    codes: pl.DataFrame
    """`row`, `unknown`, `straddling` of questions in which a power or current was missed."""


def winning(winner: pl.Series) -> pl.Series:
    """The numbers of components, null in place of NOBODY."""
    if not (nobody := winner == NOBODY).any():
        return winner
    return pl.Series([None], dtype=pl.UInt32).zip_with(nobody, winner)


@dataclass(frozen=True, slots=True)
class Judge:
    """Answers questions about the periods of one batch."""

    batch: Batch
    tables: Tables
    cells: Cells | None

    @property
    def reads_wholes(self) -> bool:
        """Whether any tariff can also be read as choosing whole elements."""
        return bool((self.tables.whole_winner != NO_INTEREST).any())

    def find(self, question: pl.Series, p: pl.Series, *, whole: bool = False) -> Found:
        """Who wins each question at the start of period `p`; `whole`: among whole elements."""
        tables = self.tables
        known = tables.whole_winner if whole else tables.winner
        lists = tables.whole_list if whole else tables.list_of
        winner = known[question]
        held = lists[question]
        by_clock = winner == BY_CLOCK
        if self.cells is not None and by_clock.any():
            own = p.filter(by_clock)
            place = self._place(question.filter(by_clock), own, whole=whole)
            start = self.batch.periods["start"][own]
            competing = self.cells.list[self.cells.holding(place, start)]
            rows = chosen(by_clock)
            held.scatter(rows, competing)
            winner.scatter(rows, tables.list_winner[competing])
        tested = winner == TO_TEST
        if not tested.any():
            return Found(winner, held, _NO_CODES)
        won, codes = self.test(held.filter(tested), self._as_measured(p.filter(tested)))
        rows = chosen(tested)
        winner.scatter(rows, won)
        return Found(winner, held, codes.with_columns(row=rows[codes["row"]]))

    def _place(self, question: pl.Series, p: pl.Series, *, whole: bool) -> pl.Series:
        assert self.cells is not None, "only where the clock matters"
        clock = self.batch.sessions["clock"][self.batch.periods["s"][p]]
        return self.cells.place(question + (len(self.tables.winner) if whole else 0), clock)

    def test(self, lists: pl.Series, measured: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame]:
        """The winner of each list by what was measured, and the codes with their row.

        Rank by rank: whoever is not beaten yet meets the next rival of its list.
        """
        winner = constant(NOBODY, len(lists), pl.UInt32)
        rivals, bounds = self.tables.rivals, self.tables.rivals.drop("list", "component")
        row = numbers(len(lists)).alias("row")
        rival, last = self.tables.list_first[lists], self.tables.list_last[lists]
        codes = [_NO_CODES]
        while len(row):
            tests = at(bounds, rival)
            holds, missed = _checks(self.batch.policy, measured.hstack(tests))
            winner.scatter(row.filter(holds), rivals["component"][rival.filter(holds)])
            if missed:
                codes.append(where(pl.DataFrame([row, *missed]), missed[0] | missed[1]))
            left = ~holds & (rival < last)
            row, rival, last = (one.filter(left) for one in (row, rival + 1, last))
            measured = where(measured, left) if len(row) else measured
        if len(codes) == 1:
            return winner, _NO_CODES
        return winner, pl.concat(codes).group_by("row").agg(pl.all().any())

    def changes(self, question: pl.Series, p: pl.Series, found: Found) -> pl.Series:
        """The rows (of what was asked) whose winner changes within their period."""
        within = [self._at_clock(question, p, found), *self._at_levels(p, found)]
        return pl.concat([_NO_ROWS, *within]).unique().sort()

    def _at_clock(self, question: pl.Series, p: pl.Series, found: Found) -> pl.Series:
        """Rows that another cell, begun within the period, would decide otherwise."""
        if self.cells is None:
            return _NO_ROWS
        rows = chosen(self.tables.winner[question] == BY_CLOCK)
        own, periods = p[rows], self.batch.periods
        place = self._place(question[rows], own, whole=False)
        first = self.cells.holding(place, periods["start"][own]).cast(pl.Int64) + 1
        last = self.cells.before(place, periods["end"][own])
        frame = pl.DataFrame({"row": rows, "p": own, "first": first, "last": last})
        frame = where(frame, first <= last)
        if not frame.height:
            return _NO_ROWS
        inner = frame.with_columns(cell=pl.int_ranges("first", pl.col("last") + 1)).explode("cell")
        lists = self.cells.list[inner["cell"]]
        return self._differing(inner["row"], lists, self._as_measured(inner["p"]), found)

    def _at_levels(self, p: pl.Series, found: Found) -> Iterator[pl.Series]:
        """Rows that another level of energy or duration, passed within, would decide otherwise."""
        levels = (("kwh_low", "kwh_high"), ("s_low", "s_high"))
        for (low, high), measure in zip(levels, ("before", "elapsed"), strict=True):
            if low not in self.tables.bounded:
                continue
            known = self.tables.rivals.select("list", level=pl.concat_list(low, high))
            known = known.explode("level").filter(pl.col("level").abs() <= NARROW).unique()
            may_change = found.list.is_in(known["list"].implode())
            rows, own = chosen(may_change), p.filter(may_change)
            since = self.batch.periods[measure][own]
            until = since + self._grown(measure, own)
            frame = pl.DataFrame(
                {"row": rows, "p": own, "list": found.list[rows], "since": since, "until": until}
            )
            passes = frame.join(known, on="list")
            level = passes["level"]
            inner = where(passes, (passes["since"] < level) & (level < passes["until"]))
            if inner.height:
                seen = self._as_measured(inner["p"]).with_columns(inner["level"].alias(measure))
                yield self._differing(inner["row"], inner["list"], seen, found)

    def _grown(self, measure: str, p: pl.Series) -> pl.Series:
        """By how much a period adds to what is measured; reserved time takes no energy."""
        periods = self.batch.periods
        if measure == "elapsed":
            return periods["end"][p] - periods["start"][p]
        return periods["wh"][p].zip_with(~periods["reserved"][p], scalar(0))

    def _as_measured(self, p: pl.Series) -> pl.DataFrame:
        return at(self.batch.periods.select(MEASURED), p)

    def _differing(
        self, row: pl.Series, lists: pl.Series, measured: pl.DataFrame, found: Found
    ) -> pl.Series:
        won = self.tables.list_winner[lists]
        tested = won == TO_TEST
        if tested.any():
            own, _ = self.test(lists.filter(tested), where(measured, tested))
            won.scatter(chosen(tested), own)
        return row.filter(won != found.winner[row])


_NO_ROWS = pl.Series("row", [], dtype=pl.UInt32)
_NO_CODES = pl.DataFrame(schema={"row": pl.UInt32, "unknown": pl.Boolean, "straddling": pl.Boolean})
NOTHING_FOUND = Found(
    pl.Series("winner", [], dtype=pl.UInt32), pl.Series("list", [], dtype=pl.UInt32), _NO_CODES
)


def _checks(
    policy: PricingPolicy, asked: pl.DataFrame
) -> tuple[pl.Series, tuple[pl.Series, pl.Series] | None]:
    """Whether each rival's tests hold; and (unknown, straddling), None where neither power nor
    current is bounded at all. Later tests are only made where the earlier ones hold.
    """
    bounded = frozenset(asked.columns)
    reached = pl.Series([True]).new_from_index(0, asked.height)
    for name, low, high in (("before", *BOUNDS[0:2]), ("elapsed", *BOUNDS[2:4])):
        if low in bounded:
            reached &= (asked[name] >= asked[low]) & (asked[name] < asked[high])
    if not bounded & set(BOUNDS[4:]):
        return reached, None
    power, power_codes = _between(policy, bounded, ("min_power_kw", "max_power_kw"), BOUNDS[4:6])
    current, current_codes = _between(
        policy, bounded, ("min_current_a", "max_current_a"), BOUNDS[6:8]
    )
    after_power = pl.col("reached") & power
    found = asked.hstack([reached.alias("reached")]).select(
        (after_power & current).alias("holds"),
        *(
            ((pl.col("reached") & power_codes[which]) | (after_power & current_codes[which])).alias(
                code
            )
            for which, code in enumerate(("unknown", "straddling"))
        ),
    )
    return found["holds"], (found["unknown"], found["straddling"])


def _between(
    policy: PricingPolicy, bounded: frozenset[str], names: tuple[str, str], bounds: tuple[str, ...]
) -> tuple[pl.Expr, tuple[pl.Expr, pl.Expr]]:
    """Whether the extremes of a period lie within bounds; (unknown, straddling) beside it."""
    if bounds[0] not in bounded:
        return pl.lit(value=True), (pl.lit(value=False), pl.lit(value=False))
    least, most = pl.col(names[0]), pl.col(names[1])
    low, high = pl.col(bounds[0]), pl.col(bounds[1])
    if policy.straddling_bound == "highest":
        least = pl.coalesce(most, least)
    if policy.missing_bound == "other_bound":
        least, most = pl.coalesce(least, most), pl.coalesce(most, least)
    unknown = (low.is_not_null() & least.is_null()) | (high.is_not_null() & most.is_null())
    crossed = [((least < edge) & (edge <= most)).fill_null(value=False) for edge in (low, high)]
    lenient = policy.missing_bound == "satisfied"
    above = low.is_null() | (least >= low).fill_null(value=lenient)
    below = high.is_null() | (most < high).fill_null(value=lenient)
    return above & below, (unknown, crossed[0] | crossed[1])
