"""A tariff, as OCPI means it and free of any OCPI version: elements, components, restrictions.

One model for 2.1.1, 2.2.1 and 2.3.0; `ingest.protocols.ocpi.<version>.tariffs` reads and writes
each wire form. OCPI 2.2.1 mod_tariffs.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import IntEnum, StrEnum


class Dimension(StrEnum):
    """TariffDimensionType: what a PriceComponent prices."""

    ENERGY = "ENERGY"
    FLAT = "FLAT"
    PARKING_TIME = "PARKING_TIME"
    TIME = "TIME"


ENERGY, FLAT = Dimension.ENERGY, Dimension.FLAT
PARKING_TIME, TIME = Dimension.PARKING_TIME, Dimension.TIME
"""For where each line of a receipt asks: Python looks a member up in its class ten times slower."""


class DayOfWeek(IntEnum):
    """Monday is 0, as in `date.weekday()`."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class ReservationRestriction(StrEnum):
    """What of a reservation or booking the element prices, instead of the session.

    ReservationRestrictionType; BookingRestrictionType of OCPI 2.3.0 with bookings.
    """

    RESERVATION = "RESERVATION"
    RESERVATION_EXPIRES = "RESERVATION_EXPIRES"
    BOOKING = "BOOKING"
    BOOKING_EXPIRES = "BOOKING_EXPIRES"
    BOOKING_CANCELLATION_FEES = "BOOKING_CANCELLATION_FEES"
    BOOKING_OVERTIME = "BOOKING_OVERTIME"


class TaxIncluded(StrEnum):
    """OCPI 2.3.0 Tariff.tax_included; 2.1.1 and 2.2.1 prices are before tax: NO."""

    YES = "YES"
    NO = "NO"
    NOT_APPLICABLE = "N/A"


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """Price per kWh, hour or piece in the tariff's currency; `step_size` in Wh, seconds or pieces.

    `vat` is a percentage; None means that no VAT applies, which is not 0 percent.
    """

    dimension: Dimension
    price: Decimal
    step_size: int = 1
    vat: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All must hold (AND) for the element to be considered. Local clock and calendar of the site.

    Lower bounds are inclusive, upper bounds exclusive; an `end_time` before `start_time` wraps past
    midnight. Durations in seconds, energy in kWh, power in kW, current in A summed over phases.
    """

    start_time: time | None = None
    end_time: time | None = None
    start_date: date | None = None
    end_date: date | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: frozenset[DayOfWeek] = frozenset()
    reservation: ReservationRestriction | None = None


@dataclass(frozen=True, slots=True)
class TariffElement:
    """Price components that apply together while `restrictions` hold."""

    components: tuple[PriceComponent, ...]
    restrictions: Restrictions = field(default_factory=Restrictions)


@dataclass(frozen=True, slots=True)
class PriceLimit:
    """min_price or max_price of a session: before tax, and after tax where stated."""

    before_tax: Decimal
    after_tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Tariff:
    """One version of a tariff of one party.

    `original` is the object as it was published (JSON text), so that a converter loses nothing;
    `original_version` is the OCPI version of that text.
    """

    country_code: str
    party_id: str
    id: str
    currency: str
    elements: tuple[TariffElement, ...]
    last_updated: datetime
    type: str = ""
    tax_included: TaxIncluded = TaxIncluded.NO
    min_price: PriceLimit | None = None
    max_price: PriceLimit | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    alt_text: tuple[tuple[str, str], ...] = ()
    """(language, text)"""
    alt_url: str = ""
    original: str = ""
    original_version: str = ""
