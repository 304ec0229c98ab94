"""What holds for every tariff and every session, found by random ones."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from billing.money import minor_unit
from billing.period import ChargingPeriod
from billing.price import price
from billing.receipt import CostGroup, Receipt
from billing.session import Activity
from billing.tariff import (
    DayOfWeek,
    Dimension,
    PriceComponent,
    PriceLimit,
    Restrictions,
    Tariff,
    TariffElement,
    TaxIncluded,
)

D = Decimal
UTC_ZONE = ZoneInfo("UTC")
amounts = st.decimals(0, 3, places=4)
components = st.builds(
    PriceComponent,
    dimension=st.sampled_from(list(Dimension)),
    price=amounts,
    step_size=st.sampled_from([0, 1, 60, 300, 500, 900]),
    vat=st.sampled_from([None, D(0), D(10), D("19"), D("5.2")]),
)
quarters = st.integers(0, 95).map(lambda n: time(n // 4, n % 4 * 15))
limits = st.builds(
    Restrictions,
    start_time=st.none() | quarters,
    end_time=st.none() | quarters,
    min_kwh=st.none() | st.decimals(0, 20, places=1),
    max_kwh=st.none() | st.decimals(0, 20, places=1),
    min_duration=st.none() | st.integers(0, 7200),
    day_of_week=st.frozensets(st.sampled_from(list(DayOfWeek)), max_size=3),
)
elements = st.builds(
    TariffElement,
    components=st.lists(components, min_size=1, max_size=3).map(tuple),
    restrictions=st.just(Restrictions()) | limits,
)
tariffs = st.builds(
    Tariff,
    country_code=st.just("NL"),
    party_id=st.just("WTP"),
    id=st.just("T"),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    elements=st.lists(elements, min_size=1, max_size=4).map(tuple),
    last_updated=st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    tax_included=st.sampled_from(TaxIncluded),
)


open_tariffs = tariffs.map(
    lambda own: replace(
        own, elements=tuple(replace(one, restrictions=Restrictions()) for one in own.elements)
    )
)


@st.composite
def sessions(draw: Any) -> tuple[ChargingPeriod, ...]:
    """One to six periods; times on whole seconds, energy on 0.1 Wh."""
    at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 86_400 * 40)))
    found = []
    for ordinal in range(draw(st.integers(1, 6))):
        end = at + timedelta(seconds=draw(st.integers(1, 9_000)))
        found.append(
            ChargingPeriod(
                ordinal=ordinal,
                start_at=at,
                end_at=end,
                activity=draw(st.sampled_from(Activity)),
                energy_wh=draw(st.decimals(0, 30_000, places=1)),
                tariff_id="T",
            )
        )
        at = end
    return tuple(found)


def bill(own: Tariff, periods: tuple[ChargingPeriod, ...]) -> Receipt:
    return price(periods, [own], UTC_ZONE, start_at=periods[0].start_at, end_at=periods[-1].end_at)


@settings(deadline=None, max_examples=60)
@given(tariffs, sessions())
def test_lines_sum_to_the_totals_exactly(own: Tariff, periods: tuple[ChargingPeriod, ...]) -> None:
    receipt = bill(own, periods)
    assert sum(line.net for line in receipt.lines) == receipt.exact_total.net
    assert sum(line.tax for line in receipt.lines) == receipt.exact_total.tax
    assert sum(amount.net for _, amount in receipt.totals) == receipt.exact_total.net
    unit = minor_unit(own.currency)
    assert abs(receipt.total.gross - receipt.exact_total.gross) <= unit / 2
    assert abs(receipt.total.net - receipt.exact_total.net) <= unit / 2
    assert receipt.total.gross % unit == 0


@settings(deadline=None, max_examples=60)
@given(tariffs, sessions())
def test_nothing_is_billed_below_what_was_measured(
    own: Tariff, periods: tuple[ChargingPeriod, ...]
) -> None:
    for line in bill(own, periods).lines:
        assert line.billed >= line.measured >= 0
        assert line.net >= 0
        assert line.tax >= 0


@settings(deadline=None, max_examples=60)
@given(open_tariffs, sessions(), st.integers(0, 5), st.integers(1, 99))
def test_cutting_finer_where_no_price_changes_changes_nothing(
    own: Tariff, periods: tuple[ChargingPeriod, ...], which: int, share: int
) -> None:
    """One period is cut in two, its energy shared anyhow; no restriction can tell the halves."""
    cut = periods[which % len(periods)]
    assume(cut.end_at - cut.start_at > timedelta(seconds=1))
    middle = cut.start_at + timedelta(seconds=int((cut.end_at - cut.start_at).total_seconds()) // 2)
    first = replace(cut, end_at=middle, energy_wh=cut.energy_wh * share / 100)
    second = replace(cut, start_at=middle, energy_wh=cut.energy_wh - first.energy_wh)
    finer = [part for one in periods for part in ((first, second) if one is cut else (one,))]
    renumbered = tuple(replace(one, ordinal=n) for n, one in enumerate(finer))
    whole, split = bill(own, periods), bill(own, renumbered)
    assert split.exact_total == whole.exact_total
    assert split.total == whole.total
    assert split.totals == whole.totals


@settings(deadline=None, max_examples=60)
@given(tariffs, sessions(), st.integers(1, 8))
def test_whole_weeks_later_costs_the_same(
    own: Tariff, periods: tuple[ChargingPeriod, ...], weeks: int
) -> None:
    later = timedelta(weeks=weeks)
    moved = tuple(
        replace(one, start_at=one.start_at + later, end_at=one.end_at + later) for one in periods
    )
    assert bill(own, moved).lines == bill(own, periods).lines


@settings(deadline=None, max_examples=60)
@given(tariffs, sessions(), amounts)
def test_a_dearer_component_never_makes_it_cheaper(
    own: Tariff, periods: tuple[ChargingPeriod, ...], more: Decimal
) -> None:
    first = own.elements[0]
    dearer = replace(first.components[0], price=first.components[0].price + more)
    raised = replace(
        own,
        elements=(
            replace(first, components=(dearer, *first.components[1:])),
            *own.elements[1:],
        ),
    )
    assert bill(raised, periods).exact_total.net >= bill(own, periods).exact_total.net


@settings(deadline=None, max_examples=60)
@given(tariffs, sessions(), st.decimals(0, 20, places=2), st.decimals(0, 20, places=2))
def test_the_total_stays_within_its_limits(
    own: Tariff, periods: tuple[ChargingPeriod, ...], one: Decimal, other: Decimal
) -> None:
    low, high = sorted((one, other))
    limited = replace(
        own,
        currency="EUR",
        min_price=PriceLimit(low, low * D("1.2")),
        max_price=PriceLimit(high, high * D("1.2")),
    )
    receipt = bill(limited, periods)
    assert low <= receipt.exact_total.net <= high
    assert low * D("1.2") <= receipt.exact_total.gross <= high * D("1.2")
    assert low <= receipt.total.net <= high
    assert sum(line.net for line in receipt.lines) == receipt.exact_total.net


@settings(deadline=None, max_examples=60)
@given(tariffs, sessions())
def test_the_first_element_that_matches_wins(
    own: Tariff, periods: tuple[ChargingPeriod, ...]
) -> None:
    """An unrestricted copy of all dimensions in front decides everything alone."""
    front = TariffElement(tuple(PriceComponent(kind, D("0.5")) for kind in Dimension))
    receipt = bill(replace(own, elements=(front, *own.elements)), periods)
    assert {line.element for line in receipt.lines if line.group is not CostGroup.LIMIT} == {0}


@settings(deadline=None, max_examples=60)
@given(tariffs, sessions())
def test_elements_behind_an_unrestricted_one_are_dead(
    own: Tariff, periods: tuple[ChargingPeriod, ...]
) -> None:
    """What is appended behind a complete element changes nothing at all."""
    whole = TariffElement(tuple(PriceComponent(kind, D("0.5")) for kind in Dimension))
    ended = replace(own, elements=(*own.elements, whole))
    longer = replace(ended, elements=(*ended.elements, *own.elements))
    assert bill(longer, periods).exact_total == bill(ended, periods).exact_total
