"""Re-rating: a correction said later is a credit and a new CDR; what stands is charged once."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import polars as pl
import pytest

from billing.party import Party, Role, Token
from billing.rerate import Selection
from ingest.protocols import actions
from ingest.protocols.actions import SessionRerate
from pipelines import shards
from pipelines.charges import read_cdrs
from pipelines.checks.invariants import CHECKS
from pipelines.days import derive_stretch, parts, whole_log
from pipelines.stretch import Stretch, day_of, days_between
from tests.pipelines.networks import derived, hashes
from tests.pipelines.story import DAY_ONE, TARIFF, Story
from warehouse.clock import to_ns
from warehouse.lake import TABLES, Lake


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
        (1, Decimal("-5.00"), ""),
        (1, Decimal("3.00"), "0.40 was a slip"),
    ]


def test_a_session_that_starts_after_the_correction_is_not_touched_by_it(stretch: Stretch) -> None:
    assert told(stretch, "5")[0] == (2, Decimal("5.00"), "")


def test_a_later_version_is_priced_with_the_correction_too(stretch: Stretch) -> None:
    assert told(stretch, "4") == [
        (1, Decimal("4.00"), ""),
        (1, Decimal("-4.00"), ""),
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


@pytest.mark.parametrize("at_once", [1, 60])
def test_it_is_the_same_derived_day_by_day(
    log: Path, stretch: Stretch, tmp_path: Path, at_once: int
) -> None:
    whole = whole_log(log, Lake(tmp_path / "lake"))
    assert whole is not None
    for part in parts(whole, at_once):
        derive_stretch(part)
    assert hashes(whole) == hashes(stretch)


def test_it_is_the_same_whenever_and_however_often_it_was_derived(
    log: Path, stretch: Stretch, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    moments = [row["heard_at"] for row in stretch.lake.read("rerating").iter_rows(named=True)]
    ends = sorted({to_ns(at + timedelta(seconds=s)) for at in moments for s in (-1, 0, 1, 3_600)})
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
