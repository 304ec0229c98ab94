"""Each wrong claim is found with the right cause; the claims are worked out by hand beside it."""

from typing import Any, NamedTuple

import pytest

from billing.verify.report import Group, Kind
from tests.billing.verify.samples import Claimed, report


class Row(NamedTuple):
    """A tariff, what happened, what was claimed, and what must be said about it."""

    tariff: Any
    rows: list[tuple[str, str]]
    end: str
    claimed: Claimed
    kind: Kind
    code: str


NOON, ONE, TWO = "2026-10-05T12:00", "2026-10-05T13:00", "2026-10-05T14:00"
ENERGY = [["ENERGY 0.30 vat 20"]]
STEPPED = [["ENERGY 0.50 step 1000"]]
TWO_STEPS = {
    "elements": [
        ["ENERGY 0.50 step 1000", {"max_kwh": "10"}],
        ["ENERGY 1.00 step 1000"],
    ]
}
PARKING = [["ENERGY 0.30", "TIME 2.00", "PARKING_TIME 6.00"]]
DAY_NIGHT = [
    ["ENERGY 0.20", {"start_time": "22:00", "end_time": "06:00"}],
    ["ENERGY 0.40"],
]
LATE = "2026-10-05T22:00"

CASES = {
    # 20 kWh x 0.30 = 6.00, 7.20 with tax; tax again: 7.20 and 8.64
    "tax added twice": Row(
        ENERGY,
        [(NOON, "20 kWh")],
        TWO,
        {"total": "7.20 8.64", "energy": "7.20 8.64"},
        Kind.MISTAKE,
        "tax_added_twice",
    ),
    # 6.00 read as a price with tax: 5.00 before, 6.00 after
    "net taken as gross": Row(
        ENERGY,
        [(NOON, "20 kWh")],
        TWO,
        {"total": "5.00 6.00", "energy": "5.00 6.00"},
        Kind.MISTAKE,
        "net_as_gross",
    ),
    "gross written as net": Row(
        ENERGY,
        [(NOON, "20 kWh")],
        TWO,
        {"total": "7.20 7.20", "energy": "7.20 7.20"},
        Kind.MISTAKE,
        "gross_as_net",
    ),
    "tax left out": Row(
        ENERGY,
        [(NOON, "20 kWh")],
        TWO,
        {"total": "6.00 6.00", "energy": "6.00 6.00"},
        Kind.MISTAKE,
        "tax_left_out",
    ),
    # 20.3 kWh are billed as 21: 10.50; without the step 10.15
    "step ignored": Row(
        STEPPED,
        [(NOON, "20.3 kWh")],
        TWO,
        {"total": "10.15", "energy": "10.15"},
        Kind.MISTAKE,
        "step_ignored",
    ),
    # 10.4 at 0.50 and 5.3 at 1.00: once per session 16 -> 5.20 + 5.60 = 10.80; per period 11 and 6
    # -> 5.50 + 6.00
    "step per period": Row(
        TWO_STEPS,
        [(NOON, "10.4 kWh"), (ONE, "5.3 kWh")],
        TWO,
        {"total": "11.50", "energy": "11.50"},
        Kind.POLICY,
        "step_scope=period",
    ),
    # 40 kWh x 0.30 = 12.00, at most 10.00
    "limit ignored": Row(
        {"elements": [["ENERGY 0.30"]], "max_price": ["10.00", None]},
        [(NOON, "40 kWh")],
        TWO,
        {"total": "12.00", "energy": "12.00"},
        Kind.MISTAKE,
        "limit_ignored",
    ),
    # 10 kWh 3.00 + 1 h charging 2.00 + 1 h parked 6.00 = 11.00; all as charging 3.00 + 4.00
    "parking billed as time": Row(
        PARKING,
        [(NOON, "10 kWh"), (ONE, "parked")],
        TWO,
        {"total": "7.00", "energy": "3.00", "time": "4.00"},
        Kind.MISTAKE,
        "parking_as_time",
    ),
    "parking left out": Row(
        PARKING,
        [(NOON, "10 kWh"), (ONE, "parked")],
        TWO,
        {"total": "5.00", "energy": "3.00", "time": "2.00"},
        Kind.MISTAKE,
        "parking_left_out",
    ),
    # 21:00-22:00 10 kWh at 0.40, 22:00-23:00 10 kWh at 0.20 = 6.00; by UTC both are day: 8.00
    # (an hour back, UTC+1, the same: 21:00 and 20:00)
    "wrong time zone": Row(
        [
            ["ENERGY 0.20", {"start_time": "22:00", "end_time": "06:00"}],
            ["ENERGY 0.40", {"start_time": "20:00", "end_time": "22:00"}],
            ["ENERGY 0.50"],
        ],
        [("2026-10-05T21:00", "10 kWh"), (LATE, "10 kWh")],
        "2026-10-05T23:00",
        {"total": "9.00", "energy": "9.00"},
        Kind.MISTAKE,
        "time_zone",
    ),
    # one fee of 1.00 and 6.00 for energy
    "flat left out": Row(
        [["FLAT 1.00", "ENERGY 0.30"]],
        [(NOON, "20 kWh")],
        TWO,
        {"total": "6.00", "energy": "6.00", "fixed": "0.00"},
        Kind.MISTAKE,
        "flat_left_out",
    ),
    # 4.00 + 2.00; all at the first price 8.00
    "one price for all": Row(
        DAY_NIGHT,
        [("2026-10-05T21:00", "10 kWh"), (LATE, "10 kWh")],
        "2026-10-05T23:00",
        {"total": "8.00", "energy": "8.00"},
        Kind.MISTAKE,
        "one_period",
    ),
    # by first match all of it costs 0.30; the last element that applies says 0.35
    "last match": Row(
        [["ENERGY 0.30"], ["ENERGY 0.35"]],
        [(NOON, "20 kWh")],
        TWO,
        {"total": "7.00", "energy": "7.00"},
        Kind.MISTAKE,
        "last_match",
    ),
    # night of 25 October 2026: 01:00-04:00 is four hours; by the wall three
    "wall clock over a clock change": Row(
        [["TIME 3.00"]],
        [("2026-10-25T01:00", "10 kWh")],
        "2026-10-25T04:00",
        {"total": "9.00", "time": "9.00"},
        Kind.MISTAKE,
        "wall_clock",
    ),
    # five equal windows: never instead of the whole day leaves the fallback of 0.50
    "a policy": Row(
        [["ENERGY 0.30", {"start_time": "08:00", "end_time": "08:00"}], ["ENERGY 0.50"]],
        [(NOON, "20 kWh")],
        TWO,
        {"total": "10.00", "energy": "10.00"},
        Kind.POLICY,
        "equal_window=never",
    ),
    # equal window never: 0.50; its step 0 read as whole Wh: 20,000.4 Wh -> 20,001 Wh
    "a pair of policies": Row(
        [
            ["ENERGY 0.30 step 0", {"start_time": "08:00", "end_time": "08:00"}],
            ["ENERGY 1000 step 0"],
        ],
        [(NOON, "20.0004 kWh")],
        TWO,
        {"total": "20001.00", "energy": "20001.00"},
        Kind.POLICY,
        "equal_window=never + zero_step=one",
    ),
    "nobody knows": Row(
        [["ENERGY 0.30 vat 20", {"max_kwh": "10"}], ["ENERGY 0.40 vat 20"]],
        [(NOON, "10 kWh"), (ONE, "10 kWh")],
        TWO,
        {"total": "7.77 9.32", "energy": "7.77 9.32"},
        Kind.UNEXPLAINED,
        "unexplained",
    ),
    # half a cent, of one line: rounding
    "rounding": Row(
        [["ENERGY 0.25"]],
        [(NOON, "22.5 kWh")],
        TWO,
        {"total": "5.62", "energy": "5.62"},
        Kind.ROUNDING,
        "money_rounding=half_even",
    ),
}


@pytest.mark.parametrize("row", CASES.values(), ids=list(CASES))
def test_the_cause_of_a_wrong_claim(row: Row) -> None:
    found = report(row.tariff, row.rows, row.end, row.claimed)
    total = [one for one in found.checks if one.group is Group.COST and one.field == "total_cost"]
    worst = max(total, key=lambda one: list(Kind).index(one.kind))
    assert (worst.kind, worst.cause) == (row.kind, row.code)
    assert found.money_differs is (row.kind is not Kind.ROUNDING)
    assert found.at_stake == found.claimed - (found.computed or 0) != 0
