"""Re-rating: a correction said later is a credit and a new CDR; what stands is charged once."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from billing.party import Party, Role, Token
from billing.rerate import Selection
from ingest.protocols import actions
from ingest.protocols.actions import SessionRerate
from pipelines import shards
from pipelines.charges import read_cdrs
from pipelines.checks.invariants import CHECKS
from pipelines.days import derive_stretch, parts, whole_log
from pipelines.derive import derive
from pipelines.invoicing import issue
from pipelines.invoicing import preview as drafts
from pipelines.replay import replay
from pipelines.standing import DerivationError
from pipelines.stretch import Stretch, day_of, days_between
from pipelines.trace import trace, trace_up
from tests.pipelines.networks import derived, hashes
from tests.pipelines.story import DAY_ONE, TARIFF, Story
from warehouse.clock import simulate, to_ns
from warehouse.lake import TABLES, Lake
from wattproof.cli import app
from wattproof.operator_log import record
from wattproof.pricing.rerate import Choice, action, preview, selection, totals

pytestmark = pytest.mark.filterwarnings("ignore")


def priced(per_kwh: str, **fields: Any) -> dict[str, Any]:
    """The standard tariff with another price, without its fee."""
    component = {"type": "ENERGY", "price": Decimal(per_kwh), "vat": Decimal(21), "step_size": 1}
    return {**TARIFF, "elements": [{"price_components": [component]}], **fields}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five days: sessions of two buyers, a stranger, corrections of every kind, late versions."""
    data = tmp_path_factory.mktemp("rerated")
    with Story(data) as story:
        story.sets_up("A", "B", "C")
        story.says(actions.PartyAdd(Party("NL", "OWN", Role.EMSP, "Own Ways", country="NLD")))
        story.says(actions.TokenAdd(Token("OTHER", "RFID", "NL-OWN", "NL-OWN-C00001-1")))
        story.charges("A", 1, story.at(hour=8))
        story.charges("B", 2, story.at(hour=8), token="OTHER")
        story.charges("C", 3, story.at(hour=8), token="STRANGER")
        late = story.at(hour=10)
        story.charges("B", 4, late, token="OTHER", stop=False)
        story.stops("B", 4, late + timedelta(minutes=60), -1)
        story.at(hour=20)
        correction = SessionRerate("0.40 was a slip", Selection(), "2.2.1", priced("0.30"))
        story.says(correction)
        story.charges("A", 5, story.at(hour=23, minute=30))
        story.at(day=2, hour=9)
        story.says(actions.TokenAdd(Token("STRANGER", "RFID", "NL-ABC", "NL-ABC-C00002-1")))
        own = Selection(parties=frozenset({"NL-OWN"}))
        story.says(SessionRerate("as agreed", own, decisions={"volume_rounding": "four_decimals"}))
        story.says(SessionRerate("the card is known now", rejected=True))
        story.meters("B", 4, late + timedelta(minutes=55), 10_500)
        story.charges("A", 6, story.at(day=3, hour=8))
        story.at(day=3, hour=9, minute=30)
        story.says(
            SessionRerate("again", Selection(stations=frozenset("A")), "2.2.1", priced("0.20"))
        )
        story.says(
            SessionRerate("twice", Selection(stations=frozenset("A")), "2.2.1", priced("0.25"))
        )
        story.says(
            SessionRerate("no more", Selection(stations=frozenset("B")), "2.2.1", priced("0.3"))
        )
        story.at(day=5, hour=1)
    return data


