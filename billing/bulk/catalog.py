"""Tariffs made ready for columns: numbered components, and who competes for what, in which order.

Knows elements, phases and policies; for every local day, which components may win a dimension in
which hours. Refuses to know sessions and quantities. OCPI 2.2.1 mod_tariffs, Tariff.elements: the
first element that holds the dimension and matches, for each dimension by itself.
"""

from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import NamedTuple

from billing.bulk.clock import DAY_US
from billing.bulk.hours import Hours, Kinds, hours_of
from billing.policy import PricingPolicy
from billing.receipt import CostGroup
from billing.restriction import sentence
from billing.tariff import (
    Dimension,
    PriceComponent,
    ReservationRestriction,
    Restrictions,
    Tariff,
    TariffElement,
    TaxIncluded,
)

NOBODY, TO_TEST, BY_CLOCK = (2**32 - number for number in (1, 2, 3))
"""In place of a component's number: none has it, tests decide, the local clock decides first."""
NONE = 2**32 - 1
"""In place of a tariff's number: none is relevant."""

DIMENSIONS = (Dimension.ENERGY, Dimension.TIME, Dimension.PARKING_TIME, Dimension.FLAT)
ENERGY, TIME, PARKING, FLAT = range(4)
GROUPS = tuple(CostGroup)


class Part(IntEnum):
    """What is priced: the session, or what was reserved or booked for it."""

    SESSION = 0
    RESERVED = 1
    EXPIRED = 2
    CANCELLED = 3
    OVERTIME = 4


KEYS = len(Part) * len(DIMENSIONS)
"""Questions one tariff can be asked: which component of a dimension, in which part."""

_BOOKED = frozenset({ReservationRestriction.RESERVATION, ReservationRestriction.BOOKING})
_LAPSED = frozenset(
    {ReservationRestriction.RESERVATION_EXPIRES, ReservationRestriction.BOOKING_EXPIRES}
)
_MEANT: dict[Part, tuple[frozenset[ReservationRestriction | None], ...]] = {
    Part.SESSION: (frozenset({None}),),
    Part.RESERVED: (_BOOKED,),
    Part.EXPIRED: (_LAPSED, _BOOKED),
    Part.CANCELLED: (frozenset({ReservationRestriction.BOOKING_CANCELLATION_FEES}), _BOOKED),
    Part.OVERTIME: (frozenset({ReservationRestriction.BOOKING_OVERTIME}),),
}
"""Which elements price a part, those that go before the others first."""


class Component(NamedTuple):
    """A component as it prices one part under the policy: a row of the table of components."""

    tariff: int
    element: int
    component: int
    dimension: int
    price: Decimal
    step_size: int
    vat: Decimal | None
    included: bool
    group: int
    unknown_rate: bool
    """The price holds tax at a rate that is not given, and is not 0."""


class Rival(NamedTuple):
    """Who may win: a component (or NOBODY, who ends the search) and what must hold for it.

    `tests` are lower and upper bounds of kWh, seconds, kW and A, in this order; `sure`: there are
    none, and it wins whatever is measured, in its hours.
    """

    component: int
    hours: Hours | None
    tests: tuple[Decimal | int | None, ...]
    sure: bool


@dataclass(slots=True)
class Option:
    """Everyone who competes for one dimension in one part of one tariff, in order."""

    rivals: tuple[int, ...]
    kinds: Kinds | None
    """None: neither clock nor calendar matters."""
    course: dict[tuple[int, int], int] = field(default_factory=dict)
    """Kind of day -> number of its course."""


