"""The worked cases of the three specifications, each as a CDR through `wattproof price`.

Written in every version that can say the case. Errata of the specification are named in
`tests.billing.pricing.test_worked_cases`, where the engine alone is held to the same cases.
"""

import json
from collections.abc import Iterator
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from billing.money import round_to
from billing.tariff import Tariff, TaxIncluded
from ingest.protocols.ocpi import dumps, loads, write_tariff
from tests.billing.pricing.test_worked_cases import (
    CASES,
    ERRATA,
    at_scale_of,
    own_tariff,
    scaled,
)
from tests.wattproof.pricing.samples import VERSIONS, ZONE, cdr
from wattproof.cli import app

D = Decimal
NET = {"2.2.1": "excl_vat", "2.3.0": "before_taxes"}


def cases() -> Iterator[Any]:
    if not CASES.exists():
        skip = pytest.mark.skip(reason=f"{CASES.name} is not beside this checkout")
        yield pytest.param({}, "2.2.1", marks=skip, id="absent")
        return
    for case in json.loads(CASES.read_text()):
        for version in VERSIONS:
            if can_say(version, own_tariff(case["tariff"])):
                yield pytest.param(case, version, id=f"{case['id']}-{version}")


def can_say(version: str, tariff: Tariff) -> bool:
    """2.1.1 knows no reservations, currents and limits; only 2.3.0 knows prices with tax."""
    if version == "2.3.0":
        return True
    if tariff.tax_included is TaxIncluded.YES:
        return False
    limits = [element.restrictions for element in tariff.elements]
    later = any(one.reservation or one.min_current or one.max_current for one in limits)
    return version == "2.2.1" or not (later or tariff.min_price or tariff.max_price)


def written(case: dict[str, Any], version: str, grain: str) -> dict[str, Any]:
    """The case as a CDR, volumes cut off at a grain of the wire: so that no block begins by it."""
    tariff = loads(dumps(write_tariff(version, own_tariff(case["tariff"]))))
    periods = [
        (
            start,
            {name: D(str(v)).quantize(D(grain), rounding=ROUND_DOWN) for name, v in what.items()},
        )
        for start, what in case["periods"]
    ]
    return cdr(version, periods, case["end"], tariff)


def priced(wire: dict[str, Any], folder: Path) -> dict[str, Any]:
    path = folder / "cdr.json"
    path.write_text(dumps(wire))
    done = CliRunner().invoke(app, ["price", str(path), "--time-zone", ZONE, "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = loads(done.stdout)
    return found


def net_of(found: dict[str, Any]) -> Decimal:
    cost = found["total_cost"]
    return D(cost if found["version"] == "2.1.1" else cost[NET[found["version"]]])


def gross_of(found: dict[str, Any]) -> Decimal:
    cost = found["total_cost"]
    if found["version"] == "2.2.1":
        return D(cost.get("incl_vat", cost["excl_vat"]))
    return net_of(found) + sum((D(tax["amount"]) for tax in cost["taxes"]), D(0))


@pytest.mark.parametrize(("case", "version"), list(cases()))
def test_the_command_prices_a_worked_case(
    case: dict[str, Any], version: str, tmp_path: Path
) -> None:
    found = priced(written(case, version, "1E-12"), tmp_path)
    exact = {"version": found["version"], "total_cost": found["exact"]["total_cost"]}
    kinds = {"excl": (net_of(exact), net_of(found))}
    if version != "2.1.1":
        kinds["incl"] = (gross_of(exact), gross_of(found))
    for kind, (whole, rounded) in kinds.items():
        expected = D(case[f"exact_{kind}"])
        assert at_scale_of(whole, expected) == expected
        assert rounded == round_to(expected, D("0.01"))
        printed = case[f"printed_{kind}"]
        if printed is not None:
            assert (at_scale_of(whole, D(printed)) != D(printed)) is (case["id"] in ERRATA)
    assert billed(found) == sorted((name, scaled(value)) for name, value in case["billed"])


@pytest.mark.parametrize(("case", "version"), list(cases()))
def test_four_decimals_are_enough(case: dict[str, Any], version: str, tmp_path: Path) -> None:
    found = priced(written(case, version, "0.0001"), tmp_path)
    assert abs(net_of(found) - D(case["exact_excl"])) < D("0.006"), "to the cent"


def billed(found: dict[str, Any]) -> list[tuple[str, Decimal]]:
    return sorted(
        (
            "RESERVATION_TIME"
            if line["group"] == "reservation" and line["dimension"] == "TIME"
            else line["dimension"],
            round_to(D(line["billed"]), D("0.000001")),
        )
        for line in found["lines"]
        if line["group"] != "limit"
    )
