"""What is said of a tariff of which not all was understood, or in which one element decides all:
never what is not so.
"""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.lint import Finding, lint
from billing.lint.finding import limits_at
from billing.lint.grid import Undecided
from billing.lint.reach import _verdicts
from billing.lint.subject import Subject
from billing.lint.unread import at_most, names_at
from billing.lint.whole import chosen, unreachable
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.restriction import Moment
from billing.schedule import Phase, prepare
from billing.tariff import DayOfWeek, Dimension, PriceComponent, Restrictions, Tariff, TariffElement
from tests.billing.lint.drawn import AMSTERDAM, moments, policies, tariff_of, tariffs
from tests.billing.lint.test_grid import cell_of

D = Decimal
PER_ELEMENT = replace(DEFAULT_POLICY, element_choice="per_element")
FIELDS = [
    "start_time", "end_time", "start_date", "end_date", "min_kwh", "max_kwh", "min_power",
    "max_power", "min_duration", "max_duration", "day_of_week",
]  # fmt: skip


@st.composite
def misread(draw: Any) -> tuple[Tariff, Tariff, frozenset[str]]:
    """A tariff as it was meant, as it was read, and where what was read is not what was meant."""
    meant = draw(tariffs())
    number = draw(st.integers(0, len(meant.elements) - 1))
    name = draw(st.sampled_from(FIELDS))
    read = replace(meant.elements[number].restrictions, **{name: getattr(Restrictions(), name)})
    elements = list(meant.elements)
    elements[number] = replace(elements[number], restrictions=read)
    return meant, replace(meant, elements=tuple(elements)), frozenset({limits_at(number, name)})


@settings(deadline=None, max_examples=60)
@given(misread(), moments(), policies)
def test_what_is_called_dead_is_dead_whatever_was_meant(
    both: tuple[Tariff, Tariff, frozenset[str]], moment: Moment, policy: PricingPolicy
) -> None:
    meant, read, doubts = both
    verdicts = list(_verdicts(Subject(read, doubts, policy, None)))
    dead = {(one.part.element, one.part.component) for one in verdicts if one.dead}
    schedule = prepare(meant, AMSTERDAM, policy)
    for phase, dimension in schedule.options:
        choice = schedule.find(phase, dimension, replace(moment, codes=set()))
        assert choice is None or (choice.element, choice.component) not in dead


@settings(deadline=None, max_examples=60)
@given(misread(), moments(), policies)
def test_where_one_element_decides_the_dead_are_never_chosen(
    both: tuple[Tariff, Tariff, frozenset[str]], moment: Moment, policy: PricingPolicy
) -> None:
    meant, read, doubts = both
    policy = replace(policy, element_choice="per_element")
    subject = Subject(read, doubts, policy, None)
    try:
        dead = {one.pointer for one in unreachable(subject)}
        left = chosen(subject)
    except Undecided:
        return
    schedule = prepare(meant, AMSTERDAM, policy)
    for phase, dimension in schedule.options:
        choice = schedule.find(phase, dimension, replace(moment, codes=set()))
        assert choice is None or f"/elements/{choice.element}" not in dead
        if choice is not None and phase is Phase.SESSION and choice.element in left:
            here = cell_of(subject.grid, moment)
            boxes = left[choice.element]
            assert any(all(a & b for a, b in zip(box, here, strict=True)) for box in boxes)


def energy(price: str, **limits: Any) -> TariffElement:
    return TariffElement((PriceComponent(Dimension.ENERGY, D(price)),), Restrictions(**limits))


def parking(price: str, **limits: Any) -> TariffElement:
    rule = PriceComponent(Dimension.PARKING_TIME, D(price))
    return TariffElement((rule,), Restrictions(**limits))


def codes(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.code, one.pointer) for one in found]


MISSPELT = frozenset({"/elements/1/restrictions/min_kwh"})


def test_a_misspelt_restriction_leaves_its_element_dead_behind_one_without_any() -> None:
    behind = tariff_of([energy("0.4"), energy("0.6")])
    assert codes(lint(behind, doubts=MISSPELT)) == [("unreachable_element", "/elements/1")]
    before = tariff_of([energy("0.2", end_time=time(8)), energy("0.4"), energy("0.6")])
    assert codes(lint(before, doubts=MISSPELT)) == []
    assert codes(lint(before)) == [("unreachable_element", "/elements/2")]


def test_only_the_element_of_a_misspelt_restriction_is_left_open() -> None:
    own = tariff_of([energy("0.4"), energy("0.5", end_time=time(8)), energy("0.6", max_kwh=D(3))])
    found = codes(lint(own, doubts=MISSPELT))
    assert found == [("unreachable_element", "/elements/1"), ("unreachable_element", "/elements/2")]


