"""What a shorter log gives is a prefix of what a longer one gives, wherever the cuts fall."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.days import derive_stretch, whole_log
from pipelines.stretch import Stretch, instant
from tests.pipelines.networks import derived, hashes
from warehouse.lake import TABLES, Lake
from warehouse.log import merge, origins

EMITTED = {
    "message": "received_ns",
    "transaction_event": "received_ns",
    "meter_reading": "received_ns",
    "session": "emitted_at",
    "rejection": "emitted_at",
    "cdr": "last_updated",
    "ocpi_export": "last_updated",
    "finding": "known_at",
    "tariff": "known_from",
    "token": "known_from",
    "station": "known_from",
    "location": "known_from",
    "party": "known_from",
    "policy": "known_from",
    "correction": "known_from",
    "rerating": "heard_at",
}
"""Table -> the log time at which a row came to be."""


def upto(stretch: Stretch, table: str, until_ns: int) -> pl.DataFrame:
    column = EMITTED[table]
    limit: int | datetime = until_ns if column == "received_ns" else instant(until_ns)
    return stretch.lake.read(table).filter(pl.col(column) <= limit)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_shorter_log_gives_a_prefix(
    busy_log: Path,
    busy_stretch: Stretch,
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    moments = [record.entry.received_ns for _, record in merge(origins(busy_log / "log"), 2**63)]
    until_ns = data.draw(st.sampled_from(moments)) + data.draw(st.sampled_from([0, 700 * 10**9]))
    until_ns = min(until_ns, busy_stretch.until_ns)
    shorter = derived(busy_log, tmp_path_factory.mktemp("short"), until_ns=until_ns)
    for table in EMITTED:
        rows = shorter.lake.read(table)
        assert rows.rows() == upto(busy_stretch, table, until_ns).rows(), table


def test_a_finished_day_is_the_same_whatever_came_after(
    busy_log: Path, busy_stretch: Stretch, tmp_path: Path
) -> None:
    end = busy_stretch.end_of(busy_stretch.days[1])
    shorter = derived(busy_log, tmp_path, until_ns=end)
    days = busy_stretch.days[:2]
    for table in TABLES:
        longer = busy_stretch.lake.content_hash(table, days)
        assert shorter.lake.content_hash(table) == longer, table


def test_day_by_day_and_interrupted_gives_what_one_build_gives(
    busy_log: Path, busy_stretch: Stretch, tmp_path: Path
) -> None:
    lake = Lake(tmp_path / "lake")
    for day in busy_stretch.days:
        whole = whole_log(busy_log, lake)
        assert whole is not None
        noon = Stretch(busy_log, lake, (day,), whole.end_of(day) - 43_200 * 10**9)
        derive_stretch(noon)
        derive_stretch(whole.alone(day))
    assert {name: lake.content_hash(name) for name in TABLES} == hashes(busy_stretch)


def test_deriving_again_changes_nothing(busy_log: Path, tmp_path: Path) -> None:
    stretch = derived(busy_log, tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    derive_stretch(stretch)
    after = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert after == before
