"""A CDR that misspells, leaves out or swaps: what finance reads about it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from billing.verify.causes import CAUSES
from billing.verify.report import Kind
from ingest.protocols.ocpi import Wire, dumps
from tests.wattproof.pricing.samples import VERSIONS, ZONE, cdr, element, tariff
from wattproof.cli import app
from wattproof.pricing import Terms, verify, verify_frame
from wattproof.pricing.price import price

D = Decimal
TERMS = Terms(time_zone=ZONE)
NOON, TWO = "2026-10-05T12:00", "2026-10-05T14:00"
PER_KWH = tariff(element("ENERGY 0.40 - 1"))


def claimed(total: str, version: str = "2.2.1", kind: str = "ENERGY", **fields: Any) -> Wire:
    """10 kWh at 0.40, for which `total` is asked; the volume's dimension is `kind`."""
    money: dict[str, Any] = {
        "2.1.1": D(total),
        "2.2.1": {"excl_vat": D(total)},
        "2.3.0": {"before_taxes": D(total)},
    }
    fields = {"total_energy": D(10), "total_time": D(2), "total_cost": money[version]} | fields
    whole = cdr(version, [(NOON, {kind: D(10)})], TWO, PER_KWH, **fields)
    return {name: value for name, value in whole.items() if value is not None}


def run(*words: object, code: int) -> Result:
    result = CliRunner().invoke(app, [*map(str, words)])
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cdr.json"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_misspelt_dimension_is_not_checked_and_pointed_at(version: str) -> None:
    found = verify(claimed("4.00", version, "ENRGY"), TERMS)
    assert found.kind is Kind.NOT_CHECKED
    assert not found.report.money_checked
    where = "/charging_periods/0/dimensions/0/type"
    (row,) = [one for one in found.report.checks if one.place[-1:] == ("type",)]
    assert (found.pointer(row), row.cause) == (where, "unknown_dimension")
    assert row.message == "ENRGY is no dimension of OCPI (ENERGY?): its volume of 10 has no price"
    assert [one.code for one in found.notes][:1] == ["unknown_dimension"]


def test_a_misspelt_dimension_stands_first_among_the_notes_of_a_price(path: Path) -> None:
    wire = claimed("4.00", kind="ENRGY", total_time="2")
    first = price(wire, time_zone=ZONE).notes[0]
    assert (first.code, first.pointer) == (
        "unknown_dimension",
        "/charging_periods/0/dimensions/0/type",
    )
    path.write_text(dumps(wire))
    said = run("price", path, "--time-zone", ZONE, code=0).output
    assert "note: unknown_dimension: ENRGY is no dimension of OCPI (ENERGY?)" in said


def test_a_dimension_of_another_version_is_none_that_nobody_has() -> None:
    wire = claimed("4.00")
    wire["charging_periods"][0]["dimensions"].append({"type": "FLAT", "volume": 1})
    found = verify(wire, TERMS)
    assert found.kind is Kind.EXACT
    assert {"unknown_value"} == {one.code for one in found.notes}


def test_what_does_not_bear_on_a_right_claim_leaves_it_right() -> None:
    wire = claimed("4.00")
    wire["charging_periods"][0]["dimensions"].append({"type": "SOC_AT_END", "volume": 80})
    found = verify(wire, TERMS)
    assert found.kind is Kind.EXACT
    assert [one.code for one in found.notes] == ["unknown_dimension"]


def test_a_mistake_is_found_beside_a_dimension_that_bears_on_nothing() -> None:
    """4.84 is written as the amount before tax; 8.00 holds two hours that are misspelt."""
    taxed = tariff(element("ENERGY 0.40 21 1", "TIME 2.00 21 1"))
    money = {"total_cost": {"excl_vat": D("4.84")}, "total_energy": D(10), "total_time": D(2)}
    wire = cdr("2.2.1", [(NOON, {"ENERGY": D(10), "SOC_AT_END": D(80)})], TWO, taxed, **money)
    found = verify(wire, TERMS).report.explanation
    assert found is not None
    assert (found.kind, found.code) == (Kind.MISTAKE, "gross_as_net")
    dearer = money | {"total_cost": {"excl_vat": D("8.00")}}
    timed = cdr("2.2.1", [(NOON, {"ENERGY": D(10), "TMIE": D(2)})], TWO, taxed, **dearer)
    assert verify(timed, TERMS).kind is Kind.NOT_CHECKED


