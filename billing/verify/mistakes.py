"""Known ways of getting a price wrong: each turns a case, or the taxes of its lines, into another.

Seen in the field or in other engines. What OCPI leaves open is no mistake but a policy, and stands
in `billing.policy`. A change that cannot bear on the case gives None.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.period import ChargingPeriod
from billing.receipt import Line, Receipt
from billing.session import Activity
from billing.tariff import Dimension, Restrictions, Tariff
from billing.verify.implied import price_text
from billing.verify.reckoning import ZERO, Case, Taxed

HUNDRED = Decimal(100)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
WIRE_GRAIN_S = Decimal("0.36")
"""0.0001 h: what a volume of time on the wire cannot say any finer."""

Change = Callable[[Case], Case | None]


def _step_ignored(case: Case) -> Case | None:
    return _with_tariffs(case, lambda tariff: _each_component(tariff, step_size=0))


def _limit_ignored(case: Case) -> Case | None:
    return _with_tariffs(case, lambda tariff: replace(tariff, min_price=None, max_price=None))


def _restrictions_ignored(case: Case) -> Case | None:
    """Every element always applies, so that the first with a dimension prices all of it."""

    def bare(tariff: Tariff) -> Tariff:
        elements = [
            replace(one, restrictions=Restrictions(reservation=one.restrictions.reservation))
            for one in tariff.elements
        ]
        return replace(tariff, elements=tuple(elements))

    return _with_tariffs(case, bare)


def _last_match(case: Case) -> Case | None:
    return _with_tariffs(
        case, lambda tariff: replace(tariff, elements=tuple(reversed(tariff.elements)))
    )


def _one_period(case: Case) -> Case | None:
    """The price of the first moment for the whole session."""
    session = [one for one in case.periods if not one.reserved]
    if len(session) < 2:
        return None
    first = replace(
        session[0],
        end_at=session[-1].end_at,
        energy_wh=sum([one.energy_wh for one in session], ZERO),
        time_s=sum([seconds(one)[0] for one in session], ZERO),
        parking_s=sum([seconds(one)[1] for one in session], ZERO),
    )
    reserved = tuple(one for one in case.periods if one.reserved)
    return replace(case, periods=(*reserved, first))


def _parking_as_time(case: Case) -> Case | None:
    return _with_periods(case, _as_charging)


def _as_charging(period: ChargingPeriod) -> ChargingPeriod:
    time, parking = seconds(period)
    if period.reserved or not parking:
        return period
    return replace(period, activity=Activity.CHARGING, time_s=time + parking, parking_s=None)


def _parking_left_out(case: Case) -> Case | None:
    """Parked time is not billed at all."""
    return _with_periods(
        case,
        lambda one: (
            one
            if one.reserved or not seconds(one)[1]
            else replace(one, time_s=seconds(one)[0], parking_s=ZERO)
        ),
    )


def _wall_clock(case: Case) -> Case | None:
    """Time as the difference of two local clock readings, over a change of the clock."""

    def by_wall(period: ChargingPeriod) -> ChargingPeriod:
        moved = _offset(period.end_at, case.zone) - _offset(period.start_at, case.zone)
        if not moved:
            return period
        time, parking = seconds(period)
        more = Decimal(moved // MICROSECOND) / 1_000_000
        if parking and not time:
            return replace(period, time_s=None, parking_s=max(parking + more, ZERO))
        return replace(period, time_s=max(time + more, ZERO), parking_s=parking or None)

    return _with_periods(case, by_wall)


def _spans(case: Case) -> Case | None:
    """Time from stamp to stamp, whatever the periods state of it."""
    return _with_periods(case, lambda one: replace(one, time_s=None, parking_s=None))


def _total_energy(case: Case) -> Case | None:
    """total_energy instead of what the periods say; the difference falls into the last of them."""
    stated = sum([one.energy_wh for one in case.periods if not one.reserved], ZERO)
    at = max((n for n, one in enumerate(case.periods) if not one.reserved), default=None)
    if at is None or not case.stated_wh or stated == case.stated_wh:
        return None
    last = replace(case.periods[at], energy_wh=case.periods[at].energy_wh + case.stated_wh - stated)
    return replace(case, periods=(*case.periods[:at], last, *case.periods[at + 1 :]))


CASES: tuple[tuple[str, str, Change], ...] = (
    ("step_ignored", "step_size is not applied", _step_ignored),
    ("limit_ignored", "min_price and max_price are not applied", _limit_ignored),
    ("parking_left_out", "parked time is not billed", _parking_left_out),
    ("parking_as_time", "parked time is billed as charging time", _parking_as_time),
    ("one_period", "the whole session is billed at the price of its start", _one_period),
    ("restrictions_ignored", "restrictions of the tariff are ignored", _restrictions_ignored),
    ("last_match", "the last element that applies is used, not the first", _last_match),
    ("wall_clock", "time is counted by the local clock over a change of the clock", _wall_clock),
    ("time_by_stamps", "time is taken from the stamps, not from the periods", _spans),
    ("total_energy_billed", "total_energy is billed, not what the periods say", _total_energy),
)
"""(code, what happened, the case in which it did)."""


Component = tuple[str, int, int]
"""Tariff, element and component that a line was priced by."""


def left_out(case: Case, receipt: Receipt) -> Iterator[tuple[str, str, Case]]:
    """(code, what happened, the case) where a dimension is not billed, or one of its components.

    That parked time is not billed is among `CASES`.
    """
    billed: dict[Dimension, dict[Component, Decimal]] = {}
    for line in receipt.lines:
        if line.net and line.element >= 0:
            at = line.tariff_id, line.element, line.component
            billed.setdefault(line.dimension, {})[at] = line.price
    for dimension, prices in billed.items():
        named = [_named(case, dimension, at, price) for at, price in prices.items()]
        if dimension is not Dimension.PARKING_TIME:
            text = f"not billed: {', '.join(named[:_MOST_NAMED])}"
            yield f"{dimension.lower()}_left_out", text, _unpriced(case, frozenset(prices))
        for at, name in zip(prices, named, strict=True) if len(prices) > 1 else ():
            yield "component_left_out", f"not billed: {name}", _unpriced(case, frozenset({at}))


_MOST_NAMED = 3


def _named(case: Case, dimension: Dimension, at: Component, price: Decimal) -> str:
    """`ENERGY at 0.40 (element 2, component 1)`: positions as people count."""
    tariff, element, component = at
    of = f"tariff {tariff}, " if len(case.tariffs) > 1 else ""
    place = f"{of}element {element + 1}, component {component + 1}"
    return f"{dimension} at {price_text(price)} ({place})"


def _unpriced(case: Case, components: frozenset[Component]) -> Case:
    """Where these components cost nothing."""

    def free(tariff: Tariff) -> Tariff:
        elements = [
            replace(
                element,
                components=tuple(
                    replace(rule, price=ZERO) if (tariff.id, number, at) in components else rule
                    for at, rule in enumerate(element.components)
                ),
            )
            for number, element in enumerate(tariff.elements)
        ]
        return replace(tariff, elements=tuple(elements))

    return replace(case, tariffs=tuple(free(tariff) for tariff in case.tariffs))


def _tax_twice(line: Line) -> tuple[Decimal, Decimal]:
    gross = line.net + line.tax
    return gross, gross * (line.vat or ZERO) / HUNDRED


def _net_as_gross(line: Line) -> tuple[Decimal, Decimal]:
    if line.vat is None:
        return line.net, line.tax
    net = line.net * HUNDRED / (HUNDRED + line.vat)
    return net, line.net - net


def _gross_as_net(line: Line) -> tuple[Decimal, Decimal]:
    return line.net + line.tax, ZERO


def _tax_left_out(line: Line) -> tuple[Decimal, Decimal]:
    return line.net, ZERO


_GROSS_AS_NET = (
    "gross_as_net",
    "the amount after tax is written as the one before tax",
    _gross_as_net,
)

TAXES: tuple[tuple[str, str, Taxed], ...] = (
    ("tax_added_twice", "tax is added to amounts that already include it", _tax_twice),
    ("net_as_gross", "prices before tax are read as prices after tax", _net_as_gross),
    _GROSS_AS_NET,
    ("tax_left_out", "tax is left out: before and after tax are the same", _tax_left_out),
)
"""(code, what happened, the taxes of a line as they then are)."""


def taxes_read(*, after_tax_stated: bool) -> Iterator[tuple[str, str, Taxed]]:
    """The other readings of taxes, the likeliest first: without an amount after tax, nothing says
    that tax was added at all.
    """
    if not after_tax_stated:
        yield _GROSS_AS_NET
    yield from (one for one in TAXES if after_tax_stated or one is not _GROSS_AS_NET)


def by_stamps(case: Case) -> Case | None:
    """Times as the stamps say, where volumes differ from them by no more than the wire's grain.

    A volume on the wire has four decimals of an hour: 40 minutes come as 2,400.12 s.
    """

    def clocked(period: ChargingPeriod) -> ChargingPeriod:
        stated = [one for one in (period.time_s, period.parking_s) if one]
        if len(stated) != 1 or abs(stated[0] - span_s(period)) > WIRE_GRAIN_S:
            return period
        parked = bool(period.parking_s)
        activity = Activity.PARKED if parked else Activity.CHARGING
        return replace(period, activity=activity, time_s=None, parking_s=None)

    return _with_periods(case, clocked)


def in_other_zones(case: Case) -> Iterator[tuple[str, Case]]:
    """(clock, case) by UTC, by winter time all year, and by the clocks an hour to either side."""
    local = case.start_at.astimezone(case.zone)
    offset = _offset(case.start_at, case.zone)
    winter = offset - (local.dst() or timedelta())
    for hours in dict.fromkeys(
        at // HOUR
        for at in (timedelta(), winter, offset - HOUR, offset + HOUR)
        if at != offset and not at % HOUR and timedelta(hours=-12) <= at <= timedelta(hours=14)
    ):
        name = "UTC" if not hours else f"UTC{hours:+d}"
        zone = ZoneInfo("UTC") if not hours else ZoneInfo(f"Etc/GMT{-hours:+d}")
        yield name, replace(case, zone=zone)


def seconds(period: ChargingPeriod) -> tuple[Decimal, Decimal]:
    """(TIME, PARKING_TIME) in seconds: as stated, else the span by its activity."""
    if period.time_s is not None or period.parking_s is not None:
        return period.time_s or ZERO, period.parking_s or ZERO
    if period.activity is Activity.PARKED and not period.reserved:
        return ZERO, span_s(period)
    return span_s(period), ZERO


def span_s(period: ChargingPeriod) -> Decimal:
    """From start to end, in seconds."""
    return Decimal((period.end_at - period.start_at) // MICROSECOND) / 1_000_000


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    found = at.astimezone(UTC).astimezone(zone).utcoffset()
    assert found is not None, "a ZoneInfo always knows its offset"
    return found


def _with_tariffs(case: Case, change: Callable[[Tariff], Tariff]) -> Case | None:
    tariffs = tuple(change(tariff) for tariff in case.tariffs)
    return None if tariffs == case.tariffs else replace(case, tariffs=tariffs)


def _with_periods(case: Case, change: Callable[[ChargingPeriod], ChargingPeriod]) -> Case | None:
    periods = tuple(change(period) for period in case.periods)
    return None if periods == case.periods else replace(case, periods=periods)


def _each_component(tariff: Tariff, step_size: int) -> Tariff:
    elements = [
        replace(one, components=tuple(replace(c, step_size=step_size) for c in one.components))
        for one in tariff.elements
    ]
    return replace(tariff, elements=tuple(elements))
