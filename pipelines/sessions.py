"""Facts to sessions: each station's facts of a day, folded from the state of the day before.

Stations are independent, so processes share them; what a process derives depends on its stations
only. A day is folded up to the end of its stretch; a station that speaks of a session its state has
forgotten is folded again from before that session, and only the emissions of the day are kept.
"""

import gc
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

import polars as pl

from billing.finding import Finding
from billing.fold import fold, refers_back
from billing.samples import Samples, Told
from billing.session import Session
from billing.station import StationState
from pipelines.house_policy import Policies
from pipelines.session_rows import write_findings, write_sessions
from pipelines.shards import share
from pipelines.station_facts import StationFacts
from pipelines.stretch import Stretch, instant, start_of
from warehouse.lake import TABLES

_TICK = timedelta(microseconds=1)
_STATIONS_AT_ONCE = 2_000
_AT_ONCE = 4_000
"""Sessions that stand as objects at the same time."""


@dataclass(frozen=True, slots=True)
class Derived:
    """Rows of `session`, `finding` (those that sessions brought) and `station_state`."""

    sessions: pl.DataFrame
    findings: pl.DataFrame
    states: pl.DataFrame


def sessions(stretch: Stretch) -> Derived:
    """Everything the facts of a stretch add up to."""
    return _joined(share(_fold_stations, stretch, _stations(stretch)))


def _joined(parts: Sequence[Derived]) -> Derived:
    return Derived(
        pl.concat([part.sessions for part in parts]),
        pl.concat([part.findings for part in parts]),
        pl.concat([part.states for part in parts]),
    )


def _stations(stretch: Stretch) -> dict[str, int]:
    """Every station with facts or a state, and how much it has to say."""
    first, last = stretch.days[0], stretch.days[-1]
    weights = stretch.lake.sql("station_weights", first=first, last=last, before=stretch.before)
    return dict(weights.iter_rows())


@dataclass(slots=True)
class _Shard:
    """One process's stations while the days go by."""

    stretch: Stretch
    stations: frozenset[str]
    policies: Policies
    rows: dict[date, StationFacts]
    texts: dict[str, str] = field(default_factory=dict)
    """Each station's state at the end of the last day it was folded in: as JSON."""
    due: dict[str, datetime | None] = field(default_factory=dict)
    history: dict[date, dict[str, str]] = field(default_factory=dict)
    """The states at the end of each complete day of the stretch."""
    sessions: list[Session] = field(default_factory=list)
    """Those that are not in `written` yet."""
    written: list[pl.DataFrame] = field(default_factory=list)
    findings: list[tuple[Finding, datetime]] = field(default_factory=list)

    def write(self) -> None:
        """Turn the sessions at hand into rows, which take less room."""
        self.written.append(write_sessions(self.sessions))
        self.sessions.clear()


def _fold_stations(stretch: Stretch, stations: frozenset[str]) -> Derived:
    """Some thousand stations at a time: their rows are what takes room."""
    policies = Policies.load(stretch)
    names = sorted(stations)
    starts = range(0, max(1, len(names)), _STATIONS_AT_ONCE)
    some = [frozenset(names[start : start + _STATIONS_AT_ONCE]) for start in starts]
    return _joined([_fold_some(stretch, policies, one) for one in some])


