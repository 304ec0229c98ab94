"""What stations told in some days, from the lake's rows, in log order: plain samples as columns.

Rows become objects only where something is to be decided. Plain samples of one transaction that
follow each other, with nothing else of the station in between, become one `billing.samples.Samples`
each; which rows are plain, and where one run of them ends, is found by columns.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import groupby
from operator import itemgetter

import polars as pl

from billing.events import Fact, MeterReading, TransactionEvent
from billing.samples import Samples, Told, instant_of
from pipelines.fact_rows import read_events, read_readings
from pipelines.stretch import Stretch

_USED = pl.any_horizontal(
    pl.col("wh").is_not_null(),
    pl.col("watt").is_not_null(),
    pl.col("ampere").is_not_null(),
    pl.col("signed") != "",
    pl.col("flags").list.len() > 0,
)
"""Readings of energy, power and current, and what broke a rule; the fold passes over others."""

_AT_ONCE = 100_000
"""Rows that are put in order, and whose numbers stand as Python values, at the same time."""
_MOST = 10**15
"""Thousandths of a Wh, W or A that whole numbers hold with room to reckon."""
_CALM = (
    (pl.col("stamp_quality") == "ok")
    & pl.col("stamp_at").is_not_null()
    & (pl.col("flags").list.len() == 0)
    & (pl.col("transaction") != "")
)
_PHASES = {"": 0, "L1": 1, "L1-N": 1, "L2": 2, "L2-N": 2, "L3": 3, "L3-N": 3}
"""Which of `Samples.current_phase` a current is of."""
_REGISTER = (
    (pl.col("measurand") == "Energy.Active.Import.Register")
    & (pl.col("phase") == "")
    & pl.col("wh").is_between(0, _MOST)
)
_POWER = pl.col("wh").is_null() & (pl.col("phase") == "") & pl.col("watt").is_between(0, _MOST)
_CURRENT = pl.col("phase").is_in(list(_PHASES)) & pl.col("ampere").is_between(0, _MOST)
_SAMPLE = (
    _CALM
    & (pl.col("evse").is_null() | (pl.col("evse") != 0))
    & pl.col("location").is_in(["", "Outlet"])
    & (pl.col("signed") == "")
    & (_REGISTER | _POWER | _CURRENT)
)
_BEGIN, _END = "Transaction.Begin", "Transaction.End"
_ORDER = ["station", "received_ns", "origin", "index", "position"]
_ENTRY = ["station", "origin", "index"]
_NO_EVENT, _UPDATED, _TOLD = 0, 1, 2
"""What the message of a row carries beside samples: nothing, an update that repeats, an event."""


@dataclass(frozen=True, slots=True)
class StationFacts:
    """Rows of `transaction_event` and `meter_reading` of some stations."""

    events: pl.DataFrame
    readings: pl.DataFrame

    @classmethod
    def read(
        cls, stretch: Stretch, days: Sequence[date], stations: Collection[str]
    ) -> "StationFacts":
        """The rows of some days and stations that the fold has a use for."""
        mine, lake = pl.col("station").is_in(sorted(stations)), stretch.lake
        return cls(
            lake.read("transaction_event", days, where=mine),
            lake.read("meter_reading", days, where=mine & _USED),
        )

    def by_day(self) -> "dict[date, StationFacts]":
        """The rows of each day that has some: views, for the lake gives rows day by day."""
        events, readings = _days(self.events), _days(self.readings)
        none = StationFacts(self.events.clear(), self.readings.clear())
        return {
            day: StationFacts(events.get(day, none.events), readings.get(day, none.readings))
            for day in events.keys() | readings.keys()
        }

    def stations(self) -> Iterator[tuple[str, list[Told]]]:
        """What each station told in log order, station after station."""
        for first, last in self._parts():
            mine = pl.col("station").is_between(pl.lit(first), pl.lit(last))
            part = StationFacts(self.events.filter(mine), self.readings.filter(mine))
            yield from _Block(part, _with_runs(_in_order(part.events, part.readings))).stations()

    def _parts(self) -> Iterator[tuple[str, str]]:
        """Stations in a row, first and last, that have about `_AT_ONCE` rows together."""
        names = pl.concat([self.events["station"], self.readings["station"]])
        first, taken, last = "", 0, ""
        for name, count in names.to_frame("name").group_by("name").len().sort("name").iter_rows():
            first, last = first if taken else name, name
            taken += count
            if taken >= _AT_ONCE:
                yield first, last
                taken = 0
        if taken:
            yield first, last


def _days(rows: pl.DataFrame) -> dict[date, pl.DataFrame]:
    found: dict[date, pl.DataFrame] = {}
    begun = 0
    for day in rows["day"].rle():
        found[day["value"]] = rows.slice(begun, day["len"])
        begun += day["len"]
    return found


def _in_order(events: pl.DataFrame, readings: pl.DataFrame) -> pl.DataFrame:
    """One line per row, in the order in which they are folded, with what tells plain rows apart.

    Events of a message stand before its readings.
    """
    shared = ["station", "received_ns", "origin", "index", "transaction"]
    times = {
        "at": pl.col("stamp_at").cast(pl.Int64),
        "received": pl.col("received_at").cast(pl.Int64),
    }
    told = events.with_row_index("row").select(
        *shared,
        "row",
        position=pl.lit(-1, dtype=pl.Int64),
        plain=_CALM & (pl.col("kind") == "updated"),
        state=pl.col("charging_state"),
        **times,
    )
    measured = readings.with_row_index("row").select(
        *shared,
        "row",
        "position",
        plain=_SAMPLE.fill_null(value=False),
        begins=pl.col("context") == _BEGIN,
        ends=pl.col("context") == _END,
        mwh=(pl.col("wh") * 1000).cast(pl.Int64, strict=False),
        mw=pl.when(pl.col("wh").is_null()).then(pl.col("watt") * 1000).cast(pl.Int64, strict=False),
        ma=(pl.col("ampere") * 1000).cast(pl.Int64, strict=False),
        phase=pl.col("phase").replace_strict(_PHASES, default=None, return_dtype=pl.Int64),
        **times,
    )
    rows = pl.concat([told, measured], how="diagonal")
    return rows.sort(_ORDER, maintain_order=True)


def _with_runs(rows: pl.DataFrame) -> pl.DataFrame:
    """Mark the first row of each run: of plain samples that stay together, or of one row alone."""
    is_event, by_transaction = pl.col("position") < 0, ["station", "transaction"]
    said = pl.when(is_event & (pl.col("state") != "")).then("state")
    rows = rows.with_columns(
        known=said.forward_fill().shift(1).over(by_transaction),
        new_entry=_changes(*_ENTRY),
    )
    repeats = (pl.col("state") == "") | (pl.col("state") == pl.col("known"))
    rows = rows.with_columns(plain=pl.col("plain") & (~is_event | repeats.fill_null(value=False)))
    carried = (
        pl.when(is_event & pl.col("plain"))
        .then(_UPDATED)
        .when(is_event)
        .then(_TOLD)
        .otherwise(_NO_EVENT)
    )
    rows = rows.with_columns(
        carrier=pl.when("new_entry").then(carried).forward_fill(),
        state=pl.when("new_entry").then(pl.col("state").fill_null("")).forward_fill(),
    )
    told = pl.col("carrier") == _TOLD
    rows = rows.with_columns(
        plain=pl.col("plain") & (told | ~pl.col("begins").fill_null(value=False)),
        begins=told & _of_register("begins"),
        ends=told & _of_register("ends"),
        state=pl.when(pl.col("carrier") == _UPDATED).then("state").otherwise(pl.lit("")),
    )
    together = ["station", "origin", "transaction", "carrier", "state", "begins", "ends", "plain"]
    return rows.with_columns(
        new_run=~pl.col("plain") | _changes(*together) | (told & pl.col("new_entry"))
    )


def _of_register(name: str) -> pl.Expr:
    """What a register's context is, for the powers that follow it too: theirs says nothing."""
    own = pl.when(pl.col("position") < 0).then(statement=False)
    return own.when(pl.col("mwh").is_not_null()).then(name).forward_fill().fill_null(value=False)