@dataclass(slots=True)
class Catalog:
    """The tariffs of a batch under one policy. Grows as tariffs are used; numbers never change."""

    policy: PricingPolicy
    tariffs: Sequence[Tariff]
    components: list[Component] = field(default_factory=list)
    rivals: list[Rival] = field(default_factory=list)
    lists: dict[tuple[int, ...], int] = field(default_factory=dict)
    """Rivals in order, up to the first sure one -> number."""
    courses: list[tuple[tuple[int, int], ...]] = field(default_factory=list)
    """The course of a day: (microsecond of the local day from which on, number of the list)."""
    options: dict[int, dict[int, Option]] = field(default_factory=dict)
    """By tariff and question."""
    priced: dict[int, frozenset[int]] = field(default_factory=dict)
    """The questions to which a tariff has an answer at some moment."""
    wholes: dict[int, dict[int, Option]] = field(default_factory=dict)
    """The same where whole elements compete, as OCPI 2.1.1 can be read."""
    reasons: dict[int, str] = field(default_factory=dict)
    clocked: bool = False
    """Whether the local clock or calendar matters to any tariff."""

    def add(self, number: int) -> None:
        """Make a tariff ready. Raises ValueError for a tax that no price can include."""
        if number in self.options:
            return
        tariff = self.tariffs[number]
        per_element = self.policy.element_choice == "per_element"
        both = tariff.original_version == "2.1.1" and len(tariff.elements) > 1
        single: dict[int, list[int]] = {}
        whole: dict[int, list[int]] = {}
        for part in Part:
            self._enter(number, part, single, whole if per_element or both else None)
        self.priced[number] = frozenset(single)
        chosen = whole if per_element else single
        self.options[number] = {key: self._option(rivals) for key, rivals in chosen.items()}
        if both and not per_element:
            self.wholes[number] = {key: self._option(rivals) for key, rivals in whole.items()}

    def _enter(
        self,
        number: int,
        part: Part,
        single: dict[int, list[int]],
        whole: dict[int, list[int]] | None,
    ) -> None:
        """Add the elements of one part: who competes by dimension, and (not None) as a whole."""
        tariff = self.tariffs[number]
        for position, element in _elements(tariff, part):
            hours, tests = hours_of(element.restrictions, self.policy), _tests(element.restrictions)
            sure = all(bound is None for bound in tests)
            own = _components(element, self.policy)
            for dimension in range(len(DIMENSIONS)) if whole is not None else own:
                key = part * len(DIMENSIONS) + dimension
                component = NOBODY
                if dimension in own:
                    at, rule = own[dimension]
                    component = len(self.components)
                    row = _component(tariff, (number, position, at), part, rule, self.policy)
                    self.components.append(row)
                    single.setdefault(key, []).append(len(self.rivals))
                if whole is not None:
                    whole.setdefault(key, []).append(len(self.rivals))
                self.rivals.append(Rival(component, hours, tests, sure))
                self.clocked = self.clocked or hours is not None

    def reason(self, number: int) -> str:
        """Why a component won, in a sentence."""
        if number not in self.reasons:
            self.reasons[number] = self._reason(number)
        return self.reasons[number]

    def _reason(self, number: int) -> str:
        one = self.components[number]
        elements = self.tariffs[one.tariff].elements
        words = sentence(elements[one.element].restrictions)
        applies = "" if words == "no restrictions" else "that applies "
        first = f"element {one.element + 1} of {len(elements)} is the first with"
        return f"{first} {DIMENSIONS[one.dimension]} {applies}({words})"

    def _option(self, rivals: list[int]) -> Option:
        upto = []
        for number in rivals:
            upto.append(number)
            if self.rivals[number].sure and self.rivals[number].hours is None:
                break
        hours = [one for number in upto if (one := self.rivals[number].hours) is not None]
        option = Option(tuple(upto), Kinds(hours) if hours else None)
        if not hours:
            self.list_of(option.rivals)
        return option

    def list_of(self, rivals: Sequence[int]) -> int:
        """The number of a list of rivals, none after the first sure one."""
        kept = []
        for number in rivals:
            kept.append(number)
            if self.rivals[number].sure:
                break
        return self.lists.setdefault(tuple(kept), len(self.lists))

    def course_on(self, option: Option, day: int) -> int:
        """The number of the course that competition takes on a local day since 1970."""
        assert option.kinds is not None, "only where the clock matters"
        kind = option.kinds.of(day)
        if kind not in option.course:
            option.course[kind] = len(self.courses)
            self.courses.append(self._course(option, day))
        return option.course[kind]

    def _course(self, option: Option, day: int) -> tuple[tuple[int, int], ...]:
        changes: dict[int, list[int]] = {0: []}
        active: list[int] = []
        for number in option.rivals:
            hours = self.rivals[number].hours
            if hours is None:
                active.append(number)
                continue
            for edge in {edge for span in hours.on(day) for edge in span}:
                changes.setdefault(edge, []).append(number)
        changes.pop(DAY_US, None)
        found: list[tuple[int, int]] = []
        for edge in sorted(changes):
            for number in changes[edge]:
                if number in active:
                    active.remove(number)
                else:
                    insort(active, number)
            chosen = self.list_of(active)
            if not found or found[-1][1] != chosen:
                found.append((edge, chosen))
        return tuple(found)

    def rates_named(self, number: int) -> tuple[Decimal, ...]:
        """The VAT rates a tariff names, ascending; none where it says that VAT does not apply."""
        tariff = self.tariffs[number]
        if tariff.tax_included is TaxIncluded.NOT_APPLICABLE:
            return ()
        rules = [rule for element in tariff.elements for rule in element.components]
        return tuple(sorted({rule.vat for rule in rules if rule.vat is not None}))

    def sure(self, rivals: Sequence[int]) -> int:
        """Who wins of a list: a component or NOBODY, or TO_TEST."""
        if not rivals:
            return NOBODY
        first = self.rivals[rivals[0]]
        return first.component if first.sure else TO_TEST


