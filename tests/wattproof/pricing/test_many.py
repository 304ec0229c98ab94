"""Many CDRs at once: one that comes twice is told, and none loses its name."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from billing.verify.report import Kind
from ingest.protocols.ocpi import Wire, dumps
from tests.wattproof.pricing.samples import ZONE, evening
from wattproof.cli import app
from wattproof.pricing import Terms, Verified, price_frame, verify_frame, verify_many
from wattproof.pricing.repeats import Repeats

TERMS = Terms(time_zone=ZONE)
RIGHT = {"excl_vat": Decimal("8.93"), "incl_vat": Decimal("10.80")}
DEAR = {"excl_vat": Decimal("9.93"), "incl_vat": Decimal("12.01")}


def claimed(name: str = "A", **fields: object) -> Wire:
    """The Monday evening, rightly claimed, but for what a test wants otherwise."""
    return evening(id=name, **({"total_cost": RIGHT, "total_energy": Decimal("15.533")} | fields))


def run(*words: object, code: int) -> Result:
    result = CliRunner().invoke(app, [*map(str, words), "--time-zone", ZONE])
    assert result.exit_code == code, result.output
    return result


def told(*wires: Wire) -> Verified:
    """The last of them, verified after the others."""
    last = list(verify_many(wires, TERMS))[-1]
    assert isinstance(last, Verified)
    return last


def test_a_cdr_that_comes_again_is_owed_nothing() -> None:
    again = told(claimed(), claimed("B"), claimed("a"))
    assert again.kind is Kind.MISTAKE
    assert (again.report.at_stake, again.report.computed) == (Decimal("10.80"), 0)
    first = again.report.checks[0]
    assert (first.cause, again.pointer(first)) == ("duplicate_cdr", "/id")
    assert "the CDR of row 0 has the same id, but other contents" in first.message
    assert "the same contents" in told(claimed(), claimed()).report.checks[0].message
    assert told(claimed(), claimed(total_cost=DEAR)).report.at_stake == Decimal("12.01")


@pytest.mark.parametrize("other", [{"party_id": "OTH"}, {"country_code": "BE"}, {"id": "B"}])
def test_another_owner_or_id_is_another_cdr(other: Wire) -> None:
    assert told(claimed(), claimed() | other).kind is Kind.EXACT


def test_a_month_with_one_cdr_twice(tmp_path: Path) -> None:
    path = tmp_path / "month.jsonl"
    path.write_text("\n".join(map(dumps, [claimed(), claimed("B"), claimed(total_cost=DEAR)])))
    said = run("verify", path, code=1).stdout
    assert "duplicate_cdr: claimed twice: the CDR of line 1 has the same id" in said
    assert "3 CDRs: 2 exact, 1 mistake" in said
    (sums,) = (line.split() for line in said.splitlines() if line.startswith("EUR"))
    assert sums == ["EUR", "33.61", "21.60", "12.01"]
    rows = list(csv.DictReader(io.StringIO(run("verify", path, "--csv", code=1).stdout)))
    assert (rows[0]["row"], rows[0]["cause"], rows[0]["at_stake"]) == (
        "3",
        "duplicate_cdr",
        "12.01",
    )
    assert "the CDR of line 1 has the same id, but other contents" in rows[0]["message"]
    priced = run("price", "--batch", path, code=0).stdout.splitlines()
    assert ["duplicate_cdr" in line for line in priced] == [False, False, False, True]
    frame = pl.DataFrame({"cdr": [dumps(claimed())] * 2})
    notes = price_frame(frame, time_zone=ZONE)["notes"].to_list()
    assert ["duplicate_cdr" in codes for codes in notes] == [False, True]


def test_what_cannot_be_priced_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "month.jsonl"
    bare = dumps({name: value for name, value in claimed("NO-T").items() if name != "tariffs"})
    path.write_text(f'{dumps(claimed())}\n{bare}\n{{"id": "C"}}\n{{\n')
    table = run("price", "--batch", path, code=1).stdout.splitlines()
    assert [line.split()[:2] for line in table[2:]] == [["2", "NO-T"], ["3", "C"], ["4", "–"]]
    for verb in ("price --batch", "verify"):
        lines = run(*verb.split(), path, "--json", code=1).stdout.splitlines()
        found = [(one["line"], one["id"]) for one in map(json.loads, lines)]
        assert found == [(1, "A"), (2, "NO-T"), (3, "C"), (4, None)]
    rows = list(csv.DictReader(io.StringIO(run("verify", path, "--csv", code=1).stdout)))
    assert [(row["row"], row["cdr"]) for row in rows] == [("2", "NO-T"), ("3", "C"), ("4", "")]
    said = run("verify", path, code=1).stdout.splitlines()
    assert any(line.split()[:2] == ["3", "C"] for line in said)
    frame = pl.DataFrame({"cdr": path.read_text().splitlines()})
    assert price_frame(frame, time_zone=ZONE)["id"].to_list() == ["A", "NO-T", "C", None]
    assert set(verify_frame(frame, terms=TERMS)["cdr"]) == {"A", "NO-T", "C", None}


def test_contents_no_quick_writer_takes_are_told_apart_too() -> None:
    """A number beyond 64 bits and half a character: the fields in another order are the same."""
    seen = Repeats()
    odd: Wire = {"id": "A", "x": 2**70, "remark": "\ud800"}
    assert seen.told(odd, "line 1") == ""
    assert seen.told(dict(reversed(odd.items())), "line 2").endswith("the same contents")
    assert seen.told(odd | {"x": 2**70 + 1}, "line 3").endswith("but other contents")
