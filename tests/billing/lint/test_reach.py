"""What is dead and what is not, case by case, where policies and extremes decide."""

from datetime import time
from decimal import Decimal

import pytest

from billing.lint import lint
from billing.lint.grid import Grid
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.tariff import DayOfWeek, Dimension, PriceComponent, Restrictions, TariffElement
from tests.billing.lint.drawn import tariff_of

D = Decimal
SIX, TEN_PM = time(6), time(22)
FRIDAY = frozenset({DayOfWeek.FRIDAY})
SATURDAY = frozenset({DayOfWeek.SATURDAY})
FRIDAY_NIGHT = Restrictions(start_time=TEN_PM, end_time=SIX, day_of_week=FRIDAY)
FRIDAY_EVENING = Restrictions(start_time=TEN_PM, day_of_week=FRIDAY)
SATURDAY_MORNING = Restrictions(end_time=SIX, day_of_week=SATURDAY)
BELOW_16, FROM_16 = Restrictions(max_power=D(16)), Restrictions(min_power=D(16))
BY_WINDOW = PricingPolicy(wrap_weekday="window_start")
BY_HIGHEST = PricingPolicy(straddling_bound="highest", missing_bound="satisfied")
REACH = {"unreachable_element", "dead_component", "redundant_component", "unused_fallback"}


@pytest.mark.parametrize(
    ("limits", "policy", "dead"),
    [
        ((FRIDAY_NIGHT, SATURDAY_MORNING), BY_WINDOW, {1}),
        ((FRIDAY_NIGHT, SATURDAY_MORNING), DEFAULT_POLICY, set()),
        ((FRIDAY_EVENING, FRIDAY_NIGHT), BY_WINDOW, set()),
        ((FRIDAY_EVENING, SATURDAY_MORNING, FRIDAY_NIGHT), BY_WINDOW, {2}),
        ((BELOW_16, FROM_16, Restrictions()), DEFAULT_POLICY, set()),
        ((BELOW_16, FROM_16, Restrictions()), BY_HIGHEST, {2}),
        ((Restrictions(min_duration=0), Restrictions()), DEFAULT_POLICY, {1}),
        ((Restrictions(min_kwh=D(0)), Restrictions()), DEFAULT_POLICY, set()),
        ((Restrictions(max_kwh=D(5)), Restrictions(min_kwh=D(5)), Restrictions()), BY_WINDOW, {2}),
    ],
)
def test_an_element_is_dead_where_others_always_come_first(
    limits: tuple[Restrictions, ...], policy: PricingPolicy, dead: set[int]
) -> None:
    """Energy fed back makes the used energy negative, so that min_kwh 0 is a restriction; a power
    that crosses 16 kW within a period, or is unknown, is neither below nor above.
    """
    own = tariff_of(
        [
            TariffElement((PriceComponent(Dimension.ENERGY, D(place + 1)),), one)
            for place, one in enumerate(limits)
        ]
    )
    found = {one.pointer.split("/")[2] for one in lint(own, policy=policy) if one.code in REACH}
    assert found == {str(place) for place in dead}


def test_bounds_that_exclude_each_other_leave_no_box() -> None:
    for one in (
        Restrictions(min_power=D(16), max_power=D(10)),
        Restrictions(min_current=D(6), max_current=D(6)),
        Restrictions(min_kwh=D(5), max_kwh=D(2)),
        Restrictions(max_duration=0),
    ):
        assert Grid([one], DEFAULT_POLICY).boxes(one) == []
