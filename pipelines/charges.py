"""Sessions to CDRs: what was known about each, its periods, its receipt, and why some make none.

Gathers a session's context as of its start and asks `billing`; every session version ends as a CDR
or as a rejection. A version after the first is compared with what was billed before: a credit CDR
and a new CDR, keyed to the day of the new version; what was emitted earlier never changes.
"""

from datetime import datetime

import polars as pl

from billing.billable import Billable
from billing.cdr import CDR, Context, Rejection, derive, supersede
from billing.record import loads
from pipelines.charge_rows import TABLE_NAMES, Billed
from pipelines.context import Contexts
from pipelines.reference import Reference
from pipelines.shards import share
from pipelines.stored_sessions import COLUMNS, stored_sessions
from pipelines.stretch import Stretch, instant
from warehouse.lake import Lake

_WEIGHT = 10
"""What pricing a session costs, in the rows that `share` weighs."""
_AT_ONCE = 2_000
"""CDRs whose rows stand in memory as text before they become columns."""


def charges(stretch: Stretch) -> dict[str, pl.DataFrame]:
    """Rows of `charging_period`, `charge`, `cdr` and `rejection` for a stretch's sessions."""
    stations = stretch.lake.read("session", stretch.days, columns=["station"])
    weights = dict(stations.group_by("station").len().sort("station").iter_rows())
    weighed = {name: _WEIGHT * count for name, count in weights.items()}
    parts = share(_bill_stations, stretch, weighed)
    return {name: pl.concat([part[name] for part in parts]) for name in TABLE_NAMES}


def _bill_stations(stretch: Stretch, stations: frozenset[str]) -> dict[str, pl.DataFrame]:
    contexts = Contexts(Reference.load(stretch.lake, instant(stretch.until_ns), stations))
    mine = pl.col("station").is_in(sorted(stations))
    rows = stretch.lake.read("session", stretch.days, where=mine, columns=COLUMNS)
    heard = first_heard(stretch)
    corrected = frozenset(rows.filter(pl.col("version") > 1)["session_id"])
    last = last_bills(stretch, corrected)
    billed, done = Billed(), []
    for session in stored_sessions(rows.sort("emitted_at", "session_id", "version")):
        first = heard.get((session.id, session.version), session.closed_at)
        known_at = min(session.start_at, first)
        result = _bill(session, contexts, known_at, last, billed)
        if result is not None and session.id in corrected:
            last[session.id] = result
        if len(billed) >= _AT_ONCE:
            done.append(billed.frames())
            billed = Billed()
    done.append(billed.frames())
    return {name: pl.concat([frames[name] for frames in done]) for name in TABLE_NAMES}


def first_heard(stretch: Stretch) -> dict[tuple[str, int], datetime]:
    """(session, version) -> when the log received the first entry it rests on, where that was
    before it started.
    """
    first, last = stretch.days[0], stretch.days[-1]
    rows = stretch.lake.sql("session_heard", first=first, last=last).iter_rows()
    return {(name, version): instant(at_ns) for name, version, at_ns in rows}


def last_bills(stretch: Stretch, session_ids: frozenset[str]) -> dict[str, CDR]:
    """What was billed for each session before the stretch: its newest CDR that is no credit."""
    wanted = pl.col("session_id").is_in(sorted(session_ids)) & ~pl.col("credit")
    days = [day for day in stretch.lake.days("cdr") if day < stretch.days[0]]
    rows = stretch.lake.read("cdr", days if session_ids else [], where=wanted).sort("version")
    return {row["session_id"]: loads(CDR, row["record"]) for row in rows.iter_rows(named=True)}


def _bill(
    session: Billable,
    contexts: Contexts,
    known_at: datetime,
    last: dict[str, CDR],
    billed: Billed,
) -> CDR | None:
    """One session version: a CDR, with a credit where another was billed before, or a rejection.

    Returns the CDR that stands for it from now on, if it brought one.
    """
    context = contexts.of(session, known_at)
    result = _derived(session, context, contexts, known_at)
    if isinstance(result, Rejection):
        billed.reject(session, result)
        return None
    made = supersede(last.get(session.id), result)
    if not made:
        billed.reject(session, _unchanged(session, last))
        return None
    billed.bill(made, result, session)
    return result


def _derived(
    session: Billable, context: Context | Rejection, contexts: Contexts, known_at: datetime
) -> CDR | Rejection:
    """A session version's CDR, priced by its buyer's policy, or why there is none."""
    if isinstance(context, Rejection):
        return context
    buyer = context.token.party if context.token else ""
    return derive(session, context, contexts.policy(buyer, known_at))


def _unchanged(session: Billable, last: dict[str, CDR]) -> Rejection:
    text = f"the bill is the one of CDR {last[session.id].id}, which stands"
    return Rejection(session.id, session.version, "bill_unchanged", text)


def read_cdrs(lake: Lake, where: pl.Expr | None = None) -> list[CDR]:
    """CDRs with their records read, in the order they came to be."""
    rows = lake.read("cdr", where=where).sort("last_updated", "cdr_id")
    return [loads(CDR, text) for text in rows["record"]]
