"""Sessions to CDRs: what was known about each, its periods, its receipt, and why some make none.

Gathers a session's context as of its start and asks `billing`; every session version ends as a CDR
or as a rejection. A version after the first is compared with what was billed before: a credit CDR
and a new CDR, keyed to the day of the new version; what was emitted earlier never changes. A
correction that an operator said does the same to each session it changes, on the day it was said.
"""

from datetime import datetime
from itertools import islice

import polars as pl

from billing.billable import Billable
from billing.cdr import CDR, Rejection, supersede
from billing.record import loads
from billing.rerate import Correction, correct
from pipelines.bills import UNCHANGED, Bills
from pipelines.change import WRITTEN
from pipelines.charge_rows import TABLE_NAMES, Billed
from pipelines.outcomes import Outcomes, first_heard
from pipelines.pricing import AT_ONCE, priced
from pipelines.reference import Reference
from pipelines.rerating import Rerating, heard, weights
from pipelines.shards import share
from pipelines.stored_sessions import COLUMNS, StoredSession, stored_sessions
from pipelines.stretch import Stretch, instant
from warehouse.lake import Lake

_WEIGHT = 10
"""What pricing a session costs, in the rows that `share` weighs."""


def charges(stretch: Stretch) -> dict[str, pl.DataFrame]:
    """Rows of the tables that pricing fills, for a stretch's sessions and corrections."""
    parts = share(_bill_stations, stretch, _weights(stretch))
    return {name: pl.concat([part[name] for part in parts]) for name in TABLE_NAMES}


def _weights(stretch: Stretch) -> dict[str, int]:
    """Station -> what its sessions and those that corrections are for weigh."""
    stations = stretch.lake.read("session", stretch.days, columns=["station"])
    found = dict(stations.group_by("station").len().sort("station").iter_rows())
    for correction in said(stretch):
        for name, count in weights(stretch.lake, correction).items():
            found[name] = found.get(name, 0) + count
    return {name: _WEIGHT * count for name, count in found.items()}


def said(stretch: Stretch) -> list[Correction]:
    """The corrections said in a stretch, in the order of the log."""
    rows = stretch.lake.read("correction", stretch.days, columns=["known_from", "record", "index"])
    until = pl.col("known_from") <= instant(stretch.until_ns)
    ordered = rows.filter(until).sort("known_from", "index")
    return [loads(Correction, text) for text in ordered["record"]]


def _bill_stations(stretch: Stretch, stations: frozenset[str]) -> dict[str, pl.DataFrame]:
    till = _Till(stretch, stations)
    mine = pl.col("station").is_in(sorted(stations))
    rows = stretch.lake.read("session", stretch.days, where=mine, columns=COLUMNS)
    till.look_up(frozenset(rows.filter(pl.col("version") > 1)["session_id"]))
    rest = rows.sort("emitted_at", "session_id", "version")
    for correction in said(stretch):
        earlier = pl.col("emitted_at") < correction.at
        till.bill(rest.filter(earlier))
        till.rerate(correction)
        rest = rest.filter(~earlier)
    till.bill(rest)
    return till.frames()


class _Till:
    """Bills the sessions of some stations, one after another in log time."""

    def __init__(self, stretch: Stretch, stations: frozenset[str]) -> None:
        reference = Reference.load(stretch.lake, instant(stretch.until_ns), stations)
        self._stretch, self._stations = stretch, stations
        self._outcomes = Outcomes(reference)
        self._corrections = reference.corrections
        self._heard = first_heard(stretch.lake, stretch.days[0], stretch.days[-1])
        days = [day for day in stretch.lake.days("cdr") if day < stretch.days[0]]
        days += [day for day in stretch.lake.days("rejection") if day < stretch.days[0]]
        self._bills = Bills(stretch.lake, frozenset(days))
        self._billed = Billed()
        self._followed: frozenset[str] = frozenset()
        self._last: dict[str, CDR] = {}

    def look_up(self, session_ids: frozenset[str]) -> None:
        """Of these sessions later versions will come: what stands of each from before."""
        self._followed = session_ids
        if session_ids:
            standing = self._bills.standing(pl.col("session_id").is_in(sorted(session_ids)))
            records = self._bills.records(standing)
            self._last = {name: loads(CDR, text) for name, text in records.items()}

    def bill(self, rows: pl.DataFrame) -> None:
        """Session versions in the order they were emitted."""
        sessions = stored_sessions(rows)
        while batch := list(islice(sessions, AT_ONCE)):
            found = [self._outcomes.of(one, self._heard, self._told(one)) for one in batch]
            results = priced([outcome.result for outcome in found], self._stretch.engine)
            for session, outcome, result in zip(batch, found, results, strict=True):
                self._bill(session, result, corrected=bool(outcome.by))
            self._pour(AT_ONCE)

    def _told(self, session: StoredSession) -> list[Correction]:
        return [one for one in self._corrections if one.at <= session.emitted_at]

    def _bill(self, session: StoredSession, result: CDR | Rejection, *, corrected: bool) -> None:
        """One session version: a CDR, with a credit where another stands, or a rejection.

        The CDR stands for the session from now on.
        """
        if isinstance(result, Rejection):
            self._billed.reject(session, result)
            return
        made = (correct if corrected else supersede)(self._last.get(session.id), result)
        if not made:
            self._billed.reject(session, _unchanged(session, self._last))
            return
        self._billed.bill(made, result, session)
        if session.id in self._followed:
            self._last[session.id] = result

    def rerate(self, correction: Correction) -> None:
        """What a correction changes of all that was billed, or rejected, up to it."""
        self._pour(0)
        rerating = Rerating(
            correction,
            [one for one in self._corrections if _place(one) < _place(correction)],
            self._stations,
            self._bills,
            self._outcomes,
            heard(self._stretch.lake, correction),
            self._stretch.engine,
        )
        for change in rerating.changes():
            if change.kind not in WRITTEN:
                continue
            self._billed.rerate(change)
            if change.made and change.session.id in self._followed:
                self._last[change.session.id] = change.made[-1]
            self._pour(AT_ONCE)
        self._pour(0)

    def _pour(self, at_once: int) -> None:
        """Turn rows into columns where there are enough."""
        if len(self._billed) >= at_once:
            self._bills.made.append(self._billed.frames())
            self._billed = Billed()

    def frames(self) -> dict[str, pl.DataFrame]:
        """All rows of these stations."""
        parts = [*self._bills.made, self._billed.frames()]
        return {name: pl.concat([frames[name] for frames in parts]) for name in TABLE_NAMES}


def _place(correction: Correction) -> tuple[datetime, int]:
    return correction.at, correction.source.index


def _unchanged(session: Billable, last: dict[str, CDR]) -> Rejection:
    text = f"the bill is the one of CDR {last[session.id].id}, which stands"
    return Rejection(session.id, session.version, UNCHANGED, text)


def read_cdrs(lake: Lake, where: pl.Expr | None = None) -> list[CDR]:
    """CDRs with their records read, in the order they came to be."""
    rows = lake.read("cdr", where=where).sort("last_updated", "cdr_id")
    return [loads(CDR, text) for text in rows["record"]]
