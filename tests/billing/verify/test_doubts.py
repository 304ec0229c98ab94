"""What a CDR leaves open is said before a cause is looked for: volumes, tariffs, currencies."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from billing.cdr import CDR
from billing.tariff import Tariff
from billing.verify.report import Group, Kind, Report
from billing.verify.verify import Known, verify
from tests.billing.pricing.samples import AMSTERDAM, tariff_of
from tests.billing.verify.samples import Claimed, cdr_of, report

D = Decimal
NOON, ONE, TWO = "2026-10-05T12:00", "2026-10-05T13:00", "2026-10-05T14:00"
MIXED = [["FLAT 0.50 vat 20", "ENERGY 0.40 vat 20", "TIME 1.20 vat 20"]]
"""10 kWh in two hours: 0.50 + 4.00 + 2.40 = 6.90, 8.28 with tax."""


def causes(found: Report) -> set[tuple[str, Kind, str]]:
    return {
        (one.field, one.kind, one.cause)
        for one in found.checks
        if one.group is Group.COST and one.differs
    }


def told(found: Report) -> str:
    return next(one.message for one in found.checks if one.group is Group.COST and one.differs)


@pytest.mark.parametrize(
    ("plain", "claimed", "field"),
    [
        ([["ENERGY 0.40"]], {"total": "4.40"}, "total_cost"),
        ([["ENERGY 0.40"]], {"total": "4.40", "energy": "4.40"}, "total_energy_cost"),
        (MIXED, {"total": "7.30 8.76"}, "total_cost"),
    ],
)
def test_two_energies_of_one_cdr_are_the_cause_and_no_price(
    plain: Any, claimed: Claimed, field: str
) -> None:
    """11 kWh were claimed, where the total is 12 and the periods say 10: neither shows which."""
    found = report(plain, [(NOON, "10 kWh")], TWO, claimed, total_energy_kwh=D(12))
    assert (field, Kind.UNEXPLAINED, "energy_not_of_periods") in causes(found)
    assert {cause for _, _, cause in causes(found)} == {"energy_not_of_periods"}
    words = "total_energy is 12 kWh, the periods state 10 kWh: the claim is for neither"
    assert told(found) == words
    same = report(plain, [(NOON, "10 kWh")], TWO, claimed)
    assert "energy_not_of_periods" not in {cause for _, _, cause in causes(same)}


def test_the_one_energy_that_was_billed_is_a_mistake_still() -> None:
    found = report([["ENERGY 0.40"]], [(NOON, "10 kWh")], TWO, {"total": "4.80"},
                   total_energy_kwh=D(12))  # fmt: skip
    assert causes(found) == {("total_cost", Kind.MISTAKE, "total_energy_billed")}


def test_a_missing_total_energy_is_not_billed_as_none() -> None:
    """No energy was claimed; that total_energy says nothing is not the reason."""
    found = report(MIXED, [(NOON, "10 kWh")], TWO, {"total": "2.90 3.48"}, total_energy_kwh=D(0))
    assert causes(found) == {("total_cost", Kind.MISTAKE, "energy_left_out")}
    assert "total_energy_billed" not in (found.explanation.also if found.explanation else ())


TWO_TARIFFS = (
    replace(tariff_of([["ENERGY 0.40"]]), id="CHEAP"),
    replace(tariff_of([["ENERGY 0.50"]]), id="DEAR"),
)


def swapped(named: str, tariffs: tuple[Tariff, ...], total: str) -> CDR:
    """A CDR that carries `tariffs`, and whose periods name one."""
    cdr = cdr_of(tariffs[0], [(NOON, "10 kWh")], TWO, {"total": total}, tariffs=tariffs)
    return replace(cdr, periods=tuple(replace(one, tariff_id=named) for one in cdr.periods))


@pytest.mark.parametrize("named", ["CHEAP", ""])
def test_another_tariff_of_the_cdr_gives_the_claim(named: str) -> None:
    found = verify(swapped(named, TWO_TARIFFS, "5.00"), AMSTERDAM)
    assert causes(found) == {("total_cost", Kind.MISTAKE, "other_tariff")}
    assert told(found) == "priced by tariff DEAR, which the CDR carries, not by CHEAP"


def test_another_tariff_that_we_hold_gives_the_claim() -> None:
    cheap, dear = TWO_TARIFFS
    known = Known(held=[cheap, dear])
    found = verify(swapped("CHEAP", (cheap,), "5.00"), AMSTERDAM, known)
    assert causes(found) == {("total_cost", Kind.MISTAKE, "other_tariff")}
    assert told(found) == "priced by tariff DEAR, which we hold, not by CHEAP"
    given = verify(swapped("DEAR", (dear,), "4.00"), AMSTERDAM, Known(replaced=[cheap]))
    assert told(given) == "priced by tariff CHEAP, which the CDR carries, not by DEAR"


def test_a_tariff_that_nobody_has_is_the_cause_and_which_one_stood_in() -> None:
    found = verify(swapped("GONE", TWO_TARIFFS[:1], "5.00"), AMSTERDAM)
    assert causes(found) == {("total_cost", Kind.UNEXPLAINED, "unknown_tariff")}
    assert "the periods name tariff GONE" in told(found)
    assert told(found).endswith("CHEAP stood in")
    assert not verify(swapped("GONE", TWO_TARIFFS[:1], "4.00"), AMSTERDAM).money_differs


DAY_NIGHT = [
    ["ENERGY 0.50", {"start_time": "06:00", "end_time": "13:00"}],
    ["ENERGY 0.40", "FLAT 1.00"],
]


@pytest.mark.parametrize(
    ("plain", "total", "code", "words"),
    [
        (MIXED, "6.40 7.68", "flat_left_out", "FLAT at 0.50 (element 1, component 1)"),
        (MIXED, "4.50 5.40", "time_left_out", "TIME at 1.20 (element 1, component 3)"),
        (MIXED, "2.90 3.48", "energy_left_out", "ENERGY at 0.40 (element 1, component 2)"),
        # 10 kWh until one, 5 kWh after: 5.00 + 2.00 + 1.00
        (DAY_NIGHT, "3.00", "component_left_out", "ENERGY at 0.50 (element 1, component 1)"),
        (DAY_NIGHT, "7.00", "flat_left_out", "FLAT at 1.00 (element 2, component 2)"),
    ],
)
def test_what_was_left_out_is_named(plain: Any, total: str, code: str, words: str) -> None:
    rows = [(NOON, "10 kWh")] if plain is MIXED else [(NOON, "10 kWh"), (ONE, "5 kWh")]
    found = report(plain, rows, TWO, {"total": total})
    assert causes(found) == {("total_cost", Kind.MISTAKE, code)}
    assert told(found) == f"not billed: {words}"


def test_one_of_two_fees_left_out() -> None:
    """A fee of the reservation and one of the session: 2.00 + 0.50 + 10 x 0.40."""
    plain = {
        "elements": [
            ["FLAT 2.00", {"reservation": "RESERVATION"}],
            ["FLAT 0.50", "ENERGY 0.40"],
        ]
    }
    own = tariff_of(plain)
    rows = [("2026-10-05T11:00", "reserved"), (NOON, "10 kWh")]
    right = verify(cdr_of(own, rows, TWO, {"total": "6.50"}), AMSTERDAM)
    assert not right.money_differs
    found = verify(cdr_of(own, rows, TWO, {"total": "4.50"}), AMSTERDAM)
    assert causes(found) == {("total_cost", Kind.MISTAKE, "component_left_out")}
    assert told(found) == "not billed: FLAT at 2.00 (element 1, component 1)"


def test_another_currency_puts_all_of_the_claim_at_stake() -> None:
    cdr = cdr_of(tariff_of([["ENERGY 0.40"]]), [(NOON, "10 kWh")], TWO, {"total": "4.00"})
    for credit, at_stake in ((False, D("4.00")), (True, D("-4.00"))):
        found = verify(replace(cdr, currency="CHF", credit=credit), AMSTERDAM)
        assert (found.at_stake, found.computed) == (at_stake, None)
        assert causes(found) == {("total_cost", Kind.MISTAKE, "currency_differs")}
        assert found.money_differs
        assert "in CHF, tariff T in EUR" in told(found).replace(cdr.tariffs[0].id, "T")


def test_a_volume_that_nobody_can_read_leaves_a_claim_unchecked_that_differs() -> None:
    place, text = ("charging_periods", 0, "dimensions", 1, "type"), "ENRGY is no dimension"
    known = Known(unreadable=[(place, text)])
    own = tariff_of([["ENERGY 0.40"]])
    for total, checked in (("4.00", True), ("6.00", False)):
        found = verify(cdr_of(own, [(NOON, "10 kWh")], TWO, {"total": total}), AMSTERDAM, known)
        assert (found.money_checked, found.money_differs) == (checked, False)
        (row,) = [one for one in found.checks if one.group is Group.CONSISTENCY]
        assert (row.cause, row.place, row.message) == ("unknown_dimension", place, text)
        money = {one.cause for one in found.checks if one.group is Group.COST}
        assert money == ({""} if checked else {"unknown_dimension"})


def test_a_reading_that_differs_by_rounding_only_is_called_so() -> None:
    """22.5 kWh x 0.25 = 5.625: half a cent."""
    found = report([["ENERGY 0.25"]], [(NOON, "22.5 kWh")], TWO, {"total": "5.62"})
    assert found.explanation is not None
    assert found.explanation.code == "money_rounding=half_even"
    assert found.explanation.kind is Kind.ROUNDING
