"""What a correction does: each session it is for, priced again and held against what stands.

The same for a preview and for what is derived: reads the sessions, asks `outcomes`, writes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import polars as pl

from billing.cdr import CDR, Rejection
from billing.record import loads
from billing.rerate import Correction, rerated
from pipelines.bills import UNCHANGED, Bills
from pipelines.change import Change
from pipelines.outcomes import Heard, Outcomes, first_heard
from pipelines.pricing import AT_ONCE, Engine, priced
from pipelines.stored_sessions import COLUMNS, StoredSession, stored_sessions
from warehouse.lake import Lake

_PAIR = ["session_id", "version"]


@dataclass(frozen=True, slots=True)
class Rerating:
    """One correction after `earlier` ones, for the sessions of some stations."""

    correction: Correction
    earlier: Sequence[Correction]
    stations: frozenset[str]
    bills: Bills
    outcomes: Outcomes
    heard: Heard
    engine: Engine = "bulk"

    def changes(self) -> Iterator[Change]:
        """Every session that the correction is for, each once, also where nothing changes.

        What was rejected comes first: where that can be billed now, what was billed before is
        taken back with it; else that is priced again like all the rest.
        """
        settled: set[str] = set()
        if self.correction.rejected:
            for session, before, after in self._corrected(self._retried()):
                if isinstance(after, CDR) or before is None:
                    settled.add(session.id)
                    yield self._change(session, before, after)
        if self.correction.reprices:
            billed = self._billed().filter(~pl.col("session_id").is_in(sorted(settled)))
            for session, before, after in self._corrected(billed):
                yield self._change(session, before, after)

    def _corrected(
        self, wanted: pl.DataFrame
    ) -> Iterator[tuple[StoredSession, CDR | None, CDR | Rejection]]:
        """The session versions that the correction is for: the CDR that stands, and what the
        correction makes of it.
        """
        corrections = [*self.earlier, self.correction]
        told = (
            (session, before, self.outcomes.of(session, self.heard, corrections))
            for session, before in self._sessions(wanted)
        )
        mine = (one for one in told if self.correction.source in one[2].by)
        while batch := list(islice(mine, AT_ONCE)):
            results = priced([outcome.result for _, _, outcome in batch], self.engine)
            for (session, before, _), result in zip(batch, results, strict=True):
                yield session, before, result

    def _change(self, session: StoredSession, before: CDR | None, after: CDR | Rejection) -> Change:
        made = rerated(before, after, self.correction)
        return Change(self.correction, session, before, after, made)

    def _billed(self) -> pl.DataFrame:
        """The session version that the bill of each session stands for, and its CDR."""
        chosen = self.correction.selection
        where = self._here() & started(self.correction)
        for column, names in (("party", chosen.parties), ("location_id", chosen.locations)):
            if names:
                where &= pl.col(column).is_in(sorted(names))
        unchanged = self.bills.rows(
            "rejection", self._here() & (pl.col("rule") == UNCHANGED), _PAIR
        )
        confirmed = unchanged.group_by("session_id").agg(pl.col("version").max().alias("confirmed"))
        found = self.bills.standing(where).join(confirmed, on="session_id", how="left")
        newest = pl.max_horizontal("version", "confirmed").alias("version")
        return found.select("session_id", newest, "cdr_id", "day")

    def _retried(self) -> pl.DataFrame:
        """Each session's newest version where that was rejected, and the CDR that stands."""
        rejected = self.bills.unbilled(self._here() & (pl.col("rule") != UNCHANGED))
        here = self._here() & pl.col("session_id").is_in(rejected["session_id"].implode())
        every = pl.concat([self.bills.rows(table, here, _PAIR) for table in ("cdr", "rejection")])
        newest = every.group_by("session_id").agg(pl.col("version").max())
        standing = self.bills.standing(here).select("session_id", "cdr_id", "day")
        found = rejected.join(newest, on=_PAIR, how="semi").join(
            standing, on="session_id", how="left"
        )
        return found.select("session_id", "version", "cdr_id", "day")

    def _here(self) -> pl.Expr:
        mine = pl.col("station").is_in(sorted(self.stations))
        named = self.correction.selection.sessions
        return mine & pl.col("session_id").is_in(sorted(named)) if named else mine

    def _sessions(self, wanted: pl.DataFrame) -> Iterator[tuple[StoredSession, CDR | None]]:
        """Session versions with the CDRs that stand, by the day they were emitted on."""
        lake, where = self.bills.lake, self._here() & started(self.correction)
        where &= pl.col("emitted_at") < self.correction.at
        days = lake.read("session", where=where, columns=["day", *_PAIR])
        for day in days.join(wanted, on=_PAIR, how="semi")["day"].unique().sort():
            rows = lake.read("session", [day], where=where, columns=COLUMNS)
            rows = rows.join(wanted, on=_PAIR, how="semi").sort("emitted_at", *_PAIR)
            standing = wanted.join(rows, on=_PAIR, how="semi").drop_nulls("cdr_id")
            records = self.bills.records(standing)
            for session in stored_sessions(rows):
                record = records.get(session.id)
                yield session, None if record is None else loads(CDR, record)


def started(correction: Correction) -> pl.Expr:
    """Whether a row's `start_at` lies in the time that a correction is for."""
    chosen = correction.selection
    where = pl.col("start_at") < correction.at
    if chosen.start_from is not None:
        where &= pl.col("start_at") >= chosen.start_from
    if chosen.start_before is not None:
        where &= pl.col("start_at") < chosen.start_before
    return where


def heard(lake: Lake, correction: Correction) -> Heard:
    """When the log first heard of the sessions that a correction may be for."""
    found = lake.read("session", where=started(correction), columns=["day"])["day"]
    days = found.unique().sort().to_list()
    return first_heard(lake, days[0], days[-1]) if days else {}


def weights(lake: Lake, correction: Correction) -> dict[str, int]:
    """Station -> how many sessions of it a correction may be for."""
    chosen = correction.selection
    where = started(correction) & (pl.col("emitted_at") < correction.at)
    for column, names in (("station", chosen.stations), ("session_id", chosen.sessions)):
        if names:
            where &= pl.col(column).is_in(sorted(names))
    rows = lake.read("session", where=where, columns=["station"])
    return dict(rows.group_by("station").len().sort("station").iter_rows())
