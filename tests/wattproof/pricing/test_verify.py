"""CDRs off the wire are verified in any version, with pointers into the very object that came."""

import csv
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner, Result

from billing.verify.report import Check, Group, Kind
from ingest.protocols.ocpi import Wire, dumps
from tests.wattproof.pricing.samples import VERSIONS, ZONE, cdr, element, evening, tariff
from wattproof.cli import app
from wattproof.pricing import Terms, UnpriceableError, Verified, report_json, verify, verify_frame
from wattproof.pricing.price import price

D = Decimal
TERMS = Terms(time_zone=ZONE)
RIGHT = {
    "2.1.1": D("8.93"),
    "2.2.1": {"excl_vat": D("8.93"), "incl_vat": D("10.80")},
    "2.3.0": {
        "before_taxes": D("8.93"),
        "taxes": [{"name": "VAT", "percentage": 21, "amount": D("1.87")}],
    },
}


def claimed(version: str = "2.2.1", **fields: Any) -> Wire:
    """The Monday evening, rightly claimed, but for what a test wants wrong."""
    return evening(
        version, **({"total_cost": RIGHT[version], "total_energy": D("15.533")} | fields)
    )


def differing(found: Verified) -> dict[str, Check]:
    return {found.pointer(one): one for one in found.report.differences}


@pytest.mark.parametrize("version", VERSIONS)
def test_what_price_says_is_right(version: str) -> None:
    """(Its total_time is stated as 3 hours, as it is from stamp to stamp.)"""
    found = verify(claimed(version), TERMS)
    assert found.version == version
    assert found.report.computed == found.report.claimed
    assert not found.report.differences
    assert found.kind is Kind.EXACT


@pytest.mark.parametrize(
    ("version", "wrong", "pointers"),
    [
        ("2.1.1", D("9.93"), ["/total_cost"]),
        (
            "2.2.1",
            {"excl_vat": D("9.93"), "incl_vat": D("12.80")},
            ["/total_cost/excl_vat", "/total_cost/incl_vat"],
        ),
        (
            "2.3.0",
            {"before_taxes": D("9.93"), "taxes": [{"name": "VAT", "amount": D("2.87")}]},
            ["/total_cost/before_taxes", "/total_cost/taxes"],
        ),
    ],
)
def test_pointers_in_the_shape_of_the_version(version: str, wrong: Any, pointers: Any) -> None:
    found = verify(dumps(claimed(version, total_cost=wrong)), TERMS)
    assert list(differing(found)) == pointers
    assert differing(found)[pointers[0]].difference == 1
    assert found.report.at_stake == (1 if version == "2.1.1" else 2)


def test_stamps_of_2_1_1_are_called_by_their_name() -> None:
    found = verify(claimed("2.1.1", last_updated="2026-10-05T20:50:00Z"), TERMS)
    assert list(differing(found)) == ["/stop_date_time"]


def test_the_tariff_we_hold_is_the_measure_and_every_difference_is_pointed_at() -> None:
    ours = evening()["tariffs"][0]
    theirs = claimed()
    theirs["tariffs"][0]["elements"][0]["price_components"][0]["price"] = D("0.45")
    theirs["total_cost"] = {"excl_vat": D("9.17"), "incl_vat": D("11.10")}
    assert price(theirs, time_zone=ZONE).total.net != D("8.93")
    found = verify(theirs, Terms(tariffs=[ours], time_zone=ZONE))
    assert found.report.computed == D("10.80")
    assert "/tariffs/0/elements/0/price_components/0/price" in differing(found)


def test_one_tariff_of_another_name_prices_whatever_the_cdr_names() -> None:
    ours = tariff(element("ENERGY 0.10 - 1"), id="OTHER")
    found = verify(claimed(), Terms(tariffs=[ours], time_zone=ZONE))
    assert found.report.computed == D("1.55")
    several = Terms(tariffs=[ours, ours | {"id": "THIRD"}], time_zone=ZONE)
    rest = verify(claimed(), several)
    assert rest.report.computed == D("10.80")
    assert "tariff_not_held" in {one.cause for one in rest.report.checks}


