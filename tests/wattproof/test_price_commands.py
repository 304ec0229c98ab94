"""`wattproof price` and `wattproof explain` as a user calls them."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ingest.protocols.ocpi import dumps, loads
from tests.wattproof.pricing.samples import VERSIONS, ZONE, element, evening, tariff
from wattproof.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run("price", "cdr.json")` in a folder that holds evenings of each version."""
    monkeypatch.chdir(tmp_path)
    for version in VERSIONS:
        Path(f"cdr-{version}.json").write_text(dumps(evening(version)))
    Path("cdr.json").write_text(dumps(evening()))
    Path("tariff.json").write_text(dumps(tariff(element("ENERGY 1.00 - 1"), id="OTHER")))

    def call(*words: str, code: int = 0, stdin: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(app, list(words), input=stdin)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return call


@pytest.mark.parametrize("version", VERSIONS)
def test_a_receipt_is_a_table_with_notes(run: Run, version: str) -> None:
    found = run("price", f"cdr-{version}.json", "--time-zone", ZONE).stdout
    assert f"OCPI {version}" in found
    assert "12.867 kWh" in found
    assert "1:15:00 h" in found
    assert "element 2, component 1" in found
    (total,) = [line.split() for line in found.splitlines() if line.startswith("total EUR")]
    assert total[2] == "8.93"
    if version != "2.1.1":
        assert total[3:] == ["1.87", "10.80"]
    assert "zone_from_configuration" not in found


def test_json_is_json_with_numbers(run: Run) -> None:
    text = run("price", "cdr.json", "--time-zone", ZONE, "--json").stdout
    found = json.loads(text, parse_float=Decimal)
    assert found["total_cost"] == {"excl_vat": Decimal("8.93"), "incl_vat": Decimal("10.8")}
    assert "E-" not in text


def test_a_policy_is_named_where_it_is_not_the_default(run: Run) -> None:
    found = run("price", "cdr.json", "--time-zone", ZONE, "--policy", "step_scope=period").stdout
    assert "Decided otherwise than by default: step_scope=period" in found
    refused = run("price", "cdr.json", "--policy", "step_scope=day", code=1)
    assert "'day' is not one of session, period" in refused.stderr
    assert "is not NAME=VALUE" in run("price", "cdr.json", "--policy", "x", code=2).stderr


def test_another_tariff_and_standard_input(run: Run) -> None:
    words = ("price", "-", "--tariff", "tariff.json", "--time-zone", ZONE, "--json")
    found = loads(run(*words, stdin=dumps(evening())).stdout)
    assert found["total_cost"]["excl_vat"] == Decimal("15.53")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"id": ', "is not JSON"),
        (b"[" * 9_000, "is not JSON"),
        (b"[]", "holds no CDR"),
        (b"[1]", "expected a CDR"),
        (b"[{}, {}]", "holds 2 objects"),
        (b"{}", "/charging_periods: expected a list with at least one object"),
        (b'"CDR"', "expected a CDR, got a text"),
    ],
)
def test_what_is_no_cdr_is_one_clear_line(run: Run, text: bytes, told: str) -> None:
    Path("bad.json").write_bytes(text)
    for verb in ("price", "explain"):
        refused = run(verb, "bad.json", "--time-zone", ZONE, code=1)
        assert told in refused.stderr
        assert len(refused.stderr.strip().splitlines()) == 1
        assert not refused.stdout


def test_a_file_that_is_not_there(run: Run) -> None:
    assert "nowhere.json can't be read" in run("price", "nowhere.json", code=1).stderr
    assert "can't be read" in run("price", "--batch", "nowhere.jsonl", code=1).stderr
    assert "can't be read" in run("price", ".", code=1).stderr


def test_a_zone_is_asked_for(run: Run) -> None:
    refused = run("price", "cdr.json", code=1)
    assert refused.stderr.strip().endswith("give it: --time-zone Europe/Amsterdam")


def test_a_batch_has_a_result_for_each_line(run: Run) -> None:
    lines = [dumps(evening("2.1.1")), "{", "", dumps(evening(id="B")), "[]", '{"id": "C"}']
    Path("cdrs.jsonl").write_text("\n".join(lines))
    words = ("price", "--batch", "cdrs.jsonl", "--time-zone", ZONE)
    done = run(*words, "--json", code=1)
    found = [loads(line) for line in done.stdout.splitlines()]
    assert [one["line"] for one in found] == [1, 2, 4, 5, 6]
    assert ["error" in one for one in found] == [False, True, False, True, True]
    assert found[0]["total_cost"] == found[2]["total_cost"]["excl_vat"] == Decimal("8.93")
    pointers = {problem["pointer"] for problem in found[4]["problems"]}
    assert {"/start_date_time", "/end_date_time", "/charging_periods"} <= pointers
    assert "5 CDRs, 2 priced, 3 not" in done.stderr
    table = run(*words, code=1).stdout.splitlines()
    assert len(table) == 6
    assert table[3].split()[:4] == ["4", "B", "8.93", "10.80"]
    Path("good.jsonl").write_text("\n".join([lines[0], lines[3]]) + "\n")
    run("price", "--batch", "good.jsonl", "--time-zone", ZONE)
    Path("none.jsonl").write_text("\n")
    assert "holds no CDR" in run("price", "--batch", "none.jsonl", code=1).stderr


