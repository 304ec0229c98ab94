"""What lint says never applies can be left out, and every session costs the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from billing.lint import lint
from billing.period import ChargingPeriod
from billing.price import price
from billing.receipt import Receipt
from billing.session import Activity
from billing.tariff import Restrictions, Tariff
from tests.billing.lint.drawn import (
    AMSTERDAM,
    MONDAY,
    bounds,
    clocks,
    restrictions,
    seconds,
    tariffs,
)

DEAD_COMPONENTS = {"dead_component", "redundant_component", "unused_fallback", "late_flat"}
DEAD_ELEMENTS = {
    "unreachable_element",
    "impossible_restriction",
    "max_restriction_zero",
    "empty_date_window",
}
few_limits = st.just(Restrictions()) | st.builds(
    Restrictions,
    start_time=st.none() | clocks,
    max_kwh=st.none() | bounds,
    min_duration=st.none() | seconds,
)


@st.composite
def sessions(draw: Any, least: int = 0) -> tuple[ChargingPeriod, ...]:
    """One to five periods around the week's clock change, some of them of a reservation."""
    at = datetime.combine(MONDAY, datetime.min.time(), UTC)
    at += timedelta(minutes=draw(st.integers(-1_500, 12_000)))
    kept = draw(st.booleans())
    found = []
    for ordinal in range(draw(st.integers(1, 5))):
        end = at + timedelta(seconds=draw(st.sampled_from([60, 600, 3_000, 9_000])))
        reserved = kept and ordinal == 0
        low, high = sorted((draw(bounds), draw(bounds)))
        found.append(
            ChargingPeriod(
                ordinal=ordinal,
                start_at=at,
                end_at=end,
                activity=draw(st.sampled_from(Activity)),
                energy_wh=Decimal(0) if reserved else Decimal(draw(st.integers(least, 12_000))),
                min_power_kw=draw(st.sampled_from([None, low])),
                max_power_kw=draw(st.sampled_from([None, high])),
                reserved=reserved,
                tariff_id="T",
            )
        )
        at = end
    return tuple(found)


def bill(own: Tariff, periods: tuple[ChargingPeriod, ...]) -> Receipt:
    start, end = periods[0].start_at, periods[-1].end_at
    return price(periods, [own], AMSTERDAM, start_at=start, end_at=end)


def without(own: Tariff, pointers: set[str]) -> Tariff:
    """The tariff without the elements and components at these pointers."""
    elements = []
    for number, element in enumerate(own.elements):
        here = f"/elements/{number}"
        kept = tuple(
            rule
            for position, rule in enumerate(element.components)
            if f"{here}/price_components/{position}" not in pointers
        )
        if kept and here not in pointers:
            elements.append(replace(element, components=kept))
    return replace(own, elements=tuple(elements))


def costs(receipt: Receipt) -> list[tuple[object, ...]]:
    return [
        (one.period, one.dimension, one.measured, one.billed, one.price, one.net, one.tax)
        for one in receipt.lines
    ]


def same_price(own: Tariff, dead: set[str], periods: tuple[ChargingPeriod, ...]) -> None:
    assume(dead)
    mended = without(own, dead)
    assume(mended.elements)
    before, after = bill(own, periods), bill(mended, periods)
    assert costs(after) == costs(before)
    assert after.total == before.total


@settings(deadline=None, max_examples=50)
@given(tariffs(restrictions) | tariffs(few_limits), sessions(-4_000))
def test_without_its_dead_components_a_tariff_prices_the_same(
    own: Tariff, periods: tuple[ChargingPeriod, ...]
) -> None:
    found = [one for one in lint(own) if one.code in DEAD_COMPONENTS | {"unreachable_element"}]
    same_price(own, {one.pointer for one in found}, periods)


@settings(deadline=None, max_examples=40)
@given(tariffs(), sessions())
def test_without_elements_that_never_apply_a_tariff_prices_the_same(
    own: Tariff, periods: tuple[ChargingPeriod, ...]
) -> None:
    found = [one.pointer for one in lint(own) if one.code in DEAD_ELEMENTS]
    same_price(own, {"/".join(pointer.split("/")[:3]) for pointer in found}, periods)


@settings(deadline=None, max_examples=40)
@given(tariffs(few_limits), sessions())
def test_a_dimension_without_gaps_is_never_free_for_want_of_an_element(
    own: Tariff, periods: tuple[ChargingPeriod, ...]
) -> None:
    """Where lint names no gap, no receipt notes one."""
    gaps = {"dimension_not_exhaustive", "partly_free"}
    told = {one.message.split()[0] for one in lint(own) if one.code in gaps}
    priced = {
        rule.dimension.value
        for element in own.elements
        for rule in element.components
        if rule.price
    }
    for note in bill(own, periods).notes:
        if note.code == "no_price_component":
            dimension = note.message.split()[0]
            assert dimension in told or dimension not in priced, note