@pytest.mark.parametrize(
    ("fields", "computed", "causes"),
    [
        ({"id": "t1"}, D("1.55"), {"tariff_differs"}),
        ({"party_id": "wpf", "country_code": "nl"}, D("1.55"), {"tariff_differs"}),
        ({"party_id": "XYZ"}, D("10.80"), {"tariff_not_held"}),
        ({"country_code": "BE"}, D("10.80"), {"tariff_not_held"}),
    ],
)
def test_a_tariff_is_told_by_its_owner_and_id_in_any_case(
    fields: dict[str, str], computed: Decimal, causes: set[str]
) -> None:
    ours = tariff(element("ENERGY 0.10 - 1"), **fields)
    found = verify(claimed(), Terms(tariffs=[ours], time_zone=ZONE))
    assert found.report.computed == computed
    assert {one.cause for one in found.report.checks if one.group is Group.TARIFF} == causes
    assert "unknown_tariff" not in {one.cause for one in found.report.checks}


def test_periods_may_write_the_id_of_their_tariff_in_another_case() -> None:
    wire = claimed()
    for period in wire["charging_periods"]:
        period["tariff_id"] = "t1"
    wire["tariffs"].append(wire["tariffs"][0] | {"id": "T2"})
    assert not verify(wire, TERMS).report.differences


def test_the_share_of_each_rate_is_compared_where_rates_are_named() -> None:
    own = tariff(element("ENERGY 1 21 1"), element("FLAT 10 9 1"), tax_included="NO")
    rows = [("2026-10-05T12:00", {"ENERGY": D(10)})]
    wire = cdr("2.3.0", rows, "2026-10-05T13:00", own, total_time=D(1))

    def tax(percentage: str, amount: str) -> dict[str, Any]:
        return {"name": "VAT", "percentage": D(percentage), "amount": D(amount)}

    right = [tax("9", "0.9"), tax("21", "2.1")]
    swapped = [tax("9", "2.1"), tax("21", "0.9")]
    one_rate = [tax("21", "3.0")]
    nameless = [{"name": "VAT", "amount": D("3.0")}]
    for taxes, pointers in (
        (right, []),
        (nameless, []),
        (swapped, ["/total_cost/taxes/0", "/total_cost/taxes/1"]),
        (one_rate, ["/total_cost/taxes", "/total_cost/taxes/0"]),
    ):
        found = verify(wire | {"total_cost": {"before_taxes": D(20), "taxes": taxes}}, TERMS)
        told = {at: one for at, one in differing(found).items() if one.cause == "tax_of_rate"}
        assert sorted(told) == pointers
        assert (found.kind is Kind.EXACT) is (not pointers)
    assert (told["/total_cost/taxes/0"].claimed, told["/total_cost/taxes/0"].computed) == (
        3, D("2.10"),
    )  # fmt: skip


def test_what_is_not_stated_is_not_checked() -> None:
    wire = claimed()
    del wire["total_energy"], wire["last_updated"]
    found = verify(wire, TERMS)
    assert not found.report.differences
    causes = [one.cause for one in found.report.checks if one.field == "total_energy"]
    assert causes == ["not_stated"]
    with pytest.raises(UnpriceableError, match="/total_cost"):
        verify({name: value for name, value in wire.items() if name != "total_cost"}, TERMS)


def test_a_report_is_json_with_numbers_and_pointers() -> None:
    wrong = {"excl_vat": D("9.93"), "incl_vat": D("12.80")}
    found = json.loads(dumps(report_json(verify(claimed(total_cost=wrong), TERMS))))
    assert (found["claimed"], found["computed"], found["at_stake"]) == (12.8, 10.8, 2)
    assert (found["kind"], found["partner"]) == ("unexplained", "NL-WPF")
    first = found["fields"][0]
    assert {"claimed": 9.93, "computed": 8.93, "difference": 1}.items() <= first.items()
    assert first["pointer"] == "/total_cost/excl_vat"


def test_a_frame_has_a_row_for_each_field_and_for_what_cannot_be_read() -> None:
    wrong = dumps(claimed(id="B", total_cost={"excl_vat": D("9.93")}))
    found = verify_frame(pl.DataFrame({"cdr": [dumps(claimed()), "{", wrong]}), terms=TERMS)
    assert found["row"].unique().sort().to_list() == [0, 1, 2]
    assert found.filter(pl.col("row") == 1)["cause"].to_list() == ["unreadable"]
    bad = found.filter(pl.col("kind").is_in(["policy", "mistake", "unexplained"]))
    assert bad.select("row", "field", "difference").rows() == [(2, "total_cost", D(1))]


KEY = ec.generate_private_key(ec.SECP256R1())
PAYLOAD = (
    '{"RD":[{"TX":"B","RV":100.0,"RU":"kWh","RI":"01-00:01.08.00*FF"},{"TX":"E","RV":115.533}]}'
)


