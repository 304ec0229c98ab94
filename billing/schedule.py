"""A tariff made ready to price with: per dimension, what could apply, in the order of the list.

Knows which component wins at a moment and why. Refuses to know quantities and costs. OCPI 2.2.1
mod_tariffs, Tariff.elements: the first element that holds the dimension and matches, for each
dimension by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from itertools import product
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
    ENERGY,
    FLAT,
    PARKING_TIME,
    TIME,
    Dimension,
    PriceComponent,
    ReservationRestriction,
    Restrictions,
    Tariff,
    TariffElement,
    TaxIncluded,
)

MICROSECOND = timedelta(microseconds=1)


class Phase(StrEnum):
    """What is priced: the session, or what was reserved or booked for it."""

    SESSION = "session"
    RESERVED = "reserved"
    EXPIRED = "expired"
    """A reservation that was never used."""
    CANCELLED = "cancelled"
    """A booking that was called off."""
    OVERTIME = "overtime"
    """The part of a session beyond its booked slot."""


MEANT: dict[Phase, tuple[frozenset[ReservationRestriction | None], ...]] = {
    Phase.SESSION: (frozenset({None}),),
    Phase.RESERVED: (
        frozenset({ReservationRestriction.RESERVATION, ReservationRestriction.BOOKING}),
    ),
    Phase.EXPIRED: (
        frozenset(
            {ReservationRestriction.RESERVATION_EXPIRES, ReservationRestriction.BOOKING_EXPIRES}
        ),
        frozenset({ReservationRestriction.RESERVATION, ReservationRestriction.BOOKING}),
    ),
    Phase.CANCELLED: (
        frozenset({ReservationRestriction.BOOKING_CANCELLATION_FEES}),
        frozenset({ReservationRestriction.RESERVATION, ReservationRestriction.BOOKING}),
    ),
    Phase.OVERTIME: (frozenset({ReservationRestriction.BOOKING_OVERTIME}),),
}
"""Which elements a phase looks at, and which first. OCPI 2.3.0 mod_tariffs,
ReservationRestrictionType: the TIME price of an expired reservation replaces the reservation's; a
cancellation's fee stands in the same way before the booking's own price.
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """A component that may win its dimension. `tests` must all hold; none means always.

    `vat` is the rate that counts (None: no tax line), `included` whether the price holds it;
    `rate_is_unknown`: it includes a tax that cannot be told apart.
    """

    tariff: Tariff
    element: int
    component: int
    rule: PriceComponent
    group: CostGroup
    reason: str
    tests: tuple[Test, ...]
    vat: Decimal | None
    included: bool
    rate_is_unknown: bool


Options = dict[tuple[Phase, Dimension], tuple[Choice, ...]]
Elements = dict[Phase, tuple[tuple[tuple[Test, ...], dict[Dimension, Choice]], ...]]
"""By phase, the elements in order: their tests, and their component of each dimension."""


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
    """One tariff by one clock under one policy. Build it with `prepare`."""

    tariff: Tariff
    zone: tzinfo
    policy: PricingPolicy
    options: Options
    asked: frozenset[tuple[Phase, Dimension]]
    """What `find` need be asked for: of nothing else can a price, a step or a note come."""
    elements: Elements
    """What `by_element` reads; empty where the other reading of OCPI 2.1.1 is of no interest."""
    thresholds: Thresholds
    conditional: bool
    """Whether any element has a restriction that can switch it on and off."""
    decided: tuple[tuple[str, str], ...]
    """The policy as a receipt records it."""

    def find(self, phase: Phase, dimension: Dimension, moment: Moment) -> Choice | None:
        """The first component, in list order, that prices the dimension at this moment."""
        if self.policy.element_choice == "per_element":
            return self.by_element(phase, dimension, moment)
        for choice in self.options.get((phase, dimension), ()):
            if not choice.tests:
                return choice
            for test in choice.tests:
                if not test(moment):
                    break
            else:
                return choice
        return None

    def by_element(self, phase: Phase, dimension: Dimension, moment: Moment) -> Choice | None:
        """The dimension's component in the first element that applies at this moment, if it has
        one: policy element_choice.
        """
        for conditions, choices in self.elements.get(phase, ()):
            if all(test(moment) for test in conditions):
                return choices.get(dimension)
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
def _edges_on(times: tuple[time, ...], zone: tzinfo, day: int) -> tuple[datetime, ...]:
    """The clock edges of one UTC day, its first instant included."""
    first = datetime.combine(date.fromordinal(day), time(), UTC)
    return tuple(clock_edges(times, zone, first - MICROSECOND, first + DAY))


def prepare(tariff: Tariff, zone: tzinfo | str, policy: PricingPolicy = DEFAULT_POLICY) -> Schedule:
    """The tariff's schedule; kept for the next call with the very same tariff object.

    Raises `zoneinfo.ZoneInfoNotFoundError` (or ValueError) for a zone that does not exist, and
    ValueError for a tax of −100 % or less that a price is said to include.
    """
    where = ZoneInfo(zone) if isinstance(zone, str) else zone
    key = (id(tariff), where, id(policy))
    kept = _KEPT.get(key)
    if kept is not None and kept.tariff is tariff and kept.policy is policy:
        return kept
    if len(_KEPT) >= _KEEP:
        _KEPT.clear()
    limits = _thresholds(tariff, policy)
    options = _options(tariff, policy)
    schedule = Schedule(
        tariff=tariff,
        zone=where,
        policy=policy,
        options=options,
        asked=_asked(options, policy),
        elements=_whole_elements(tariff, policy),
        thresholds=limits,
        conditional=bool(
            limits.clock or limits.kwh or limits.seconds or limits.power or limits.current
        ),
        decided=policy.pairs(),
    )
    _KEPT[key] = schedule
    return schedule


