"""Random tariffs whose restrictions touch and overlap, and moments on and beside their edges."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from billing.policy import PricingPolicy
from billing.restriction import Moment
from billing.tariff import (
    DayOfWeek,
    Dimension,
    PriceComponent,
    ReservationRestriction,
    Restrictions,
    Tariff,
    TariffElement,
)

D = Decimal
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAY = date(2026, 10, 19)
"""The clock goes back on the Sunday of this week."""

clocks = st.sampled_from([time(), time(6), time(8), time(18), time(22, 30), time(23, 59)])
dates = st.integers(-1, 9).map(lambda days: MONDAY + timedelta(days=days))
bounds = st.sampled_from([D(0), D(1), D("2.5"), D(10)])
seconds = st.sampled_from([0, 600, 3600])


def _maybe(strategy: Any) -> Any:
    return st.none() | st.none() | strategy


restrictions = st.just(Restrictions()) | st.builds(
    Restrictions,
    start_time=_maybe(clocks),
    end_time=_maybe(clocks),
    start_date=_maybe(dates),
    end_date=_maybe(dates),
    min_kwh=_maybe(bounds),
    max_kwh=_maybe(bounds),
    min_power=_maybe(bounds),
    max_power=_maybe(bounds),
    min_current=_maybe(st.just(D(6))),
    max_current=_maybe(st.just(D(6))),
    min_duration=_maybe(seconds),
    max_duration=_maybe(seconds),
    day_of_week=st.frozensets(st.sampled_from(list(DayOfWeek)), max_size=2)
    | st.just(frozenset[DayOfWeek]()),
    reservation=st.just(None) | _maybe(st.sampled_from(list(ReservationRestriction))),
)
components = st.builds(
    PriceComponent,
    dimension=st.sampled_from(list(Dimension)),
    price=st.sampled_from([D(0), D("0.5"), D(2)]),
    step_size=st.sampled_from([0, 1, 300]),
    vat=st.sampled_from([None, D(21)]),
)


def tariffs(limits: Any = restrictions, most: int = 5) -> Any:
    """Tariffs of up to `most` elements."""
    elements = st.builds(
        TariffElement,
        components=st.lists(components, min_size=1, max_size=2).map(tuple),
        restrictions=limits,
    )
    return st.lists(elements, min_size=1, max_size=most).map(tariff_of)


def tariff_of(elements: list[TariffElement]) -> Tariff:
    """A tariff of these elements."""
    return Tariff("NL", "WTP", "T", "EUR", tuple(elements), datetime(2026, 1, 1, tzinfo=UTC))


policies = st.builds(
    PricingPolicy,
    equal_window=st.sampled_from(["whole_day", "never"]),
    empty_date_window=st.sampled_from(["never", "same_day"]),
    day_end_2359=st.sampled_from(["literal", "as_2400"]),
    wrap_weekday=st.sampled_from(["instant", "window_start"]),
    missing_bound=st.sampled_from(["other_bound", "unsatisfied", "satisfied"]),
    straddling_bound=st.sampled_from(["min_to_min_max_to_max", "highest"]),
)


@st.composite
def moments(draw: Any) -> Moment:
    """A moment of that week or the next, often exactly on an edge."""
    day = draw(dates)
    clock = draw(clocks | st.times())
    local = datetime.combine(day, clock.replace(tzinfo=None, fold=0), AMSTERDAM)
    extremes = st.none() | bounds | st.decimals(-1, 11, places=1)
    return Moment(
        at=local.astimezone(UTC),
        zone=AMSTERDAM,
        kwh=draw(bounds | st.decimals(-1, 11, places=1)),
        elapsed=timedelta(seconds=draw(seconds | st.integers(0, 4000))),
        **_pair(draw, "power", extremes),
        **_pair(draw, "current", st.none() | st.sampled_from([D(5), D(6), D(7)])),
    )


def _pair(draw: Any, name: str, values: Any) -> dict[str, Any]:
    low, high = draw(values), draw(values)
    if low is not None and high is not None:
        low, high = sorted((low, high))
    return {f"min_{name}": low, f"max_{name}": high}
