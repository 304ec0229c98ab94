"""Charging periods and their dimensions, in whichever of them a version has.

The volumes as written add up: ENERGY to total_energy, TIME and PARKING_TIME to total_time.
OCPI 2.2.1 mod_cdrs, ChargingPeriod, CdrDimension: a period ends where the next one starts.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from billing.cdr import CDR
from billing.period import ChargingPeriod
from billing.session import Activity
from billing.tariff import Dimension
from ingest.protocols.ocpi.money import apportion
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.wire import GRAIN, Wire, instant, kept, number, plain, present


@dataclass(frozen=True, slots=True)
class PeriodFields:
    """What a version's charging periods can say: the dimensions, and which tariff priced one."""

    dimensions: frozenset[str]
    tariff_id: bool


FIELDS_V211 = PeriodFields(
    frozenset({"ENERGY", "FLAT", "MAX_CURRENT", "MIN_CURRENT", "PARKING_TIME", "TIME"}),
    tariff_id=False,
)
FIELDS_V221 = PeriodFields(
    (FIELDS_V211.dimensions - {"FLAT"}) | {"RESERVATION_TIME", "MAX_POWER", "MIN_POWER"},
    tariff_id=True,
)

PeriodsOf = Callable[[Reader, datetime], tuple[ChargingPeriod, ...]]
"""How the periods of a CDR are read, which ends at an instant."""

_HOUR = timedelta(hours=1) // timedelta(microseconds=1)
_NONE = Decimal(0)
_SPAN_TOLERANCE_H = Decimal("0.001")


@dataclass(frozen=True, slots=True)
class Totals:
    """What the volumes add up to, as written; None: to their own sum, rounded."""

    energy_kwh: Decimal
    charging_h: Decimal | None = None
    parking_h: Decimal | None = None


@kept(16)
def write_cdr_periods(cdr: CDR, fields: PeriodFields) -> list[Wire]:
    """The periods of a CDR, at least one: without any, the whole time is one TIME period."""
    time, parked = number(cdr.total_time_h), number(cdr.total_parking_time_h)
    totals = Totals(number(cdr.total_energy_kwh), time - parked, parked)
    flats = {
        line.period: line.billed for line in cdr.receipt.lines if line.dimension is Dimension.FLAT
    }
    written = write_periods(cdr.periods, totals, fields, flats)
    whole = {"type": "TIME", "volume": time}
    return written or [{"start_date_time": instant(cdr.start_at), "dimensions": [whole]}]


def write_periods(
    periods: tuple[ChargingPeriod, ...],
    totals: Totals,
    fields: PeriodFields,
    flats: Mapping[int, Decimal] | None = None,
) -> list[Wire]:
    """Periods with the dimensions a version has; one of which nothing can be said is left out."""
    energy = _shared(periods, totals.energy_kwh, _has_energy, _kwh)
    charging = _shared(periods, totals.charging_h, _is_charging, _hours)
    parking = _shared(periods, totals.parking_h, _is_parked, _hours)
    written = []
    for period in periods:
        at = period.ordinal
        volumes: dict[str, Decimal | None] = {
            "FLAT": (flats or {}).get(at),
            "ENERGY": energy.get(at),
            "TIME": charging.get(at),
            "PARKING_TIME": parking.get(at),
            "RESERVATION_TIME": _hours(period) if period.reserved else None,
            "MIN_POWER": period.min_power_kw,
            "MAX_POWER": period.max_power_kw,
            "MIN_CURRENT": period.min_current_a,
            "MAX_CURRENT": period.max_current_a,
        }
        written.append(_write_period(period, volumes, fields))
    return [period for period in written if "dimensions" in period]


def read_periods(cdr: Reader, end_at: datetime | None) -> tuple[ChargingPeriod, ...]:
    """The periods as facts; `end_at` ends the last one (None: it ends where it starts).

    A dimension this model does not know is noted, and so is a time that differs from the span.
    """
    wires = cdr.objects("charging_periods")
    starts = [wire.instant("start_date_time") for wire in wires]
    ends = [*starts[1:], end_at or (starts[-1] if starts else None)]
    return tuple(
        _read_period(wire, ordinal, (start, end or start), _volumes(wire))
        for ordinal, (wire, start, end) in enumerate(zip(wires, starts, ends, strict=False))
    )


