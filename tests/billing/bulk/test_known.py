"""Sessions whose price is known: every tariff of tariffs.json, and the worked cases."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from billing.bulk import Asked
from billing.period import ChargingPeriod
from billing.policy import policy_from
from tests.billing.bulk.test_equality import check
from tests.billing.pricing import test_worked_cases as worked
from tests.billing.pricing.samples import AMSTERDAM, TABLE, periods, tariff, tariff_of
from tests.billing.pricing.test_policy_alternatives import answers
from tests.billing.pricing.test_price import TOTALS

ROWS = [
    [("2026-10-05T12:00", "20 kWh")],
    [("2026-10-05T11:47", "reserved"), ("2026-10-05T12:00", "1.1152 kWh 16 A 11 kW")],
    [("2026-10-10T12:00", "43 kWh 40 A 35 kW"), ("2026-10-10T13:54", "parked")],
    [
        ("2026-10-24T23:50", "charging 8 A"),
        ("2026-10-25T01:30", "0.3 kWh"),
        ("2026-10-25T02:10", "parked"),
    ],
    [("2026-10-05T16:35", "expired")],
    [
        ("2026-10-05T19:40", "parked"),
        ("2026-10-05T20:00", "7 kWh"),
        ("2026-10-05T23:59", "5.4 kWh"),
    ],
]
ENDS = [
    "2026-10-05T13:00",
    "2026-10-05T12:40",
    "2026-10-10T15:05",
    "2026-10-25T03:41",
    "2026-10-05T17:10",
    "2026-10-06T06:01",
]


def asked_for(key: str, name: str, found: tuple[ChargingPeriod, ...]) -> Asked:
    return Asked(key, found, (tariff(name),), AMSTERDAM, found[0].start_at, found[-1].end_at)


def test_every_known_tariff() -> None:
    asked = [
        asked_for(f"{name} {number}", name, periods(*rows, end=end, tariff_id=name))
        for name in TABLE
        for number, (rows, end) in enumerate(zip(ROWS, ENDS, strict=True))
    ]
    assert len(check(asked)) == len(TABLE) * len(ROWS)


def test_known_totals() -> None:
    asked = []
    for what, name, rows, end, *_ in TOTALS:
        found = periods(*rows, end=end if "T" in end else f"2026-10-05T{end}", tariff_id=name)
        asked.append(asked_for(what, name, found))
    receipts = check(asked)
    for what, _, _, _, net, gross in TOTALS:
        exact = receipts[what].exact_total
        assert (exact.net, exact.gross) == (Decimal(net), Decimal(gross)), what


def test_worked_cases() -> None:
    """The printed numbers of the specification, where they lie beside the checkout."""
    if not worked.CASES.exists():
        pytest.skip(f"{worked.CASES.name} is not beside this checkout")
    cases: list[Any] = [one.values[0] for one in worked.cases()]
    receipts = check([_worked(case) for case in cases])
    for case in cases:
        found = receipts[case["id"]].exact_total
        for value, name in ((found.net, "exact_excl"), (found.gross, "exact_incl")):
            exact = Decimal(case[name])
            assert worked.at_scale_of(value, exact) == exact, case["id"]


def _worked(case: Any) -> Asked:
    starts = [worked.instant(start) for start, _ in case["periods"]]
    starts.append(worked.instant(case["end"]))
    found = tuple(
        worked.period(
            number, (starts[number], starts[number + 1]), volumes, expired=case["expired"]
        )
        for number, (_, volumes) in enumerate(case["periods"])
    )
    own = (worked.own_tariff(case["tariff"]),)
    return Asked(case["id"], found, own, worked.ZONE, starts[0], starts[-1])


def test_answers_to_open_questions() -> None:
    """Every session whose price depends on an answer, under every answer."""
    asked = []
    for case, answer, _ in (param.values for param in answers()):
        found = periods(*case.rows, end=case.end)
        stated = tuple(replace(one, **(case.stated or {})) for one in found)
        start = min(one.start_at for one in found).replace(minute=0)
        policy = policy_from([(case.question, answer)])
        own = (tariff_of(case.tariff),)
        key = f"{case.question} {answer} {len(asked)}"
        asked.append(Asked(key, stated, own, AMSTERDAM, start, found[-1].end_at, policy))
    check(asked)
