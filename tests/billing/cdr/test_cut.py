"""A session is cut where its price may change, nowhere else, and loses nothing by it."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.cut import cut
from billing.finding import Source
from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.price import price
from billing.restriction import clock_edges
from billing.schedule import prepare
from billing.session import Activity, ActivityChange, Register
from tests.billing.cdr.samples import session
from tests.billing.pricing.samples import AMSTERDAM, TABLE, at, tariff, tariff_of

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def rows(periods: tuple[ChargingPeriod, ...]) -> list[tuple[str, str, str, bool]]:
    """(local start, activity, Wh, imputed) of each."""
    return [
        (
            f"{one.start_at.astimezone(AMSTERDAM):%H:%M:%S}",
            one.activity.value,
            str(one.energy_wh),
            one.imputed,
        )
        for one in periods
    ]


def test_one_price_is_one_period() -> None:
    many = {f"2026-10-05T12:{minute:02}": str(minute * 100) for minute in range(5, 60, 5)}
    assert rows(cut(session(readings=many), tariff("energy"), AMSTERDAM)) == [
        ("12:00:00", "charging", "20000", False)
    ]


def test_parking_starts_a_period_and_a_reading_at_that_instant_is_measured() -> None:
    found = cut(
        session(parked_from="2026-10-05T13:00", readings={"2026-10-05T13:00": "20000"}),
        tariff("energy"),
        AMSTERDAM,
    )
    assert rows(found) == [
        ("12:00:00", "charging", "20000", False),
        ("13:00:00", "parked", "0", False),
    ]


def test_between_two_readings_energy_is_interpolated_and_says_so() -> None:
    found = cut(
        session(
            "2026-10-05T21:00",
            "2026-10-05T23:00",
            readings={"2026-10-05T21:50": "7000", "2026-10-05T22:20": "10000"},
            energy="12000",
        ),
        tariff("night"),
        AMSTERDAM,
    )
    assert [(row[0], row[3]) for row in rows(found)] == [("21:00:00", True), ("22:00:00", True)]
    assert [one.energy_wh for one in found] == [8000, 4000]


def test_a_threshold_of_energy_is_met_exactly() -> None:
    found = cut(session(readings={"2026-10-05T13:00": "15000"}), tariff("first_10_kwh"), AMSTERDAM)
    assert [one.energy_wh for one in found] == [10_000, 10_000]
    assert found[1].start_at == at("2026-10-05T12:40:00")
    receipt = price(
        found,
        [tariff("first_10_kwh")],
        AMSTERDAM,
        start_at=found[0].start_at,
        end_at=found[-1].end_at,
    )
    assert receipt.total.net == Decimal("9.00")


def test_an_instant_between_seconds_is_moved_to_the_next_as_partners_write_it() -> None:
    odd = session(readings={"2026-10-05T12:01": "900"}, energy="29000")
    found = cut(odd, tariff("first_10_kwh"), AMSTERDAM)
    assert found[1].start_at.microsecond == 0
    assert found[0].energy_wh == 10_000


def test_duration_is_counted_from_the_start_of_the_session() -> None:
    found = cut(session(), tariff("free_half_hour"), AMSTERDAM)
    assert [row[0] for row in rows(found)] == ["12:00:00", "12:30:00", "13:00:00"]
    assert sum(one.energy_wh for one in found) == 20_000


def test_power_bands_come_from_the_samples() -> None:
    found = cut(
        session(power={"2026-10-05T12:00": "6", "2026-10-05T12:10": "48", "2026-10-05T13:50": "4"}),
        tariff("power_bands"),
        AMSTERDAM,
    )
    assert [(row[0], one.max_power_kw) for row, one in zip(rows(found), found, strict=True)] == [
        ("12:00:00", 6),
        ("12:10:00", 48),
        ("13:50:00", 4),
    ]


def test_no_cut_by_the_clock_while_no_energy_flows_and_no_time_is_priced() -> None:
    found = cut(
        session(
            "2026-10-05T20:00",
            "2026-10-06T08:00",
            parked_from="2026-10-05T21:00",
            readings={"2026-10-05T21:00": "9000"},
            energy="9000",
        ),
        tariff("night"),
        AMSTERDAM,
    )
    assert [row[:2] for row in rows(found)] == [("20:00:00", "charging"), ("21:00:00", "parked")]


def test_in_autumn_the_hour_that_comes_twice_is_priced_twice() -> None:
    clock = tariff_of([["ENERGY 1", {"start_time": "02:30", "end_time": "03:00"}], ["ENERGY 0"]])
    start, end = at("2026-10-25T00:00"), at("2026-10-25T06:00")
    found = cut(session("2026-10-25T00:00", "2026-10-25T06:00", energy="7000"), clock, AMSTERDAM)
    assert end - start == timedelta(hours=7)
    starts = [f"{one.start_at:%H:%M}" for one in found]
    assert starts == ["22:00", "00:30", "01:00", "01:30", "02:00"]
    assert [one.energy_wh for one in found] == [2500, 500, 500, 500, 3000]


def test_in_spring_a_window_that_the_clock_jumps_over_never_opens() -> None:
    clock = tariff_of([["ENERGY 1", {"start_time": "02:00", "end_time": "02:45"}], ["ENERGY 0"]])
    found = cut(session("2026-03-29T00:00", "2026-03-29T06:00"), clock, AMSTERDAM)
    assert len(found) == 1


def test_in_spring_a_window_the_clock_jumps_into_opens_with_the_jump() -> None:
    clock = tariff_of([["ENERGY 1", {"start_time": "02:30", "end_time": "04:00"}], ["ENERGY 0"]])
    found = cut(session("2026-03-29T00:00", "2026-03-29T06:00"), clock, AMSTERDAM)
    assert [f"{one.start_at:%H:%M}" for one in found] == ["23:00", "01:00", "02:00"]


def test_a_session_without_duration_keeps_its_energy() -> None:
    same = session("2026-10-05T12:00", "2026-10-05T12:00", energy="5")
    assert [one.energy_wh for one in cut(same, tariff("night"), AMSTERDAM)] == [5]


def test_what_cannot_be_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="no energy"):
        cut(session(energy=None), tariff("energy"), AMSTERDAM)
    with pytest.raises(ValueError, match="before it starts"):
        cut(session("2026-10-05T12:00", "2026-10-05T11:00"), tariff("energy"), AMSTERDAM)


steps = st.lists(
    st.tuples(st.integers(1, 3 * 3600), st.decimals(-50, 30_000, places=3)), min_size=1, max_size=12
)


@settings(deadline=None)
@given(
    start=st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001 - made UTC below
    steps=steps,
    parked=st.lists(st.integers(0, 12), max_size=4),
    name=st.sampled_from(sorted(TABLE)),
    world=st.tuples(
        st.sampled_from(["Europe/Amsterdam", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
        st.sampled_from(
            [PricingPolicy(), PricingPolicy(wrap_weekday="window_start", day_end_2359="as_2400")]
        ),
    ),
)
def test_periods_sum_to_the_session_and_span_it(
    start: datetime,
    steps: list[tuple[int, Decimal]],
    parked: list[int],
    name: str,
    world: tuple[str, PricingPolicy],
) -> None:
    """Random registers (even falling ones), activity, tariffs, zones and clock changes."""
    begun, (zone, policy) = start.replace(tzinfo=UTC), world
    now, wh, registers, activity = begun, Decimal(0), [], []
    for number, (seconds, more) in enumerate(steps):
        kind = Activity.PARKED if number in parked else Activity.CHARGING
        activity.append(ActivityChange(now, kind, "x", Source("a", number)))
        registers.append(Register(now, wh, Source("a", number)))
        now, wh = now + timedelta(seconds=seconds), wh + more
    whole = replace(
        session(),
        start_at=begun,
        end_at=now,
        energy_wh=wh,
        registers=(*registers, Register(now, wh, Source("a", 99))),
        activity=tuple(activity),
    )
    own = tariff(name)
    found = cut(whole, own, zone, policy)
    assert sum(one.energy_wh for one in found) == wh
    assert (found[0].start_at, found[-1].end_at) == (begun, now)
    assert all(a.end_at == b.start_at for a, b in pairwise(found))
    assert all(one.start_at < one.end_at for one in found)
    receipt = price(found, [own], ZoneInfo(zone), start_at=begun, end_at=now, policy=policy)
    codes = {note.code for note in receipt.notes}
    assert not codes & {"period_spans_price_change", "straddling_bound", "periods_out_of_order"}


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(sorted(TABLE)))
def test_readings_may_be_told_in_any_order(dice: Any, name: str) -> None:
    many = {f"2026-10-05T12:{minute:02}": str(minute * 100) for minute in range(5, 60, 5)}
    told = session(readings=many, parked_from="2026-10-05T12:33")
    mixed = list(told.registers)
    dice.shuffle(mixed)
    shuffled = replace(told, registers=tuple(mixed))
    assert cut(shuffled, tariff(name), AMSTERDAM) == cut(told, tariff(name), AMSTERDAM)


def test_of_two_readings_at_one_instant_the_later_told_counts() -> None:
    told = session(readings={"2026-10-05T12:30": "1000"}, parked_from="2026-10-05T12:30")
    again = Register(at("2026-10-05T12:30"), Decimal(1500), Source("ingest-1", 8))
    twice = replace(told, registers=(*told.registers, again))
    assert [one.energy_wh for one in cut(twice, tariff("energy"), AMSTERDAM)] == [1500, 18500]


@settings(deadline=None)
@given(
    st.lists(st.times(), min_size=1, max_size=3),
    st.sampled_from(["Europe/Amsterdam", "America/St_Johns", "Australia/Lord_Howe", "UTC"]),
    st.integers(0, 365 * 86_400).map(lambda second: JANUARY + timedelta(seconds=second)),
    st.timedeltas(timedelta(), timedelta(days=3)),
)
def test_the_edges_of_each_day_are_those_of_the_whole_span(
    times: list[time], zone: str, start: datetime, length: timedelta
) -> None:
    parts = [
        ["ENERGY 0.30", {"start_time": clock.isoformat(), "end_time": "12:00"}] for clock in times
    ]
    schedule = prepare(tariff_of(parts), zone)
    whole = clock_edges(schedule.thresholds.clock, ZoneInfo(zone), start, start + length)
    assert set(schedule.clock_edges(start, start + length)) == set(whole)


def test_a_switch_of_tariff_opens_a_period_and_charges_no_second_start_fee() -> None:
    day = replace(tariff_of([["FLAT 1", "ENERGY 0.50 step 1000"]]), id="day")
    night = replace(tariff_of([["FLAT 1", "ENERGY 0.30 step 500"]]), id="night")
    own = session(readings={"2026-10-05T13:00": "10400"}, energy="20600")
    switched = at("2026-10-05T13:00")
    found = cut(own, day, AMSTERDAM, switches=[(switched, night)])
    assert [(one.tariff_id, one.start_at, one.energy_wh) for one in found] == [
        ("day", own.start_at, 10_400),
        ("night", switched, 10_200),
    ]
    receipt = price(found, [day, night], AMSTERDAM, start_at=own.start_at, end_at=own.end_at)
    billed = [(line.dimension, line.tariff_id, line.billed) for line in receipt.lines]
    assert billed == [
        ("ENERGY", "day", Decimal("10.4")),
        ("FLAT", "day", 1),
        ("ENERGY", "night", Decimal("10.6")),
    ]


def test_a_switch_back_and_one_to_the_same_tariff_cut_nothing_needless() -> None:
    day, other = tariff_of([["ENERGY 0.50"]]), replace(tariff_of([["ENERGY 0.30"]]), id="other")
    own = session()
    half = at("2026-10-05T13:00")
    assert len(cut(own, day, AMSTERDAM, switches=[(half, day)])) == 1
    later = [(at("2026-10-05T13:30"), day), (half, other)]
    assert [one.tariff_id for one in cut(own, day, AMSTERDAM, switches=later)] == [
        day.id,
        "other",
        day.id,
    ]


def test_two_thresholds_passed_in_one_second_both_count() -> None:
    bands = [
        ["ENERGY 1", {"max_kwh": "4"}],
        ["ENERGY 0", {"max_kwh": "8"}],
        ["ENERGY 2"],
    ]
    own = session(
        readings={"2026-10-05T12:10": "1000", "2026-10-05T12:10:01": "10000"}, energy="12000"
    )
    found = cut(own, tariff_of(bands), AMSTERDAM)
    assert [one.energy_wh for one in found] == [4_000, 4_000, 4_000]
    assert [one.imputed for one in found] == [True, True, True]


def test_a_fee_that_is_due_again_opens_a_period() -> None:
    fees = tariff_of([["FLAT 1", {"end_time": "13:00"}], ["FLAT 2"]])
    own, again = session(), PricingPolicy(flat_scope="activation")
    assert len(cut(own, fees, AMSTERDAM)) == 1
    found = cut(own, fees, AMSTERDAM, again)
    assert [one.start_at for one in found] == [own.start_at, at("2026-10-05T13:00")]
