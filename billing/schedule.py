"""A tariff made ready to price with: per dimension, what could apply, in the order of the list.

Knows which component wins at a moment and why. Refuses to know quantities and costs. OCPI 2.2.1
mod_tariffs, Tariff.elements: the first element that holds the dimension and matches, for each
dimension by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.receipt import CostGroup
from billing.restriction import (
    DAY,
    Moment,
    Test,
    clock_edges,
    clock_times,
    sentence,
    tests,
)
from billing.tariff import (
    Dimension,
    PriceComponent,
    ReservationRestriction,
    Restrictions,
    Tariff,
    TariffElement,
)

MICROSECOND = timedelta(microseconds=1)


class Phase(StrEnum):
    """What a period is part of: the session, or the reservation before it."""

    SESSION = "session"
    RESERVED = "reserved"
    EXPIRED = "expired"
    """A reservation that was never used."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A component that may win its dimension. `tests` must all hold; none means always."""

    element: int
    component: int
    rule: PriceComponent
    group: CostGroup
    reason: str
    tests: tuple[Test, ...]


Options = dict[tuple[Phase, Dimension], tuple[Choice, ...]]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Every value at which an element may switch on or off. Sorted; empty where none is used."""

    clock: tuple[time, ...]
    kwh: tuple[Decimal, ...]
    seconds: tuple[int, ...]
    power: tuple[Decimal, ...]
    current: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """One tariff in one time zone under one policy. Build it with `prepare`."""

    tariff: Tariff
    zone: ZoneInfo
    policy: PricingPolicy
    options: Options
    thresholds: Thresholds
    conditional: bool
    """Whether any element has a restriction that can switch it on and off."""
    decided: tuple[tuple[str, str], ...]
    """The policy as a receipt records it."""

    def find(self, phase: Phase, dimension: Dimension, moment: Moment) -> Choice | None:
        """The first component, in list order, that prices the dimension at this moment."""
        for choice in self.options.get((phase, dimension), ()):
            if not choice.tests:
                return choice
            for test in choice.tests:
                if not test(moment):
                    break
            else:
                return choice
        return None

    def prices(self, phase: Phase, dimension: Dimension) -> bool:
        """Whether the tariff prices the dimension at any moment."""
        return (phase, dimension) in self.options

    def clock_edges(self, start: datetime, end: datetime) -> Sequence[datetime]:
        """The instants strictly within (UTC) at which a restriction may change by the local clock.

        Found once per day: sessions of a day share its edges.
        """
        times = self.thresholds.clock
        if not times:
            return ()
        days = range(start.toordinal(), end.toordinal() + 1)
        edges = [at for day in days for at in _edges_on(times, self.zone, day)]
        return [at for at in edges if start < at < end]


@lru_cache(maxsize=4_096)
def _edges_on(times: tuple[time, ...], zone: ZoneInfo, day: int) -> tuple[datetime, ...]:
    """The clock edges of one UTC day, its first instant included."""
    first = datetime.combine(date.fromordinal(day), time(), UTC)
    return tuple(clock_edges(times, zone, first - MICROSECOND, first + DAY))


def prepare(
    tariff: Tariff, zone: ZoneInfo | str, policy: PricingPolicy = DEFAULT_POLICY
) -> Schedule:
    """The tariff's schedule; kept for the next call with the very same tariff object.

    Raises `zoneinfo.ZoneInfoNotFoundError` (or ValueError) for a zone that does not exist.
    """
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    key = (id(tariff), where.key, id(policy))
    kept = _KEPT.get(key)
    if kept is not None and kept.tariff is tariff and kept.policy is policy:
        return kept
    if len(_KEPT) >= _KEEP:
        _KEPT.clear()
    limits = _thresholds(tariff, policy)
    schedule = Schedule(
        tariff=tariff,
        zone=where,
        policy=policy,
        options=_options(tariff, policy),
        thresholds=limits,
        conditional=bool(
            limits.clock or limits.kwh or limits.seconds or limits.power or limits.current
        ),
        decided=policy.pairs(),
    )
    _KEPT[key] = schedule
    return schedule


_KEEP = 4_096
_KEPT: dict[tuple[int, str | None, int], Schedule] = {}
"""Schedules by identity: hashing a tariff of a hundred elements costs more than pricing with it."""


def _options(tariff: Tariff, policy: PricingPolicy) -> Options:
    found: dict[tuple[Phase, Dimension], list[Choice]] = {}
    for phase in Phase:
        for number, element in _elements(tariff, phase):
            conditions = tests(element.restrictions, policy)
            for position, rule in enumerate(element.components):
                choices = found.setdefault((phase, rule.dimension), [])
                if choices and not choices[-1].tests:
                    continue  # an element before it always wins
                choices.append(
                    Choice(
                        element=number,
                        component=position,
                        rule=rule,
                        group=_group(phase, element, rule, policy),
                        reason=_reason(tariff, number, rule),
                        tests=conditions,
                    )
                )
    return {key: tuple(choices) for key, choices in found.items()}


def _elements(tariff: Tariff, phase: Phase) -> list[tuple[int, TariffElement]]:
    """The elements meant for the phase. For an expired reservation its own ones come first: their
    TIME price replaces the reservation's (ReservationRestrictionType).
    """
    wanted: tuple[ReservationRestriction | None, ...] = {
        Phase.SESSION: (None,),
        Phase.RESERVED: (ReservationRestriction.RESERVATION,),
        Phase.EXPIRED: (
            ReservationRestriction.RESERVATION_EXPIRES,
            ReservationRestriction.RESERVATION,
        ),
    }[phase]
    return [
        (number, element)
        for kind in wanted
        for number, element in enumerate(tariff.elements)
        if element.restrictions.reservation is kind
    ]


def _group(
    phase: Phase, element: TariffElement, rule: PriceComponent, policy: PricingPolicy
) -> CostGroup:
    """Which total the cost belongs to. OCPI 2.2.1 mod_cdrs, CDR.total_fixed_cost and its peers."""
    if phase is not Phase.SESSION:
        return CostGroup.RESERVATION
    if rule.dimension is not Dimension.FLAT:
        return _GROUPS[rule.dimension]
    others = {other.dimension for other in element.components} - {Dimension.FLAT}
    parking_only = others == {Dimension.PARKING_TIME}
    if parking_only and policy.flat_cost_field == "by_element":
        return CostGroup.PARKING
    return CostGroup.FIXED


_GROUPS = {
    Dimension.ENERGY: CostGroup.ENERGY,
    Dimension.TIME: CostGroup.TIME,
    Dimension.PARKING_TIME: CostGroup.PARKING,
}


def _reason(tariff: Tariff, number: int, rule: PriceComponent) -> str:
    words = sentence(tariff.elements[number].restrictions)
    return (
        f"element {number + 1} of {len(tariff.elements)} is the first with {rule.dimension} "
        + ("" if words == "no restrictions" else "that applies ")
        + f"({words})"
    )


def _thresholds(tariff: Tariff, policy: PricingPolicy) -> Thresholds:
    limits = [element.restrictions for element in tariff.elements]
    return Thresholds(
        clock=tuple(sorted({edge for one in limits for edge in clock_times(one, policy)})),
        kwh=_values(limits, "min_kwh", "max_kwh"),
        seconds=tuple(
            sorted(
                {
                    edge
                    for one in limits
                    for edge in (one.min_duration, one.max_duration)
                    if edge is not None
                }
            )
        ),
        power=_values(limits, "min_power", "max_power"),
        current=_values(limits, "min_current", "max_current"),
    )


def _values(limits: list[Restrictions], *names: str) -> tuple[Decimal, ...]:
    found = {getattr(one, name) for one in limits for name in names}
    return tuple(sorted(value for value in found if value is not None))
