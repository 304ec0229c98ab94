"""Invoices: a preview leaves no trace, issuing is a decision, documents follow from decisions."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from pipelines.days import derive_stretch, whole_log
from pipelines.derive import tick
from pipelines.finished import write_finished
from pipelines.invoicing import InvoicingError, decisions, issue, preview
from pipelines.standing import DerivationError, alone, finished_until
from pipelines.steps import messages
from pipelines.stretch import instant
from tests.pipelines.story import Story
from warehouse.clock import open_clock, simulate, to_ns
from warehouse.lake import Lake
from warehouse.log import LogLocked, LogWriter, StoreUnavailable, load, origins


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """October with two sessions, one in the last minutes of the month, derived in November."""
    with Story(tmp_path) as story:
        story.sets_up("A", "B")
        story.charges("A", 1, story.at(hour=8))
        story.charges("B", 2, story.at(day=31, hour=22))
        story.charges("A", 3, story.at(day=31, hour=23, minute=30))
        story.at(day=33)
    simulate(tmp_path, to_ns(story.clock.at) + 10**9)
    refresh(tmp_path)
    return tmp_path


def refresh(data: Path) -> None:
    tick(data)
    stretch = whole_log(data, Lake(data / "lake"))
    assert stretch is not None
    derive_stretch(stretch)
    write_finished(data, stretch.until_ns)


def begin(data: Path) -> None:
    """A derivation that fails midway: it has said how far it goes, and read no message since."""
    tick(data)
    stretch = whole_log(data, Lake(data / "lake"))
    assert stretch is not None
    messages(stretch)


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_preview_leaves_no_trace(data: Path) -> None:
    before = files(data)
    (draft,) = preview(data, "2026-10")
    assert (draft.number, draft.buyer.code, len(draft.lines)) == ("", "NL-ABC", 1)
    assert draft.gross == draft.net + draft.tax
    assert files(data) == before


def test_the_month_is_the_sellers(data: Path) -> None:
    """23:00 UTC on 31 October is November in Amsterdam: both late sessions end there."""
    (november,) = preview(data, "2026-11")
    assert len(november.lines) == 3
    assert [len(draft.lines) for draft in preview(data, "2026-09")] == []


def test_issuing_numbers_without_a_gap_and_only_once(data: Path) -> None:
    first = issue(data, "2026-10")
    assert [invoice.number for invoice in first] == ["NLWTP-I2026-000001"]
    assert issue(data, "2026-10") == []
    second = issue(data, "2026-11", early=True)
    assert [invoice.number for invoice in second] == ["NLWTP-I2026-000002"]
    assert {line.cdr_id for line in first[0].lines}.isdisjoint(second[0].cdr_ids)
    assert [decision["number"] for decision in decisions(data)] == [
        "NLWTP-I2026-000001",
        "NLWTP-I2026-000002",
    ]


def test_documents_follow_from_the_decision(data: Path) -> None:
    (invoice,) = issue(data, "2026-10")
    refresh(data)
    row = Lake(data / "lake").read("invoice").row(0, named=True)
    assert row["content_sha256"] == row["decided_sha256"]
    assert (row["net"], row["gross"]) == (invoice.net, invoice.gross)
    documents = Lake(data / "lake").read("document")
    for name, digest in documents.select("name", "sha256").rows():
        assert sha256((data / "documents" / name).read_bytes()).hexdigest() == digest
    assert json.loads((data / "documents" / f"{invoice.number}.json").read_bytes())
    assert (data / "documents" / f"{invoice.number}.pdf").read_bytes().startswith(b"%PDF-")
    before = files(data / "documents")
    refresh(data)
    assert files(data / "documents") == before


def test_a_crash_before_the_commit_leaves_nothing_and_the_next_run_all(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: LogWriter) -> int:
        raise StoreUnavailable("no room")

    with monkeypatch.context() as patch:
        patch.setattr(LogWriter, "commit", refuse)
        with pytest.raises(StoreUnavailable):
            issue(data, "2026-10")
    assert list(decisions(data)) == []
    assert [invoice.number for invoice in issue(data, "2026-10")] == ["NLWTP-I2026-000001"]


def test_two_writers_wait_for_each_other(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = data / "log" / "books"

    with LogWriter.open(folder, origin="books", signer=load(data), clock=open_clock(data)):
        opened = LogWriter.open

        def at_once(*args: object, **kwargs: object) -> LogWriter:
            return opened(*args, **(kwargs | {"timeout_s": 0}))  # type: ignore[arg-type]

        monkeypatch.setattr(LogWriter, "open", at_once)
        with pytest.raises(LogLocked):
            issue(data, "2026-10")


def test_what_cannot_be_is_refused_in_a_sentence(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InvoicingError, match="not over yet"):
        issue(data, "2026-11")
    with pytest.raises(InvoicingError, match="2026-10, not"):
        preview(data, "October")
    with pytest.raises(InvoicingError, match="NL-XYZ is not known"):
        preview(data, "2026-10", "NL-XYZ")
    with pytest.raises(InvoicingError, match="run `wattproof derive`"):
        preview(tmp_path / "nowhere", "2026-10")
    assert len(origins(data / "log")) == 3


def test_a_lake_whose_derivation_failed_midway_is_not_invoiced(data: Path) -> None:
    """Else it would be thought derived up to where the failed run meant to go."""
    begin(data)
    with pytest.raises(InvoicingError, match=r"did not finish.* run `wattproof derive` first"):
        issue(data, "2026-10")
    with pytest.raises(InvoicingError, match="did not finish"):
        preview(data, "2026-10")
    assert list(decisions(data)) == []
    refresh(data)
    (invoice,) = issue(data, "2026-10")
    assert invoice.watermark == instant(finished_until(data))


def test_nothing_is_invoiced_beside_a_derivation(data: Path) -> None:
    with alone(data), pytest.raises(DerivationError, match="another command"):
        issue(data, "2026-10")
    assert list(decisions(data)) == []
