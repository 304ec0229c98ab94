"""Commands that read what was derived: a month of three stations, told in October, derived later.

The story: a plain session, one that is held, one of a stranger, one over the end of the month.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, Field
from deltalake.schema import PrimitiveType
from typer.testing import Result

from pipelines.days import derive_stretch, whole_log
from pipelines.derive import tick
from pipelines.finished import write_finished
from tests.pipelines.story import TARIFF, Story
from warehouse.clock import simulate, to_ns
from warehouse.lake import Lake
from warehouse.log import LogReader
from wattproof.commands import rerate
from wattproof.invocation import advised

Ask = Callable[..., Any]
Call = Callable[..., Result]


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """October, derived in November. Nobody may write into it."""
    data = tmp_path_factory.mktemp("month")
    with Story(data) as story:
        story.sets_up("A", "B", "C")
        story.charges("A", 1, story.at(hour=8))
        story.charges("B", 2, story.at(day=5, hour=10), samples=0, stop=False)
        story.stops("B", 2, story.at(day=5, hour=11), -1)
        story.charges("C", 3, story.at(day=7, hour=10), token="STRANGER")
        story.charges("A", 4, story.at(day=31, hour=23, minute=30))
        story.at(day=33)
    simulate(data, to_ns(story.clock.at) + 10**9)
    tick(data)
    stretch = whole_log(data, Lake(data / "lake"))
    assert stretch is not None
    derive_stretch(stretch)
    write_finished(data, stretch.until_ns)
    return data


@pytest.fixture
def data(month: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(month, tmp_path / "data"))


def test_cdrs_of_a_month_are_those_of_sessions_that_ended_in_it(ask: Ask, call: Call) -> None:
    every = ask("export", "cdrs", "--party", "NL-ABC")
    october = ask("export", "cdrs", "--party", "nl-abc", "--month", "2026-10")
    november = ask("export", "cdrs", "--party", "NL-ABC", "--month", "2026-11")
    assert [cdr["end_date_time"][:10] for cdr in october] == ["2026-10-01"]
    assert [cdr["end_date_time"][:10] for cdr in november] == ["2026-11-01"]
    assert every == october + november
    assert {cdr["last_updated"][:7] for cdr in every} == {"2026-11"}
    told = call("export", "cdrs", "--party", "NL-ABC", "--month", "2026-09", code=1).output
    assert "there is no CDR of NL-ABC in 2026-09" in told
    told = call("export", "cdrs", "--party", "NL-ABC", "--month", "10", code=2).output
    assert "is written 2026-10" in " ".join(told.split())


def test_a_month_that_was_issued_says_so(ask: Ask, call: Call) -> None:
    words = ("--month", "2026-10")
    assert "nothing is due for 2026-09" in call("invoice", "preview", "--month", "2026-09").output
    assert "earlier" not in call("invoice", "preview", *words).stdout
    assert ask("invoice", "list") == []
    (issued,) = ask("invoice", "issue", *words, "--party", "nl-abc")
    for action in ("preview", "issue"):
        again = call("invoice", action, *words)
        assert again.stdout == ""
        assert f"already issued for 2026-10: {issued['number']}, see" in again.stderr
    (listed,) = ask("invoice", "list", *words)
    assert (listed["number"], listed["buyer"]) == (issued["number"], "NL-ABC")
    assert (listed["net"], listed["gross"]) == ("5.0000", "6.0500")
    assert f"{issued['number']}  NL-ABC" in (told := call("invoice", "list").stdout)
    assert "6.05 EUR" in told
    assert ask("invoice", "list", "--month", "2026-09") == []


def test_lines_of_earlier_months_are_counted(call: Call) -> None:
    shown = call("invoice", "preview", "--month", "2026-11").stdout.splitlines()
    columns = shown[0].split()
    assert columns[2:4] == ["lines", "earlier"]
    assert shown[1].split()[4:6] == ["2", "1"]
    refused = call("invoice", "issue", "--month", "2026-11", code=1).output
    assert "not over yet" in refused
    assert "--early" in refused


def test_a_preview_advises_to_issue_only_a_month_that_is_over(call: Call, data: Path) -> None:
    october = call("invoice", "preview", "--month", "2026-10", "--party", "nl-abc").stderr
    assert f"Next: wattproof invoice issue --month 2026-10 --party NL-ABC --data {data}" in october
    november = " ".join(call("invoice", "preview", "--month", "2026-11").stderr.split())
    assert "Next:" not in november
    assert "2026-11 is not over yet: these are its sessions derived up to 2026-11-02" in november
    assert f"invoice issue --month 2026-11 --early --data {data}" in november


def test_derive_says_what_to_do_about_a_lake_of_another_version(call: Call, data: Path) -> None:
    table = DeltaTable(data / "lake" / "meter_reading")
    table.alter.add_columns([Field("mood", PrimitiveType("string"))])
    told = {folder: LogReader(folder).size for folder in (data / "log").iterdir()}
    refused = call("derive", code=1).stderr
    assert "meter_reading is of another version of this program: mood" in refused
    assert "delete the folder lake beside the log and run: wattproof derive" in refused
    assert "LakeOutdatedError" not in refused
    assert told == {folder: LogReader(folder).size for folder in told}, "not even a tick"


def test_advice_names_the_folder_that_was_named(
    call: Call, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = call("session", "list", "--held").stderr
    assert f"Next: wattproof finding list --session ID --data {data}" in held
    refused = call("rerate", "preview", "--party", "NL-NOT", "--rejected", code=1).stderr
    assert refused.endswith(f"see wattproof party list --data {data}\n")
    monkeypatch.setenv("WATTPROOF_DATA", str(data))
    assert "--data" not in call("session", "list", "--held").stderr


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("run `wattproof derive` first", "run `wattproof derive --data a/b` first"),
        ("see wattproof party list, or", "see wattproof party list --data a/b, or"),
        ("see wattproof serve --help", "see wattproof serve --help"),
        ("see wattproof generate --help", "see wattproof generate --help"),
        ("wattproof api-key add sim --scope clock",
         "wattproof api-key add --data a/b sim --scope clock"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("words", [("party", "list", "--data", "a/b"), ("derive", "--data=a/b")])
def test_a_command_in_a_sentence_is_completed(sentence: str, told: str, words: Any) -> None:
    assert advised(sentence, words) == told
    assert advised(sentence, words[:1]) == sentence


def test_held_sessions_are_shown_with_their_rules(ask: Ask, call: Call) -> None:
    plain, held, stranger, late = ask("session", "list")
    assert [one["station"] for one in (plain, held, stranger, late)] == ["A", "B", "C", "A"]
    assert (plain["kwh"], plain["party"], plain["rejection"]) == ("10.000000", "NL-ABC", "")
    assert (held["kwh"], held["rules"], held["cdr_id"]) == (None, ["energy_unknown"], "")
    assert held["rejection"].startswith("held")
    assert (stranger["held"], stranger["party"]) == (False, "")
    assert "STRANGER is not known" in stranger["rejection"]
    assert ask("session", "list", "--held") == [held]
    assert ask("session", "list", "--month", "2026-11") == [late]
    assert ask("session", "list", "--party", "nl-abc") == [plain, held, late]
    (exported, _) = ask("export", "cdrs", "--party", "NL-ABC")
    assert plain["cdr_id"] == exported["id"]
    shown = call("session", "list", "--held")
    assert "energy_unknown" in shown.stdout
    assert "finding list --session" in shown.stderr


def test_findings_name_their_log_entry(ask: Ask, call: Call) -> None:
    (held,) = ask("session", "list", "--held")
    (grave,) = ask("finding", "list", "--severity", "hold")
    assert (grave["rule"], grave["session_id"]) == ("energy_unknown", held["session_id"])
    assert ask("audit", "trace", grave["entry"])["sessions"][0]["session_id"] == held["session_id"]
    of_session = ask("finding", "list", "--session", held["session_id"])
    assert [one["severity"] for one in of_session] == ["hold", "warning"]
    assert [one["station"] for one in ask("finding", "list", "--rule", "stop_token_foreign")] == [
        "C"
    ]
    assert grave["entry"] in call("finding", "list").stdout
    assert "hold" in call("finding", "list", "--severity", "grave", code=2).output


def rederived(data: Path) -> Lake:
    """All of the log in one build, without Dagster."""
    tick(data)
    stretch = whole_log(data, Lake(data / "lake"))
    assert stretch is not None
    derive_stretch(stretch)
    write_finished(data, stretch.until_ns)
    return stretch.lake


def operator_entries(data: Path) -> int:
    reader = LogReader(data / "log" / "operator")
    return sum(record.entry.kind == "operator" for record in reader.records())


@pytest.fixture
def cheaper(tmp_path: Path) -> str:
    """A file with the standard tariff at 0.30 per kWh."""
    energy = {"type": "ENERGY", "price": 0.3, "vat": 21, "step_size": 1}
    path = tmp_path / "cheaper.json"
    path.write_text(json.dumps(TARIFF | {"elements": [{"price_components": [energy]}]}))
    return str(path)


def test_a_rerating_is_previewed_without_a_trace(
    ask: Ask, call: Call, data: Path, cheaper: str
) -> None:
    entries = operator_entries(data)
    found = ask("rerate", "preview", "--tariff", cheaper, "--from", "2026-10-01")
    assert found["counts"]["changed"] == 2
    (party,) = found["by_party"]
    assert (party["party"], party["net_before"], party["net"]) == ("NL-ABC", "10.00", "6.00")
    assert [row["month"] for row in found["by_month"]] == ["2026-10", "2026-11"]
    table = call("rerate", "preview", "--tariff", cheaper, "--party", "nl-abc").stdout
    assert "2 sessions: 2 changed (a credit and a new CDR each)" in table
    assert "-4.00" in table
    csv = call("rerate", "preview", "--tariff", cheaper, "--csv").stdout.splitlines()
    assert csv[0].startswith("session_id,version,kind")
    assert len(csv) == 3
    one = found["sessions"][0]["session_id"]
    (row,) = ask("rerate", "preview", "--tariff", cheaper, "--session", one)["sessions"]
    assert row["start_at"] == "2026-10-01T08:00:00Z"
    why = call("rerate", "preview", "--rejected").stdout
    assert "2 still rejected" in why
    assert "token_unknown" in why
    assert operator_entries(data) == entries


def test_preview_and_apply_take_the_same_options() -> None:
    shared = [one.name for one in fields(rerate.Wanted)]
    found = [list(signature(one).parameters) for one in (rerate.preview, rerate.apply)]
    assert found == [[*shared, "as_csv", "as_json"], ["reason", *shared, "as_json"]]
    assert signature(rerate.preview).parameters["workers"].default == 1


def test_a_rerating_is_applied_by_one_entry_and_the_next_derive(
    ask: Ask, call: Call, data: Path, cheaper: str
) -> None:
    entries = operator_entries(data)
    words = ("rerate", "apply", "--tariff", cheaper, "--to", "2026-10-31", "--reason")
    told = ask(*words, "too dear")
    assert (told["written"], told["counts"]["changed"]) == (True, 1)
    assert operator_entries(data) == entries + 1
    again = call(*words, "again", code=1).output
    assert f"run `wattproof derive --data {data}` first" in again
    rows = rederived(data).read("rerating")
    assert rows["session_id"].to_list() == [told["sessions"][0]["session_id"]]
    (listed,) = ask("rerate", "list")
    assert (listed["reason"], listed["changed"], listed["net_difference"]) == (
        "too dear",
        1,
        "-2.00 EUR",
    )
    assert "nothing would change, so nothing is written" in call(*words, "again").output
    assert operator_entries(data) == entries + 1
    exported = ask("export", "cdrs", "--party", "NL-ABC", "--month", "2026-10")
    assert sorted(cdr["total_cost"]["excl_vat"] for cdr in exported) == [-5, 3, 5]
    assert [cdr["remark"] for cdr in exported if cdr.get("remark")] == ["too dear"] * 2
    (trace,) = [
        ask("audit", "trace", row["session_id"])["cdr_ids"] for row in rows.iter_rows(named=True)
    ]
    assert trace[1:] == [rows["credit_id"][0], rows["cdr_id"][0]]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "there is nothing to correct"),
        (("--party", "NL-XXX", "--rejected"), "there is no party NL-XXX"),
        (("--station", "Z", "--rejected"), "there is no station Z"),
        (("--tariff-id", "NOPE"), "there is no tariff NOPE"),
        (("--policy", "flat_scop=session"), "did you mean flat_scope?"),
        (("--policy", "flat_scope=often"), "choose from phase"),
        (("--policy", "settle_s=5"), "settle_s is a policy of the house, not one of pricing"),
        (("--session", "NOPE", "--rejected"), "there is no session NOPE"),
        (("--from", "October", "--rejected"), "--from October is no time"),
        (("--from", "2026-11-01", "--to", "2026-10-01", "--rejected"), "after sessions.from"),
        (("--tariff", "missing.json"), "can't be read"),
    ],
)
def test_what_cannot_be_corrected_is_refused(call: Call, words: tuple[str, ...], told: str) -> None:
    output = " ".join(call("rerate", "preview", *words, code=1).output.split())
    assert told in output


def test_a_file_for_another_tariff_is_refused(call: Call, cheaper: str) -> None:
    Path(cheaper).write_text(Path(cheaper).read_text().replace("STANDARD", "UNHEARD"))
    words = ("rerate", "preview", "--tariff", cheaper, "--tariff-id", "STANDARD")
    assert "takes the place of no other" in call(*words, code=1).output


def test_a_tariff_that_priced_nothing_is_told(call: Call, data: Path, cheaper: str) -> None:
    Path(cheaper).write_text(Path(cheaper).read_text().replace("STANDARD", "UNHEARD"))
    told = call("rerate", "preview", "--tariff", cheaper)
    assert "0 sessions: none is meant" in told.stdout
    assert "NL WTP UNHEARD EUR" in " ".join(told.stderr.split())