def stated_periods(
    cdr: Reader, end_at: datetime, *, by_start: bool = False
) -> tuple[ChargingPeriod, ...]:
    """The periods with what they state: TIME, PARKING_TIME and reserved time in seconds.

    OCPI 2.2.1 mod_cdrs, ChargingPeriod.dimensions: what is not stated is not there; a session's
    time is not taken from its stamps. A period that holds reserved time and a session's volumes is
    read as two, the second of which starts where the reserved time ends. `by_start` reads periods
    in the order of their starts; ordinals stay positions.
    Only reserved time in all periods: a reservation that was never used.
    """
    found = [
        (wire.instant("start_date_time"), ordinal, wire)
        for ordinal, wire in enumerate(cdr.objects("charging_periods"))
    ]
    if by_start:
        found.sort(key=lambda one: one[:2])
    ends = [start for start, _, _ in found[1:]] + [end_at] * bool(found)
    periods = [
        part
        for (start, ordinal, wire), end in zip(found, ends, strict=True)
        for volumes in [_volumes(wire)]
        for part in _stated(wire, _read_period(wire, ordinal, (start, end), volumes), volumes)
    ]
    if all(period.reserved for period in periods):
        return tuple(replace(period, expired=True) for period in periods)
    return tuple(periods)


def _stated(
    wire: Reader, period: ChargingPeriod, volumes: dict[str, Decimal]
) -> list[ChargingPeriod]:
    """The period with its own times; the reserved part of it first, where it has both."""
    held = [volumes[name] for name in _RESERVED if name in volumes]
    overtime = volumes.get("RESERVATION_OVERTIME")
    session = replace(
        period,
        reserved=False,
        energy_wh=_exact(period.energy_wh),
        time_s=_seconds(volumes.get("TIME", _NONE)),
        parking_s=_seconds(volumes.get("PARKING_TIME", _NONE)),
        overtime_s=None if overtime is None else _seconds(overtime),
    )
    if not held:
        return [session]
    reserved = replace(
        period,
        reserved=True,
        expired="RESERVATION_EXPIRES" in volumes,
        time_s=_seconds(sum(held, _NONE)),
        energy_wh=_NONE,
    )
    if not any(volumes.get(name) for name in ("ENERGY", "TIME", "PARKING_TIME")):
        return [replace(reserved, overtime_s=session.overtime_s)]
    wire.note("mixed_period", "dimensions", "reserved time and charging in one period: read as two")
    used_at = _reserved_until(period, sum(held, _NONE) * 3600)
    return [replace(reserved, end_at=used_at), replace(session, start_at=used_at)]


def _reserved_until(period: ChargingPeriod, held_s: Decimal) -> datetime:
    """Where the reserved time at the start of a period ends: within it, whatever it states.

    A credit may state its times negated: their sign is judged later, and moves nothing.
    """
    span = period.end_at - period.start_at
    held_us, most_us = round(abs(held_s) * 1_000_000), span // timedelta(microseconds=1)
    return period.start_at + timedelta(microseconds=max(0, min(held_us, most_us)))


def _seconds(hours: Decimal) -> Decimal:
    return _exact(hours * 3600)


def _exact(amount: Decimal) -> Decimal:
    """Wh or seconds as their digits say; what stands beyond a millionth a binary number left."""
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int), "the reader lets no infinity through"
    if exponent >= _FINEST:
        return amount
    return Decimal(f"{plain(amount.quantize(_MILLIONTH, rounding=ROUND_HALF_UP)):f}")


_FINEST, _MILLIONTH = -6, Decimal("0.000001")


_RESERVED = ("RESERVATION_TIME", "RESERVATION_EXPIRES")
PRICED = frozenset({*FIELDS_V221.dimensions, *_RESERVED, "RESERVATION_OVERTIME"})
"""The dimensions a price depends on; others may say what they like."""


