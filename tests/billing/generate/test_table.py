"""Every price of a tariff is shown in a stop that pays it, in the window it holds for."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from billing.generate.table import ANY_POWER, PriceTable, StopError, Stops, price_table
from tests.billing.pricing.samples import tariff_of
from tests.billing.pricing.test_properties import tariffs

ZONE = "Europe/Amsterdam"
MONDAY = date(2026, 10, 5)
D = Decimal
CHRISTMAS: dict[str, Any] = {"start_date": "2026-12-25", "end_date": "2026-12-26"}
WORKING: dict[str, Any] = {
    "days": "Mon Tue Wed Thu Fri",
    "start_time": "08:00",
    "end_time": "20:00",
}
NIGHT: dict[str, Any] = {"start_time": "22:00", "end_time": "06:00"}


def table(plain: Any, stops: Stops | None = None, on: date = MONDAY) -> PriceTable:
    return price_table(tariff_of(plain), ZONE, on, stops=stops or Stops())


def labels(plain: Any) -> list[str]:
    return list(dict.fromkeys(one.window for one in table(plain).stops))


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ([["ENERGY 0.30"]], ["always"]),
        ([["ENERGY 0.20", NIGHT], ["ENERGY 0.30"]], ["daily 22:00-06:00", "daily 06:00-22:00"]),
        (
            [["ENERGY 0.20", {"days": "Sat Sun"}], ["ENERGY 0.30"]],
            ["Mon-Fri all day", "Sat Sun all day"],
        ),
        (
            [["ENERGY 0.50", WORKING], ["ENERGY 0.30"]],
            ["Mon-Fri 00:00-08:00, 20:00-24:00; Sat Sun all day", "Mon-Fri 08:00-20:00"],
        ),
        (
            [["ENERGY 0.10", CHRISTMAS], ["ENERGY 0.30"]],
            ["always", "25 Dec 2026, all day"],
        ),
        (
            [
                ["ENERGY 0.20", NIGHT],
                ["ENERGY 0.10", {"start_date": "2026-12-25", "end_date": "2026-12-27"}],
                ["ENERGY 0.30"],
            ],
            ["daily 22:00-06:00", "daily 06:00-22:00", "25-26 Dec 2026, 06:00-22:00"],
        ),
        (
            [["ENERGY 0.40", {"start_date": "2027-01-01"}], ["ENERGY 0.30"]],
            ["until 31 Dec 2026, all day", "from 1 Jan 2027, all day"],
        ),
        (
            [
                [
                    "ENERGY 0.40",
                    {"start_date": "2027-06-01", "end_date": "2027-09-01", "days": "Sat Sun"},
                ],
                ["ENERGY 0.30"],
            ],
            ["always", "1 Jun - 31 Aug 2027, Sat Sun all day"],
        ),
        (
            [
                ["ENERGY 0.40", {"start_date": "2026-12-30", "end_date": "2027-01-02"}],
                ["ENERGY 0.35", {"start_date": "2020-01-01", "end_date": "9999-12-31"}],
            ],
            ["always", "30 Dec 2026 - 1 Jan 2027, all day"],
        ),
        (
            [
                ["ENERGY 0.10", {"start_date": "2026-10-06", "end_date": "2026-10-08"}],
                ["ENERGY 0.10", {"start_date": "2026-12-24", "end_date": "2026-12-25"}],
                ["ENERGY 0.30", {"start_time": "08:00", "end_time": "20:00"}],
            ],
            [
                "daily 20:00-08:00",
                "daily 08:00-20:00",
                "6-7 Oct 2026, all day",
                "24 Dec 2026, all day",
            ],
        ),
    ],
)
def test_windows_are_told_as_a_person_would(plain: Any, expected: list[str]) -> None:
    assert labels(plain) == expected


def test_a_stop_starts_with_its_window_and_pays_its_price() -> None:
    found = table([["ENERGY 0.20 vat 21", NIGHT], ["ENERGY 0.30 vat 21"]])
    night = next(one for one in found.stops if one.window == "daily 22:00-06:00")
    assert night.start_at == datetime(2026, 10, 5, 20, tzinfo=UTC)
    assert (night.net, night.tax, night.gross, night.per_kwh) == (
        2,
        D("0.42"),
        D("2.42"),
        D("0.2420"),
    )
    assert night.energy_kwh == 10
    assert {one.power for one in found.stops} == {ANY_POWER}


def test_powers_are_told_apart_where_they_change_the_price() -> None:
    found = table([["TIME 6.00"]])
    assert [(one.power, one.net) for one in found.stops if one.energy_kwh == 10] == [
        ("AC 11 kW", D("5.46")),
        ("DC 50 kW", D("1.20")),
        ("DC 150 kW", D("0.40")),
    ]


def test_each_side_of_a_bound_has_its_rows() -> None:
    """20 A in all phases are 4.6 kW AC; every usual power lies above, so a slower one is added."""
    plain = [["ENERGY 0.30", {"max_current": "20"}], ["ENERGY 0.60", {"min_current": "20"}]]
    assert [(one.power, one.net) for one in table(plain).stops if one.energy_kwh == 10] == [
        ("AC 3.7 kW (16.1 A)", 3),
        ("AC 11 kW (47.8 A)", 6),
        ("DC 50 kW (125 A)", 6),
        ("DC 150 kW (375 A)", 6),
    ]
    by_power = table([["ENERGY 0.30", {"max_power": "0.9"}], ["ENERGY 0.60"]])
    assert ("AC 0.8 kW", 3) in {(one.power, one.net) for one in by_power.stops}
    fast = table([["ENERGY 0.30", {"max_power": "350"}], ["ENERGY 0.60"]])
    assert ("DC 400 kW", 6) in {(one.power, one.net) for one in fast.stops}
    assert ANY_POWER not in {one.power for one in fast.stops}


def test_a_slow_price_at_night_has_its_window() -> None:
    plain = [["ENERGY 0.30", {**NIGHT, "max_power": "5"}], ["ENERGY 0.60"]]
    assert labels(plain) == ["daily 22:00-06:00", "daily 06:00-22:00"]


def test_parking_is_shown_where_it_costs() -> None:
    found = table([["ENERGY 0.30", "PARKING_TIME 6.00"]])
    assert [(one.energy_kwh, one.net) for one in found.stops if one.parked] == [(40, 18)]
    always = table([["ENERGY 0.30", "PARKING_TIME 6.00"]], Stops(parked=timedelta(minutes=10)))
    assert {one.parked for one in always.stops} == {timedelta(minutes=10)}


def test_further_stops_meet_what_the_usual_ones_do_not() -> None:
    """A fee after four hours, a price beyond 80 kWh, one below 5 kW: each has a stop."""
    plain = [
        ["PARKING_TIME 9.00", {"min_duration": "14400"}],
        ["ENERGY 0.20", {"min_kwh": "80"}],
        ["ENERGY 0.15", {"max_power": "5"}],
        ["ENERGY 0.40"],
    ]
    found = table(plain)
    assert found.unmet == ()
    usual = {D(10), D(20), D(40), D(60)}
    assert {one.energy_kwh for one in found.stops} - usual == {D(90)}
    assert "AC 3.7 kW" in {one.power for one in found.stops}


def test_a_price_that_can_never_be_paid_is_listed() -> None:
    assert table([["ENERGY 0.30"], ["ENERGY 0.35"]]).unmet == ((1, 0),)


def test_the_week_lies_within_the_tariffs_own_time() -> None:
    own = tariff_of([["ENERGY 0.30"]])
    begins = replace(own, start_at=datetime(2027, 3, 3, tzinfo=UTC))
    ended = replace(own, end_at=datetime(2019, 6, 30, tzinfo=UTC))
    for one, year in ((begins, 2027), (ended, 2019)):
        found = price_table(one, ZONE, MONDAY)
        assert {stop.start_at.year for stop in found.stops} == {year}
        assert not any("periods_outside_validity" in stop.notes for stop in found.stops)


def test_a_tariff_without_elements_makes_no_table() -> None:
    with pytest.raises(StopError, match="no elements"):
        table({"elements": []})


@settings(deadline=None, max_examples=25)
@given(tariffs)
def test_every_price_is_shown_or_listed(own: Any) -> None:
    found = price_table(own, ZONE, MONDAY, stops=Stops(energies_kwh=(D(10), D(30))))
    shown = {price for one in found.stops for price in one.prices} | set(found.unmet)
    priced = {
        (number, position)
        for number, element in enumerate(own.elements)
        for position, component in enumerate(element.components)
        if component.price
    }
    assert priced <= shown
    for stop in found.stops:
        assert stop.gross == stop.net + stop.tax
        assert abs(stop.per_kwh * stop.energy_kwh - stop.gross) <= stop.energy_kwh * D("0.00005")
