"""What a re-rating would change, before anybody says so: no trace is left in log or lake.

The same code as `charges` runs once it is said; here its changes become a frame, a row per session.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from billing.cdr import CDR, Rejection
from billing.finding import Source
from billing.invoice import month_of
from billing.rerate import Correction
from ingest.protocols.actions import SessionRerate
from pipelines.bills import Bills
from pipelines.change import WRITTEN, Change, Kind
from pipelines.invoicing import decisions
from pipelines.outcomes import Heard, Outcomes
from pipelines.reference import Reference, correction_of
from pipelines.rerating import Rerating, heard, weights
from pipelines.shards import in_pieces
from pipelines.standing import DerivationError, derived_until, finished_until
from pipelines.stretch import Stretch, day_of, instant
from warehouse.lake import Lake
from warehouse.lake.tables import INSTANT, MONEY
from warehouse.log import LogReader

OPERATOR = "operator"
Progress = Callable[[int, int], None]
"""Told how many sessions are looked at, of how many."""

SCHEMA = pl.Schema(
    {
        "session_id": pl.String(),
        "version": pl.Int64(),
        "kind": pl.String(),
        "station": pl.String(),
        "location_id": pl.String(),
        "start_at": INSTANT,
        "end_at": INSTANT,
        "cdr_id": pl.String(),
        "invoice": pl.String(),
        "party_before": pl.String(),
        "party": pl.String(),
        "month_before": pl.String(),
        "month": pl.String(),
        "tariff_before": pl.String(),
        "tariff": pl.String(),
        "currency_before": pl.String(),
        "currency": pl.String(),
        "net_before": MONEY,
        "gross_before": MONEY,
        "net": MONEY,
        "gross": MONEY,
        "net_difference": MONEY,
        "gross_difference": MONEY,
        "rule": pl.String(),
        "message": pl.String(),
    }
)
"""`…_before`: the CDR that stands (`cdr_id`), null where none does; the plain names: what would
stand then. `kind` as `pipelines.change.Kind`; `month` by the seller's clock, as invoices count;
`invoice` is the number of the one that carries the CDR already."""


def preview(
    data: Path,
    action: SessionRerate,
    *,
    workers: int = 1,
    progress: Progress | None = None,
) -> pl.DataFrame:
    """A row of `SCHEMA` for each session that the action would be for, by start.

    As the lake stands, which must be derived to the end. Raises DerivationError,
    MalformedObjectError (the tariff).
    """
    until = _settled(data)
    lake = Lake(data / "lake", threads=workers)
    at = instant(until) + timedelta(microseconds=1)
    correction, _ = correction_of(action, Source(OPERATOR, _next_index(data)), at)
    found = weights(lake, correction)
    total = sum(found.values())
    stretch = Stretch(data, lake, (day_of(until),), until, workers)
    work = partial(_previewed, correction, heard(lake, correction), _invoiced(data))

    def done(weight: int) -> None:
        if progress is not None:
            progress(weight // _WEIGHT, total)

    done(0)
    weighed = {name: _WEIGHT * count for name, count in found.items()}
    parts = list(in_pieces(work, stretch, weighed, done))
    if _settled(data) != until:
        raise DerivationError("the lake was derived anew meanwhile: try again")
    return pl.concat(parts).sort("start_at", "session_id")


_WEIGHT = 10
"""What pricing a session costs, in the rows that `in_pieces` weighs."""


def _previewed(
    correction: Correction,
    told: Heard,
    invoiced: dict[str, str],
    stretch: Stretch,
    stations: frozenset[str],
) -> pl.DataFrame:
    """The rows of some stations."""
    lake, reference = stretch.lake, _reference(stretch.lake.path, stretch.until_ns)
    days = frozenset([*lake.days("cdr"), *lake.days("rejection")])
    rerating = Rerating(
        correction,
        reference.corrections,
        stations,
        Bills(lake, days),
        Outcomes(reference),
        told,
    )
    zones = {code: versions.values[-1].time_zone for code, versions in reference.parties.items()}
    rows = [_row(change, zones, invoiced) for change in rerating.changes()]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@lru_cache(maxsize=1)
def _reference(lake: Path, until_ns: int) -> Reference:
    """Everything known by the end, read once for all the pieces that one process looks at."""
    return Reference.load(Lake(lake), instant(until_ns))


def _row(change: Change, zones: dict[str, str], invoiced: dict[str, str]) -> dict[str, Any]:
    session, before = change.session, change.before
    refusal = change.after if isinstance(change.after, Rejection) else None
    stands = change.after if isinstance(change.after, CDR) else before
    row: dict[str, Any] = {
        "session_id": session.id,
        "version": session.version,
        "kind": change.kind.value,
        "station": session.station,
        "location_id": stands.location.id if stands else None,
        "start_at": session.start_at,
        "end_at": session.end_at,
        "cdr_id": before.id if before else None,
        "invoice": invoiced.get(before.id) if before else None,
        "rule": refusal.rule if refusal else None,
        "message": refusal.message if refusal else None,
    }
    row |= _side(before, zones, "_before") | _side(stands, zones, "")
    if stands is not None and (before is None or before.currency == stands.currency):
        for name in ("net", "gross"):
            row[f"{name}_difference"] = row[name] - row.get(f"{name}_before", 0)
    return row


def _side(cdr: CDR | None, zones: dict[str, str], suffix: str) -> dict[str, Any]:
    """What a CDR says, as columns; nothing where there is none."""
    if cdr is None:
        return {}
    zone = zones[f"{cdr.country_code}-{cdr.party_id}"]
    side = {
        "party": cdr.token.party,
        "month": month_of(cdr.end_at, _zone(zone)),
        "tariff": cdr.tariffs[0].id,
        "currency": cdr.currency,
        "net": cdr.total_cost.net,
        "gross": cdr.total_cost.gross,
    }
    return {f"{name}{suffix}": value for name, value in side.items()}


_zone = lru_cache(maxsize=64)(ZoneInfo)


def _settled(data: Path) -> int:
    """The log time up to which everything is derived. Raises DerivationError."""
    derived, finished = derived_until(Lake(data / "lake")), finished_until(data)
    if not derived:
        raise DerivationError("nothing is derived yet: run `wattproof derive` first")
    if derived != finished:
        raise DerivationError("the last derivation did not finish: run `wattproof derive` first")
    if _last_said(data) > finished:
        raise DerivationError(
            "the operator said something that is not derived yet: run `wattproof derive` first"
        )
    return finished


def _last_said(data: Path) -> int:
    """When operators said something last; 0 where they never did."""
    reader = LogReader(data / "log" / OPERATOR)
    entries = (reader.record(index).entry for index in range(reader.size - 1, -1, -1))
    return next((entry.received_ns for entry in entries if entry.kind == "operator"), 0)


def _next_index(data: Path) -> int:
    return LogReader(data / "log" / OPERATOR).size


def _invoiced(data: Path) -> dict[str, str]:
    """CDR id -> the invoice that carries it."""
    return {name: str(one["number"]) for one in decisions(data) for name in one["cdr_ids"]}


def totals(changes: pl.DataFrame, *by: str) -> pl.DataFrame:
    """What rows of `preview` come to, by `party`, `month` or both, and always by currency.

    Columns: of sessions how many are `changed`, newly `billed`, to be `rejected`, and whose bill of
    before is `invoiced` already; then net and gross before, after and the difference.
    """
    keys = [*by, "currency"]
    written = changes.filter(pl.col("kind").is_in(KINDS))
    kinds = [(pl.col("kind") == kind).cast(pl.Int64).alias(kind) for kind in KINDS]
    invoiced = pl.col("invoice").is_not_null().cast(pl.Int64).alias("invoiced")
    now = written.select(*keys, *kinds, invoiced, *_money("", after=True))
    then = written.filter(pl.col("cdr_id").is_not_null()).select(
        *(pl.col(f"{name}_before").alias(name) for name in keys),
        *(pl.lit(0, dtype=pl.Int64).alias(name) for name in (*KINDS, "invoiced")),
        *_money("_before", after=False),
    )
    summed = pl.concat([now, then]).group_by(keys).agg(pl.all().sum()).sort(keys)
    return summed.with_columns(
        (pl.col(name) - pl.col(f"{name}_before")).alias(f"{name}_difference")
        for name in ("net", "gross")
    )


KINDS = tuple(kind.value for kind in Kind if kind in WRITTEN)
_NOTHING = pl.lit(0).cast(MONEY)


def _money(suffix: str, *, after: bool) -> list[pl.Expr]:
    """Amounts before and after, of which one side is there."""
    names = ("net", "gross")
    here = [pl.col(f"{name}{suffix}") for name in names]
    none = [_NOTHING, _NOTHING]
    before, now = (none, here) if after else (here, none)
    return [
        *(one.alias(f"{name}_before") for name, one in zip(names, before, strict=True)),
        *(one.alias(name) for name, one in zip(names, now, strict=True)),
    ]
