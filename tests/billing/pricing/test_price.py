"""What a session costs: one case per rule of the specification, and per decision of ours."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.money import UnknownCurrency
from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.price import price
from billing.receipt import CostGroup, Receipt
from billing.tariff import Tariff
from tests.billing.pricing.samples import AMSTERDAM, periods, tariff, tariff_of

D = Decimal


def bill(
    own: Tariff | str, found: tuple[ChargingPeriod, ...], policy: PricingPolicy | None = None
) -> Receipt:
    known = tariff(own) if isinstance(own, str) else own
    named = tuple(replace(one, tariff_id=known.id) for one in found)
    return price(
        named,
        [known],
        AMSTERDAM,
        start_at=found[0].start_at,
        end_at=found[-1].end_at,
        policy=policy or PricingPolicy(),
    )


def codes(receipt: Receipt) -> list[str]:
    return [note.code for note in receipt.notes]


MONDAY, NOON = "2026-10-05", "2026-10-05T12:00"

TOTALS: list[tuple[str, str, list[tuple[str, str]], str, str, str]] = [
    # what, tariff, periods, end, net, gross
    ("energy", "energy", [(NOON, "20 kWh")], "13:00", "5", "5.5"),
    ("energy and a start fee", "start_and_energy", [(NOON, "20 kWh")], "13:00", "5.5", "6.1"),
    ("floor not reached", "floored", [(NOON, "1.9 kWh")], "13:00", "0.5", "0.55"),
    ("floor passed", "floored", [(NOON, "2.4 kWh")], "13:00", "0.6", "0.66"),
    (
        "parking in blocks of a quarter",
        "start_energy_parking",
        [(NOON, "20 kWh"), ("2026-10-05T13:00", "parked")],
        "13:40",
        "7",
        "7.9",
    ),
    (
        "only what is parked last is rounded",
        "time_and_parking",
        [(NOON, "charging"), ("2026-10-05T14:30", "parked")],
        "15:12",
        "11.25",
        "12.75",
    ),
    ("low current on a weekday", "complex", [(NOON, "charging 16 A")], "14:45", "5.25", "6.175"),
    ("high current on a weekday", "complex", [(NOON, "charging 40 A")], "14:00", "6.5", "7.675"),
    (
        "high current on a Saturday",
        "complex",
        [("2026-10-10T12:00", "charging 43 A"), ("2026-10-10T13:54", "parked")],
        "2026-10-10T15:05",
        "12.375",
        "13.975",
    ),
    ("nothing priced", "free", [(NOON, "20 kWh")], "13:00", "0", "0"),
    (
        "reserved and used",
        "reserved_fee",
        [("2026-10-05T11:47", "reserved"), (NOON, "20 kWh")],
        "13:00",
        "8.75",
        "10",
    ),
    ("reserved, expired, fee", "expiry_fee", [(NOON, "expired")], "13:00", "6", "7.2"),
    ("reserved, expired, dearer", "expiry_time", [(NOON, "expired")], "13:30", "9", "10.8"),
    (
        "time rounded once, at the last price",
        "evening_steps",
        [("2026-10-05T16:35", "charging"), ("2026-10-05T17:00", "charging")],
        "17:10",
        "1.3",
        "1.3",
    ),
    (
        "free time fills no step",
        "evening_steps",
        [
            ("2026-10-05T19:40", "charging"),
            ("2026-10-05T19:52", "parked"),
            ("2026-10-05T20:00", "parked"),
        ],
        "20:12",
        "0.73",
        "0.73",
    ),
    ("slow power", "power_bands", [(NOON, "10 kWh 6 kW")], "13:00", "2", "2.4"),
    ("fast power", "power_bands", [(NOON, "10 kWh 48 kW")], "13:00", "5", "6"),
    (
        "free at first",
        "free_half_hour",
        [(NOON, "5 kWh"), ("2026-10-05T12:30", "1.2 kWh")],
        "12:40",
        "0.3",
        "0.36",
    ),
    ("116 Wh", "energy_step_1", [(NOON, "0.1152 kWh")], "13:00", "0.029", "0.029"),
    ("125 Wh", "energy_step_25", [(NOON, "0.1152 kWh")], "13:00", "0.03125", "0.03125"),
    ("500 Wh", "energy_step_500", [(NOON, "0.1152 kWh")], "13:00", "0.125", "0.125"),
    (
        "energy rounded once, at the last price",
        "energy_by_day_half",
        [("2026-10-05T16:00", "4.3 kWh"), ("2026-10-05T17:00", "1.1 kWh")],
        "18:00",
        "1.184",
        "1.184",
    ),
    ("after midnight", "night", [("2026-10-05T00:30", "10 kWh")], "01:00", "2", "2"),
    ("before midnight", "night", [("2026-10-05T22:00", "10 kWh")], "23:00", "2", "2"),
    ("the end is exclusive", "night", [("2026-10-05T06:00", "10 kWh")], "07:00", "4", "4"),
    ("prices with VAT", "gross_21", [(NOON, "20 kWh")], "13:00", "7.727272727273", "9.35"),
    ("VAT does not apply", "not_applicable", [(NOON, "20 kWh")], "13:00", "9", "9"),
    ("gross without a rate", "canada_gross", [(NOON, "charging")], "14:30", "5.25", "5.25"),
    ("zero padding", "padded", [(NOON, "20 kWh")], "13:00", "7.8", "9.438"),
]


@pytest.mark.parametrize("case", TOTALS, ids=[case[0] for case in TOTALS])
def test_total(case: tuple[str, str, list[tuple[str, str]], str, str, str]) -> None:
    _, name, rows, end, net, gross = case
    ends = end if "T" in end else f"{MONDAY}T{end}"
    receipt = bill(name, periods(*rows, end=ends))
    assert (receipt.exact_total.net, receipt.exact_total.gross) == (D(net), D(gross))


def test_a_receipt_explains_itself() -> None:
    receipt = bill(
        "start_energy_parking",
        periods((NOON, "20 kWh"), ("2026-10-05T13:00", "parked"), end="2026-10-05T13:40"),
    )
    energy, flat, parking = receipt.lines
    assert (energy.measured, energy.billed, energy.net, energy.tax) == (20, 20, 5, D("0.5"))
    assert (flat.billed, flat.group) == (1, CostGroup.FIXED)
    assert (parking.billed, parking.net, parking.component) == (D("0.75"), D("1.5"), 2)
    assert parking.reason == (
        "element 1 of 1 is the first with PARKING_TIME (no restrictions); "
        "2400 s billed as 2700 s to fill steps of 900 s"
    )
    assert dict(receipt.policies)["time_step_target"] == "parking_when_priced"
    assert {group: amount.net for group, amount in receipt.totals} == {
        CostGroup.ENERGY: 5,
        CostGroup.PARKING: D("1.5"),
        CostGroup.FIXED: D("0.5"),
    }


def test_hours_that_never_end_as_a_decimal_still_sum_exactly() -> None:
    thirds = periods(
        (NOON, "charging"),
        ("2026-10-05T12:20", "charging"),
        ("2026-10-05T12:40", "charging"),
        end="2026-10-05T13:00",
    )
    receipt = bill(tariff_of([["TIME 1.00 step 0"]]), thirds)
    assert [line.net for line in receipt.lines] == [
        D("0.333333333333"),
        D("0.333333333334"),
        D("0.333333333333"),
    ]
    assert receipt.exact_total.net == 1


def test_limits_before_and_after_tax_are_compared_by_themselves() -> None:
    receipt = bill("capped", periods((NOON, "50 kWh"), end="2026-10-05T13:00"))
    assert (receipt.total.net, receipt.total.gross) == (10, 11)
    assert sum(line.net for line in receipt.lines) == 10
    assert sum(line.tax for line in receipt.lines) == 1
    assert "total_clamped" in codes(receipt)
    assert {line.element for line in receipt.lines if line.group is CostGroup.LIMIT} == {-1}


def test_a_limit_without_tax_takes_tax_in_proportion() -> None:
    capped = tariff_of({"elements": [["ENERGY 0.25 vat 21"]], "max_price": ["10", None]})
    receipt = bill(capped, periods((NOON, "80 kWh"), end="2026-10-05T13:00"))
    assert (receipt.total.net, receipt.total.gross) == (10, D("12.10"))


FLOORS = [
    (["TIME 1.00 vat 21"], "1.21", (D(21), D("0.21")), False),
    (["TIME 1.00 vat 21"], None, (D(21), D("0.21")), False),
    (["TIME 1.00 vat 21", "ENERGY 1.00 vat 9"], "1.09", (D(9), D("0.09")), False),
    (["TIME 1.00 vat 21", "ENERGY 1.00 vat 9"], "1.15", (None, D("0.15")), True),
]


@pytest.mark.parametrize(("parts", "after", "tax", "noted"), FLOORS)
def test_a_floor_under_a_session_without_lines_finds_its_rate(
    parts: list[str], after: str | None, tax: tuple[Decimal | None, Decimal], *, noted: bool
) -> None:
    floor = tariff_of({"elements": [parts], "min_price": ["1", after]})
    receipt = bill(floor, periods((NOON, "parked"), end="2026-10-05T13:00"))
    assert (receipt.total.net, receipt.total.gross) == (1, 1 + tax[1])
    assert receipt.exact_total.taxes == (tax,)
    assert ("unattributed_tax" in codes(receipt)) is noted


def test_the_first_element_of_a_dimension_wins_even_at_zero() -> None:
    dead = tariff_of([["TIME 0.00"], ["TIME 12.00", {"min_duration": 3600}]])
    late = periods((NOON, "charging"), ("2026-10-05T13:00", "charging"), end="2026-10-05T15:00")
    assert bill(dead, late).total.net == 0


def test_each_dimension_is_looked_up_by_itself() -> None:
    split = tariff_of([["ENERGY 0.40", {"max_kwh": "1"}], ["ENERGY 0.30", "FLAT 1.00"]])
    both = periods((NOON, "1 kWh"), ("2026-10-05T12:30", "9 kWh"), end="2026-10-05T13:00")
    assert bill(split, both).total.net == D("4.10")


def test_flat_waits_for_the_first_period_in_which_it_applies() -> None:
    late = tariff_of([["FLAT 5.00", {"start_time": "13:00"}]])
    both = periods((NOON, "charging"), ("2026-10-05T13:00", "charging"), end="2026-10-05T15:00")
    assert [line.period for line in bill(late, both).lines] == [1]


def test_a_period_across_a_price_change_is_priced_at_its_start_with_a_note() -> None:
    receipt = bill("night", periods(("2026-10-05T21:00", "10 kWh"), end="2026-10-05T23:00"))
    assert receipt.total.net == 4
    assert codes(receipt) == ["period_spans_price_change"]


def test_every_dimension_whose_price_changes_within_a_period_is_named() -> None:
    late = [["ENERGY 0.30", "TIME 1.00", {"end_time": "22:00"}], ["ENERGY 0.40", "TIME 9.00"]]
    within = periods(("2026-10-05T21:00", "10 kWh"), end="2026-10-05T23:00")
    (note,) = bill(tariff_of(late), within).notes
    assert note.message.startswith("the price of ENERGY and TIME changes within")


def test_a_parking_fee_stands_among_parking_costs() -> None:
    own = tariff_of([["ENERGY 0.40"], ["FLAT 1.00", "PARKING_TIME 3.00"]])
    both = periods((NOON, "10 kWh"), ("2026-10-05T13:00", "parked"), end="2026-10-05T14:00")
    assert dict(bill(own, both).totals)[CostGroup.PARKING].net == 4
    fixed = dict(bill(own, both, PricingPolicy(flat_cost_field="fixed")).totals)
    assert (fixed[CostGroup.FIXED].net, fixed[CostGroup.PARKING].net) == (1, 3)


NEVER_END: dict[str, Any] = {"end": "2026-10-05T15:00"}

POLICIES = [
    ("equal_window", "never", [["ENERGY 1", {"start_time": "08:00", "end_time": "08:00"}]], 10, 0),
    (
        "empty_date_window",
        "same_day",
        [["ENERGY 1", {"start_date": MONDAY, "end_date": MONDAY}]],
        0,
        10,
    ),
    ("volume_rounding", "four_decimals", [["TIME 3.00 step 0"]], 9, 9),
    ("flat_scope", "session", [["FLAT 2", {"reservation": "RESERVATION"}], ["FLAT 3"]], 3, 3),
]


@pytest.mark.parametrize(
    ("key", "value", "elements", "default", "chosen"), POLICIES, ids=[row[0] for row in POLICIES]
)
def test_policy(key: str, value: str, elements: Any, default: int, chosen: int) -> None:
    found = periods((NOON, "10 kWh"), **NEVER_END)
    own = tariff_of(elements)
    assert bill(own, found).total.net == default
    assert bill(own, found, replace(PricingPolicy(), **{key: value})).total.net == chosen


def test_last_minute_of_the_day() -> None:
    own = tariff_of([["ENERGY 1", {"start_time": "00:00", "end_time": "23:59"}]])
    late = periods(("2026-10-05T23:59", "10 kWh"), end="2026-10-06T00:00")
    assert bill(own, late).total.net == 0
    assert bill(own, late, PricingPolicy(day_end_2359="as_2400")).total.net == 10


def test_weekday_after_midnight() -> None:
    own = tariff_of([["ENERGY 1", {"start_time": "22:00", "end_time": "06:00", "days": "Mon"}]])
    tuesday = periods(("2026-10-06T01:00", "10 kWh"), end="2026-10-06T02:00")
    assert bill(own, tuesday).total.net == 0
    assert bill(own, tuesday, PricingPolicy(wrap_weekday="window_start")).total.net == 10


@pytest.mark.parametrize(
    ("bound", "words", "total", "noted"),
    [
        ("other_bound", "10 kWh", 0, True),
        ("unsatisfied", "10 kWh", 0, True),
        ("satisfied", "10 kWh", 10, True),
        ("other_bound", "10 kWh 6 kW", 10, False),
    ],
)
def test_power_that_nobody_measured(bound: Any, words: str, total: int, *, noted: bool) -> None:
    own = tariff_of([["ENERGY 1", {"max_power": "16"}]])
    policy = PricingPolicy(missing_bound=bound)
    receipt = bill(own, periods((NOON, words), end="2026-10-05T13:00"), policy)
    assert receipt.total.net == total
    assert ("unknown_bound" in codes(receipt)) is noted


def test_parked_first_and_charged_after() -> None:
    own = tariff_of([["TIME 6.00 step 600", "PARKING_TIME 3.00 step 600"]])
    found = periods((NOON, "parked"), ("2026-10-05T12:05", "charging"), end="2026-10-05T12:20")
    by_default = bill(own, found)
    assert by_default.exact_total.net == 2
    assert "time_step_target" in codes(by_default)
    last = bill(own, found, PricingPolicy(time_step_target="last_priced"))
    assert last.exact_total.net == D("2.25")


def test_free_time_can_fill_a_step() -> None:
    found = periods(
        ("2026-10-05T19:50", "parked"), ("2026-10-05T20:00", "parked"), end="2026-10-05T20:04"
    )
    assert bill("evening_steps", found).exact_total.net == D("0.25")
    counted = PricingPolicy(step_counts_unpriced="yes")
    assert bill("evening_steps", found, counted).exact_total.net == D("0.183333333333")


def test_reserved_and_charged_time_can_share_a_step() -> None:
    own = tariff_of([["TIME 6 step 600", {"reservation": "RESERVATION"}], ["TIME 6 step 600"]])
    found = periods(("2026-10-05T11:55", "reserved"), (NOON, "charging"), end="2026-10-05T12:05")
    apart = bill(own, found)
    assert apart.exact_total.net == 2
    assert "reservation_and_time_steps" in codes(apart)
    shared = bill(own, found, PricingPolicy(reservation_step_budget="shared"))
    assert shared.exact_total.net == 1


def test_energy_fed_back_is_credited_only_by_policy() -> None:
    found = periods((NOON, "-10 kWh"), end="2026-10-05T13:00")
    refused = bill("energy", found)
    assert (refused.total.net, codes(refused)) == (0, ["negative_energy"])
    credited = bill("energy", found, PricingPolicy(negative_energy="credited"))
    assert (credited.total.net, credited.total.gross) == (D("-2.5"), D("-2.75"))


def test_several_tariffs_each_price_their_own_periods() -> None:
    first, second = tariff("energy"), tariff("energy_step_25")
    found = periods((NOON, "10 kWh"), ("2026-10-05T12:30", "10 kWh"), end="2026-10-05T13:00")
    named = (
        replace(found[0], tariff_id=second.id),
        replace(found[1], tariff_id=first.id),
    )
    receipt = price(
        named, [first, second], AMSTERDAM, start_at=found[0].start_at, end_at=found[1].end_at
    )
    assert [line.tariff_id for line in receipt.lines] == ["energy_step_25", "energy"]


def test_notes_on_periods_that_fit_no_session() -> None:
    found = periods((NOON, "10 kWh"), ("2026-10-05T12:30", "1 kWh"), end="2026-10-05T13:00")
    early = replace(found[1], start_at=found[0].start_at, tariff_id="other")
    own = replace(tariff("energy"), start_at=datetime(2027, 1, 1, tzinfo=UTC))
    receipt = price(
        (replace(found[0], tariff_id=""), early),
        [own],
        AMSTERDAM,
        start_at=found[0].start_at,
        end_at=datetime(2026, 10, 6, tzinfo=UTC),
    )
    assert codes(receipt) == [
        "periods_outside_validity",
        "periods_out_of_order",
        "periods_disagree_with_stamps",
        "period_without_tariff",
        "unknown_tariff",
    ]
    assert receipt.total.net == D("2.75")


def test_what_cannot_be_priced_is_refused() -> None:
    found = periods((NOON, "10 kWh"), end="2026-10-05T13:00")
    with pytest.raises(ValueError, match="without a tariff"):
        price(found, [], AMSTERDAM, start_at=found[0].start_at, end_at=found[0].end_at)
    with pytest.raises(UnknownCurrency, match="XYZ"):
        bill(replace(tariff("energy"), currency="XYZ"), found)
    with pytest.raises(ValueError, match="share a currency"):
        price(
            found,
            [tariff("energy"), tariff("canada_net")],
            AMSTERDAM,
            start_at=found[0].start_at,
            end_at=found[0].end_at,
        )


@pytest.mark.parametrize(
    ("currency", "net", "gross"), [("JPY", "100", "111"), ("KWD", "100.463", "110.509")]
)
def test_totals_are_rounded_to_the_currency(currency: str, net: str, gross: str) -> None:
    own = replace(tariff_of([["ENERGY 5.02315 vat 10"]]), currency=currency)
    receipt = bill(own, periods((NOON, "20 kWh"), end="2026-10-05T13:00"))
    assert (receipt.total.net, receipt.total.gross) == (D(net), D(gross))


def test_a_reservation_that_expires_pays_its_fee_once() -> None:
    fee = tariff_of([["FLAT 2", {"reservation": "RESERVATION"}], ["ENERGY 0.30"]])
    held = periods(("2026-10-05T11:00", "reserved"), ("2026-10-05T11:30", "expired"), end=NOON)
    assert bill(fee, held).exact_total.net == 2
    dearer = tariff_of(
        [
            ["FLAT 4", {"reservation": "RESERVATION_EXPIRES"}],
            ["FLAT 2", {"reservation": "RESERVATION"}],
        ]
    )
    assert bill(dearer, held).exact_total.net == 6


def test_time_beyond_a_booked_slot_fills_blocks_of_its_own() -> None:
    own = tariff_of(
        [
            ["TIME 6 step 600", {"reservation": "BOOKING"}],
            ["TIME 60 step 60", {"reservation": "BOOKING_OVERTIME"}],
            ["ENERGY 0.30"],
        ]
    )
    held, used = periods(("2026-10-05T11:43", "reserved"), (NOON, "1 kWh"), end="2026-10-05T13:00")
    found = bill(own, (held, replace(used, overtime_s=D(30))))
    times = [(line.billed, line.net) for line in found.lines if line.dimension == "TIME"]
    assert [(round(billed * 60), net) for billed, net in times] == [(20, 2), (1, 1)]


def test_of_two_versions_of_a_tariff_the_one_that_is_valid_counts() -> None:
    old = tariff_of({"elements": [["ENERGY 0.30"]], "end_at": "2026-10-01T00:00:00+00:00"}, "t")
    new = tariff_of([["ENERGY 0.50"]], "T")
    found = periods((NOON, "10 kWh"), end="2026-10-05T13:00", tariff_id="T")
    start, end = found[0].start_at, found[0].end_at
    for given in ([old, new], [new, old]):
        receipt = price(found, given, AMSTERDAM, start_at=start, end_at=end)
        assert (receipt.exact_total.net, codes(receipt)) == (5, [])


def test_of_two_versions_valid_at_once_the_first_counts_and_it_is_said() -> None:
    cheap, dear = tariff_of([["ENERGY 0.30"]]), tariff_of([["ENERGY 0.50"]])
    found = periods((NOON, "10 kWh"), end="2026-10-05T13:00", tariff_id="T")
    start, end = found[0].start_at, found[0].end_at
    receipt = price(found, [cheap, dear], AMSTERDAM, start_at=start, end_at=end)
    assert (receipt.exact_total.net, codes(receipt)) == (3, ["several_versions"])
    twice = [cheap, tariff_of([["ENERGY 0.30"]])]
    assert codes(price(found, twice, AMSTERDAM, start_at=start, end_at=end)) == []


HOUR_OF_10_KWH = periods((NOON, "10 kWh"), end="2026-10-05T13:00")
UNDER_5 = {"max_kwh": "5"}


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ([["ENERGY 0.30", UNDER_5], ["FLAT 0.50"]], "FLAT: 0.50, and 0"),
        ([["FLAT 1", UNDER_5], ["ENERGY 0.30"]], "ENERGY: 0.30, and 0"),
        (
            [["TIME 1.20 step 60", {"max_kwh": "0"}], ["ENERGY 0.30", UNDER_5], ["TIME 1.20"]],
            "TIME: 1.20, and 0",
        ),
        ([["ENERGY 0.30", "FLAT 1"], ["ENERGY 0.20"]], ""),
    ],
)
def test_another_reading_of_2_1_1_is_told(elements: list[list[Any]], said: str) -> None:
    new = tariff_of(elements)
    old = replace(new, original_version="2.1.1")
    told = [note.message for note in bill(old, HOUR_OF_10_KWH).notes if "whole" in note.message]
    assert told == ([f"{said} if elements are chosen whole"] if said else [])
    assert "element_choice_differs" not in codes(bill(new, HOUR_OF_10_KWH))
