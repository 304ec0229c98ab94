"""Tariff elements: price components and their restrictions, the same in every OCPI version.

A version differs only in which fields it has; which those are is given. Prices, steps and clock
times are carried literally: a tariff is what was published, not what would be tidy.
OCPI 2.2.1 mod_tariffs, TariffElement, PriceComponent, TariffRestrictions.
"""

import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

from billing.tariff import (
    DayOfWeek,
    Dimension,
    PriceComponent,
    ReservationRestriction,
    Restrictions,
    TariffElement,
    TaxIncluded,
)
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.wire import GRAIN, Wire, plain, present

FIELDS_V211 = frozenset[str]()
FIELDS_V221 = FIELDS_V211 | {"vat", "reservation"}
FIELDS_V230 = FIELDS_V221 | {"booking"}
"""Fields that a version's elements have beyond those that all are read and written with: 2.2.1
brought min_current and max_current too, but a CDR of 2.1.1 tells currents, and an element without
its bounds would price what it does not. `booking` is of OCPI 2.3.0 with bookings."""

NO_STEP = "expected a step of 0 or more"
"""How the fault of a step_size below zero begins."""

_NUMBERS = (
    "min_kwh", "max_kwh", "min_current", "max_current", "min_power", "max_power",
)  # fmt: skip
_CLOCK = re.compile(r"(\d\d?):(\d\d)(?::(\d\d)(?:\.0+)?)?")


def read_elements(tariff: Reader, fields: frozenset[str]) -> tuple[TariffElement, ...]:
    """The elements of a tariff, in list order (which decides), with the fields a version has.

    Restrictions are read in every version, those that came later too: an element without them
    would price what it does not.
    """
    return tuple(
        TariffElement(
            components=tuple(
                _read_component(component, fields)
                for component in element.objects("price_components", required=True)
            ),
            restrictions=_read_restrictions(element),
        )
        for element in tariff.objects("elements", required=True)
    )


def write_elements(
    elements: tuple[TariffElement, ...], fields: frozenset[str], tax_included: TaxIncluded
) -> list[Wire]:
    """The wire list. `tax_included` other than NO: prices are written before tax (see `before`).

    An element for what a version can't name (reservation, booking) is left out: without its
    restriction it would price charging. Where none is left, charging is free, and one says so.
    Every other restriction is written, in each version.
    """
    written = [
        present(
            {
                "price_components": [
                    _write_component(component, fields, tax_included)
                    for component in element.components
                ],
                "restrictions": _write_restrictions(element.restrictions) or None,
            }
        )
        for element in elements
        if _field_of(element.restrictions.reservation) in {None, *fields}
    ]
    return written or [_write_free()]


def _write_free() -> Wire:
    """OCPI 2.2.1 mod_tariffs, a tariff that is free of charge: one FLAT of nothing."""
    nothing = PriceComponent(Dimension.FLAT, Decimal(0), 1)
    return {"price_components": [_write_component(nothing, frozenset(), TaxIncluded.NO)]}


def _read_component(wire: Reader, fields: frozenset[str]) -> PriceComponent:
    name = wire.text("type")
    dimension = _DIMENSIONS.get(name)
    if dimension is None:
        wire.fault("type", f"expected one of {', '.join(Dimension)}, got {name[:40]!r}")
    step_size = wire.integer("step_size")
    if step_size < 0:
        wire.fault("step_size", f"{NO_STEP}, got {step_size}")
    return PriceComponent(
        dimension=dimension or Dimension.FLAT,
        price=wire.number("price"),
        step_size=step_size,
        vat=wire.number_or_none("vat") if "vat" in fields else None,
    )


_DIMENSIONS = {one.value: one for one in Dimension}


def _write_component(
    component: PriceComponent, fields: frozenset[str], tax_included: TaxIncluded
) -> Wire:
    vat = component.vat if "vat" in fields else None
    price = component.price
    if tax_included is TaxIncluded.YES and component.vat is not None:
        price = before_tax(price, component.vat)
    return present(
        {
            "type": component.dimension.value,
            "price": plain(price),
            "vat": None if vat is None else plain(vat),
            "step_size": component.step_size,
        }
    )


def before_tax(price: Decimal, vat: Decimal) -> Decimal:
    """The net of a gross price, to 4 decimals: what versions without tax_included can say."""
    return (price * 100 / (100 + vat)).quantize(GRAIN)


def _read_restrictions(element: Reader) -> Restrictions:
    if not element.has("restrictions"):
        return _NONE
    wire = _restrictions_object(element)
    if wire is None:
        return _NONE
    said = wire.fields
    given: dict[str, Any] = {
        name: read(wire, name) for name, read in _RESTRICTIONS.items() if said.get(name) is not None
    }
    return Restrictions(**given, reservation=_read_reservation(wire))


