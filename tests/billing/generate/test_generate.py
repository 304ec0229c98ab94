"""An imagined charge becomes the CDR a real one would: its periods, its energy, its price."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from billing.cdr import CDR, Rejection
from billing.generate.generate import connector, generate
from billing.generate.profile import Battery, Profile, Stretch, curve_of, readings, steady
from billing.session import Activity
from tests.billing.pricing.samples import at, tariff_of

ZONE = "Europe/Amsterdam"
D = Decimal
NOON = at("2026-10-05T12:00")
MINUTE = timedelta(minutes=1)


def made(plain: Any, profile: Profile) -> CDR:
    cdr = generate(tariff_of(plain), profile, ZONE)
    assert isinstance(cdr, CDR)
    return cdr


def test_energy_at_a_power_then_parked() -> None:
    """40 kWh at 50 kW are 48 minutes; half an hour parked at 6.00/h: 12.00 + 3.00."""
    profile = Profile(NOON, steady(D(40), D(50)), 30 * MINUTE)
    cdr = made([["ENERGY 0.30 vat 20", "PARKING_TIME 6.00 vat 20"]], profile)
    assert (cdr.receipt.total.net, cdr.receipt.total.gross) == (15, 18)
    assert [one.activity for one in cdr.periods] == [Activity.CHARGING, Activity.PARKED]
    assert cdr.periods[1].start_at == NOON + 48 * MINUTE
    assert (cdr.total_energy_kwh, cdr.total_parking_time_h) == (40, D("0.5"))


def test_a_fraction_of_a_second_is_rounded_up_and_no_energy_is_added() -> None:
    profile = Profile(NOON, steady(D(40), D(11)))
    assert profile.end_at == NOON + timedelta(seconds=13_091)
    assert profile.energy_wh == 40_000
    assert readings(profile)[-1] == (profile.end_at, D("40000.0"))


def test_cut_at_the_clock_with_what_was_delivered_until_then() -> None:
    """21:00-23:00 at 10 kW: 4.00 for the hour before ten, 2.00 after."""
    plain = [["ENERGY 0.20", {"start_time": "22:00", "end_time": "06:00"}], ["ENERGY 0.40"]]
    cdr = made(plain, Profile(at("2026-10-05T21:00"), steady(D(20), D(10))))
    assert [one.energy_wh for one in cdr.periods] == [10_000, 10_000]
    assert [one.imputed for one in cdr.periods] == [False, False]
    assert cdr.receipt.total.net == 6


def test_a_pause_is_parking() -> None:
    curve = curve_of([(D(0), D(11)), (D(30), D(0)), (D(60), D(11)), (D(90), D(0))])
    cdr = made([["ENERGY 0.30", "PARKING_TIME 6.00"]], Profile(NOON, curve))
    assert [one.activity.value for one in cdr.periods] == ["charging", "parked", "charging"]
    assert cdr.receipt.total.net == D("0.30") * 11 + 3


def test_current_follows_from_power() -> None:
    """11 kW at 230 V are 47.8261 A over three phases; 7 kW are 30.4348 A."""
    plain = [["TIME 1.00", {"max_current": "32"}], ["TIME 2.00", {"min_current": "32"}]]
    curve = (Stretch(60 * MINUTE, D(11)), Stretch(60 * MINUTE, D(7)))
    cdr = made(plain, Profile(NOON, curve))
    assert cdr.receipt.total.net == 3
    assert [one.min_current_a for one in cdr.periods] == [D("47.8261"), D("30.4348")]
    assert not cdr.receipt.notes


def test_a_battery_takes_less_towards_full() -> None:
    stretches = Battery(D(60), D("0.5"), D(1)).charge(D(60))
    assert sum(one.wh for one in stretches) == 30_000
    assert stretches[0] == Stretch(19 * MINUTE, D(60))
    assert all(one.kw > two.kw for one, two in pairwise(stretches[:-1]))
    assert stretches[-1].kw == 3


def test_readings_rise_minute_by_minute() -> None:
    found = readings(Profile(NOON, steady(D(10), D(11)), 5 * MINUTE))
    assert found[0] == (NOON, 0)
    assert [two[0] - one[0] for one, two in pairwise(found[:-2])] == [MINUTE] * 54
    assert all(two[1] > one[1] for one, two in pairwise(found[:-1]))
    assert found[-1][1] == found[-2][1] == 10_000


def test_the_same_charge_is_the_same_cdr() -> None:
    profile = Profile(NOON, steady(D(40), D(11)))
    assert made([["ENERGY 0.30"]], profile) == made([["ENERGY 0.30"]], profile)
    later = Profile(NOON + MINUTE, steady(D(40), D(11)))
    assert made([["ENERGY 0.30"]], later).id != made([["ENERGY 0.30"]], profile).id


def test_what_makes_no_cdr_says_why() -> None:
    none = generate(
        tariff_of({"elements": [], "currency": "EUR"}), Profile(NOON, steady(D(1), D(1))), ZONE
    )
    assert isinstance(none, Rejection)
    assert "no elements" in none.message


@pytest.mark.parametrize(
    ("kw", "kind", "ampere"),
    [(D("3.7"), "AC_1_PHASE", 17), (D(22), "AC_3_PHASE", 32), (D(50), "DC", 125)],
)
def test_a_connector_that_delivers_it(kw: Decimal, kind: str, ampere: int) -> None:
    found = connector(kw)
    assert (found.power_type, found.max_amperage) == (kind, ampere)
    assert found.max_power_kw >= kw


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: steady(D(0), D(11)), "above zero"),
        (lambda: curve_of([(D(0), D(11))]), "two points"),
        (lambda: curve_of([(D(1), D(11)), (D(2), D(0))]), "minute 0"),
        (lambda: curve_of([(D(0), D(11)), (D(5), D(3)), (D(4), D(0))]), "rise"),
        (lambda: Battery(D(60), D("0.8"), D("0.2")).charge(D(11)), "share"),
        (lambda: Profile(NOON, (), timedelta()), "without any length"),
        (lambda: Profile(NOON, (Stretch(MINUTE, D(-1)),)), "zero or more"),
        (lambda: Profile(NOON, (Stretch(timedelta(), D(1)),)), "a second"),
        (lambda: Profile(datetime(2026, 10, 5), steady(D(1), D(1))), "time zone"),  # noqa: DTZ001
    ],
)
def test_what_is_no_charge(wrong: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong()


def test_utc_is_what_a_profile_counts_in() -> None:
    assert Profile(NOON, steady(D(1), D(1))).start_at.tzinfo is UTC
