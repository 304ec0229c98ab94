"""Each answer to each open question of the specification: what it changes, to the last digit.

A row is a session whose price depends on the question. That every answer has a row, and that its
price differs from the default's, is a test of its own.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import pytest

from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy, policy_from
from billing.price import price
from billing.receipt import Receipt
from billing.tariff import Tariff
from tests.billing.pricing.samples import AMSTERDAM, periods, tariff_of

D = Decimal
NOON = "2026-10-05T12:00"
MONDAY = "2026-10-05"
"""A Monday. The clock changes on 2026-10-25."""


@dataclass(frozen=True)
class Case:
    """A question, the net it gives by default, and the net by each other answer."""

    question: str
    tariff: Any
    rows: list[tuple[str, str]]
    end: str
    by_default: str
    answers: dict[str, str]
    seen: str = "net"
    stated: dict[str, Any] | None = None


CASES = [
    Case(
        "flat_scope",
        [["FLAT 2", {"end_time": "13:00"}], ["FLAT 3"], ["FLAT 5", {"reservation": "RESERVATION"}]],
        [("2026-10-05T11:30", "reserved"), (NOON, "1 kWh"), (f"{MONDAY}T13:00", "1 kWh")],
        f"{MONDAY}T14:00",
        "7",
        {"session": "5", "activation": "10"},
    ),
    Case(
        "element_choice",
        [["TIME 1", {"end_time": "18:00"}], ["ENERGY 0.5", "TIME 2"]],
        [(NOON, "10 kWh")],
        f"{MONDAY}T13:00",
        "6",
        {"per_element": "1"},
    ),
    Case(
        "period_spans_price_change",
        [["TIME 1", {"end_time": "13:00"}], ["TIME 3"]],
        [(NOON, "charging")],
        f"{MONDAY}T14:00",
        "2",
        {"split_by_time": "4"},
    ),
    Case("equal_window", [["TIME 1", {"start_time": "09:00", "end_time": "09:00"}]],
         [(NOON, "charging")], f"{MONDAY}T13:00", "1", {"never": "0"}),
    Case("zero_step", [["ENERGY 1 step 0"]], [(NOON, "0.0015 kWh")], f"{MONDAY}T13:00",
         "0.0015", {"one": "0.002"}),
    Case("step_scope", [["TIME 6 step 600", {"end_time": "13:00"}], ["TIME 12 step 600"]],
         [(f"{MONDAY}T12:55", "charging"), (f"{MONDAY}T13:00", "charging")], f"{MONDAY}T13:05",
         "1.5", {"period": "3"}),
    Case("time_step_target", [["TIME 6 step 600", "PARKING_TIME 12 step 600"]],
         [(NOON, "parked"), (f"{MONDAY}T12:05", "charging")], f"{MONDAY}T12:10",
         "2.5", {"last_priced": "2"}),
    Case("step_counts_unpriced", [["TIME 6 step 600", {"end_time": "13:00"}]],
         [(f"{MONDAY}T12:55", "charging"), (f"{MONDAY}T13:00", "charging")], f"{MONDAY}T13:05",
         "1", {"yes": "0.5"}),
    Case("reservation_step_budget",
         [["TIME 6 step 600", {"reservation": "RESERVATION"}], ["TIME 12 step 600"]],
         [(f"{MONDAY}T11:55", "reserved"), (NOON, "charging")], f"{MONDAY}T12:05",
         "3", {"shared": "1.5"}),
    Case("straddling_bound", [["TIME 1", {"min_power": "10"}], ["TIME 2"]],
         [(NOON, "charging")], f"{MONDAY}T13:00", "2", {"highest": "1"},
         stated={"min_power_kw": D(5), "max_power_kw": D(20)}),
    Case("missing_bound", [["TIME 1", {"min_power": "10"}], ["TIME 2"]],
         [(NOON, "charging")], f"{MONDAY}T13:00", "1", {"unsatisfied": "2"},
         stated={"max_power_kw": D(20)}),
    Case("missing_bound", [["TIME 1", {"min_power": "10"}], ["TIME 2"]],
         [(NOON, "charging")], f"{MONDAY}T13:00", "2", {"satisfied": "1"}),
    Case("period_without_tariff", [["TIME 1"]], [(NOON, "charging")], f"{MONDAY}T13:00",
         "1", {"free": "0"}, stated={"tariff_id": ""}),
    Case("duration_origin", [["TIME 1", {"min_duration": 1800}], ["TIME 2"]],
         [(f"{MONDAY}T12:30", "charging")], f"{MONDAY}T13:30", "1", {"first_period": "2"}),
    Case("vat_missing", [["ENERGY 1"]], [(NOON, "1 kWh")], f"{MONDAY}T13:00",
         "()", {"zero_rate": "((Decimal('0'), Decimal('0.00')),)"}, seen="taxes"),
    Case("money_rounding", [["ENERGY 0.0025"]], [(NOON, "2 kWh")], f"{MONDAY}T13:00", "0.01",
         {"half_even": "0", "half_toward_zero": "0", "toward_zero": "0"}, seen="total"),
    Case("money_rounding", [["ENERGY 0.0011"]], [(NOON, "2 kWh")], f"{MONDAY}T13:00", "0",
         {"away_from_zero": "0.01"}, seen="total"),
    Case("rounding_unit", [["ENERGY 1.23456"]], [(NOON, "1 kWh")], f"{MONDAY}T13:00", "1.23",
         {"four_decimals": "1.2346", "five_hundredths": "1.25"}, seen="total"),
    Case("clamp_tax",
         {"elements": [["ENERGY 1 vat 10", "TIME 1 vat 20"]], "max_price": ["1", "1.15"]},
         [(NOON, "1 kWh")], f"{MONDAY}T13:00", "2", {"one_line": "1"}, seen="limits"),
    Case("volume_rounding", [["ENERGY 100 step 0"]], [(NOON, "0.00016 kWh")], f"{MONDAY}T13:00",
         "0.016", {"four_decimals": "0.02"}),
    Case("volume_rounding", [["TIME 6 step 300"]], [(NOON, "charging")], f"{MONDAY}T12:40",
         "4.5", {"period_span": "4"}, stated={"time_s": D("2400.12")}),
    Case("negative_energy", [["ENERGY 1"]], [(NOON, "-3 kWh")], f"{MONDAY}T13:00",
         "0", {"credited": "-3"}),
    Case("period_order", [["TIME 1 step 0", {"max_kwh": "5"}], ["TIME 3 step 0"]],
         [(f"{MONDAY}T13:00", "10 kWh"), (NOON, "charging")], f"{MONDAY}T13:00",
         "3", {"by_start": "1"}),
    Case("wrap_weekday",
         [["TIME 1", {"start_time": "22:00", "end_time": "06:00", "days": "Mon"}], ["TIME 2"]],
         [("2026-10-06T01:00", "charging")], "2026-10-06T02:00", "2", {"window_start": "1"}),
    Case("dst_clock", [["TIME 1", {"start_time": "02:30", "end_time": "03:30"}], ["TIME 2"]],
         [("2026-10-25T00:00", "charging"), ("2026-10-25T03:15", "charging")],
         "2026-10-25T04:15", "9.5", {"offset_at_start": "10.5"}),
    Case("flat_cost_field", [["FLAT 1", "PARKING_TIME 1"]], [(NOON, "parked")],
         f"{MONDAY}T13:00", "parking", {"fixed": "fixed"}, seen="flat group"),
    Case("duplicate_component", [["ENERGY 1", "ENERGY 2"]], [(NOON, "1 kWh")],
         f"{MONDAY}T13:00", "1", {"last": "2"}),
    Case("tax_included_math", {"elements": [["ENERGY 1.1 vat 10"]], "tax_included": "YES"},
         [(NOON, "1 kWh")], f"{MONDAY}T13:00", "1.1", {"tax_on_top": "1.21"}, seen="gross"),
    Case("empty_date_window", [["TIME 1", {"start_date": MONDAY, "end_date": MONDAY}]],
         [(NOON, "charging")], f"{MONDAY}T13:00", "0", {"same_day": "1"}),
    Case("day_end_2359", [["TIME 60", {"start_time": "20:00", "end_time": "23:59"}]],
         [(f"{MONDAY}T23:59", "charging")], "2026-10-06T00:00", "0", {"as_2400": "1"}),
    Case("time_with_seconds", [["TIME 3600", {"end_time": "19:59:59"}]],
         [(f"{MONDAY}T19:59:59", "charging")], f"{MONDAY}T20:00", "0", {"whole_minute": "1"}),
]  # fmt: skip

ELSEWHERE = {
    "limit_tariff": "test_the_limits_of_the_tariff_at_the_end",
    "total_time_source": "tests/billing/cdr/test_derive.py",
    "zone_source": "tests/billing/cdr/test_derive.py",
    "unpriced_dimension": "tests/billing/cdr/test_derive.py",
    "list_restrictions": "how a tariff is read, not how it is priced",
    "lenient_number": "how a tariff is read, not how it is priced",
    "unknown_fields": "how a tariff is read, not how it is priced",
}
"""Questions that one session with one tariff cannot ask."""


def bill(own: Tariff, found: tuple[ChargingPeriod, ...], policy: PricingPolicy) -> Receipt:
    start = min(one.start_at for one in found)
    if policy.duration_origin != "session_start" or own.elements[0].restrictions.min_duration:
        start = start.replace(minute=0)
    return price(found, [own], AMSTERDAM, start_at=start, end_at=found[-1].end_at, policy=policy)


def seen(receipt: Receipt, what: str) -> str:
    flats = [line for line in receipt.lines if line.dimension == "FLAT"]
    looks: dict[str, object] = {
        "net": receipt.exact_total.net,
        "gross": receipt.exact_total.gross,
        "total": receipt.total.net,
        "taxes": receipt.total.taxes,
        "limits": sum(line.group == "limit" for line in receipt.lines),
        "flat group": str(flats[0].group) if flats else "",
    }
    found = looks[what]
    return f"{found.normalize():f}" if isinstance(found, Decimal) else str(found)


def answers() -> list[Any]:
    return [
        pytest.param(case, answer, net, id=f"{case.question}={answer}")
        for case in CASES
        for answer, net in {
            getattr(DEFAULT_POLICY, case.question): case.by_default,
            **case.answers,
        }.items()
    ]


@pytest.mark.parametrize(("case", "answer", "expected"), answers())
def test_an_answer_and_its_price(case: Case, answer: str, expected: str) -> None:
    own = tariff_of(case.tariff)
    found = periods(*case.rows, end=case.end)
    if case.stated:
        found = tuple(replace(one, **case.stated) for one in found)
    receipt = bill(own, found, policy_from([(case.question, answer)]))
    assert seen(receipt, case.seen) == expected, receipt
    assert (case.question, answer) in receipt.policies


def test_every_answer_of_every_question_changes_a_price() -> None:
    hints = get_type_hints(PricingPolicy)
    asked = {(case.question, answer) for case in CASES for answer in case.answers}
    assert all(net != case.by_default for case in CASES for net in case.answers.values())
    missing = {
        (name, answer)
        for name, hint in hints.items()
        if name not in ELSEWHERE
        for answer in get_args(hint)
        if answer != getattr(DEFAULT_POLICY, name)
    } - asked
    assert missing == set()


def test_the_limits_of_the_tariff_at_the_end() -> None:
    cheap = tariff_of({"elements": [["ENERGY 1"]], "max_price": ["5", None]}, "A")
    dear = tariff_of({"elements": [["ENERGY 1"]], "max_price": ["7", None]}, "B")
    first, second = periods((NOON, "6 kWh"), (f"{MONDAY}T13:00", "6 kWh"), end=f"{MONDAY}T14:00")
    found = (replace(first, tariff_id="A"), replace(second, tariff_id="B"))
    nets = [
        price(
            found,
            [cheap, dear],
            AMSTERDAM,
            start_at=first.start_at,
            end_at=second.end_at,
            policy=policy_from([("limit_tariff", answer)]),
        ).exact_total.net
        for answer in ("at_start", "at_end")
    ]
    assert nets == [5, 7]
