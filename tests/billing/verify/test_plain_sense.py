"""What can be said of a CDR without pricing it: sums, stamps, references, physics, signatures."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.cdr import CDR
from billing.session import Activity
from billing.verify.report import Check, Group, Kind
from billing.verify.verify import Known, verify
from tests.billing.pricing.samples import AMSTERDAM, tariff_of
from tests.billing.verify.samples import amount, cdr_of, claim

NOON, ONE, TWO = "2026-10-05T12:00", "2026-10-05T13:00", "2026-10-05T14:00"
D = Decimal
OWN = tariff_of([["ENERGY 0.30", "PARKING_TIME 3.00"]])


def right(**changes: Any) -> CDR:
    """10 kWh from noon to one, parked until two: 6.00."""
    claimed = {"total": "6.00", "energy": "3.00", "parking": "3.00"}
    rows = [(NOON, "10 kWh"), (ONE, "parked")]
    return cdr_of(OWN, rows, TWO, claimed, **changes)


def found(cdr: CDR, known: Known | None = None) -> dict[str, Check]:
    """What differs, by cause."""
    report = verify(cdr, AMSTERDAM, known or Known())
    return {one.cause: one for one in report.checks if one.differs}


def test_a_right_cdr_is_right_in_everything() -> None:
    report = verify(right(), AMSTERDAM)
    assert report.differences == ()
    assert {one.kind for one in report.checks} == {Kind.EXACT, Kind.NOT_CHECKED}
    assert [one.cause for one in report.checks if one.kind is Kind.NOT_CHECKED] == [
        "no_signed_values"
    ]


@pytest.mark.parametrize(
    ("changes", "cause", "claimed", "computed"),
    [
        ({"total_energy_kwh": D(11)}, "energy_not_of_periods", 11, 10),
        ({"total_time_h": D("2.5")}, "time_not_of_stamps", D("2.5"), 2),
        ({"total_time_h": D(1)}, "charging_only", 1, 2),
        ({"total_parking_time_h": D("0.5")}, "parking_not_of_periods", D("0.5"), 1),
    ],
)
def test_quantities(changes: Any, cause: str, claimed: Any, computed: Any) -> None:
    check = found(right(**changes))[cause]
    assert (check.group, check.claimed, check.computed) == (Group.QUANTITY, claimed, computed)


def test_total_time_by_the_wall_clock_over_a_clock_change() -> None:
    own = tariff_of([["ENERGY 0.30"]])
    rows = [("2026-10-25T01:00", "10 kWh")]
    claimed = {"total": "3.00", "energy": "3.00"}
    cdr = cdr_of(own, rows, "2026-10-25T04:00", claimed, total_time_h=D(3))
    assert found(cdr)["wall_clock"].difference == -1


def test_quantities_that_no_period_states_are_not_checked() -> None:
    silent = tuple(replace(one, energy_wh=D(0)) for one in right().periods)
    report = verify(right(periods=silent), AMSTERDAM)
    (energy,) = (one for one in report.checks if one.field == "total_energy")
    assert (energy.kind, energy.cause) == (Kind.NOT_CHECKED, "no_energy_periods")


def moved(number: int, minutes: int) -> CDR:
    """The right CDR with one period starting earlier or later."""
    periods = list(right().periods)
    one = periods[number]
    periods[number] = replace(one, start_at=one.start_at + timedelta(minutes=minutes))
    return right(periods=tuple(periods))


@pytest.mark.parametrize(
    ("cdr", "cause", "period"),
    [
        (moved(0, -5), "period_before_start", 0),
        (moved(0, 5), "period_late", 0),
        (moved(1, 61), "period_after_end", 1),
        (moved(1, -61), "period_unordered", 1),
        (moved(1, -60), "period_empty", 1),
    ],
)
def test_periods_within_the_session_and_in_order(cdr: CDR, cause: str, period: int) -> None:
    check = found(cdr)[cause]
    assert check.place == ("charging_periods", period, "start_date_time")


def test_parts_and_taxes_that_do_not_add_up() -> None:
    receipt = claim("EUR", {"total": "6.00", "energy": "3.00", "parking": "4.00"})
    assert found(right(receipt=receipt))["parts_not_total"].computed == 7
    taxed = replace(amount("6.00"), taxes=((D(21), D("2.00")),))
    receipt = replace(claim("EUR", {"total": "6.00"}), total=taxed, exact_total=taxed)
    check = found(right(receipt=receipt))["tax_above_its_percentage"]
    assert (check.claimed, check.computed) == (2, D("1.26"))
    receipt = claim("EUR", {"total": "6.00 5.00"})
    assert "negative_tax" in found(right(receipt=receipt))


def test_a_price_limit_may_stand_between_parts_and_total() -> None:
    own = tariff_of({"elements": [["ENERGY 0.30"]], "max_price": ["2.00", None]})
    cdr = cdr_of(own, [(NOON, "10 kWh")], TWO, {"total": "2.00", "energy": "3.00"})
    assert found(cdr) == {}
    dearer = cdr_of(own, [(NOON, "10 kWh")], TWO, {"total": "2.00", "energy": "3.50"})
    assert set(found(dearer)) == {"other_price"}


def test_references() -> None:
    elsewhere = tuple(replace(one, tariff_id="X") for one in right().periods)
    assert found(right(periods=elsewhere))["unknown_tariff"].place[-1] == "tariff_id"
    report = verify(right(currency="CHF"), AMSTERDAM)
    assert "currency_differs" in {one.cause for one in report.differences}
    assert report.computed is None
    assert not report.money_checked


@pytest.mark.parametrize(
    ("cdr", "why"),
    [(right(tariffs=()), "tariff_missing"), (right(currency="ABC"), "currency_differs")],
)
def test_what_keeps_money_from_being_checked_is_said(cdr: CDR, why: str) -> None:
    report = verify(cdr, AMSTERDAM)
    costs = {one.cause for one in report.checks if one.group is Group.COST}
    assert (costs, report.money_checked) == ({why}, False)
    assert verify(right(), None).money_checked is False


def test_what_cannot_have_happened() -> None:
    fast = right(total_energy_kwh=D(200))
    assert "power_impossible" in found(fast)
    assert "power_impossible" in found(right(), Known(max_power_kw=D("3.7")))
    assert "power_impossible" not in found(right(), Known(max_power_kw=D(11)))
    capped = tuple(replace(one, max_power_kw=D(5)) for one in right().periods)
    assert "period_power_impossible" in found(right(periods=capped))
    early = right(last_updated=right().start_at + timedelta(minutes=1))
    assert found(early)["stamp_after_sale"].field == "end_date_time"
    unknown = right(last_updated=datetime(1970, 1, 1, tzinfo=UTC))
    assert found(unknown) == {}
    backwards = found(right(end_at=right().start_at - timedelta(hours=1)))
    assert "negative_duration" in backwards


def test_charging_time_without_energy() -> None:
    own = tariff_of([["TIME 2.00"]])
    cdr = cdr_of(own, [(NOON, "charging")], TWO, {"total": "4.00", "time": "4.00"})
    assert cdr.periods[0].activity is Activity.CHARGING
    assert "time_without_energy" in found(cdr)


def ocmf(begin: str, end: str) -> str:
    rows = f'{{"TM":"2026-10-05T12:00:00,000+0000 S","TX":"B","RV":{begin},"RU":"kWh"}}'
    return f'OCMF|{{"RD":[{rows},{{"TX":"E","RV":{end}}}]}}|{{"SD":"00"}}'


@pytest.mark.parametrize(
    ("values", "kind", "cause"),
    [
        ((ocmf("100.000", "110.000"),), Kind.EXACT, ""),
        ((ocmf("100.0", "110.1"),), Kind.ROUNDING, ""),
        ((ocmf("100.000", "112.500"),), Kind.UNEXPLAINED, "signed_energy_differs"),
        (("gibberish",), Kind.NOT_CHECKED, "signed_not_read"),
        (
            ('OCMF|{"RD":[{"TX":"B","RV":1.0,"RU":"kWh"}]}|{}',),
            Kind.NOT_CHECKED,
            "signed_incomplete",
        ),
        ((), Kind.NOT_CHECKED, "no_signed_values"),
    ],
)
def test_signed_registers(values: tuple[str, ...], kind: Kind, cause: str) -> None:
    report = verify(right(signed_values=values), AMSTERDAM)
    (check,) = (one for one in report.checks if one.group is Group.SIGNED)
    assert (check.kind, check.cause) == (kind, cause)
