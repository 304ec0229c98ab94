"""Causes that lie in the CDR beside its prices: volumes, versions of the tariff, its own sums."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from billing.policy import PricingPolicy
from billing.verify.report import Check, Group, Kind, Report, Side
from billing.verify.verify import Known, verify
from tests.billing.pricing.samples import AMSTERDAM, tariff_of
from tests.billing.verify.samples import cdr_of, report

NOON, ONE, TWO = "2026-10-05T12:00", "2026-10-05T13:00", "2026-10-05T14:00"
D = Decimal


def total(found: Report) -> Check:
    return next(one for one in found.checks if one.group is Group.COST)


def test_a_volume_of_time_rounded_on_the_wire_is_no_dispute() -> None:
    """40 minutes come as 0.6667 h = 2,400.12 s: 9 blocks of 300 s by the letter, 8 by the clock."""
    own = tariff_of([["TIME 6.00 step 300"]])
    cdr = cdr_of(own, [(NOON, "10 kWh")], "2026-10-05T12:40", {"total": "4.00", "time": "4.00"})
    periods = (replace(cdr.periods[0], time_s=D("2400.12")),)
    assert total(verify(replace(cdr, periods=periods), AMSTERDAM)).kind is Kind.EXACT
    longer = (replace(cdr.periods[0], time_s=D("2410")),)
    found = total(verify(replace(cdr, periods=longer), AMSTERDAM))
    assert (found.claimed, found.computed, found.cause) == (4, D("4.50"), "time_by_stamps")


def test_time_that_no_period_states() -> None:
    own = tariff_of([["ENERGY 0.30", "TIME 2.00"]])
    claimed = {"total": "7.00", "energy": "3.00", "time": "4.00"}
    cdr = cdr_of(own, [(NOON, "10 kWh")], TWO, claimed)
    periods = (replace(cdr.periods[0], time_s=D(0), parking_s=D(0)),)
    found = verify(replace(cdr, periods=periods), AMSTERDAM)
    assert (total(found).computed, total(found).cause) == (3, "time_by_stamps")


def test_total_energy_billed_instead_of_the_periods() -> None:
    found = report(
        [["ENERGY 0.30"]],
        [(NOON, "20 kWh")],
        TWO,
        {"total": "6.30", "energy": "6.30"},
        total_energy_kwh=D(21),
    )
    assert total(found).cause == "total_energy_billed"
    (energy,) = (one for one in found.checks if one.cause == "energy_not_of_periods")
    assert (energy.claimed, energy.computed, energy.difference) == (21, 20, 1)


def test_an_older_version_of_the_tariff() -> None:
    old, new = (tariff_of([[f"ENERGY {price}"]]) for price in ("0.30", "0.35"))
    new = replace(new, last_updated=datetime(2026, 9, 1, tzinfo=UTC))
    claimed = {"total": "6.00", "energy": "6.00"}
    cdr = cdr_of(new, [(NOON, "20 kWh")], TWO, claimed)
    found = verify(cdr, AMSTERDAM, Known(held=(old, new)))
    assert (total(found).computed, total(found).cause) == (7, "tariff_version")
    assert "2026-01-01" in total(found).message


def test_the_copy_in_the_cdr_is_not_what_we_hold() -> None:
    ours, theirs = (tariff_of([[f"ENERGY {price}"]]) for price in ("0.30", "0.35"))
    cdr = cdr_of(theirs, [(NOON, "20 kWh")], TWO, {"total": "7.00", "energy": "7.00"})
    found = verify(cdr, AMSTERDAM, Known(held=(ours,)))
    assert (total(found).computed, total(found).cause) == (6, "tariff_version")
    (differs,) = (one for one in found.checks if one.group is Group.TARIFF)
    assert differs.place == ("tariffs", 0, "elements", 0, "price_components", 0, "price")
    assert "0.35 in the CDR, 0.30 in ours" in differs.message
    same = verify(cdr, AMSTERDAM, Known(held=(theirs,)))
    assert [one.kind for one in same.checks if one.group is Group.TARIFF] == [Kind.EXACT]
    assert not same.money_differs


def test_only_the_total_is_wrong() -> None:
    claimed = {"total": "9.00", "energy": "6.00"}
    found = report([["ENERGY 0.30"]], [(NOON, "20 kWh")], TWO, claimed)
    assert total(found).cause == "total_alone"
    assert [one.cause for one in found.checks if one.group is Group.CONSISTENCY] == [
        "parts_not_total"
    ]


def test_two_mistakes_are_told_part_by_part() -> None:
    """20.3 kWh without their step are 10.15, not 10.50; the hour parked is left out."""
    found = report(
        [["ENERGY 0.50 step 1000", "PARKING_TIME 6.00"]],
        [(NOON, "20.3 kWh"), (ONE, "parked")],
        TWO,
        {"total": "10.15", "energy": "10.15", "parking": "0.00"},
    )
    assert [(one.field, one.kind, one.cause) for one in found.checks if one.differs] == [
        ("total_cost", Kind.UNEXPLAINED, "step_ignored and parking_left_out"),
        ("total_energy_cost", Kind.MISTAKE, "step_ignored"),
        ("total_parking_cost", Kind.MISTAKE, "parking_left_out"),
    ]


def test_a_price_that_nobody_published_is_named() -> None:
    """20 kWh for 6.40: as if each had cost 0.32."""
    for claimed in ({"total": "6.40", "energy": "6.40"}, {"total": "6.40"}):
        found = report([["ENERGY 0.30"]], [(NOON, "20 kWh")], TWO, claimed)
        wrong = [one for one in found.checks if one.differs]
        assert {(one.kind, one.cause) for one in wrong} == {(Kind.UNEXPLAINED, "other_price")}
        assert all("as if ENERGY cost 0.32 per kWh, not 0.30" in one.message for one in wrong)


def test_the_right_total_in_the_wrong_parts() -> None:
    """FLAT of a parking element is a parking cost to us, a fixed cost to them."""
    found = report(
        [["ENERGY 0.30"], ["FLAT 1.00", "PARKING_TIME 6.00"]],
        [(NOON, "10 kWh"), (ONE, "parked")],
        TWO,
        {"total": "10.00", "energy": "3.00", "parking": "6.00", "fixed": "1.00"},
    )
    assert found.at_stake == 0
    assert total(found).kind is Kind.EXACT
    wrong = [(one.field, one.cause) for one in found.checks if one.differs]
    assert wrong == [
        ("total_fixed_cost", "flat_cost_field=fixed"),
        ("total_parking_cost", "flat_cost_field=fixed"),
    ]


def test_our_own_policy_is_the_measure() -> None:
    rows, claimed = [(NOON, "10.4 kWh"), (ONE, "5.3 kWh")], {"total": "11.50", "energy": "11.50"}
    plain = [["ENERGY 0.50 step 1000", {"max_kwh": "10"}], ["ENERGY 1.00 step 1000"]]
    cdr = cdr_of(tariff_of(plain), rows, TWO, claimed)
    agreed = verify(cdr, AMSTERDAM, Known(policy=PricingPolicy(step_scope="period")))
    assert not agreed.differences
    assert verify(cdr, AMSTERDAM, Known(tolerance=D("0.70"))).money_differs is False
    assert verify(cdr, AMSTERDAM, Known(tolerance=D("0.69"))).money_differs is True


def test_rounding_explains_no_more_than_each_line_up_or_down() -> None:
    """60 minutes of 0.1 kWh: energy is 0.03 to the cent in each, time a sixth of 0.001."""
    rows = [(f"2026-10-05T12:{minute:02}", "0.1 kWh") for minute in range(60)]
    plain = [["ENERGY 0.30", "TIME 0.01"]]
    for claimed, kind in (
        ("1.81", Kind.EXACT),
        ("1.80", Kind.ROUNDING),
        ("2.40", Kind.ROUNDING),
        ("2.41", Kind.UNEXPLAINED),
        ("1.79", Kind.UNEXPLAINED),
    ):
        assert total(report(plain, rows, ONE, {"total": claimed})).kind is kind
    (cost,) = (c for c in report(plain, rows, ONE, {"total": "2.40"}).checks if c.unit == "EUR")
    assert cost.tolerance == D("0.59")


def test_a_line_on_the_unit_leaves_nothing_to_rounding() -> None:
    claimed = {"total": "6.01", "energy": "6.01"}
    found = report([["ENERGY 0.30"]], [(NOON, "20 kWh")], TWO, claimed)
    assert (total(found).kind, total(found).tolerance) == (Kind.UNEXPLAINED, 0)
    taxed = {"total": "6.00 7.20", "energy": "6.00 7.21"}
    found = report([["ENERGY 0.30 vat 20"]], [(NOON, "20 kWh")], TWO, taxed)
    assert [one.side for one in found.checks if one.differs] == [Side.AFTER_TAX]


def test_parts_may_share_less_than_a_unit_but_none_comes_of_nothing() -> None:
    plain, rows = [["ENERGY 0.0101", "FLAT 0"]], [(NOON, "1 kWh")]
    shared = {"total": "0.01", "energy": "0.0151", "fixed": "-0.0051"}
    assert not report(plain, rows, TWO, shared).differences
    invented = {"total": "0.01", "energy": "0.01", "parking": "0.009"}
    found = report(plain, rows, TWO, invented)
    assert {one.field for one in found.checks if one.differs} == {"total_parking_cost"}


def test_part_costs_are_rounded_as_the_policy_says() -> None:
    """1.98 and 1.982: 3.962 in all, on 0.05 they are 2.00, 2.00 and 3.95; down, 1.98 twice."""
    plain = [["ENERGY 0.198", "TIME 0.991"]]
    for policy, parts, whole in (
        (PricingPolicy(rounding_unit="five_hundredths"), ("2.00", "2.00"), "3.95"),
        (PricingPolicy(rounding_unit="five_hundredths"), ("1.98", "1.98"), "3.95"),
        (PricingPolicy(money_rounding="away_from_zero"), ("1.98", "1.99"), "3.97"),
        (PricingPolicy(money_rounding="toward_zero"), ("1.98", "1.98"), "3.96"),
    ):
        claimed = {"total": whole, "energy": parts[0], "time": parts[1]}
        cdr = cdr_of(tariff_of(plain), [(NOON, "10 kWh")], TWO, claimed)
        found = verify(cdr, AMSTERDAM, Known(policy=policy))
        assert not found.differences
        costs = [one.kind for one in found.checks if one.group is Group.COST]
        assert costs == [Kind.EXACT] * 3


def test_a_credit_counts_negative_and_is_judged_alike() -> None:
    claimed = {"total": "7.00", "energy": "7.00"}
    cdr = cdr_of(tariff_of([["ENERGY 0.30"]]), [(NOON, "20 kWh")], TWO, claimed, credit=True)
    found = verify(cdr, AMSTERDAM)
    assert (found.claimed, found.computed, found.at_stake) == (-7, -6, -1)


def test_without_a_price_after_tax_only_the_one_before_is_judged() -> None:
    claimed = {"total": "6.00", "energy": "6.00"}
    found = report([["ENERGY 0.30 vat 20"]], [(NOON, "20 kWh")], TWO, claimed)
    assert not found.money_differs
    (absent,) = (one for one in found.checks if one.cause == "after_tax_not_stated")
    assert (absent.side, absent.computed) == (Side.AFTER_TAX, D("7.20"))


def test_the_same_claim_is_explained_in_the_same_words() -> None:
    plain, claimed = [["ENERGY 0.50 step 1000"]], {"total": "10.15", "energy": "10.15"}
    one, two = (report(plain, [(NOON, "20.3 kWh")], TWO, claimed) for _ in range(2))
    assert one.explanation == two.explanation
    assert one.checks == two.checks


def test_an_amount_after_tax_alone_is_one_written_as_the_amount_before_it() -> None:
    """6.00 and 20 % tax: with nothing stated after tax, nobody can have added it twice."""
    plain, rows = [["ENERGY 0.30 vat 20"]], [(NOON, "20 kWh")]
    alone = report(plain, rows, TWO, {"total": "7.20", "energy": "7.20"})
    assert (total(alone).kind, total(alone).cause) == (Kind.MISTAKE, "gross_as_net")
    twice = report(plain, rows, TWO, {"total": "7.20 8.64", "energy": "7.20 8.64"})
    assert total(twice).cause == "tax_added_twice"


def test_two_tariffs_of_one_id_in_the_cdr_are_not_taken_for_one_we_hold() -> None:
    first, second = (tariff_of([[f"ENERGY {price}"]]) for price in ("0.10", "0.50"))
    cdr = cdr_of(first, [(NOON, "20 kWh")], TWO, {"total": "10.00", "energy": "10.00"})
    twice = replace(cdr, tariffs=(first, second))
    found = total(verify(twice, AMSTERDAM))
    told = f"priced by /tariffs/1 alone, one of the 2 tariffs {first.id} that "
    assert (found.computed, found.cause) == (2, "tariff_version")
    assert found.message == f"{told}the CDR carries"
    ours = total(verify(twice, AMSTERDAM, Known(in_place=True)))
    assert ours.message == f"{told}we hold"