def _write_period(
    period: ChargingPeriod, volumes: dict[str, Decimal | None], fields: PeriodFields
) -> Wire:
    return present(
        {
            "start_date_time": instant(period.start_at),
            "dimensions": [
                {"type": name, "volume": number(volume)}
                for name, volume in volumes.items()
                if volume is not None and name in fields.dimensions
            ],
            "tariff_id": period.tariff_id if fields.tariff_id else None,
        }
    )


def _shared(
    periods: tuple[ChargingPeriod, ...],
    total: Decimal | None,
    chosen: Callable[[ChargingPeriod], bool],
    volume: Callable[[ChargingPeriod], Decimal],
) -> dict[int, Decimal]:
    """The volumes of the chosen periods by ordinal, on 4 decimals, adding up to `total`."""
    those = [period for period in periods if chosen(period)]
    exact = [volume(period) for period in those]
    shares = apportion(number(sum(exact, _NONE)) if total is None else total, exact, GRAIN)
    return {period.ordinal: share for period, share in zip(those, shares, strict=True)}


def _has_energy(period: ChargingPeriod) -> bool:
    return period.energy_wh != 0


def _is_charging(period: ChargingPeriod) -> bool:
    return not period.reserved and period.activity is Activity.CHARGING


def _is_parked(period: ChargingPeriod) -> bool:
    return not period.reserved and period.activity is Activity.PARKED


def _kwh(period: ChargingPeriod) -> Decimal:
    return period.energy_wh / 1000


def _hours(period: ChargingPeriod) -> Decimal:
    span = period.end_at - period.start_at
    return Decimal(span // timedelta(microseconds=1)) / _HOUR


def _read_period(
    wire: Reader, ordinal: int, span: tuple[datetime, datetime], volumes: dict[str, Decimal]
) -> ChargingPeriod:
    parked = "PARKING_TIME" in volumes and "TIME" not in volumes
    period = ChargingPeriod(
        ordinal=ordinal,
        start_at=span[0],
        end_at=span[1],
        activity=Activity.PARKED if parked else Activity.CHARGING,
        energy_wh=volumes.get("ENERGY", Decimal(0)) * 1000,
        min_power_kw=volumes.get("MIN_POWER"),
        max_power_kw=volumes.get("MAX_POWER"),
        min_current_a=volumes.get("MIN_CURRENT"),
        max_current_a=volumes.get("MAX_CURRENT"),
        reserved="RESERVATION_TIME" in volumes,
        tariff_id=wire.text("tariff_id", ""),
    )
    _note_times(wire, period, volumes)
    return period


def _volumes(wire: Reader) -> dict[str, Decimal]:
    """Dimension → volume as written; one that stands twice is added up, with a note."""
    volumes: dict[str, Decimal] = {}
    for dimension in wire.objects("dimensions", required=True):
        name, volume = _dimension(dimension), dimension.number("volume")
        if name in volumes:
            dimension.note("duplicate_dimension", "type", f"{name} stands twice; they are added")
        volumes[name] = volumes.get(name, Decimal(0)) + volume
    return volumes


def _dimension(wire: Reader) -> str:
    """The type; one that is priced, in other letters than OCPI's capitals, is it with a note."""
    name = wire.text("type")
    meant = name.upper()
    if meant == name or meant not in PRICED:
        return name
    wire.note("dimension_case", "type", f"expected {meant}, took {name} as it")
    return meant


def _note_times(wire: Reader, period: ChargingPeriod, volumes: dict[str, Decimal]) -> None:
    times = {n: v for n, v in volumes.items() if n in {"TIME", "PARKING_TIME", "RESERVATION_TIME"}}
    if len(times) > 1:
        wire.note("mixed_period", "dimensions", f"{' and '.join(sorted(times))} in one period")
    stated, span = sum(times.values(), Decimal(0)), _hours(period)
    if times and abs(stated - span) > _SPAN_TOLERANCE_H:
        wire.note("period_time_differs", "dimensions", f"{stated} h stated, {span:.4f} h long")
