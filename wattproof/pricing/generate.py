"""From a tariff the CDR that a charge would yield, and the prices of typical stops.

Knows wire objects, local times and versions. Refuses to reckon: `billing.generate` makes the CDR as
every other one is made. What a version cannot say is noted, because its reader will miss it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.cdr import CDR, Rejection
from billing.generate.generate import generate as cdr_of
from billing.generate.profile import Battery, Profile, Stretch, curve_of, steady
from billing.generate.reservation import Reservation
from billing.generate.table import DEFAULT_STOPS, PriceTable, StopError, Stops
from billing.generate.table import price_table as table_of
from billing.tariff import Tariff
from ingest.protocols.ocpi import (
    VERSIONS,
    MalformedObjectError,
    Note,
    Wire,
    check,
    read_tariff,
    write_cdr,
)
from ingest.protocols.ocpi.guess import version_of
from ingest.protocols.ocpi.priceable import read_priceable_tariff
from wattproof.pricing.price import price
from wattproof.pricing.reading import Policy, UnpriceableError, chosen, parsed
from wattproof.pricing.verify import Terms, verify
from wattproof.refusals import RefusalError

_LONGEST = timedelta(days=31)
_SECOND = timedelta(seconds=1)
_MOST_POINTS = 50_000


@dataclass(frozen=True, slots=True)
class Charge:
    """An imagined charge. `start` is local to the site unless it carries a zone; text or datetime.

    One of: `energy_kwh` at `power_kw`; `curve`, as (minutes from the start, kW from there on), the
    last point its end; `battery` at up to `power_kw`. Then `parked`. `reserved_from`, as `start`,
    is since when the connector was held for it; of a reservation that `expired` nothing was charged
    and `start` is when it ended.
    """

    start: str | datetime
    energy_kwh: Decimal | None = None
    power_kw: Decimal | None = None
    curve: Sequence[tuple[Decimal, Decimal]] = ()
    battery: Battery | None = None
    parked: timedelta = timedelta()
    reserved_from: str | datetime = ""
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """A CDR as `wire` of `version`, the same in our terms, and what its reader should know."""

    version: str
    wire: Wire
    cdr: CDR
    notes: tuple[Note, ...] = field(default=())


def generate(
    tariff: Wire | str | bytes,
    charge: Charge,
    *,
    time_zone: str,
    ocpi: str = "",
    policy: Policy = None,
) -> Generated:
    """The CDR of the charge, as `ocpi` writes it (else in the tariff's own version).

    Raises RefusalError for a charge that is none and a tariff that makes no CDR, UnpriceableError
    with JSON pointers for one that cannot be read.
    """
    tariff = parsed(tariff, "Tariff")
    own = version_of(tariff, "Tariff")
    version = ocpi or own
    if version not in VERSIONS:
        raise RefusalError(f"OCPI {version} is not spoken here", f"one of {', '.join(VERSIONS)} is")
    try:
        read, notes = read_tariff(own, tariff)
    except MalformedObjectError as error:
        raise UnpriceableError(error.subject, error.problems, "correct the tariff") from None
    decided = chosen(policy)
    held, profile = reservation_of(charge, time_zone), profile_of(charge, time_zone)
    if held is not None and version == "2.1.1":
        raise RefusalError("OCPI 2.1.1 knows no reservations", "choose another: --ocpi 2.2.1")
    cdr = cdr_of(read, profile, _zone(time_zone), policy=decided, held=held)
    if isinstance(cdr, Rejection):
        raise RefusalError(f"no CDR: {cdr.message}", "correct the tariff")
    wire = write_cdr(version, cdr)
    own_notes = tuple(
        Note(one.code, "" if one.period < 0 else f"/charging_periods/{one.period}", one.message)
        for one in cdr.receipt.notes
    )
    terms = Terms(time_zone=time_zone, policy=decided, ocpi=version)
    found = (*notes, *check(version, "CDR", wire), *own_notes, *_unsaid(wire, cdr, terms))
    return Generated(version, wire, cdr, found)


def _unsaid(wire: Wire, cdr: CDR, terms: Terms) -> list[Note]:
    """What the CDR as written no longer says: then its reader comes to another price."""
    if verify(wire, terms).report.money_differs:
        text = f"OCPI {terms.ocpi} cannot say all of it: a reader comes to another price"
        return [Note("version_loses", "/total_cost", text)]
    letter = price(wire, time_zone=terms.time_zone, policy=terms.policy, ocpi=terms.ocpi).total
    if letter == cdr.total_cost:
        return []
    text = (
        f"whoever bills the hours as written, on four decimals, comes to {letter.gross:f}; "
        "by the periods' own length (volume_rounding=period_span) it is as charged"
    )
    return [Note("step_flip_by_rounding", "/charging_periods", text)]


def profile_of(charge: Charge, time_zone: str) -> Profile:
    """The charge as power over time. Raises RefusalError, saying what is missing or impossible."""
    zone = _zone(time_zone)
    try:
        _refuse_floats(charge)
        if charge.expired:
            return _nothing_charged(charge, zone)
        curve = _curve(charge)
        if len(curve) > _MOST_POINTS or sum((c.duration for c in curve), charge.parked) > _LONGEST:
            raise RefusalError(f"a charge lasts at most {_LONGEST.days} days", "make it shorter")
        return Profile(_instant(charge.start, zone), curve, charge.parked)
    except (ValueError, OverflowError, ArithmeticError) as error:
        raise RefusalError(f"no charge: {error}", "see wattproof generate --help") from None


def _refuse_floats(charge: Charge) -> None:
    """What is no Decimal and no int is no exact quantity: named, with what was expected."""
    points = [number for point in charge.curve for number in point]
    named = [("energy_kwh", charge.energy_kwh), ("power_kw", charge.power_kw)]
    for name, value in (*named, *(("curve", one) for one in points)):
        if value is not None and not isinstance(value, Decimal | int):
            got = f"{type(value).__name__} {str(value)[:20]}"
            raise ValueError(f"{name}: expected Decimal or int, got {got}")


def reservation_of(charge: Charge, time_zone: str) -> Reservation | None:
    """What was held before the charge; None: nothing. Raises RefusalError."""
    if not charge.reserved_from:
        if charge.expired:
            raise RefusalError("no start of the reservation that expired", _SINCE_WHEN)
        return None
    zone = _zone(time_zone)
    since, until = _instant(charge.reserved_from, zone), _instant(charge.start, zone)
    try:
        held = Reservation(since, until, charge.expired)
    except ValueError as error:
        raise RefusalError(f"no reservation: {error}", "see wattproof generate --help") from None
    if until - since > _LONGEST:
        raise RefusalError(f"a reservation lasts at most {_LONGEST.days} days", "make it shorter")
    return held


_SINCE_WHEN = "say since when: --reserved-from 2026-10-05T17:45"


def _nothing_charged(charge: Charge, zone: str) -> Profile:
    """The place of a charge in a reservation that expired."""
    given = (charge.energy_kwh, charge.power_kw, charge.battery, charge.curve, charge.parked)
    if any(given):
        raise ValueError("a reservation that expired is followed by no charge")
    return Profile(_instant(charge.start, zone), (), _SECOND)


def _curve(charge: Charge) -> tuple[Stretch, ...]:
    _refuse_contradictions(charge)
    if charge.curve:
        return curve_of(charge.curve)
    if charge.power_kw is None:
        raise ValueError("no power is given")
    if charge.battery is not None:
        return charge.battery.charge(charge.power_kw)
    if charge.energy_kwh is None:
        raise ValueError("neither energy, curve nor battery is given")
    return steady(charge.energy_kwh, charge.power_kw)


def _refuse_contradictions(charge: Charge) -> None:
    """A curve, a battery and an amount of energy each say how much is charged: one of them may."""
    said = {
        "energy": charge.energy_kwh is not None,
        "curve": bool(charge.curve),
        "battery": charge.battery is not None,
    }
    given = [name for name, there in said.items() if there]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} each say how much is charged: give one of them")
    if charge.curve and charge.power_kw is not None:
        raise ValueError("a curve has its own power: give no other")


def _instant(start: str | datetime, zone: str) -> datetime:
    """The instant of a local time; one that is none, or two, is refused and never guessed."""
    try:
        at = datetime.fromisoformat(start) if isinstance(start, str) else start
    except ValueError:
        text = f"expected a time such as 2026-10-05T18:00, got {str(start)[:40]!r}"
        raise RefusalError(f"no charge: {text}", "see wattproof generate --help") from None
    if at.tzinfo is None:
        at = _on_the_wall(at, ZoneInfo(zone))
    return at.astimezone(UTC).replace(microsecond=0)


def _on_the_wall(at: datetime, zone: ZoneInfo) -> datetime:
    """A time without an offset as the clock of the zone shows it."""
    first, second = (at.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first
    before, after = first.isoformat(timespec="minutes"), second.isoformat(timespec="minutes")
    shown = f"{at:%F %H:%M}"
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != at:
        nearest = second.astimezone(UTC).astimezone(zone), first.astimezone(UTC).astimezone(zone)
        raise RefusalError(
            f"{shown} does not exist in {zone.key}: the clock is set forward over it",
            f"give another time, such as {' or '.join(f'{one:%FT%H:%M}' for one in nearest)}",
        )
    raise RefusalError(
        f"{shown} comes twice in {zone.key}: the clock is set back",
        f"say which, with the offset: {before} or {after}",
    )


def _zone(name: str) -> str:
    if not name:
        raise RefusalError("no time zone is given", "give it: --time-zone Europe/Amsterdam")
    try:
        return str(ZoneInfo(name).key)
    except (KeyError, ValueError, OSError):
        raise RefusalError(f"time zone {name[:40]!r} does not exist", "give IANA's name") from None


def price_table(
    tariff: Wire | str | bytes,
    *,
    time_zone: str,
    on: date | str,
    stops: Stops = DEFAULT_STOPS,
    policy: Policy = None,
) -> PriceTable:
    """What typical stops cost in each window of the week of `on`, a date or such as 2026-10-05.

    Raises as `generate` does.
    """
    zone, day = _zone(time_zone), _day(on)
    try:
        return table_of(
            priceable(parsed(tariff, "Tariff")), zone, day, stops=stops, policy=chosen(policy)
        )
    except StopError as error:
        raise RefusalError(f"no price: {error}", "correct the tariff") from None


def _day(on: date | str) -> date:
    if isinstance(on, datetime):
        return on.date()
    if isinstance(on, date):
        return on
    try:
        return date.fromisoformat(on)
    except (TypeError, ValueError):
        raise RefusalError(f"{str(on)[:40]!r} is no day", "give it as 2026-10-05") from None


def priceable(tariff: Wire) -> Tariff:
    """A tariff of which only what a price needs must be there. Raises UnpriceableError."""
    try:
        return read_priceable_tariff(version_of(tariff, "Tariff"), tariff)[0]
    except MalformedObjectError as error:
        raise UnpriceableError(error.subject, error.problems, "correct the tariff") from None


STOP_COLUMNS = (
    "tariff", "window", "start", "power", "power_kw", "energy_kwh", "minutes", "parked_minutes",
    "currency", "net", "tax", "gross", "gross_per_kwh", "notes",
)  # fmt: skip
"""What is told of a stop, in order. Money in the tariff's currency, `start` in UTC."""


def stop_rows(table: PriceTable) -> list[dict[str, Any]]:
    """The stops as flat rows with the columns of STOP_COLUMNS; money in the tariff's currency."""
    return [
        {
            "tariff": table.tariff_id,
            "window": one.window,
            "start": one.start_at,
            "power": one.power,
            "power_kw": one.power_kw,
            "energy_kwh": one.energy_kwh,
            "minutes": _minutes(one.duration),
            "parked_minutes": _minutes(one.parked),
            "currency": table.currency,
            "net": one.net,
            "tax": one.tax,
            "gross": one.gross,
            "gross_per_kwh": one.per_kwh,
            "notes": list(one.notes),
        }
        for one in table.stops
    ]


def _minutes(span: timedelta) -> Decimal:
    return (Decimal(span // timedelta(seconds=1)) / 60).quantize(Decimal("0.0001"))