def _changes(*names: str) -> pl.Expr:
    """Whether a row differs from the one before it; true for the first."""
    return pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in names) | (
        pl.int_range(pl.len()) == 0
    )


class _Block:
    """Some stations' rows in order, turned into what the fold takes."""

    def __init__(self, facts: StationFacts, rows: pl.DataFrame) -> None:
        self._facts, self._rows = facts, rows
        self._heads = rows.with_row_index("begun").filter("new_run")
        self._names = self._heads["station"].to_list()
        self._last: tuple[str, int, list[Fact]] = ("", 0, [])
        """The station last unfolded, its first row, and its facts."""

    def stations(self) -> Iterator[tuple[str, list[Told]]]:
        """Each station's facts."""
        runs = zip(self._names, self._told(), strict=True)
        for name, told in groupby(runs, key=itemgetter(0)):
            yield name, [one for _, one in told]

    def _told(self) -> Iterator[Told]:
        """One value for each run."""
        single = self._rows.filter(~pl.col("plain"))
        events, readings = self._objects(single)
        plain, position = self._heads["plain"].to_list(), self._heads["position"].to_list()
        samples = self._samples()
        for is_plain, place in zip(plain, position, strict=True):
            if is_plain:
                yield next(samples)
            else:
                yield next(events) if place < 0 else next(readings)

    def _objects(
        self, rows: pl.DataFrame
    ) -> tuple[Iterator[TransactionEvent], Iterator[MeterReading]]:
        """The facts of some rows, each kind in the rows' order."""
        events = rows.filter(pl.col("position") < 0)["row"]
        readings = rows.filter(pl.col("position") >= 0)["row"]
        return (
            (event for event, _ in read_events(self._facts.events[events])),
            (reading for reading, _ in read_readings(self._facts.readings[readings])),
        )

    def _samples(self) -> Iterator[Samples]:
        """The runs of plain samples."""
        rows = self._rows
        registers, (at, mwh, entry) = self._columns(rows["mwh"].is_not_null(), "at", "mwh", "index")
        powers, (power_at, mw) = self._columns(rows["mw"].is_not_null(), "at", "mw")
        told = rows["ma"].is_not_null()
        currents, (current_at, ma, phase) = self._columns(told, "at", "ma", "phase")
        events, (event_at,) = self._columns(rows["position"] < 0, "at")
        entries, (index,) = self._columns(rows["new_entry"], "index")
        stops = [*self._heads["begun"].to_list()[1:], rows.height]
        last = rows["received"].gather(pl.Series(stops, dtype=pl.Int64) - 1).to_list()
        heads = zip(*self._heads.select(_HEAD).to_dict(as_series=False).values(), strict=True)
        for run, head in enumerate(heads):
            begun, station, transaction, origin, first, received, carrier, state = head[1:9]
            if not head[0]:
                continue
            own = slice(registers[run], registers[run + 1])
            power = slice(powers[run], powers[run + 1])
            current = slice(currents[run], currents[run + 1])
            fresh = index[entries[run] : entries[run + 1]]
            begins, ends = head[9:]
            yield Samples(
                station,
                transaction,
                origin,
                instant_of(received),
                instant_of(last[run]),
                fresh if fresh[:1] == [first] else [first, *fresh],
                at[own],
                mwh[own],
                entry[own],
                power_at[power],
                mw[power],
                partial(self._facts_of, station, begun, stops[run]),
                current_at[current],
                ma[current],
                phase[current],
                event_at=event_at[events[run] : events[run + 1]],
                state=state,
                told_with=carrier == _TOLD,
                context=_BEGIN if begins else _END if ends else "",
            )

    def _columns(self, where: pl.Series, *names: str) -> tuple[list[int], list[list[int]]]:
        """Where the values of each run begin, and those values, name by name: of plain rows."""
        where = where & self._rows["plain"]
        found = self._rows.filter(where)
        count = where.cast(pl.Int64)
        before = (count.cum_sum() - count).gather(self._heads["begun"]).to_list()
        return [*before, found.height], [found[name].to_list() for name in names]

    def _facts_of(self, station: str, start: int, stop: int) -> list[Fact]:
        """The facts of some rows of a station; all of it is read at once, and kept for a while."""
        if self._last[0] != station:
            mine = self._rows["station"] == station
            first = mine.arg_true()[0]
            own = self._rows.filter(mine)
            events, readings = self._objects(own)
            facts: list[Fact] = [
                next(events) if at < 0 else next(readings) for at in own["position"]
            ]
            self._last = station, first, facts
        _, first, facts = self._last
        return facts[start - first : stop - first]


_HEAD = [
    "plain", "begun", "station", "transaction", "origin", "index", "received", "carrier", "state",
    "begins", "ends",
]  # fmt: skip
