"""`wattproof lint` as its user calls it: files, lines, standard input; tables, JSON, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from billing.lint import CODES
from tests.wattproof.pricing.flawed import CASES, CLEAN, always, at, of, when
from wattproof.cli import app

DEAD = CASES["dead_component"][0]
DOUBTFUL = CASES["duplicate_dimension"][0]


def run(*words: str, code: int = 0, stdin: str | None = None) -> Result:
    result = CliRunner().invoke(app, ["lint", *words], input=stdin)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


@pytest.fixture
def many(tmp_path: Path) -> Path:
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join([json.dumps(CLEAN), json.dumps(DEAD), "", "{oops"]))
    return path


def test_an_error_is_shown_with_its_place_and_ends_with_1(tmp_path: Path) -> None:
    path = tmp_path / "dead.json"
    path.write_text(json.dumps(DEAD))
    found = run(str(path), code=1)
    assert "NL-WTP T1  OCPI 2.2.1" in found.stdout
    assert "/elements/1/price_components/1" in found.stdout
    assert "move element 2 before element 1" in found.stdout
    assert "1 tariff: 1 with errors" in found.stderr


def test_a_list_in_a_file_named_for_lines(tmp_path: Path) -> None:
    path = tmp_path / "ours.jsonl"
    path.write_text(f"[{json.dumps(CLEAN)},\n{json.dumps(DEAD)}\n]")
    assert "2 tariffs: 1 with errors" in run(str(path), code=1).stderr


def test_without_an_error_it_ends_with_0(tmp_path: Path) -> None:
    path = tmp_path / "doubtful.json"
    path.write_text(json.dumps([CLEAN, DOUBTFUL]))
    found = run(str(path))
    assert "duplicate_dimension" in found.stdout
    assert f"{path}[1]" in found.stdout
    assert f"{path}[0]" not in found.stdout
    assert "2 tariffs: 1 with warnings, 1 without findings" in found.stderr
    assert run(str(path), "--severity", "error").stdout == ""


def test_a_bad_line_is_a_finding_and_the_others_go_on(many: Path) -> None:
    found: list[dict[str, Any]] = json.loads(run(str(many), "--json", code=1).stdout)
    assert [one["where"] for one in found] == [f"{many}:1", f"{many}:2", f"{many}:4"]
    assert [[row["code"] for row in one["findings"]] for one in found] == [
        [],
        ["dead_component"],
        ["not_json"],
    ]
    assert found[2]["findings"][0]["message"].endswith(": column 2")
    assert found[1] | {"findings": []} == {
        "where": f"{many}:2",
        "owner": "NL-WTP",
        "id": "T1",
        "version": "2.2.1",
        "findings": [],
    }


def test_standard_input_and_an_ocpi_response_are_read() -> None:
    response = {"status_code": 1000, "data": [CLEAN, DEAD]}
    found = json.loads(run("-", "--json", code=1, stdin=json.dumps(response)).stdout)
    assert [len(one["findings"]) for one in found] == [0, 1]
    lines = "\n".join(json.dumps(one) for one in (CLEAN, CLEAN))
    assert len(json.loads(run("-", "--json", stdin=lines).stdout)) == 2


def test_fields_that_stand_twice_are_seen_in_any_form(tmp_path: Path) -> None:
    twice = CASES["duplicate_field"][0]
    path = tmp_path / "twice.json"
    for text, where in ((twice, str(path)), (f"[{twice}]", f"{path}[0]")):
        path.write_text(text)
        (found,) = json.loads(run(str(path), "--json", code=1).stdout)
        (row,) = found["findings"]
        assert (row["code"], row["pointer"]) == CASES_AT["duplicate_field"]
        assert found["where"] == where


CASES_AT = {code: (code, pointer) for code, (_, pointer) in CASES.items()}


def test_many_findings_alike_are_folded_in_the_table_only(tmp_path: Path) -> None:
    path = tmp_path / "long.json"
    dated = [when(start_date="2030-01-01", end_date="2030-01-01") for _ in range(9)]
    path.write_text(json.dumps(of(*dated, always(at(0.5)))))
    table = run(str(path), code=1).stdout
    assert table.count("empty_date_window") == 4
    assert "and 6 more empty_date_window" in table
    rows = json.loads(run(str(path), "--json", code=1).stdout)[0]["findings"]
    assert sum(row["code"] == "empty_date_window" for row in rows) == 9


def test_validity_is_judged_at_the_instant_given(tmp_path: Path) -> None:
    path = tmp_path / "ended.json"
    path.write_text(json.dumps(CLEAN | {"end_date_time": "2026-01-01T00:00:00Z"}))
    assert "never_active" in run(str(path), "--at", "2026-06-01T00:00:00Z", code=1).stdout
    assert run(str(path), "--at", "2025-06-01T00:00:00Z").stdout == ""
    assert "expected an instant" in run(str(path), "--at", "soon", code=2).output


def test_the_version_and_policies_can_be_given(tmp_path: Path) -> None:
    path = tmp_path / "clean.json"
    path.write_text(json.dumps(CLEAN))
    assert "required_field" in run(str(path), "--ocpi", "2.3.0", code=1).stdout
    assert "not spoken here" in run(str(path), "--ocpi", "9", code=1).output
    path.write_text(json.dumps(CASES["empty_date_window"][0]))
    run(str(path), code=1)
    run(str(path), "--policy", "empty_date_window=same_day")


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty.json"
    empty.write_text("")
    for words, told in (
        ([str(tmp_path / "absent.json")], "can't be read"),
        ([str(empty)], "holds no tariff"),
    ):
        found = run(*words, code=1)
        assert told in found.stderr
        assert len(found.stderr.strip().splitlines()) == 1
    assert "give a FILE" in run(code=2).output


def test_all_codes_are_listed_with_their_meaning() -> None:
    rows = json.loads(run("--codes", "--json").stdout)
    assert {row["code"] for row in rows} == set(CODES)
    assert all(row["meaning"] and row["source"] and row["severity"] for row in rows)
    assert "dead_component" in run("--codes").stdout


@pytest.mark.parametrize(
    ("wrap", "name"),
    [
        (lambda one: {"n_tariffs": 2, "example": one}, "example"),
        (lambda one: {"data": {"tariffs": [one]}}, "data.tariffs"),
    ],
)
def test_tariffs_under_a_name_are_one_hint(tmp_path: Path, wrap: Any, name: str) -> None:
    path = tmp_path / "catalogue.jsonl"
    path.write_text("\n".join([*(json.dumps(wrap(CLEAN)) for _ in range(40)), json.dumps(DEAD)]))
    found = run(str(path), code=1)
    assert f"seems to wrap tariffs under {name!r}" in found.stderr
    assert len(found.stderr.splitlines()) == 2
    assert "dead_component" in found.stdout
    assert "required_field" not in found.stdout
    shown = json.loads(run(str(path), "--json", code=1).stdout)
    assert len(shown) == 41


def test_many_tariffs_end_with_a_count_of_each_code(tmp_path: Path) -> None:
    path = tmp_path / "many.json"
    path.write_text(json.dumps([DOUBTFUL, DEAD, DOUBTFUL, CLEAN]))
    rows = [line.split() for line in run(str(path), code=1).stdout.splitlines()]
    counts = rows[rows.index(["severity", "code", "findings"]) :]
    assert counts[1] == ["error", "dead_component", "1"]
    assert ["warning", "duplicate_dimension", "2"] in counts
    path.write_text(json.dumps(DEAD))
    assert "findings" not in run(str(path), code=1).stdout


def test_a_cdr_is_named_and_not_linted_as_a_tariff(tmp_path: Path) -> None:
    path = tmp_path / "cdr.json"
    path.write_text(json.dumps({"id": "C1", "total_cost": {"excl_vat": 1}, "tariffs": [CLEAN]}))
    found = run(str(path), code=1)
    assert f"{path} holds a CDR, not a tariff" in found.stderr
    assert not found.stdout
