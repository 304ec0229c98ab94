"""What a charging period holds of each dimension: Wh and seconds, before anything is priced.

Knows energy, charging, parking, reserved and overtime. Refuses to know tariffs. OCPI 2.2.1
mod_cdrs, CdrDimensionType: TIME is time charging, PARKING_TIME time in which the vehicle asks for
no power, RESERVATION_TIME time held before the session. The TIME of reservation elements prices
reserved time (mod_tariffs, ReservationRestrictionType).
"""

from datetime import timedelta
from decimal import Decimal

from billing.money import round_to
from billing.notes import Notes
from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.record import decimal_text
from billing.schedule import Phase
from billing.session import Activity
from billing.tariff import ENERGY, PARKING_TIME, TIME, Dimension

SESSION, OVERTIME, PARKED = Phase.SESSION, Phase.OVERTIME, Activity.PARKED
ZERO = Decimal(0)
_WIRE = Decimal("0.0001")
_WH_PER_KWH, _SECONDS_PER_HOUR = Decimal(1000), Decimal(3600)
_MICROSECOND = timedelta(microseconds=1)
WIRE_GRAIN_S = Decimal("0.36")
"""0.0001 h: what two neighbouring volumes of time on the wire are apart."""


Volume = tuple[Phase, Dimension, Decimal, Decimal]
"""(phase, dimension, amount in Wh or seconds, what of it may be charged for)."""


def volumes(
    period: ChargingPeriod, phase: Phase, policy: PricingPolicy, notes: Notes
) -> list[Volume]:
    """ENERGY, TIME, PARKING_TIME and overtime of a period, in this order; what is zero is absent.

    A period without stated volumes holds its whole span, as charging or parking by its activity.
    """
    found: list[Volume] = []
    wh, rounding = period.energy_wh, policy.volume_rounding
    if wh and not period.reserved:
        wh = _as_written(wh, _WH_PER_KWH) if rounding == "four_decimals" else wh
        refused = wh < ZERO and policy.negative_energy == "not_credited"
        if refused:
            text = f"{decimal_text(wh)} Wh fed back are not credited"
            notes.add("negative_energy", text, period.ordinal)
        found.append((phase, ENERGY, wh, ZERO if refused else wh))
    for part, dimension, seconds in times(period, phase):
        if seconds < ZERO:
            text = f"{decimal_text(seconds)} s of {dimension} are no time: they are not priced"
            notes.add("negative_time", text, period.ordinal)
        elif seconds:
            amount = seconds
            if rounding == "four_decimals":
                amount = _as_written(seconds, _SECONDS_PER_HOUR)
            elif rounding == "period_span" and part is phase:
                amount = _as_long_as(period, seconds)
            found.append((part, dimension, amount, amount))
    return found


def times(period: ChargingPeriod, phase: Phase) -> list[tuple[Phase, Dimension, Decimal]]:
    """(phase, dimension, seconds) of each kind of time in a period, stated or spanned."""
    charging, parking = period.time_s, period.parking_s
    if charging is None and parking is None:
        span = seconds_of(period.end_at - period.start_at)
        parked = period.activity is PARKED and not period.reserved
        found = [(phase, PARKING_TIME if parked else TIME, span)]
    else:
        found = [(phase, TIME, charging or ZERO)]
        if parking and not period.reserved:
            found.append((phase, PARKING_TIME, parking))
    if period.overtime_s:
        found.append((OVERTIME, TIME, period.overtime_s))
    return found


def phase_of(period: ChargingPeriod) -> Phase:
    """Whether a period belongs to the session or to what was reserved for it."""
    if not period.reserved:
        return SESSION
    if period.cancelled:
        return Phase.CANCELLED
    return Phase.EXPIRED if period.expired else Phase.RESERVED


def seconds_of(span: timedelta) -> Decimal:
    """A span in seconds, exact to the microsecond."""
    if not span.microseconds:
        return Decimal(span.days * 86_400 + span.seconds)
    return Decimal(span // _MICROSECOND) / 1_000_000


def _as_long_as(period: ChargingPeriod, stated_s: Decimal) -> Decimal:
    """The period's own span where the time stated is nothing else, written with four decimals:
    rounded, cut off, or rounded so that the periods sum to a total. Not of overtime: it is a part.
    """
    span = seconds_of(period.end_at - period.start_at)
    return span if span > 0 and abs(stated_s - span) < WIRE_GRAIN_S else stated_s


def _as_written(amount: Decimal, unit: Decimal) -> Decimal:
    """What the four decimals of kWh and hours on the wire leave of an amount."""
    return round_to(amount / unit, _WIRE) * unit
