"""Energy and time of a CDR against its periods and stamps; and whether it agrees with itself.

Knows no price. OCPI 2.2.1 mod_cdrs: total_time runs from start to end, charging or not;
total_energy need not be what the periods say, but where they say any it should be.
"""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.cdr import CDR
from billing.money import GRAIN, round_to
from billing.period import ChargingPeriod
from billing.verify.mistakes import seconds
from billing.verify.reckoning import WIRE_GRAIN, ZERO
from billing.verify.report import Check, Group, Kind

WH, HOUR_S = Decimal(1000), Decimal(3600)
MICROSECOND = timedelta(microseconds=1)


def quantities(cdr: CDR, zone: ZoneInfo | None) -> Iterator[Check]:
    """total_energy, total_time and total_parking_time; `zone` tells a change of the clock."""
    yield energy(cdr)
    yield _time(cdr, zone)
    yield from _parking(cdr)


NOT_OF_PERIODS = "energy_not_of_periods"


def energy(cdr: CDR) -> Check:
    """total_energy against what the periods sum to."""
    wh = sum([one.energy_wh for one in cdr.periods], ZERO)
    if not wh and cdr.total_energy_kwh:
        return Check(
            Group.QUANTITY,
            "total_energy",
            Kind.NOT_CHECKED,
            ("total_energy",),
            claimed=cdr.total_energy_kwh,
            unit="kWh",
            cause="no_energy_periods",
            message="no period states energy, so there is nothing to compare with",
        )
    return _compared(cdr, "total_energy", (cdr.total_energy_kwh, wh / WH, "kWh"))


def _parking(cdr: CDR) -> Iterator[Check]:
    times = [seconds(one) for one in cdr.periods if not one.reserved]
    parked = sum([parking for _, parking in times], ZERO)
    if cdr.total_parking_time_h and not any(time or parking for time, parking in times):
        yield Check(
            Group.QUANTITY,
            "total_parking_time",
            Kind.NOT_CHECKED,
            ("total_parking_time",),
            claimed=cdr.total_parking_time_h,
            unit="h",
            cause="no_time_periods",
            message="no period states any time, so there is nothing to compare with",
        )
    elif parked or cdr.total_parking_time_h:
        amounts = (cdr.total_parking_time_h, parked / HOUR_S, "h")
        yield _compared(cdr, "total_parking_time", amounts)


def _time(cdr: CDR, zone: ZoneInfo | None) -> Check:
    span = _hours(cdr.end_at - cdr.start_at)
    check = _compared(cdr, "total_time", (cdr.total_time_h, span, "h"))
    if not check.differs:
        return check
    reserved = sum([seconds(one)[0] for one in cdr.periods if one.reserved], ZERO) / HOUR_S
    wall = span if zone is None else span + _clock_change(cdr, zone)
    for cause, message, hours in (
        ("reservation_left_out", "reserved time is left out", span - reserved),
        ("wall_clock", "counted by the local clock over a change of the clock", wall),
        ("charging_only", "only charging time is counted", span - cdr.total_parking_time_h),
    ):
        if abs(hours - cdr.total_time_h) <= check.tolerance:
            return Check(
                Group.QUANTITY,
                "total_time",
                Kind.MISTAKE,
                check.place,
                claimed=check.claimed,
                computed=check.computed,
                unit="h",
                tolerance=check.tolerance,
                cause=cause,
                message=message,
            )
    return check


def _clock_change(cdr: CDR, zone: ZoneInfo) -> Decimal:
    start, end = cdr.start_at.astimezone(zone).utcoffset(), cdr.end_at.astimezone(zone).utcoffset()
    return _hours((end or timedelta()) - (start or timedelta()))


def _compared(cdr: CDR, field: str, amounts: tuple[Decimal, Decimal, str]) -> Check:
    """Four decimals each: a sum of volumes may be off by half of the last one per period."""
    claimed, exact, unit = amounts
    computed = exact if exact == round_to(exact, WIRE_GRAIN) else round_to(exact, GRAIN)
    tolerance = WIRE_GRAIN * max(1, len(cdr.periods))
    if claimed in (computed, round_to(computed, WIRE_GRAIN)):
        kind, computed = Kind.EXACT, claimed
    else:
        kind = Kind.ROUNDING if abs(claimed - computed) <= tolerance else Kind.UNEXPLAINED
        computed = round_to(computed, WIRE_GRAIN)
    cause, message = _DIFFERS[field] if kind is Kind.UNEXPLAINED else ("", "")
    return Check(
        Group.QUANTITY,
        field,
        kind,
        (field,),
        claimed=claimed,
        computed=computed,
        unit=unit,
        tolerance=tolerance,
        cause=cause,
        message=message,
    )


_DIFFERS = {
    "total_energy": (NOT_OF_PERIODS, "the energies of the periods sum to something else"),
    "total_time": ("time_not_of_stamps", "start and end are another time apart"),
    "total_parking_time": (
        "parking_not_of_periods",
        "the parked times of the periods sum to something else",
    ),
}


def stamps(cdr: CDR) -> Iterator[Check]:
    """Periods within the session, in order, each later than the one before."""
    for period in cdr.periods:
        if period.start_at < cdr.start_at:
            yield _stamp(period, "period_before_start", "starts before the session")
        elif period.start_at > cdr.end_at:
            yield _stamp(period, "period_after_end", "starts after the session ended")
    for before, after in pairwise(cdr.periods):
        if after.start_at < before.start_at:
            yield _stamp(after, "period_unordered", "starts before the period before it")
        elif after.start_at == before.start_at and after.ordinal != before.ordinal:
            yield _stamp(after, "period_empty", "starts together with the period before it")
    if cdr.periods and cdr.periods[0].start_at > cdr.start_at:
        text = "the first period starts later than the session: the time before is in no period"
        yield _stamp(cdr.periods[0], "period_late", text)


def _stamp(period: ChargingPeriod, cause: str, message: str) -> Check:
    place = ("charging_periods", period.ordinal, "start_date_time")
    text = f"period {period.ordinal + 1}, {period.start_at:%F %T} UTC: {message}"
    return Check(
        Group.CONSISTENCY, "charging_periods", Kind.UNEXPLAINED, place, cause=cause, message=text
    )


def _hours(span: timedelta) -> Decimal:
    return Decimal(span // MICROSECOND) / 1_000_000 / HOUR_S