_KEEP = 4_096
_KEPT: dict[tuple[int, tzinfo, int], Schedule] = {}
"""Schedules by identity: hashing a tariff of a hundred elements costs more than pricing with it."""


def _options(tariff: Tariff, policy: PricingPolicy) -> Options:
    found: dict[tuple[Phase, Dimension], list[Choice]] = {}
    for phase in Phase:
        for number, element in _elements(tariff, phase):
            for dimension, choice in _choices(tariff, phase, number, element, policy).items():
                rivals = found.setdefault((phase, dimension), [])
                if not rivals or rivals[-1].tests:  # else an element before it always wins
                    rivals.append(choice)
    return {key: tuple(rivals) for key, rivals in found.items()}


def _asked(options: Options, policy: PricingPolicy) -> frozenset[tuple[Phase, Dimension]]:
    """What the tariff prices; every volume too where one without a price fills a step, and all
    there is where each dimension asks which element applies.
    """
    if policy.element_choice == "per_element":
        return frozenset(product(Phase, Dimension))
    if policy.step_counts_unpriced == "yes":
        return frozenset([*options, *product(Phase, (ENERGY, TIME, PARKING_TIME))])
    return frozenset(options)


def _whole_elements(tariff: Tariff, policy: PricingPolicy) -> Elements:
    """The elements as 2.1.1 can be read: the first that applies prices every dimension it has."""
    read_so = policy.element_choice == "per_element"
    if not read_so and (tariff.original_version != "2.1.1" or len(tariff.elements) == 1):
        return {}
    return {
        phase: tuple(
            (tests(element.restrictions, policy), _choices(tariff, phase, number, element, policy))
            for number, element in _elements(tariff, phase)
        )
        for phase in Phase
    }


def _choices(
    tariff: Tariff, phase: Phase, number: int, element: TariffElement, policy: PricingPolicy
) -> dict[Dimension, Choice]:
    """An element's component of each dimension; of two the first (policy duplicate_component)."""
    found: dict[Dimension, Choice] = {}
    gross = tariff.tax_included is TaxIncluded.YES
    for position, rule in enumerate(element.components):
        if rule.dimension in found and policy.duplicate_component == "first":
            continue
        vat, included = _tax(tariff, rule, policy)
        found[rule.dimension] = Choice(
            tariff=tariff,
            element=number,
            component=position,
            rule=rule,
            group=_group(phase, element, rule, policy),
            reason=_reason(tariff, number, rule),
            tests=tests(element.restrictions, policy),
            vat=vat,
            included=included,
            rate_is_unknown=gross and rule.vat is None and rule.price != 0,
        )
    return found


def _tax(
    tariff: Tariff, rule: PriceComponent, policy: PricingPolicy
) -> tuple[Decimal | None, bool]:
    """The rate that counts, in percent, and whether the price includes it. OCPI 2.3.0 mod_tariffs,
    Tariff.tax_included; with N/A a rate has no meaning.
    """
    if tariff.tax_included is TaxIncluded.NOT_APPLICABLE:
        return None, False
    vat = rule.vat
    if vat is None and policy.vat_missing == "zero_rate":
        vat = Decimal(0)
    gross = tariff.tax_included is TaxIncluded.YES
    included = gross and policy.tax_included_math == "net_from_gross"
    if included and vat is not None and vat <= _ALL_OF_IT:
        raise ValueError(f"tariff {tariff.id}: a price cannot include {vat} % of tax")
    return vat, included


_ALL_OF_IT = Decimal(-100)


def _elements(tariff: Tariff, phase: Phase) -> list[tuple[int, TariffElement]]:
    """The elements meant for the phase, those that stand before the others first."""
    return [
        (number, element)
        for kinds in MEANT[phase]
        for number, element in enumerate(tariff.elements)
        if element.restrictions.reservation in kinds
    ]


def _group(
    phase: Phase, element: TariffElement, rule: PriceComponent, policy: PricingPolicy
) -> CostGroup:
    """Which total the cost belongs to. OCPI 2.2.1 mod_cdrs, CDR.total_fixed_cost and its peers."""
    if phase is not Phase.SESSION:
        return CostGroup.RESERVATION
    if rule.dimension is not FLAT:
        return _GROUPS[rule.dimension]
    others = {other.dimension for other in element.components} - {FLAT}
    parking_only = others == {PARKING_TIME}
    if parking_only and policy.flat_cost_field == "by_element":
        return CostGroup.PARKING
    return CostGroup.FIXED


_GROUPS = {
    ENERGY: CostGroup.ENERGY,
    TIME: CostGroup.TIME,
    PARKING_TIME: CostGroup.PARKING,
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