_NONE = Restrictions()


def _restrictions_object(element: Reader) -> Reader | None:
    """The restrictions; a list of none or of one is understood, with a note (seen in the field)."""
    value = element.fields.get("restrictions")
    if not isinstance(value, list):
        return element.nested("restrictions")
    if len(value) > 1:
        element.fault("restrictions", f"expected one object, got a list of {len(value)}")
        return None
    element.note("restrictions_as_list", "restrictions", "expected an object, took a list of one")
    inside = element.objects("restrictions")
    return inside[0] if inside else None


def _read_time(wire: Reader, name: str) -> time | None:
    """`HH:MM` of the site's clock; seconds and `24:00` are understood, with a note. An empty text
    is no time, and not none.
    """
    text = wire.text_or_none(name)
    if text is None:
        return None
    found = _time_of(text)
    if found is None:
        wire.fault(name, f"expected HH:MM, got {text[:40]!r}")
    elif text != found.isoformat("minutes"):
        wire.note("time_form", name, f"expected HH:MM, took {text}")
    return found


@lru_cache(maxsize=2_048)
def _time_of(text: str) -> time | None:
    """The clock time that a text says; None where it says none. A day has few of them."""
    match = _CLOCK.fullmatch(text.strip())
    hour, minute, second = (int(part or 0) for part in match.groups()) if match else (99, 0, 0)
    if (hour, minute, second) == (24, 0, 0):
        hour = 0
    if hour > 23 or minute > 59 or second > 59:
        return None
    return time(hour, minute, second)


def _read_date(wire: Reader, name: str) -> date | None:
    text = wire.text_or_none(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        wire.fault(name, f"expected YYYY-MM-DD, got {text[:40]!r}")
        return None


def _read_days(wire: Reader, field: str) -> frozenset[DayOfWeek]:
    days = set()
    for index, item in enumerate(wire.items(field)):
        name = str(item).upper()
        if name not in DayOfWeek.__members__:
            wire.fault(field, f"expected a day's name, got {str(item)[:40]!r}", place=index)
            continue
        if name != item:
            wire.note("weekday_case", field, f"expected {name}, took {item}")
        days.add(DayOfWeek[name])
    return frozenset(days)


_RESTRICTIONS: dict[str, Callable[[Reader, str], object]] = {
    **dict.fromkeys(_NUMBERS, Reader.number_or_none),
    "start_time": _read_time,
    "end_time": _read_time,
    "start_date": _read_date,
    "end_date": _read_date,
    "min_duration": Reader.integer_or_none,
    "max_duration": Reader.integer_or_none,
    "day_of_week": _read_days,
}
"""How each restriction is read, but for those of a reservation."""


_KINDS = {
    field: tuple(one for one in ReservationRestriction if one.startswith(field.upper()))
    for field in ("reservation", "booking")
}


def _field_of(kind: ReservationRestriction | None) -> str | None:
    """The field that names it; None where there is nothing to name."""
    return next((field for field, kinds in _KINDS.items() if kind in kinds), None)


def _read_reservation(wire: Reader) -> ReservationRestriction | None:
    """What of a reservation or a booking is priced; an element can't price both."""
    found = [
        (field, name)
        for field in _KINDS
        if wire.has(field) and (name := wire.text_or_none(field)) is not None
    ]
    if len(found) > 1:
        wire.fault("booking", "an element prices a reservation or a booking, not both")
    for field, name in found:
        if name not in _KINDS[field]:
            wire.fault(field, f"expected one of {', '.join(_KINDS[field])}, got {name[:40]!r}")
            return None
        return ReservationRestriction(name)
    return None


def _write_restrictions(restrictions: Restrictions) -> Wire:
    days = sorted(restrictions.day_of_week)
    wire: Wire = {
        "start_time": _write_time(restrictions.start_time),
        "end_time": _write_time(restrictions.end_time),
        "start_date": restrictions.start_date and restrictions.start_date.isoformat(),
        "end_date": restrictions.end_date and restrictions.end_date.isoformat(),
        **{name: _plain(getattr(restrictions, name)) for name in _NUMBERS},
        "min_duration": restrictions.min_duration,
        "max_duration": restrictions.max_duration,
        "day_of_week": [day.name for day in days],
    }
    field = _field_of(restrictions.reservation)
    if field is not None:
        wire[field] = restrictions.reservation
    return present(wire)


def _plain(value: Decimal | None) -> Decimal | None:
    return None if value is None else plain(value)


def _write_time(clock: time | None) -> str | None:
    """`HH:MM`; seconds are kept where there are any: a tariff is not silently moved by a minute."""
    if clock is None:
        return None
    return clock.strftime("%H:%M:%S" if clock.second else "%H:%M")