def _fold_some(stretch: Stretch, policies: Policies, stations: frozenset[str]) -> Derived:
    rows = StationFacts.read(stretch, stretch.days, stations).by_day()
    shard = _Shard(stretch, stations, policies, rows)
    for row in _states(shard, stretch.before).iter_rows(named=True):
        shard.texts[row["station"]] = row["state"]
        shard.due[row["station"]] = instant_of(row["due_at"])
    with _uncollected():
        states = [_fold_day(shard, day) for day in stretch.days]
    shard.write()
    return Derived(
        pl.concat(shard.written),
        write_findings(shard.findings),
        pl.concat([pl.DataFrame(schema=TABLES["station_state"].schema), *states]),
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for cycles, of which a fold makes none, among a million values."""
    active = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if active:
            gc.enable()


def instant_of(cell: datetime | None) -> datetime | None:
    """A table's instant with the standard library's UTC."""
    return None if cell is None else cell.replace(tzinfo=instant(0).tzinfo)


def _states(shard: _Shard, day: date) -> pl.DataFrame:
    mine = pl.col("station").is_in(sorted(shard.stations))
    return shard.stretch.lake.read("station_state", [day], where=mine)


def _fold_day(shard: _Shard, day: date) -> pl.DataFrame:
    """Fold one day into the shard; the rows of `station_state` where the day is complete."""
    until = instant(shard.stretch.end_of(day))
    silent = {name for name, due in shard.due.items() if due is not None and due <= until}
    if day in shard.rows:
        for station, facts in shard.rows.pop(day).stations():
            silent.discard(station)
            _fold_station(shard, day, station, facts)
    for station in sorted(silent):
        _fold_station(shard, day, station, [])
    if not shard.stretch.is_complete(day):
        return pl.DataFrame(schema=TABLES["station_state"].schema)
    shard.history[day] = dict(shard.texts)
    rows = [(day, name, shard.due.get(name), text) for name, text in sorted(shard.texts.items())]
    return pl.DataFrame(rows, schema=TABLES["station_state"].schema, orient="row")


def _fold_station(shard: _Shard, day: date, station: str, facts: Sequence[Told]) -> None:
    until = instant(shard.stretch.end_of(day))
    text = shard.texts.get(station)
    state = StationState.from_json(text) if text else StationState(station=station)
    since = refers_back(facts, state)
    if since is not None:
        state = _remember(shard, day, station, since, facts)
    folded = _Run(shard.policies, station, state)
    folded.run(facts, max(instant(start_of(day)), state.until or instant(0)), until)
    shard.sessions += folded.sessions
    shard.findings += folded.findings
    shard.due[station] = folded.due
    if shard.stretch.is_complete(day):
        # What is settled is forgotten, the rest is kept for the next day.
        kept = folded.state.forget(instant(start_of(day + timedelta(days=1))))
        shard.texts[station] = kept.to_json()
    if len(shard.sessions) >= _AT_ONCE:
        shard.write()


def _remember(
    shard: _Shard, day: date, station: str, since: datetime, today: Sequence[Told]
) -> StationState:
    """The state at the start of `day`, of a fold that has forgotten nothing `today` rests on.

    What was told since may itself refer back to something older: the base moves back until nothing
    told after it concerns what it has forgotten. Bases get strictly older, so this ends.
    """
    while True:
        base = since.date() - timedelta(days=1)
        state = _state_of(shard, base, station)
        days = [base + timedelta(days=n) for n in range(1, (day - base).days)]
        rows = StationFacts.read(shard.stretch, days, [station])
        facts = [fact for _, told in rows.stations() for fact in told]
        deeper = refers_back([*facts, *today], state)
        if deeper is None:
            break
        assert deeper.date() <= base, "a state forgets only what it has seen"
        since = deeper
    run = _Run(shard.policies, station, state)
    run.run(facts, instant(start_of(base + timedelta(days=1))), instant(start_of(day)) - _TICK)
    return run.state


def _state_of(shard: _Shard, day: date, station: str) -> StationState:
    """A station's state at the end of a complete day."""
    if day in shard.history:
        text = shard.history[day].get(station)
    else:
        one = pl.col("station") == station
        rows = shard.stretch.lake.read("station_state", [day], where=one)
        text = rows["state"][0] if rows.height else None
    return StationState.from_json(text) if text else StationState(station=station)


@dataclass(slots=True)
class _Run:
    """One station folded through changes of policy."""

    policies: Policies
    station: str
    state: StationState
    sessions: list[Session] = field(default_factory=list)
    findings: list[tuple[Finding, datetime]] = field(default_factory=list)

    @property
    def due(self) -> datetime | None:
        """When the next version is due, if nothing more is heard."""
        return min((one.due for one in self.state.dossiers if one.due is not None), default=None)

    def run(self, facts: Sequence[Told], start: datetime, until: datetime) -> None:
        """Fold everything received in [start, until], each stretch by its own policy."""
        cuts = self.policies.cuts(self.station, start, until)
        if not cuts:
            self._fold(facts, start, until)
            return
        whole = _cut(facts, cuts)
        for number, part in groupby(whole, key=lambda fact: bisect_right(cuts, fact.received_at)):
            begin = cuts[number - 1] if number else start
            self._wait(start, cuts[:number])
            end = cuts[number] - _TICK if number < len(cuts) else until
            self._fold(list(part), begin, end)
        self._wait(start, cuts)
        self._fold([], cuts[-1], until)

    def _wait(self, start: datetime, cuts: Sequence[datetime]) -> None:
        """Let what falls due before the last of `cuts` fall due, under the policy of its time."""
        while cuts and (due := self.due) is not None and due < cuts[-1]:
            number = bisect_right(cuts, due)
            self._fold([], cuts[number - 1] if number else start, cuts[number] - _TICK)
            if self.due == due:
                return

    def _fold(self, facts: Sequence[Told], begin: datetime, until: datetime) -> None:
        if not facts and self.state.until is not None and until <= self.state.until:
            return
        folded = fold(self.state, facts, until, self.policies.of(self.station, begin))
        self.state = folded.state
        self.sessions += folded.sessions
        self.findings += zip(folded.findings, folded.found_at, strict=True)


def _cut(facts: Iterable[Told], cuts: Sequence[datetime]) -> Iterator[Told]:
    """The facts, with samples taken apart that reach over an instant of `cuts`."""
    for fact in facts:
        over = isinstance(fact, Samples) and any(
            fact.received_at < at <= fact.last_at for at in cuts
        )
        if isinstance(fact, Samples) and over:
            yield from fact.facts()
        else:
            yield fact
