"""A receipt on a terminal says of each line no more than it knows."""

from decimal import Decimal
from typing import Any

import pytest

from wattproof.pricing.generate import Charge, generate
from wattproof.pricing.price import price
from wattproof.pricing.shown import show_receipt

ZONE = "Europe/Amsterdam"


def tariff(*elements: dict[str, Any]) -> dict[str, Any]:
    return {
        "country_code": "NL",
        "party_id": "WPF",
        "id": "T1",
        "currency": "EUR",
        "elements": list(elements),
        "last_updated": "2026-01-01T00:00:00Z",
    }


def hourly(amount: float, **restrictions: object) -> dict[str, Any]:
    component = {"type": "TIME", "price": amount, "step_size": 1}
    return {"price_components": [component]} | (
        {"restrictions": restrictions} if restrictions else {}
    )


@pytest.mark.parametrize(
    ("policy", "starts"),
    [
        ({}, ["18:00:00"]),
        ({"period_spans_price_change": "split_by_time"}, ["part of 18:00:00-20:00:00"] * 2),
    ],
)
def test_a_share_of_a_period_claims_no_time_of_its_own(
    capsys: pytest.CaptureFixture[str], policy: dict[str, str], starts: list[str]
) -> None:
    charge = Charge("2026-10-05T18:00", Decimal(22), Decimal(11))
    cdr = generate(tariff(hourly(2.0)), charge, time_zone=ZONE).wire
    changed = tariff(hourly(6.0, max_duration=3600), hourly(1.0))
    show_receipt(price(cdr, tariff=changed, time_zone=ZONE, policy=policy))
    lines = [line for line in capsys.readouterr().out.splitlines() if "  TIME  " in line]
    assert [line.partition("  ")[0] for line in lines] == starts
