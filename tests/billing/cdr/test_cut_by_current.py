"""A session under a tariff with limits of current: cut at them, priced by hand, unknown if unknown.

OCPI 2.2.1 mod_tariffs, TariffRestrictions: min_current holds from the total current on, max_current
below it, in amperes summed over all phases.
"""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from billing.bulk import Asked
from billing.cdr import CDR, derive
from billing.cut import cut
from billing.period import ChargingPeriod
from billing.price import price
from billing.session import Session
from tests.billing.bulk.test_equality import check
from tests.billing.cdr.samples import context, session
from tests.billing.pricing.samples import AMSTERDAM, tariff, tariff_of

AMPERES = {"2026-10-05T12:00": "48", "2026-10-05T12:30": "31.999", "2026-10-05T13:00": "32"}
READINGS = {
    "2026-10-05T12:30": "9000", "2026-10-05T13:00": "13000", "2026-10-05T13:30": "18000",
}  # fmt: skip
SLOW_AND_FAST = tariff_of([["ENERGY 0.20", {"max_current": "32"}], ["ENERGY 0.50"]])


def told(**changes: Any) -> Session:
    return session(**{"current": AMPERES, "readings": READINGS} | changes)


def rows(periods: tuple[ChargingPeriod, ...]) -> list[tuple[str, str, str, str]]:
    """(local start, Wh, least A, most A) of each."""
    return [
        (
            f"{one.start_at.astimezone(AMSTERDAM):%H:%M}",
            f"{one.energy_wh}",
            *(f"{a:.3f}" if a is not None else "-" for a in (one.min_current_a, one.max_current_a)),
        )
        for one in periods
    ]


def total(one: Session, elements: Any) -> tuple[Decimal, set[str]]:
    """The net price and the notes; the other engine gives the very same receipt."""
    found = tariff_of(elements)
    periods = cut(one, found, AMSTERDAM)
    ends = {"start_at": one.start_at, "end_at": one.end_at}
    receipt = price(periods, [found], AMSTERDAM, **ends)
    asked = Asked("one", periods, (found,), AMSTERDAM, one.start_at, one.end_at)
    assert check([asked])["one"] == receipt
    return receipt.exact_total.net, {note.code for note in receipt.notes}


def test_it_is_cut_where_a_sample_crosses_a_threshold() -> None:
    assert rows(cut(told(), SLOW_AND_FAST, AMSTERDAM)) == [
        ("12:00", "9000", "48.000", "48.000"),
        ("12:30", "4000", "31.999", "31.999"),
        ("13:00", "7000", "32.000", "32.000"),
    ]


def test_within_a_band_nothing_is_cut_and_the_extremes_are_kept() -> None:
    one = told(current=AMPERES | {"2026-10-05T12:10": "40", "2026-10-05T12:20": "63.5"})
    assert rows(cut(one, SLOW_AND_FAST, AMSTERDAM))[0] == ("12:00", "9000", "40.000", "63.500")


@pytest.mark.parametrize(
    ("elements", "net"),
    [
        # 9 and 7 kWh at 0.50, 4 kWh at 0.20: 32 A are not below 32 A
        ([["ENERGY 0.20", {"max_current": "32"}], ["ENERGY 0.50"]], "8.80"),
        # the same by its other end: from 32 A on
        ([["ENERGY 0.50", {"min_current": "32"}], ["ENERGY 0.20"]], "8.80"),
        # half an hour below 32 A at 1.00, an hour and a half at 2.00 an hour
        ([["TIME 1.00", {"max_current": "32"}], ["TIME 2.00", {"min_current": "32"}]], "3.50"),
        # from 32 to below 40 A: only the last hour
        ([["ENERGY 1.00", {"min_current": "32", "max_current": "40"}]], "7.00"),
        # power and clock beside it: 12:30 to 13:00 below 32 A, and nothing after 12:45
        ([["TIME 4.00", {"max_current": "32", "end_time": "12:45"}], ["TIME 0"]], "1.00"),
    ],
)
def test_priced_by_hand(elements: Any, net: str) -> None:
    assert total(told(), elements)[0] == Decimal(net)


def test_the_examples_three_rates_by_current() -> None:
    """OCPI's complex example on a Monday: 2.50, below 32 A 1.00 an hour in quarters, else 2.00 in
    blocks of ten minutes: half an hour 0.50, an hour and a half 3.00.
    """
    one = told()
    receipt = price(
        cut(one, tariff("complex"), AMSTERDAM),
        [tariff("complex")],
        AMSTERDAM,
        start_at=one.start_at,
        end_at=one.end_at,
    )
    assert receipt.exact_total.net == Decimal("6.00")
    assert not receipt.notes