@pytest.fixture(scope="module")
def stretch(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Stretch:
    return derived(log, tmp_path_factory.mktemp("lake"))


def told(stretch: Stretch, transaction: str) -> list[tuple[int, Decimal, str]]:
    """(day, net, remark) of a session's CDRs in the order they came to be."""
    rows = stretch.lake.read("session").filter(pl.col("transaction") == transaction)
    name = rows["session_id"][0]
    found = [cdr for cdr in read_cdrs(stretch.lake) if cdr.session_id == name]
    found.sort(key=lambda cdr: (cdr.last_updated, not cdr.credit))
    return [(cdr.last_updated.day, cdr.total_cost.net, cdr.remark) for cdr in found]


def test_a_corrected_tariff_is_a_credit_and_a_new_cdr(stretch: Stretch) -> None:
    assert told(stretch, "2") == [
        (1, Decimal("5.00"), ""),
        (1, Decimal("-5.00"), "0.40 was a slip"),
        (1, Decimal("3.00"), "0.40 was a slip"),
    ]


def test_a_session_that_starts_after_the_correction_is_not_touched_by_it(stretch: Stretch) -> None:
    assert told(stretch, "5")[0] == (2, Decimal("5.00"), "")


def test_a_later_version_is_priced_with_the_correction_too(stretch: Stretch) -> None:
    assert told(stretch, "4") == [
        (1, Decimal("4.00"), ""),
        (1, Decimal("-4.00"), "0.40 was a slip"),
        (1, Decimal("2.25"), "0.40 was a slip"),
        (2, Decimal("-2.25"), "0.40 was a slip"),
        (2, Decimal("2.85"), ""),
    ]


def test_what_was_rejected_is_billed_as_known_now_with_what_was_corrected(stretch: Stretch) -> None:
    assert told(stretch, "3") == [(2, Decimal("3.00"), "the card is known now")]
    assert stretch.lake.read("rejection")["rule"].to_list() == ["token_unknown"]


def test_corrections_follow_each_other(stretch: Stretch) -> None:
    nets = [net for _, net, _ in told(stretch, "1")]
    assert nets == [Decimal(text) for text in ("5", "-5", "3", "-3", "2", "-2", "2.5")]


def test_what_changes_nothing_writes_nothing(stretch: Stretch) -> None:
    changed = stretch.lake.read("rerating").select("index", "rule")
    reasons = dict(stretch.lake.read("correction").select("index", "reason").rows())
    counts = {reasons[index]: n for index, n in changed.group_by("index").len().iter_rows()}
    assert counts == {"0.40 was a slip": 3, "the card is known now": 1, "again": 3, "twice": 3}
    assert {"as agreed", "no more"} < set(reasons.values())


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_the_checks_hold(stretch: Stretch, name: str) -> None:
    assert CHECKS[name][1](stretch).is_empty()


def test_partners_receive_each_cdr_and_its_credit(stretch: Stretch) -> None:
    exported = stretch.lake.read("ocpi_export").filter(pl.col("ocpi_version") == "2.2.1")
    cdrs = stretch.lake.read("cdr")
    assert set(exported["cdr_id"]) == set(cdrs["cdr_id"])
    assert cdrs["cdr_id"].n_unique() == cdrs.height


def test_it_is_the_same_derived_day_by_day(log: Path, stretch: Stretch, tmp_path: Path) -> None:
    whole = whole_log(log, Lake(tmp_path / "lake"))
    assert whole is not None
    for part in parts(whole, at_once=1):
        derive_stretch(part)
    assert hashes(whole) == hashes(stretch)


def test_it_is_the_same_whenever_and_however_often_it_was_derived(
    log: Path, stretch: Stretch, tmp_path: Path
) -> None:
    """Cut right before and after each correction, and the last days once more."""
    lake = Lake(tmp_path / "lake")
    moments = {at.replace(microsecond=0) for at in stretch.lake.read("rerating")["heard_at"]}
    ends = sorted(to_ns(at) + after_ns for at in moments for after_ns in (0, 10**9))
    for until_ns in [*ends, stretch.until_ns, stretch.until_ns]:
        days = days_between(DAY_ONE.date(), day_of(until_ns))
        derive_stretch(Stretch(log, lake, days[-3:], until_ns))
    assert hashes(stretch) == {name: lake.content_hash(name) for name in TABLES}


def test_it_is_the_same_for_any_number_of_workers(
    log: Path, stretch: Stretch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "WORTH_A_PROCESS", 1)
    lake = Lake(tmp_path / "lake")
    apart = Stretch(log, lake, stretch.days, stretch.until_ns, workers=3)
    derive_stretch(apart)
    assert hashes(apart) == hashes(stretch)


@pytest.mark.parametrize("column", ["cdr_id", "credited_id", "credit_id", "rule", "session_id"])
def test_a_correction_that_is_not_whole_is_told(
    stretch: Stretch, tmp_path: Path, column: str
) -> None:
    lake = Lake(tmp_path / "lake")
    copytree(stretch.lake.path, lake.path)
    rows = lake.read("rerating")
    wrong = pl.concat_str(column, pl.lit("-"), "index").alias(column)
    lake.write("rerating", rows.with_columns(wrong), rows["day"].unique())
    found = lake.sql("check_nothing_vanishes", first=stretch.days[0], last=stretch.days[-1])
    assert "is not whole" in "".join(found["problem"])


def test_a_session_charged_twice_is_told(stretch: Stretch, tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    copytree(stretch.lake.path, lake.path)
    rows = lake.read("cdr")
    lake.write("cdr", rows.filter(~pl.col("credit")), rows["day"].unique())
    found = lake.sql("check_billed_once", first=stretch.days[0], last=stretch.days[-1])
    assert "3 CDRs, 0 credits" in "".join(found["problem"])


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """October with two sessions of one buyer, one of another and a stranger's; invoiced."""
    data = tmp_path_factory.mktemp("month")
    with Story(data) as story:
        story.sets_up("A", "B")
        story.says(actions.PartyAdd(Party("NL", "OWN", Role.EMSP, "Own Ways", country="NLD")))
        story.says(actions.TokenAdd(Token("OTHER", "RFID", "NL-OWN", "NL-OWN-C00001-1")))
        story.charges("A", 1, story.at(day=30, hour=8))
        story.charges("B", 2, story.at(day=30, hour=8), token="OTHER")
        story.charges("A", 3, story.at(day=31, hour=8), token="STRANGER")
        story.charges("A", 4, story.at(day=31, hour=12))
        story.at(day=33)
    simulate(data, to_ns(story.clock.at) + 10**9)
    derive(data)
    issue(data, "2026-10")
    derive(data)
    record(data, [actions.TokenAdd(Token("STRANGER", "RFID", "NL-ABC", "NL-ABC-C00002-1"))])
    return data


def test_a_preview_wants_all_that_was_said_derived(month: Path, tmp_path: Path) -> None:
    copytree(month, tmp_path / "data")
    with pytest.raises(DerivationError, match="run `wattproof derive` first"):
        preview(tmp_path / "data", Choice(rejected=True))
    with pytest.raises(DerivationError, match="nothing is derived yet"):
        preview(tmp_path, Choice(rejected=True))


def test_what_is_previewed_is_what_is_applied_and_the_next_invoice_nets_it(
    month: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    copytree(month, data)
    derive(data)
    before = files(data)
    choice = Choice(priced("0.35"), rejected=True)
    chosen = selection(start_from=datetime(2026, 10, 1), parties=["NL-ABC"])  # noqa: DTZ001
    frame = preview(data, choice, chosen)
    assert files(data) == before
    assert dict(frame.group_by("kind").len().iter_rows()) == {
        "changed": 2,
        "billed": 1,
    }
    assert frame.filter(pl.col("invoice") == "NLWTP-I2026-000001").height == 2
    (total,) = totals(frame, "party", "month").iter_rows(named=True)
    assert (total["party"], total["month"]) == ("NL-ABC", "2026-10")
    assert (total["changed"], total["billed"], total["invoiced"]) == (2, 1, 2)
    assert (total["net_before"], total["net"]) == (Decimal(10), Decimal("10.5"))

    record(data, [action(choice, chosen, "too dear, and a late card")])
    derived_once = derive(data)
    rows = Lake(data / "lake").read("rerating").sort("session_id")
    assert rows["session_id"].to_list() == sorted(frame["session_id"])
    made = Lake(data / "lake").read("cdr", where=pl.col("cdr_id").is_in(rows["cdr_id"].implode()))
    assert made["net"].sum() == total["net"]
    assert {name for name, _ in derive(data).tables.items() ^ derived_once.tables.items()} == {
        "log_clock"
    }
    assert replay(data).identical
    leads_to_the_operators_entry(data, rows.to_dicts())

    (draft,) = drafts(data, "2026-10")
    assert draft.net == total["net_difference"]
    (invoice,) = issue(data, "2026-10")
    derive(data)
    assert invoice.net == Decimal("0.50")
    assert [line.credit for line in invoice.lines] == [True, False, False, True, False]
    assert replay(data).identical
    assert set(preview(data, choice, chosen)["kind"]) == {"unchanged"}


def leads_to_the_operators_entry(data: Path, rows: list[dict[str, Any]]) -> None:
    """Each new CDR down to the entry that made it, with its proof, and the entry up to each."""
    for row in rows:
        (one,) = trace(data, row["cdr_id"]).decided
        assert str(one.frame.source) == f"{row['origin']}:{row['index']}"
        assert (one.credited_id, one.credit_id) == (
            row["credited_id"] or "", row["credit_id"] or "",
        )  # fmt: skip
        assert one.reason == "too dear, and a late card"
        assert one.frame.proof.startswith("c2sp.org/tlog-proof@v1\n")
        assert "session.rerate" in one.frame.text
    up = trace_up(data, f"{rows[0]['origin']}:{rows[0]['index']}")
    assert sorted(session for session, _ in up.sessions) == [row["session_id"] for row in rows]
    assert {row["cdr_id"] for row in rows} < set(up.cdr_ids)
    words = ["audit", "trace", rows[0]["session_id"], "--data", str(data)]
    shown = CliRunner().invoke(app, words).stdout
    assert "re-rated, 'too dear, and a late card': " in shown
    assert f"\n  {rows[0]['origin']}:{rows[0]['index']}  2026-" in shown


def files(data: Path) -> dict[str, bytes]:
    """Every file of log and lake."""
    found = [path for name in ("log", "lake") for path in sorted((data / name).rglob("*"))]
    return {str(path): path.read_bytes() for path in found if path.is_file()}


def test_a_tariff_is_chosen_anew_among_all_that_is_published_by_now(
    month: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    copytree(month, data)
    cheaper = priced("0.10", id="CHEAPER")
    record(data, [actions.TariffAdd("2.2.1", cheaper, DAY_ONE, stations=("B",))])
    derive(data)
    frame = preview(data, Choice(choose_tariff=True), selection(tariff_ids=["STANDARD"]))
    changed = frame.filter(pl.col("kind") == "changed")
    assert changed.select("party", "tariff_before", "tariff", "net").rows() == [
        ("NL-OWN", "STANDARD", "CHEAPER", Decimal(1))
    ]
    assert frame.height == 1


def test_a_bill_that_could_not_be_made_so_stands(month: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    copytree(month, data)
    derive(data)
    at_night = priced("0.40")
    at_night["elements"][0]["restrictions"] = {"start_time": "01:00", "end_time": "02:00"}
    choice = Choice(at_night, policies={"unpriced_dimension": "held"})
    chosen = selection(stations=["B"])
    frame = preview(data, choice, chosen)
    assert frame.select("kind", "rule").rows() == [("rejected", "energy_unpriced")]
    assert totals(frame, "party")["net_difference"].to_list() == [Decimal(0)]
    record(data, [action(choice, chosen, "a slip of the pen")])
    cdrs = Lake(data / "lake").content_hash("cdr")
    derive(data)
    lake = Lake(data / "lake")
    assert lake.read("rerating").select("cdr_id", "rule").rows() == [("", "energy_unpriced")]
    assert lake.content_hash("cdr") == cdrs
