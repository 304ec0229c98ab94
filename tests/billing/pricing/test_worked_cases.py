"""The specification's worked cases, read beside the checkout; skipped where they are not there."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.money import EXACT, round_to
from billing.period import ChargingPeriod
from billing.price import price
from billing.receipt import CostGroup, Receipt
from billing.session import Activity
from billing.tariff import Tariff
from tests.billing.pricing.samples import tariff, tariff_of

CASES = Path(__file__).parents[3] / ".." / "shared" / "reference" / "pricing_cases.json"
ZONE = ZoneInfo("Europe/Amsterdam")

NAMES = {
    "tariff_1_simple_2hour": "hourly_2",
    "tariff_2_alt_text": "hourly_190",
    "tariff_3_alt_url": "start_and_energy_100wh",
    "tariff_4_complex": "complex",
    "tariff_5_free_of_charge": "free",
    "tariff_6_025kwh_start_max_price": "capped",
    "tariff_8_simple_025kwh": "energy",
    "tariff_9_025kwh_start": "start_and_energy",
    "tariff_10_025kwh_parking_start": "start_energy_parking",
    "tariff_12_025kwh_min_price": "floored",
    "tariff_13_simple_3hour_5parking": "time_and_parking",
    "tariff_14_step_size": "evening_steps",
    "tariff_15_reservation_5_euro_per_hour": "reserved_hourly",
    "tariff_16_reservation_2_euro_fee_5_euro_per_hour": "reserved_fee",
    "tariff_17_reservation_with_expire_fee": "expiry_fee",
    "tariff_18_reservation_with_expire_time": "expiry_time",
    "tariff_19_simple_north_american_exclusive": "canada_net",
    "tariff_20_simple_north_american_inclusive": "canada_gross",
    "tariffrestriction_example_max_power": "power_bands",
    "tariffrestriction_example_max_duration": "free_half_hour",
}

ERRATA = {
    "t4_saturday": "printed with 1.20 per hour where the tariff says 1.25 (ocpi#579)",
}
"""Cases whose printed total is wrong; `exact_*` is what we compute."""


def cases() -> list[Any]:
    if not CASES.exists():
        skip = pytest.mark.skip(reason=f"{CASES.name} is not beside this checkout")
        return [pytest.param({}, marks=skip, id="absent")]
    return [pytest.param(case, id=case["id"]) for case in json.loads(CASES.read_text())]


@pytest.mark.parametrize("case", cases())
def test_worked_case(case: dict[str, Any]) -> None:
    receipt = receipt_of(case)
    for kind, found in (
        ("excl", receipt.exact_total.net),
        ("incl", receipt.exact_total.gross),
    ):
        exact = Decimal(case[f"exact_{kind}"])
        assert at_scale_of(found, exact) == exact, (kind, receipt)
        printed = case[f"printed_{kind}"]
        if printed is not None and case["id"] not in ERRATA:
            assert at_scale_of(found, Decimal(printed)) == Decimal(printed)
        elif printed is not None:
            assert at_scale_of(found, Decimal(printed)) != Decimal(printed), "no erratum any more"
    assert billed(receipt) == sorted((name, scaled(value)) for name, value in case["billed"])


def receipt_of(case: dict[str, Any]) -> Receipt:
    own = own_tariff(case["tariff"])
    starts = [instant(start) for start, _ in case["periods"]] + [instant(case["end"])]
    found = tuple(
        period(number, (starts[number], starts[number + 1]), volumes, expired=case["expired"])
        for number, (_, volumes) in enumerate(case["periods"])
    )
    return price(found, [own], ZONE, start_at=starts[0], end_at=starts[-1])


def own_tariff(given: Any) -> Tariff:
    if isinstance(given, str):
        return tariff(NAMES[given])
    elements = [
        [*(written(part) for part in element["price_components"]), element["restrictions"]]
        for element in given["elements"]
    ]
    return tariff_of({"elements": elements, "tax_included": given["tax_included"]})


def written(part: dict[str, Any]) -> str:
    vat = f" vat {part['vat']}" if "vat" in part else ""
    return f"{part['type']} {part['price']}{vat} step {int(part['step_size'])}"


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC)


def period(
    number: int, span: tuple[datetime, datetime], volumes: dict[str, Any], *, expired: bool
) -> ChargingPeriod:
    bounds = {key: Decimal(str(value)) for key, value in volumes.items()}
    return ChargingPeriod(
        ordinal=number,
        start_at=span[0],
        end_at=span[1],
        activity=Activity.PARKED if "PARKING_TIME" in volumes else Activity.CHARGING,
        energy_wh=bounds.get("ENERGY", Decimal(0)) * 1000,
        min_power_kw=bounds.get("MIN_POWER"),
        max_power_kw=bounds.get("MAX_POWER"),
        min_current_a=bounds.get("MIN_CURRENT"),
        max_current_a=bounds.get("MAX_CURRENT"),
        reserved="RESERVATION_TIME" in volumes,
        expired=expired,
    )


def at_scale_of(value: Decimal, model: Decimal) -> Decimal:
    exponent = model.as_tuple().exponent
    assert isinstance(exponent, int)
    return round_to(value, Decimal(1).scaleb(min(exponent, 0), EXACT))


def scaled(value: float) -> Decimal:
    return round_to(Decimal(str(value)), Decimal("0.000001"))


def billed(receipt: Receipt) -> list[tuple[str, Decimal]]:
    """(dimension as a CDR names it, billed volume) of each line that is not a price limit."""
    return sorted(
        (
            "RESERVATION_TIME"
            if line.group is CostGroup.RESERVATION and line.dimension == "TIME"
            else str(line.dimension),
            round_to(line.billed, Decimal("0.000001")),
        )
        for line in receipt.lines
        if line.group is not CostGroup.LIMIT
    )