def test_a_missing_total_energy_is_missing_and_not_zero(path: Path) -> None:
    timed = tariff(element("TIME 2.00 - 1"))
    time = {"total_cost": {"excl_vat": D(4)}, "total_time_cost": {"excl_vat": D(4)}}
    wire = cdr("2.2.1", [(NOON, {"TIME": D(2)})], TWO, timed, **time, total_time=D(2))
    assert "time_without_energy" in {one.cause for one in verify(wire, TERMS).report.checks}
    del wire["total_energy"]
    found = {one.cause for one in verify(wire, TERMS).report.checks}
    assert "time_without_energy" not in found
    assert "not_stated" in found
    path.write_text(dumps(wire))
    for verb in ("verify", "price"):
        said = run(verb, path, "--time-zone", ZONE, code=0).output
        assert "total_energy missing" in said
        assert "0 kWh" not in said


def test_a_tariff_that_is_given_may_not_be_the_one_that_was_used() -> None:
    other = PER_KWH | {"id": "T9", "elements": [element("ENERGY 0.50 - 1")]}
    found = verify(claimed("4.00"), TERMS, tariff=other)
    assert found.report.explanation is not None
    assert found.report.explanation.code == "other_tariff"
    words = "priced by tariff T1, which the CDR carries, not by T9"
    assert found.report.explanation.message == words
    broken = claimed("4.00", tariffs=[{"id": "T1", "country_code": "NL"}])
    assert verify(broken, TERMS, tariff=other).kind is Kind.UNEXPLAINED


def test_another_currency_is_a_verdict_with_all_of_it_at_stake(path: Path) -> None:
    wire = claimed("4.00", currency="CHF")
    path.write_text(dumps(wire))
    said = run("verify", path, "--time-zone", ZONE, code=1).output
    assert "4.00 CHF claimed: all of it is at stake" in said
    assert "Mistake, currency_differs: the CDR is in CHF, tariff T1 in EUR" in said
    assert "priced in the latter" not in said
    many = path.with_suffix(".jsonl")
    many.write_text(f"{dumps(wire)}\n{dumps(claimed('4.00', id='CDR-2'))}\n")
    said = run("verify", many, "--time-zone", ZONE, code=1).output
    (sums,) = (line.split() for line in said.splitlines() if line.startswith("CHF"))
    assert sums == ["CHF", "4.00", "0.00", "4.00"]
    assert "2 CDRs: 1 exact, 1 mistake" in said
    frame = verify_frame(pl.DataFrame({"cdr": [dumps(wire)]}), terms=TERMS)
    assert set(frame["at_stake"].to_list()) == {D("4.00")}


def test_what_differs_by_rounding_only_is_called_the_same_throughout(path: Path) -> None:
    """22.5 kWh x 0.25 = 5.625: half a cent."""
    own = tariff(element("ENERGY 0.25 - 1"))
    wire = cdr(
        "2.2.1", [(NOON, {"ENERGY": D("22.5")})], TWO, own,
        total_cost={"excl_vat": D("5.62")}, total_energy=D("22.5"), total_time=D(2),
    )  # fmt: skip
    path.write_text(dumps(wire))
    said = run("verify", path, "--time-zone", ZONE, code=0).output
    assert "Rounding only, money_rounding=half_even" in said
    assert "Policy" not in said
    told = json.loads(run("verify", path, "--time-zone", ZONE, "--json", code=0).stdout)
    assert (told["kind"], told["explanation"]["kind"]) == ("rounding", "rounding")


def test_every_cause_is_listed() -> None:
    said = run("verify", "--causes", code=0).output
    assert all(cause in said for cause in CAUSES)
    rows = json.loads(run("verify", "--causes", "--json", code=0).stdout)
    assert [row["cause"] for row in rows] == list(CAUSES)
    assert "give a FILE, or --causes" in run("verify", code=2).output


def test_a_cause_that_is_no_price_is_named_in_the_verdict(path: Path) -> None:
    path.write_text(dumps(claimed("4.40", total_energy=D(12))))
    said = run("verify", path, "--time-zone", ZONE, code=1).output
    assert "Unexplained, energy_not_of_periods: total_energy is 12 kWh" in said


def test_what_can_be_given_is_its_own_cause_and_advised_once(path: Path) -> None:
    zoneless = claimed("4.00")
    zoneless["cdr_location"].pop("time_zone", None)
    many = [zoneless | {"id": name} for name in ("A", "B")]
    path.write_text(dumps([*many, zoneless | {"id": "C", "tariffs": []}, {"id": "D"}]))
    told = run("verify", path, code=1).stdout
    assert told.count("give it: --time-zone Europe/Amsterdam") == 1
    assert told.count("give one: --tariff T.json") == 1
    assert [CAUSES[cause].kind for cause in ("zone_unknown", "tariff_missing")] == [
        Kind.NOT_CHECKED
    ] * 2
    counts = {line.split()[1]: line.split()[2] for line in told.splitlines() if line[:1] == "–"}
    assert counts == {"zone_unknown": "2", "tariff_missing": "1", "unreadable": "1"}
    rows = verify_frame(pl.DataFrame({"cdr": [dumps(zoneless)]}))
    assert rows["cause"].to_list() == ["zone_unknown"]
