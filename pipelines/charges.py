"""Sessions to CDRs: what was known about each, its periods, its receipt, and why some make none.

Gathers a session's context as of its start and asks `billing`; every session version ends as a CDR
or as a rejection. A version after the first is compared with what was billed before: a credit CDR
and a new CDR, keyed to the day of the new version; what was emitted earlier never changes.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import polars as pl

from billing.cdr import CDR, Context, Rejection, derive, supersede
from billing.identity import normal_token
from billing.money import EXACT
from billing.offer import choose
from billing.outlet import outlet
from billing.party import Location, Party, Role
from billing.receipt import Line
from billing.record import dumps, loads
from billing.session import Session
from pipelines.reference import Reference
from pipelines.session_rows import read_sessions
from pipelines.shards import share
from pipelines.stretch import Stretch, instant
from warehouse.lake import TABLES, Lake

TABLE_NAMES = ("charging_period", "charge", "cdr", "rejection")

_GRAIN = Decimal("1E-12")
_CENT_HUNDREDTH = Decimal("1E-4")
Row = dict[str, Any]


@dataclass(slots=True)
class Billed:
    """Rows of the four tables that pricing fills."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in TABLE_NAMES})

    def frames(self) -> dict[str, pl.DataFrame]:
        """A frame per table."""
        return {
            name: pl.DataFrame(rows, schema=TABLES[name].schema, orient="row")
            for name, rows in self.rows.items()
        }


def charges(stretch: Stretch) -> dict[str, pl.DataFrame]:
    """Rows of `charging_period`, `charge`, `cdr` and `rejection` for a stretch's sessions."""
    stations = stretch.lake.read("session", stretch.days).select("station")
    weights = dict(stations.group_by("station").len().sort("station").iter_rows())
    parts = share(_bill_stations, stretch, {name: 20 * count for name, count in weights.items()})
    return {name: pl.concat([part[name] for part in parts]) for name in TABLE_NAMES}


def _bill_stations(stretch: Stretch, stations: frozenset[str]) -> dict[str, pl.DataFrame]:
    reference = Reference.load(stretch.lake, instant(stretch.until_ns))
    mine = pl.col("station").is_in(sorted(stations))
    rows = stretch.lake.read("session", stretch.days, where=mine)
    sessions = sorted(read_sessions(rows), key=lambda one: (one.emitted_at, one.id, one.version))
    heard = first_heard(stretch)
    last = last_bills(stretch, [one.id for one in sessions if one.version > 1])
    billed = Billed()
    for session in sessions:
        known_at = min(
            session.start_at, heard.get((session.id, session.version), session.closed_at)
        )
        _bill(session, reference, known_at, last, billed)
    return billed.frames()


def first_heard(stretch: Stretch) -> dict[tuple[str, int], datetime]:
    """(session, version) of a stretch -> when the log received the first entry it rests on."""
    first, last = stretch.days[0], stretch.days[-1]
    rows = stretch.lake.sql("session_heard", first=first, last=last).iter_rows()
    return {(name, version): instant(at_ns) for name, version, at_ns in rows}


def last_bills(stretch: Stretch, session_ids: list[str]) -> dict[str, CDR]:
    """What was billed for each session before the stretch: its newest CDR that is no credit."""
    wanted = pl.col("session_id").is_in(session_ids) & ~pl.col("credit")
    days = [day for day in stretch.lake.days("cdr") if day < stretch.days[0]]
    rows = stretch.lake.read("cdr", days if session_ids else [], where=wanted).sort("version")
    return {row["session_id"]: loads(CDR, row["record"]) for row in rows.iter_rows(named=True)}


def _bill(
    session: Session,
    reference: Reference,
    known_at: datetime,
    last: dict[str, CDR],
    billed: Billed,
) -> None:
    context = context_of(session, reference, known_at)
    result = derive(session, context) if isinstance(context, Context) else context
    made = supersede(last.get(session.id), result)
    if isinstance(result, Rejection):
        billed.rows["rejection"].append(_rejection_row(session, result))
        return
    for cdr in made:
        billed.rows["cdr"].append(cdr_row(cdr, session.station))
    if not made:
        billed.rows["rejection"].append(_rejection_row(session, _unchanged(session, last)))
        return
    last[session.id] = result
    day = session.emitted_at.date()
    billed.rows["charging_period"] += period_rows(result, day)
    billed.rows["charge"] += charge_rows(result, day)


def _unchanged(session: Session, last: dict[str, CDR]) -> Rejection:
    text = f"the bill is the one of CDR {last[session.id].id}, which stands"
    return Rejection(session.id, session.version, "bill_unchanged", text)


