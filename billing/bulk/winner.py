"""Which component prices a dimension: rivals in order, each with its tests, the first to hold wins.

Knows questions, thresholds and what a period measured. Refuses to know prices. OCPI 2.2.1
mod_tariffs, TariffRestrictions; policies missing_bound and straddling_bound.
"""

from dataclasses import dataclass

import polars as pl

from billing.bulk.catalog import BY_CLOCK, NOBODY, TO_TEST
from billing.bulk.cells import Cells
from billing.bulk.layout import Batch
from billing.bulk.tables import BOUNDS, NO_INTEREST, Tables
from billing.bulk.whole import constant
from billing.policy import PricingPolicy

MEASURED = ("before", "elapsed", "min_power_kw", "max_power_kw", "min_current_a", "max_current_a")


@dataclass(frozen=True, slots=True)
class Found:
    """Who won each question, and what must be said of how. Rows as they were asked."""

    winner: pl.Series
    """A component or NOBODY."""
    list: pl.Series
    """The list of rivals that was looked at; −1 where nothing could change it."""
    codes: pl.DataFrame
    """`row`, `unknown`, `straddling` of questions in which a power or current was missed."""


def winning(winner: pl.Series) -> pl.Series:
    """The numbers of components, null in place of NOBODY."""
    return pl.select(pl.when(winner != NOBODY).then(winner).cast(pl.UInt32)).to_series()


@dataclass(frozen=True, slots=True)
class Judge:
    """Answers questions about the periods of one batch."""

    batch: Batch
    tables: Tables
    cells: Cells | None

    @property
    def reads_wholes(self) -> bool:
        """Whether any tariff can also be read as choosing whole elements."""
        return self.tables.whole_winner.max() != NO_INTEREST

    def find(self, question: pl.Series, p: pl.Series, *, whole: bool = False) -> Found:
        """Who wins each question at the start of period `p`; `whole`: among whole elements."""
        tables = self.tables
        known = tables.whole_winner if whole else tables.winner
        lists = tables.whole_list if whole else tables.list_of
        winner = known[question]
        held = lists[question]
        if self.cells is not None and winner.min() == BY_CLOCK:
            rows = (winner == BY_CLOCK).arg_true()
            where = self._place(question[rows], p[rows], whole=whole)
            start = self.batch.periods["start"][p[rows]]
            competing = self.cells.list[self.cells.holding(where, start)]
            held.scatter(rows, competing)
            winner.scatter(rows, tables.list_winner[competing])
        rows = (winner == TO_TEST).arg_true()
        if not len(rows):
            return Found(winner, held, _NO_CODES)
        measured = self.batch.periods.select(MEASURED)[p[rows]]
        won, codes = self.test(held[rows], measured)
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
        winner = constant(NOBODY, len(lists))
        asked = measured.with_columns(
            rival=self.tables.list_first[lists], last=self.tables.list_last[lists]
        ).with_row_index("row")
        codes = [_NO_CODES]
        checks = _checks(self.batch.policy, self.tables.bounded)
        rivals = self.tables.rivals.drop("list")
        while asked.height:
            bounds = rivals[asked["rival"]]
            tried = asked.hstack(bounds).select("row", "component", "rival", "last", *checks)
            won = tried.filter("holds")
            winner.scatter(won["row"], won["component"])
            if "unknown" in tried.columns:
                noted = tried.filter(pl.col("unknown") | pl.col("straddling"))
                codes.append(noted.select(pl.col("row").cast(pl.Int64), "unknown", "straddling"))
            asked = asked.filter(~tried["holds"] & (tried["rival"] < tried["last"]))
            if asked.height:
                asked = asked.with_columns(pl.col("rival") + 1)
        if len(codes) == 1:
            return winner, _NO_CODES
        return winner, pl.concat(codes).group_by("row").agg(pl.all().any())

    def changes(self, question: pl.Series, p: pl.Series, found: Found) -> pl.Series:
        """The rows (of what was asked) whose winner changes within their period."""
        within = [self._at_clock(question, p, found), *self._at_levels(p, found)]
        rows = pl.concat([pl.Series("row", [], dtype=pl.Int64), *within])
        return rows.unique().sort()

    def _at_clock(self, question: pl.Series, p: pl.Series, found: Found) -> pl.Series:
        """Rows that another cell, begun within the period, would decide otherwise."""
        nothing = pl.Series("row", [], dtype=pl.Int64)
        if self.cells is None:
            return nothing
        rows = (self.tables.winner[question] == BY_CLOCK).arg_true().cast(pl.Int64)
        own = self.batch.periods.select("start", "end")[p[rows]]
        place = self._place(question[rows], p[rows], whole=False)
        frame = pl.DataFrame(
            {
                "row": rows,
                "p": p[rows],
                "first": self.cells.holding(place, own["start"]) + 1,
                "last": self.cells.before(place, own["end"]),
            }
        ).filter(pl.col("first") <= pl.col("last"))
        if not frame.height:
            return nothing
        inner = frame.with_columns(cell=pl.int_ranges("first", pl.col("last") + 1)).explode("cell")
        lists = self.cells.list[inner["cell"]]
        return self._differing(inner["row"], lists, self._as_measured(inner["p"]), found)

    def _at_levels(self, p: pl.Series, found: Found) -> list[pl.Series]:
        """Rows that another level of energy or duration, passed within, would decide otherwise."""
        levels = (("kwh_low", "kwh_high"), ("s_low", "s_high"))
        passed = []
        for (low, high), measure in zip(levels, ("before", "elapsed"), strict=True):
            if low not in self.tables.bounded:
                continue
            known = self.tables.rivals.select("list", level=pl.concat_list(low, high))
            known = known.explode("level").drop_nulls().unique()
            rows = found.list.is_in(known["list"].implode()).arg_true().cast(pl.Int64)
            if not len(rows):
                continue
            own = self.batch.periods.select(measure, "wh", "start", "end", "reserved")[p[rows]]
            grows = "wh" if measure == "before" else pl.col("end") - pl.col("start")
            frame = own.select(
                from_level=pl.col(measure),
                until=pl.col(measure) + (pl.col(grows) if isinstance(grows, str) else grows),
                counts=~pl.col("reserved") if measure == "before" else pl.lit(value=True),
            ).with_columns(row=rows, p=p[rows], list=found.list[rows])
            inner = (
                frame.filter("counts")
                .join(known, on="list")
                .filter(
                    (pl.col("from_level") < pl.col("level")) & (pl.col("level") < pl.col("until"))
                )
            )
            if inner.height:
                seen = self._as_measured(inner["p"]).with_columns(inner["level"].alias(measure))
                passed.append(self._differing(inner["row"], inner["list"], seen, found))
        return passed

    def _as_measured(self, p: pl.Series) -> pl.DataFrame:
        return self.batch.periods.select(MEASURED)[p]

    def _differing(
        self, row: pl.Series, lists: pl.Series, measured: pl.DataFrame, found: Found
    ) -> pl.Series:
        won = self.tables.list_winner[lists]
        tested = (won == TO_TEST).arg_true()
        if len(tested):
            own, _ = self.test(lists[tested], measured[tested])
            won.scatter(tested, own)
        return row.filter(won != found.winner[row]).unique().alias("row")


