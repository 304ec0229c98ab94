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
    pl.col("signed") != "",
    pl.col("flags").list.len() > 0,
)
"""Readings that say something about energy, power or a broken rule; the fold passes over others."""

_AT_ONCE = 100_000
"""Rows whose numbers stand as Python values at the same time."""
_MOST = 10**15
"""Thousandths of a Wh or W that whole numbers hold with room to reckon."""
_CALM = (
    (pl.col("stamp_quality") == "ok")
    & pl.col("stamp_at").is_not_null()
    & (pl.col("flags").list.len() == 0)
    & (pl.col("transaction") != "")
)
_REGISTER = (
    (pl.col("measurand") == "Energy.Active.Import.Register")
    & pl.col("location").is_in(["", "Outlet"])
    & pl.col("wh").is_between(0, _MOST)
)
_POWER = pl.col("wh").is_null() & pl.col("watt").is_between(0, _MOST)
_SAMPLE = (
    _CALM
    & (pl.col("evse").is_null() | (pl.col("evse") != 0))
    & (pl.col("phase") == "")
    & (pl.col("signed") == "")
    & (_REGISTER | _POWER)
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
        """The rows of each day that has some."""
        events = self.events.partition_by("day", maintain_order=True, as_dict=True)
        readings = self.readings.partition_by("day", maintain_order=True, as_dict=True)
        none = StationFacts(self.events.clear(), self.readings.clear())
        return {
            day: StationFacts(events.get((day,), none.events), readings.get((day,), none.readings))
            for (day,) in events.keys() | readings.keys()
        }

    def stations(self) -> Iterator[tuple[str, list[Told]]]:
        """What each station told in log order, station after station."""
        rows = _with_runs(_in_order(self.events, self.readings))
        for block in _blocks(rows):
            yield from _Block(self, block).stations()


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
        **times,
    )
    rows = pl.concat([told, measured], how="diagonal")
    names = pl.Enum(rows["station"].unique().sort())
    return rows.with_columns(pl.col("station").cast(names)).sort(_ORDER, maintain_order=True)


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


def _blocks(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Slices of whole stations, of about `_AT_ONCE` rows each."""
    begun, taken = 0, 0
    for length in rows["station"].rle().struct.field("len"):
        taken += length
        if taken >= _AT_ONCE:
            yield rows.slice(begun, taken)
            begun, taken = begun + taken, 0
    if taken:
        yield rows.slice(begun, taken)


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
        plain = self._rows["plain"]
        of_register = plain & self._rows["mwh"].is_not_null()
        of_power = plain & self._rows["mw"].is_not_null()
        of_event = plain & (self._rows["position"] < 0)
        registers = self._columns(of_register, "at", "mwh", "index")
        powers = self._columns(of_power, "at", "mw")
        events = self._columns(of_event, "at")
        entries = self._columns(plain & self._rows["new_entry"], "index")
        heads = self._heads.filter("plain").select(_HEAD).iter_rows()
        ends = self._ends().filter(self._heads["plain"])
        columns = zip(heads, ends.iter_rows(), registers, powers, events, entries, strict=True)
        for head, (stop, last), register, power, (event_at,), (fresh,) in columns:
            begun, station, transaction, origin, index, received, carrier, state = head[:8]
            context = _BEGIN if head[8] else _END if head[9] else ""
            yield Samples(
                station=station,
                transaction=transaction,
                origin=origin,
                received_at=instant_of(received),
                last_at=instant_of(last),
                entries=fresh if fresh[:1] == [index] else [index, *fresh],
                register_at=register[0],
                register_mwh=register[1],
                register_entry=register[2],
                power_at=power[0],
                power_mw=power[1],
                facts=partial(self._facts_of, station, begun, stop),
                event_at=event_at,
                state=state,
                told_with=carrier == _TOLD,
                context=context,
            )

    def _ends(self) -> pl.DataFrame:
        """Of each run the row after it, and when its last row was received."""
        stops = self._heads["begun"].cast(pl.Int64).shift(-1, fill_value=self._rows.height)
        return pl.DataFrame({"stop": stops, "last": self._rows["received"].gather(stops - 1)})

    def _columns(self, where: pl.Series, *names: str) -> Iterator[list[list[int]]]:
        """Run by run, the values of those rows for which `where` holds, name by name."""
        found = self._rows.filter(where).select(names)
        values = [column.to_list() for column in found]
        counted = where.cast(pl.Int64).cum_sum() - where.cast(pl.Int64)
        before = counted.gather(self._heads["begun"])
        stops = before.shift(-1, fill_value=found.height)
        spans = pl.DataFrame({"start": before, "stop": stops}).filter(self._heads["plain"])
        for start, stop in spans.iter_rows():
            yield [column[start:stop] for column in values]

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
    "begun", "station", "transaction", "origin", "index", "received", "carrier", "state",
    "begins", "ends",
]  # fmt: skip
