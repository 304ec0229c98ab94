"""A replay gives what was derived: for any number of threads, processes and any hash seed."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.days import derive_stretch, whole_log
from pipelines.derive import tick
from pipelines.finished import write_finished
from pipelines.invoicing import issue
from pipelines.replay import Difference, ReplayError, differences, rebuild, replay
from pipelines.standing import last_finished
from tests.pipelines.networks import busy
from warehouse.clock import simulate
from warehouse.lake import TABLES, Lake
from warehouse.log import origins, watermark
from wattproof.cli import app

ROOT = Path(__file__).parents[2]
REBUILD = """
import json, sys
from pathlib import Path
from pipelines.replay import rebuild
from warehouse.lake import TABLES, Lake
data, scratch, until, workers = sys.argv[1:]
lake = Lake(Path(scratch) / "lake", threads=int(workers))
rebuild(Path(data), lake, int(until), int(workers))
print(json.dumps({name: lake.content_hash(name) for name in TABLES}))
"""


def settled(data: Path) -> Path:
    """A derived log with an issued invoice, its run recorded in the log, without Dagster."""
    busy(data)
    simulate(data, watermark(origins(data / "log")) + 10**9)
    write_finished(data, _derive(data))
    assert issue(data, "2026-10", early=True)
    tick(data)
    write_finished(data, _derive(data))
    return data


def _derive(data: Path) -> int:
    stretch = whole_log(data, Lake(data / "lake"))
    assert stretch is not None
    derive_stretch(stretch)
    return stretch.until_ns


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settled(tmp_path_factory.mktemp("settled"))


def test_a_replay_is_identical(data: Path) -> None:
    found = replay(data)
    assert found.identical
    assert found.difference is None
    assert found.drift == {}
    assert len(found.documents) == 2
    assert {table.name for table in found.tables} == set(TABLES)
    assert next(table.rows for table in found.tables if table.name == "session") == 7


@pytest.mark.parametrize(("threads", "seed"), [(1, "0"), (2, "1"), (8, "4242")])
def test_threads_and_hash_seed_make_no_difference(
    data: Path, tmp_path: Path, threads: int, seed: str
) -> None:
    run = last_finished(data)
    assert run is not None
    environment = os.environ | {"PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": str(threads)}
    command = [sys.executable, "-c", REBUILD, str(data), str(tmp_path), run["watermark"]]
    told = subprocess.run(
        [*command, str(threads)], check=True, capture_output=True, env=environment, cwd=ROOT
    )
    assert json.loads(told.stdout) == run["tables"]


def test_one_digit_changed_changes_what_rests_on_it_and_nothing_else(
    data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    segment = copy / "log" / "ingest-1" / "payload" / "0"
    content = segment.read_bytes()
    assert content.count(b'"meterStop": 21000') == 1
    segment.write_bytes(content.replace(b'"meterStop": 21000', b'"meterStop": 22000'))
    found = replay(copy, tmp_path / "scratch")
    assert not found.identical
    changed = {table.name for table in found.tables if not table.identical}
    assert changed == {
        "message",
        "transaction_event",
        "session",
        "station_state",  # remembers at which register the last session of a place ended
        "charging_period",
        "charge",
        "cdr",
        "ocpi_export",
        "invoice",
        "invoice_line",
        "document",
    }
    stored, replayed = Lake(copy / "lake"), Lake(tmp_path / "scratch" / "lake")
    for table, count in (("message", 1), ("session", 1), ("cdr", 1), ("invoice_line", 1)):
        rows = list(differences(table, stored, replayed))
        assert len(rows) == count, table
        assert all(str(row.stored["transaction"]) == "3" for row in rows if table == "session")
    states = list(differences("station_state", stored, replayed))
    assert {row.stored["station"] for row in states} == {"B"}
    assert found.difference is not None
    assert found.difference.column == "payload"
    assert "21000" in str(found.difference)
    assert all(not document.identical for document in found.documents)


def test_a_lake_that_was_edited_is_seen(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    lake = Lake(copy / "lake")
    rows = lake.read("charging_period")
    day = rows["day"][0]
    lake.write("charging_period", rows.filter(rows["day"] == day).head(0), [day])
    found = replay(copy)
    assert [table.name for table in found.tables if not table.identical] == ["charging_period"]
    assert "missing in what is stored" in str(found.difference)
    assert found.difference is not None
    assert found.difference.side("stored") == "missing"
    assert '"start_at":"2026-10-' in found.difference.side("replayed")


def test_a_document_that_was_altered_shows_where_and_a_missing_one_is_missing(
    data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    path = next((copy / "documents").glob("*.json"))
    invoice = json.loads(path.read_text("utf-8"))
    was, altered = invoice["number"], "NLWTP-I2026-999999"
    path.write_text(json.dumps(invoice | {"number": altered}), "utf-8")
    path.with_suffix(".pdf").unlink()
    result = CliRunner().invoke(app, ["audit", "replay", "--data", str(copy)])
    assert result.exit_code == 1
    assert f'  stored: "number": "{altered}",\n  replayed: "number": "{was}",' in result.stdout
    assert f"{path.stem}.pdf: missing in what is stored" in result.stdout


def test_a_row_that_differs_shows_only_what_differs_in_plain_text() -> None:
    at = datetime(2026, 10, 1, 8, tzinfo=UTC)
    old = {"id": "s", "end_at": at, "wh": Decimal("1.000"), "same": 1}
    new = old | {"end_at": at + timedelta(hours=1), "wh": None}
    found = Difference("session", at.date(), ("s",), "end_at", old, new)
    assert str(found) == (
        'session 2026-10-01 s: end_at is "2026-10-01T08:00:00Z", replayed "2026-10-01T09:00:00Z"'
    )
    assert found.side("stored") == '{"end_at":"2026-10-01T08:00:00Z","wh":"1.000"}'
    assert found.side("replayed") == '{"end_at":"2026-10-01T09:00:00Z","wh":null}'


def test_a_deleted_lake_comes_back(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    shutil.rmtree(copy / "lake")
    shutil.rmtree(copy / "documents")
    run = last_finished(copy)
    assert run is not None
    rebuild(copy, Lake(copy / "lake"), int(run["watermark"]))
    assert replay(copy).identical


def test_refusals_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match="derive"):
        replay(tmp_path)