_NO_CODES = pl.DataFrame(schema={"row": pl.Int64, "unknown": pl.Boolean, "straddling": pl.Boolean})
NOTHING_FOUND = Found(
    pl.Series("winner", [], dtype=pl.Int64), pl.Series("list", [], dtype=pl.Int64), _NO_CODES
)


def _checks(policy: PricingPolicy, bounded: frozenset[str]) -> list[pl.Expr]:
    """`holds`, and `unknown` and `straddling` where power or current is bounded at all: of each
    rival, in order, as later tests are only made where the earlier ones hold.
    """
    reached = pl.lit(value=True)
    for name, bounds in (("before", BOUNDS[0:2]), ("elapsed", BOUNDS[2:4])):
        if bounded & set(bounds):
            reached = reached & _within(name, *bounds)
    if not bounded & set(BOUNDS[4:]):
        return [reached.alias("holds")]
    power, power_codes = _between(policy, bounded, ("min_power_kw", "max_power_kw"), BOUNDS[4:6])
    current, current_codes = _between(
        policy, bounded, ("min_current_a", "max_current_a"), BOUNDS[6:8]
    )
    after_power = reached & power
    return [
        (after_power & current).alias("holds"),
        ((reached & power_codes[0]) | (after_power & current_codes[0])).alias("unknown"),
        ((reached & power_codes[1]) | (after_power & current_codes[1])).alias("straddling"),
    ]


def _within(name: str, low: str, high: str) -> pl.Expr:
    above = (pl.col(name) >= pl.col(low)).fill_null(value=True)
    return above & (pl.col(name) < pl.col(high)).fill_null(value=True)


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