def test_a_party_s_text_moves_no_cursor(run: Run) -> None:
    wire = evening(id="A\x1b[2J\nB", extra="\x9b")
    Path("odd.json").write_text(dumps(wire))
    Path("odd.jsonl").write_text(dumps(wire))
    for words in (
        ("price", "odd.json"),
        ("explain", "odd.json"),
        ("price", "--batch", "odd.jsonl"),
    ):
        found = run(*words, "--time-zone", ZONE).stdout
        assert "A\ufffd[2J" in found
        assert "\x1b" not in found


def test_an_explanation_in_each_language_and_form(run: Run) -> None:
    words = ("explain", "cdr.json", "--time-zone", ZONE)
    assert "What this charging session costs" in run(*words).stdout
    assert "10,80\u00a0€" in run(*words, "--language", "de-AT").stdout
    assert run(*words, "--language", "nl", "--format", "markdown").stdout.startswith("# Wat deze")
    found: Any = loads(run(*words, "--language", "fr", "--format", "json").stdout)
    assert found["language"] == "fr"
    assert found["positions"][0]["net"] == Decimal("1.22187")
    assert loads(run(*words, "--language", "fr", "--json").stdout) == found
    refused = run(*words, "--language", "la", code=1)
    assert "choose one of en, de, nl, fr" in refused.stderr


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        ({"excl_vat": Decimal("8.93"), "incl_vat": Decimal("10.80")}, ""),
        ({"excl_vat": Decimal("8.9301"), "incl_vat": Decimal("10.8042")}, ""),
        ({"excl_vat": Decimal("8.93")}, ""),
        ({"excl_vat": Decimal("9.00"), "incl_vat": Decimal("10.89")}, "states €10.89; explained"),
        ({"excl_vat": Decimal("9.00")}, "states €9.00 before tax; explained"),
    ],
)
def test_a_total_that_the_cdr_states_otherwise_is_told(run: Run, stated: Any, told: str) -> None:
    Path("claim.json").write_text(dumps(evening(total_cost=stated)))
    found = " ".join(run("explain", "claim.json", "--time-zone", ZONE).stdout.split())
    assert told in found
    assert ("The CDR itself states" in found) is bool(told)


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_drivers_read_no_pointers_and_engineers_do(run: Run, form: str) -> None:
    """A CDR without its `id`, the price of its second element in quotes."""
    wire = evening()
    del wire["id"]
    wire["tariffs"][0]["elements"][1]["price_components"][0]["price"] = "0.22"
    Path("odd.json").write_text(dumps(wire))
    words = ("explain", "odd.json", "--time-zone", ZONE, "--format", form)
    for language, where in (
        ("en", "(element 2 of the tariff, energy price)"),
        ("de", "(Element 2 des Tarifs, Energiepreis)"),
        ("nl", "(element 2 van het tarief, energieprijs)"),
        ("fr", "(élément 2 du tarif, prix de l’énergie)"),
    ):
        told = run(*words, "--language", language).stdout
        assert where in " ".join(told.split())
        assert "/tariffs/" not in told
        assert "/id" not in told
    detail = " ".join(run(*words, "--detail").stdout.replace("\\_", "_").split())
    assert "(required_field: /id)" in detail
    assert "string_number: /tariffs/0/elements/1/price_components/0/price" in detail
    assert "/tariffs/0/elements/0/price_components/1" in detail
    assert "step_scope=session" in detail
    found: Any = loads(run("explain", "odd.json", "--time-zone", ZONE, "--json").stdout)
    told = {one["code"]: one["pointers"] for one in found["remarks"]}
    assert told["required_field"] == ["/id"]
    assert found["positions"][0]["pointer"] == "/tariffs/0/elements/0/price_components/0"


@pytest.mark.parametrize("indent", [None, 2])
def test_a_batch_may_be_a_list_or_one_object(run: Run, indent: int | None) -> None:
    def pretty(value: Any) -> str:
        return json.dumps(json.loads(dumps(value)), indent=indent)

    Path("list.json").write_text(pretty([evening(id="A"), [], evening(id="B")]))
    Path("one.json").write_text(pretty(evening(id="C")))
    words = ("price", "--batch", "--time-zone", ZONE)
    table = run(*words, "list.json", code=1).stdout.splitlines()
    assert [line.split()[:2] for line in table[1:]] == [["1", "A"], ["2", "–"], ["3", "B"]]
    assert run(*words, "one.json").stdout.splitlines()[1].split()[:2] == ["1", "C"]
    found = run(*words, "-", "--json", code=1, stdin=Path("list.json").read_text()).stdout
    assert [loads(line)["line"] for line in found.splitlines()] == [1, 2, 3]


def test_a_missing_batch_has_no_table(run: Run) -> None:
    refused = run("price", "--batch", "absent.jsonl", code=1)
    assert refused.stdout == ""
    assert "absent.jsonl can't be read" in refused.stderr


def test_lines_where_one_object_is_meant_are_told(run: Run) -> None:
    Path("many.jsonl").write_text(f"{dumps(evening())}\n\n{dumps(evening())}\n")
    for words, kind in (
        (("explain", "many.jsonl"), "CDR"),
        (("price", "many.jsonl"), "CDR"),
        (("price", "cdr.json", "--tariff", "many.jsonl"), "tariff"),
    ):
        refused = run(*words, "--time-zone", ZONE, code=1).stderr
        told = f"many.jsonl holds one object per line (2 lines), expected one {kind} as JSON"
        assert told in " ".join(refused.split())