def _elements(tariff: Tariff, part: Part) -> list[tuple[int, TariffElement]]:
    return [
        (number, element)
        for kinds in _MEANT[part]
        for number, element in enumerate(tariff.elements)
        if element.restrictions.reservation in kinds
    ]


def _tests(limits: Restrictions) -> tuple[Decimal | int | None, ...]:
    return (
        limits.min_kwh,
        limits.max_kwh,
        limits.min_duration,
        limits.max_duration,
        limits.min_power,
        limits.max_power,
        limits.min_current,
        limits.max_current,
    )


def _components(
    element: TariffElement, policy: PricingPolicy
) -> dict[int, tuple[int, PriceComponent]]:
    """By dimension, the component that counts and its position."""
    found: dict[int, tuple[int, PriceComponent]] = {}
    for position, rule in enumerate(element.components):
        dimension = DIMENSIONS.index(rule.dimension)
        if policy.duplicate_component == "last" or dimension not in found:
            found[dimension] = (position, rule)
    return found


def _component(
    tariff: Tariff,
    position: tuple[int, int, int],
    part: Part,
    rule: PriceComponent,
    policy: PricingPolicy,
) -> Component:
    element = tariff.elements[position[1]]
    vat, gross = rule.vat, tariff.tax_included is TaxIncluded.YES
    if vat is None and policy.vat_missing == "zero_rate":
        vat = Decimal(0)
    if tariff.tax_included is TaxIncluded.NOT_APPLICABLE:
        vat = None
    included = gross and policy.tax_included_math == "net_from_gross"
    if included and vat is not None and vat <= -100:
        raise ValueError(f"tariff {tariff.id}: a price cannot include {vat} % of tax")
    return Component(
        tariff=position[0],
        element=position[1],
        component=position[2],
        dimension=DIMENSIONS.index(rule.dimension),
        price=rule.price,
        step_size=rule.step_size,
        vat=vat,
        included=included,
        group=GROUPS.index(_group(part, element, rule, policy)),
        unknown_rate=gross and rule.vat is None and rule.price != 0,
    )


def _group(
    part: Part, element: TariffElement, rule: PriceComponent, policy: PricingPolicy
) -> CostGroup:
    """Which total of a CDR the cost belongs to (OCPI 2.2.1 mod_cdrs, CDR.total_*_cost)."""
    if part is not Part.SESSION:
        return CostGroup.RESERVATION
    if rule.dimension is Dimension.ENERGY:
        return CostGroup.ENERGY
    if rule.dimension is Dimension.TIME:
        return CostGroup.TIME
    if rule.dimension is Dimension.PARKING_TIME:
        return CostGroup.PARKING
    priced = {other.dimension for other in element.components if other.dimension != Dimension.FLAT}
    parking_only = priced == {Dimension.PARKING_TIME}
    by_element = policy.flat_cost_field == "by_element"
    return CostGroup.PARKING if parking_only and by_element else CostGroup.FIXED