def test_hours_that_no_element_reaches_are_told_though_a_restriction_is_misspelt() -> None:
    own = tariff_of([energy("0.4", start_time=time(8), end_time=time(12)),
                     energy("0.5", start_time=time(12), end_time=time(20))])  # fmt: skip
    (gap,) = lint(own, doubts=MISSPELT)
    assert gap.code == "dimension_not_exhaustive"
    assert gap.message == "ENERGY is free: 00:00-08:00 and 20:00-24:00"
    hours = frozenset({"/elements/1/restrictions/end_time"})
    assert codes(lint(own, doubts=hours)) == []
    assert codes(lint(own, doubts=MISSPELT | {"/elements/0/price_components/0"})) == []


def test_an_end_that_stands_twice_ends_nothing() -> None:
    first, last = energy("0.4", end_date=date(2030, 1, 1)), energy("0.5", end_date=date(2030, 2, 1))
    own = tariff_of([first, last])
    assert "dynamic_without_fallback" in {code for code, _ in codes(lint(own))}
    twice = frozenset({"/elements/1/restrictions/end_date"})
    assert codes(lint(own, doubts=twice)) == [("uses_date_restrictions", "/elements")]


@pytest.mark.parametrize(
    ("pointers", "names"),
    [
        (["/elements/1/restrictions/min_kwh"], {"min_kwh"}),
        (["/elements/1/restrictions/day_of_week/3", "/currency"], {"day_of_week"}),
        (["/elements/0/restrictions/min_kwh"], set()),
        (["/elements/1/restrictions"], None),
        (["/elements/1"], None),
        (["/elements/1/restrictions/0/min_kwh"], None),
        ([""], None),
    ],
)
def test_what_was_not_understood_is_told_by_field(
    pointers: list[str], names: set[str] | None
) -> None:
    assert names_at(limits_at(1), pointers) == (None if names is None else frozenset(names))


def test_half_a_window_says_nothing() -> None:
    """22:00 on may go over midnight; the days are of the window where a policy says so."""
    friday = frozenset({DayOfWeek.FRIDAY})
    limits = Restrictions(start_time=time(22), day_of_week=friday, min_kwh=D(3))
    unread = frozenset({"end_time"})
    assert at_most(limits, unread, DEFAULT_POLICY) == replace(limits, start_time=None)
    by_window = PricingPolicy(wrap_weekday="window_start")
    assert at_most(limits, unread, by_window) == Restrictions(min_kwh=D(3))
    assert at_most(limits, frozenset({"reservation"}), DEFAULT_POLICY) is None


def test_where_one_element_decides_whole_elements_are_judged() -> None:
    """Parking behind an element for energy that always applies is never charged; a fallback is."""
    behind = tariff_of([energy("0.4"), parking("3")])
    assert codes(lint(behind)) == []
    found = codes(lint(behind, policy=PER_ELEMENT))
    assert found == [("unreachable_element", "/elements/1")]
    night = {"start_time": time(22), "end_time": time(6)}
    day = {"start_time": time(6), "end_time": time(22)}
    fallback = tariff_of([energy("0.4", **day), energy("0.3", **night), energy("0.5")])
    assert codes(lint(fallback, policy=PER_ELEMENT)) == []
    same = tariff_of([energy("0.4"), energy("0.4", **night)])
    assert codes(lint(same, policy=PER_ELEMENT)) == []


def test_where_one_element_decides_it_leaves_free_what_it_does_not_price() -> None:
    own = tariff_of([parking("3", start_time=time(8), end_time=time(20)), energy("0.4")])
    gaps = [one.message for one in lint(own, policy=PER_ELEMENT) if "ENERGY" in one.message]
    assert gaps == ["ENERGY is free: 08:00-20:00"]
    assert not [one for one in lint(own) if "ENERGY" in one.message]


def by_element(*elements: TariffElement) -> list[tuple[str, str]]:
    own = replace(tariff_of(list(elements)), original_version="2.1.1")
    return [(one.pointer, one.message) for one in lint(own) if one.code == "element_choice_matters"]


def rules(*told: tuple[Dimension, str, int], **limits: Any) -> TariffElement:
    found = [PriceComponent(name, D(price), step) for name, price, step in told]
    return TariffElement(tuple(found), Restrictions(**limits))


def test_a_fee_beside_another_element_is_charged_later_or_never() -> None:
    ((pointer, message),) = by_element(
        energy("0.3", max_kwh=D(5)),
        rules((Dimension.FLAT, "1", 1), (Dimension.ENERGY, "0.4", 1)),
    )
    assert pointer == "/elements/1/price_components/0"
    assert message.endswith("lets one element decide charges it when that element ends, or never")


@pytest.mark.parametrize(("step", "told"), [(900, True), (1, False)])
def test_a_price_of_zero_matters_where_it_fills_the_blocks(step: int, *, told: bool) -> None:
    """Parked time is rounded where there is any, at nothing; else charging time is, at 2.00."""
    found = by_element(
        rules((Dimension.TIME, "2", 1), max_kwh=D(5)),
        rules((Dimension.TIME, "2", 1), (Dimension.PARKING_TIME, "0", step)),
    )
    assert [pointer for pointer, _ in found] == ["/elements/1/price_components/1"] * told
    assert all(words.endswith("fills its blocks at another price") for _, words in found)