def context_of(session: Session, reference: Reference, known_at: datetime) -> Context | Rejection:
    """Everything about a session as known at its start (see `reference` for what came late).

    `known_at` is its start, or when the log first heard of it where that was earlier: a charger
    whose clock is ahead names a start that is still to come, and what is published until then would
    price anew what was billed.
    """
    emitted = session.emitted_at
    stations = reference.stations.get(session.station)
    station = stations.as_of(known_at, emitted) if stations else None
    locations = reference.locations.get(station.location_id) if station else None
    location = locations.as_of(known_at, emitted) if locations else None
    tokens = reference.tokens.get(normal_token(session.id_token))
    token = tokens.as_of(known_at, emitted) if tokens else None
    seller = _seller(location, reference, known_at, emitted)
    if seller is None:
        text = "no party of role CPO is known: add the seller with `party add`"
        return Rejection(session.id, session.version, "seller_unknown", text)
    buyers = reference.parties.get(token.party) if token else None
    evse, connector = outlet(station, session) if station else (None, None)
    return Context(
        seller=seller,
        buyer=buyers.as_of(known_at, emitted) if buyers else None,
        token=token,
        location=location,
        evse=evse,
        connector=connector,
        tariff=choose(
            reference.offers,
            station=session.station,
            location=location.id if location else "",
            party=token.party if token else "",
            at=session.start_at,
            known_at=known_at,
        ),
        zone=seller.time_zone,
    )


def _seller(
    location: Location | None, reference: Reference, known_at: datetime, emitted: datetime
) -> Party | None:
    """The CPO that the location belongs to; where none is known of it, the only CPO there is."""
    named = f"{location.country_code}-{location.party_id}" if location else ""
    known = [versions.as_of(known_at, emitted) for _, versions in sorted(reference.parties.items())]
    sellers = [party for party in known if party is not None and party.role is Role.CPO]
    owner = next((party for party in sellers if party.code == named), None)
    return owner or (sellers[0] if len(sellers) == 1 else None)


def _rejection_row(session: Session, rejection: Rejection) -> Row:
    return {
        "day": session.emitted_at.date(),
        "session_id": rejection.session_id,
        "version": rejection.version,
        "station": session.station,
        "rule": rejection.rule,
        "message": rejection.message,
        "energy_wh": session.energy_wh,
        "emitted_at": session.emitted_at,
    }


def period_rows(cdr: CDR, day: object) -> list[Row]:
    """Rows of `charging_period`."""
    names = (
        "ordinal",
        "start_at",
        "end_at",
        "energy_wh",
        "imputed",
        "min_power_kw",
        "max_power_kw",
        "min_current_a",
        "max_current_a",
        "reserved",
        "expired",
        "tariff_id",
    )
    return [
        {"day": day, "session_id": cdr.session_id, "version": cdr.session_version}
        | {name: getattr(period, name) for name in names}
        | {"activity": period.activity.value}
        for period in cdr.periods
    ]


def charge_rows(cdr: CDR, day: object) -> list[Row]:
    """Rows of `charge`: the lines of the receipt."""
    head = {
        "day": day,
        "session_id": cdr.session_id,
        "version": cdr.session_version,
        "cdr_id": cdr.id,
        "currency": cdr.currency,
    }
    return [head | _charge(number, line) for number, line in enumerate(cdr.receipt.lines)]


def _charge(number: int, line: Line) -> Row:
    return {
        "line": number,
        "period": line.period,
        "dimension": line.dimension.value,
        "group": line.group.value,
        "measured": exact(line.measured),
        "billed": exact(line.billed),
        "step_size": line.step_size,
        "price": exact(line.price),
        "net": exact(line.net),
        "vat": line.vat,
        "tax": exact(line.tax),
        "tariff_id": line.tariff_id,
        "element": line.element,
        "component": line.component,
        "reason": line.reason,
        "imputed": line.imputed,
    }


def cdr_row(cdr: CDR, station: str) -> Row:
    """A row of `cdr`; `record` holds all of it."""
    return {
        "day": cdr.last_updated.date(),
        "cdr_id": cdr.id,
        "session_id": cdr.session_id,
        "version": cdr.session_version,
        "party": cdr.token.party,
        "contract_id": cdr.token.contract_id,
        "station": station,
        "location_id": cdr.location.id,
        "evse_id": cdr.evse.evse_id,
        "start_at": cdr.start_at,
        "end_at": cdr.end_at,
        "last_updated": cdr.last_updated,
        "currency": cdr.currency,
        "tariff_id": cdr.tariffs[0].id if cdr.tariffs else "",
        "energy_kwh": exact(cdr.total_energy_kwh),
        "time_h": exact(cdr.total_time_h),
        "parking_time_h": exact(cdr.total_parking_time_h),
        "net_exact": exact(cdr.exact_cost.net),
        "tax_exact": exact(cdr.exact_cost.tax),
        "net": _rounded(cdr.total_cost.net),
        "tax": _rounded(cdr.total_cost.tax),
        "gross": _rounded(cdr.total_cost.gross),
        "credit": cdr.credit,
        "sign": cdr.sign,
        "credit_reference_id": cdr.credit_reference_id,
        "record": dumps(cdr),
    }


def exact(value: Decimal) -> Decimal:
    """An exact amount in the 12 decimals of its column; the record keeps every digit."""
    return value.quantize(_GRAIN, rounding=ROUND_HALF_EVEN, context=EXACT)


def _rounded(value: Decimal) -> Decimal:
    kept = value.quantize(_CENT_HUNDREDTH, context=EXACT)
    assert kept == value, f"{value} is rounded to more than 4 decimals"
    return kept


def read_cdrs(lake: Lake, where: pl.Expr | None = None) -> list[CDR]:
    """CDRs with their records read, in the order they came to be."""
    rows = lake.read("cdr", where=where).sort("last_updated", "cdr_id")
    return [loads(CDR, text) for text in rows["record"]]