def signed(payload: str = PAYLOAD, key: Any = KEY) -> str:
    signature = key.sign(PAYLOAD.encode(), ec.ECDSA(hashes.SHA256())).hex()
    return f'OCMF|{payload}|{{"SA":"ECDSA-secp256r1-SHA256","SD":"{signature}"}}'


def with_signed(text: str, **fields: Any) -> Wire:
    value = {"nature": "End", "plain_data": "", "signed_data": text}
    data = {"encoding_method": "OCMF", "signed_values": [value]} | fields
    return claimed(signed_data=data)


def der(key: Any = KEY) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_key().public_bytes(serialization.Encoding.DER, form))


def pem(key: Any = KEY) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(serialization.Encoding.PEM, form).decode())


def point(key: Any = KEY) -> str:
    form = serialization.PublicFormat.UncompressedPoint
    return str(key.public_key().public_bytes(serialization.Encoding.X962, form).hex())


def signature(wire: Wire, key: str = "") -> Check:
    found = verify(wire, Terms(time_zone=ZONE, public_key=key))
    (check,) = (one for one in found.report.checks if one.field == "signature")
    assert found.pointer(check) == "/signed_data/signed_values/0/signed_data"
    return check


@pytest.mark.parametrize("key", [der().hex(), pem(), point()], ids=["der", "pem", "point"])
def test_a_signature_is_checked_with_a_key_in_any_form(key: str) -> None:
    assert signature(with_signed(signed()), key).kind is Kind.EXACT
    forged = signed(PAYLOAD.replace("115.533", "215.533"))
    assert signature(with_signed(forged), key).cause == "signature_invalid"


def test_a_key_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "cdr.json"
    path.write_text(dumps(with_signed(signed())))
    for name, raw in (("meter.pem", pem().encode()), ("meter.der", der())):
        (tmp_path / name).write_bytes(raw)
        said = run(path, "--public-key", tmp_path / name, code=0).output
        assert "signature valid (ECDSA-secp256r1-SHA256), by the key given" in said


def test_the_key_in_the_cdr_shows_less_and_it_says_so() -> None:
    check = signature(with_signed(signed(), public_key=der().hex()))
    assert check.kind is Kind.EXACT
    assert "does not show whose it is" in check.message
    other = ec.generate_private_key(ec.SECP256R1())
    wrong = signature(with_signed(signed(), public_key=der().hex()), der(other).hex())
    assert wrong.cause == "signature_invalid"


@pytest.mark.parametrize(
    ("text", "key", "cause"),
    [
        (signed(), "", "no_public_key"),
        (signed(), "no key", "signature_not_checked"),
        (signed(), der(ec.generate_private_key(ec.SECP384R1())).hex(), "signature_not_checked"),
        (signed().replace("ECDSA-secp256r1", "RSA-2048"), der().hex(), "signature_not_checked"),
        ("gibberish", der().hex(), "signature_not_ocmf"),
        (f'OCMF|{PAYLOAD}|{{"SD":"xyz"}}', der().hex(), "signature_unreadable"),
        (f"OCMF|{PAYLOAD}|[", der().hex(), "signature_unreadable"),
    ],
)
def test_what_of_a_signature_was_not_checked_is_said(text: str, key: str, cause: str) -> None:
    assert signature(with_signed(text), key).cause == cause


def test_signed_registers_against_total_energy() -> None:
    right = verify(with_signed(signed()), TERMS)
    assert next(one.kind for one in right.report.checks if one.group is Group.SIGNED) is Kind.EXACT
    wrong = verify(with_signed(signed()) | {"total_energy": D("16.533")}, TERMS)
    assert "signed_energy_differs" in {one.cause for one in wrong.report.differences}