def test_a_current_holds_until_the_next_sample_and_back_to_the_start() -> None:
    """As power does: the only sample, in the middle, says it for the whole session."""
    one = told(current={"2026-10-05T13:00": "16"})
    assert rows(cut(one, SLOW_AND_FAST, AMSTERDAM)) == [("12:00", "20000", "16.000", "16.000")]
    kilowatts = tariff_of([["ENERGY 0.20", {"max_power": "32"}], ["ENERGY 0.50"]])
    same = told(current={}, power={"2026-10-05T13:00": "16"})
    assert [one.max_power_kw for one in cut(same, kilowatts, AMSTERDAM)] == [16]


def test_between_two_readings_the_energy_is_interpolated_and_says_so() -> None:
    one = told(readings={}, current={"2026-10-05T12:00": "48", "2026-10-05T12:30": "16"})
    found = cut(one, SLOW_AND_FAST, AMSTERDAM)
    assert [(part.energy_wh, part.imputed) for part in found] == [(5000, True), (15_000, True)]


def test_power_and_current_are_cut_together() -> None:
    both = tariff_of(
        [
            ["ENERGY 0.10", {"max_current": "32", "max_power": "10"}],
            ["ENERGY 0.20", {"max_current": "32"}],
            ["ENERGY 0.50"],
        ]
    )
    one = told(power={"2026-10-05T12:00": "30", "2026-10-05T12:45": "9.9999"})
    found = cut(one, both, AMSTERDAM)
    assert [(row[0], row[1], row[3]) for row in rows(found)] == [
        ("12:00", "9000", "48.000"),
        ("12:30", "2000.0", "31.999"),
        ("12:45", "2000.0", "31.999"),
        ("13:00", "7000", "32.000"),
    ]


def test_a_power_counts_to_the_decimals_that_a_cdr_can_carry() -> None:
    """Else who prices our CDR would see 10 kW where we saw less."""
    below = tariff_of([["ENERGY 0.10", {"max_power": "10"}], ["ENERGY 0.50"]])
    (found,) = cut(told(power={"2026-10-05T12:00": "9.99996"}), below, AMSTERDAM)
    assert found.max_power_kw == 10
    assert (
        price([found], [below], AMSTERDAM, start_at=found.start_at, end_at=found.end_at).total.net
        == 10
    )


def test_both_engines_agree_on_sessions_cut_by_chance() -> None:
    """Some with both loads, some with one or none; under tariffs that ask for either or both."""
    dice = random.Random(48)
    bounds = {"min_current": 40, "max_current": 40, "min_power": 20, "max_power": 20}
    asked = []
    for number in range(120):
        elements: list[Any] = []
        for dimension in dice.choices(["ENERGY", "TIME", "FLAT"], k=4):
            chosen = {name: most for name, most in bounds.items() if dice.random() < 0.4}
            limits = {name: str(dice.randrange(most)) for name, most in chosen.items()}
            elements.append([f"{dimension} 1.{dice.randrange(9)}", limits])
        found = tariff_of([*elements, ["ENERGY 0.5", "TIME 0.1"]])
        at = sorted(dice.sample(range(120), dice.choice([0, 1, 8])))
        loads = {f"2026-10-05T{12 + m // 60}:{m % 60:02}": f"{dice.uniform(0, 45):.3f}" for m in at}
        one = told(current=loads, power=loads if dice.random() < 0.5 else {})
        periods = cut(one, found, AMSTERDAM)
        assert sum(part.energy_wh for part in periods) == one.energy_wh
        asked.append(Asked(str(number), periods, (found,), AMSTERDAM, one.start_at, one.end_at))
    assert sum(len(one.periods) > 2 for one in asked) > 20
    check(asked)


def test_unknown_stays_unknown_and_is_noted() -> None:
    """Nobody guesses a current from a power: the element does not apply, as the receipt says."""
    one = told(current={}, power={"2026-10-05T12:00": "11"})
    elements = [["ENERGY 0.20", {"max_current": "32"}], ["ENERGY 0.50"]]
    assert total(one, elements) == (Decimal(10), {"unknown_bound"})
    assert rows(cut(one, tariff_of(elements), AMSTERDAM)) == [("12:00", "20000", "-", "-")]


def test_what_is_known_is_not_noted() -> None:
    assert total(told(), [["ENERGY 0.20", {"max_current": "32"}], ["ENERGY 0.50"]])[1] == set()


def test_a_tariff_that_asks_for_no_current_is_told_none() -> None:
    assert rows(cut(told(), tariff("energy"), AMSTERDAM)) == [("12:00", "20000", "-", "-")]


def test_the_cdr_says_the_currents_it_was_priced_by() -> None:
    cdr = derive(told(), replace(context(), tariff=SLOW_AND_FAST))
    assert isinstance(cdr, CDR)
    assert cdr.total_cost.net == Decimal("8.80")
    assert [one.max_current_a for one in cdr.periods] == [48, Decimal("31.999"), 32]
