"""An offline queue repeated around midnight: what is long settled is remembered, not begun anew."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipelines.days import derive_stretch, whole_log
from tests.pipelines.networks import derived, hashes
from tests.pipelines.story import DAY_ONE, Story, stamp
from warehouse.lake import TABLES, Lake

FIRST = (1, DAY_ONE + timedelta(hours=8), 1_000)
SECOND = (2, DAY_ONE + timedelta(days=2, hours=8), 11_000)
DELIVERED_WH = 17_000


def starts(story: Story, transaction: int, at: datetime, register: int) -> None:
    payload = {"connectorId": 1, "idTag": "CARD", "meterStart": register, "timestamp": stamp(at)}
    call = story.calls_us("A", "StartTransaction", payload)
    accepted = {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}}
    story.answers("A", call, accepted)


def tells(story: Story, transaction: int, at: datetime, register: int, taken: int) -> None:
    starts(story, transaction, at, register)
    story.stops("A", transaction, at + timedelta(hours=1), register + taken)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two sessions; days later the queue is sent again, one before and one after midnight."""
    with Story(tmp_path) as story:
        story.sets_up("A")
        story.at(day=1, hour=9)
        tells(story, *FIRST, taken=10_000)
        story.at(day=3, hour=9)
        tells(story, *SECOND, taken=7_000)
        story.at(day=5, hour=23, minute=55)
        tells(story, *FIRST, taken=10_000)
        story.at(day=6, hour=0, minute=1)
        tells(story, *SECOND, taken=7_000)
        story.at(day=9)
    return tmp_path


def day_by_day(data: Path, folder: Path) -> Lake:
    lake = Lake(folder / "lake")
    whole = whole_log(data, lake)
    assert whole is not None
    for day in whole.days:
        derive_stretch(whole.alone(day))
    return lake


def test_a_repeated_queue_bills_nothing_twice(data: Path, tmp_path: Path) -> None:
    cdrs = day_by_day(data, tmp_path / "daily").read("cdr")
    assert cdrs["cdr_id"].is_unique().all()
    assert (cdrs["energy_kwh"] * cdrs["sign"]).sum() * 1000 == DELIVERED_WH


def test_and_however_the_runs_are_cut_it_is_the_same(data: Path, tmp_path: Path) -> None:
    whole = derived(data, tmp_path / "whole")
    daily = day_by_day(data, tmp_path / "daily")
    assert {name: daily.content_hash(name) for name in TABLES} == hashes(whole)