def run(*words: object, code: int, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(app, ["verify", *map(str, words), "--time-zone", ZONE], input=stdin)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture
def month(tmp_path: Path) -> Iterator[Path]:
    """Three right, one with tax twice, one a euro dear, one broken, one without a tariff."""
    twice = {"excl_vat": D("10.80"), "incl_vat": D("13.07")}
    dear = {"excl_vat": D("9.93"), "incl_vat": D("12.01")}
    bare = {name: value for name, value in claimed().items() if name != "tariffs"}
    wires = [claimed(), claimed(total_cost=twice), claimed(), claimed(total_cost=dear), claimed()]
    named = [one | {"id": f"CDR{number}"} for number, one in enumerate([*wires, bare], 1)]
    lines = [*(dumps(one) for one in named[:-1]), '{"id": ', "", dumps(named[-1])]
    path = tmp_path / "month.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_one_cdr_field_by_field(tmp_path: Path) -> None:
    path = tmp_path / "cdr.json"
    path.write_text(dumps(claimed(total_cost={"excl_vat": D("10.80"), "incl_vat": D("13.07")})))
    said = run(path, code=1).output
    assert "13.07 EUR claimed, 10.80 EUR computed: 2.27 too much" in said
    assert "Mistake, tax_added_twice" in said
    path.write_text(dumps(claimed()))
    assert "the money is right" in run(path, code=0).output
    assert json.loads(run(path, "--json", code=0).output)["kind"] == "exact"
    assert "the money is right" in run("-", code=0, stdin=path.read_text()).output


def test_a_list_in_a_file_named_for_lines(tmp_path: Path) -> None:
    path = tmp_path / "month.jsonl"
    path.write_text(f"[{dumps(claimed())},\n{dumps(claimed(id='another'))}\n]")
    assert "2 CDRs: 2 exact" in run(path, code=0).output


def test_a_month_by_stake_with_causes_and_sums(month: Path) -> None:
    said = run(month, code=1).output
    assert said.index("tax_added_twice") < said.index("unexplained")
    assert "7 CDRs: 3 exact, 1 mistake, 1 unexplained, 2 not checked" in said
    (sums,) = (line.split() for line in said.splitlines() if line.startswith("EUR"))
    assert sums == ["EUR", "57.48", "54.00", "3.48"]
    assert "/tariffs: the CDR carries no tariff" in said
    listed = month.with_suffix(".json")
    lines = [line for line in month.read_text().splitlines() if line.endswith("}")]
    listed.write_text(f"[{','.join(lines[:2])}]")
    assert "2 CDRs: 1 exact, 1 mistake" in run(listed, code=1).output


def test_a_month_as_csv_and_as_json(month: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run(month, "--csv", code=1).stdout)))
    assert [row["row"] for row in rows] == ["2", "2", "4", "4", "6", "8"]
    assert (rows[0]["claimed"], rows[0]["computed"], rows[0]["at_stake"]) == (
        "10.8",
        "8.93",
        "2.27",
    )
    assert {row["pointer"] for row in rows[:2]} == {"/total_cost/excl_vat", "/total_cost/incl_vat"}
    lines = run(month, "--json", code=1).stdout.splitlines()
    assert [json.loads(line)["line"] for line in lines] == [1, 2, 3, 4, 5, 6, 8]
    assert json.loads(lines[5])["kind"] == "not_checked"


def test_a_tolerance_and_our_own_tariffs(month: Path, tmp_path: Path) -> None:
    lines = month.read_text().splitlines()[:5]
    month.write_text("\n".join(lines))
    assert "3 exact, 2 rounding only" in run(month, "--tolerance", "2.27", code=0).output
    ours = tmp_path / "ours.json"
    ours.write_text(dumps([tariff(element("ENERGY 0.10 21 1"), id="T1")]))
    assert "tariff_differs" in run(month, "--tariff", ours, code=1).output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--tolerance", "-1"), "--tolerance: expected a number"),
        (("--json", "--csv"), "exclude each other"),
        (("--policy", "step_scope"), "NAME=VALUE"),
    ],
)
def test_wrong_usage_says_what_was_expected(month: Path, words: Any, told: str) -> None:
    assert told in " ".join(run(month, *words, code=2).output.split())


@pytest.mark.parametrize(
    ("text", "told"),
    [("", "not JSON"), ("[1, 2", "not JSON"), ("3", "expected a CDR"), ("[]", "holds no CDR")],
)
def test_a_file_that_is_no_cdr_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "cdr.json"
    path.write_text(text)
    said = run(path, code=1).output
    assert told in said
    assert "Traceback" not in said
    run(tmp_path / "absent.json", code=1)
    run(tmp_path / "absent.jsonl", code=1)


def test_a_text_that_a_spreadsheet_would_run_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "cdr.json"
    path.write_text(dumps(claimed(id="=1+1", total_cost={"excl_vat": D("9.93")})))
    (row,) = csv.DictReader(io.StringIO(run(path, "--csv", code=1).stdout))
    assert row["cdr"] == "'=1+1"
