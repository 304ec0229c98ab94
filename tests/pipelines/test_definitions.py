"""The graph loads, runs partitioned and whole, stops at a broken invariant and records its runs."""

from datetime import date
from pathlib import Path
from shutil import copytree

import dagster as dg
import polars as pl
import pytest

from pipelines.checks import invariants
from pipelines.definitions import JOB, definitions, defs
from pipelines.derive import derive
from pipelines.finished import unfinished
from pipelines.resources import RANGE_TAGS, UNTIL_TAG
from pipelines.standing import DerivationError, last_finished
from pipelines.stretch import Stretch
from tests.pipelines.networks import busy
from warehouse.clock import simulate
from warehouse.lake import TABLES, Lake
from warehouse.log import origins, watermark

ASSETS = {
    "messages",
    "transaction_events",
    "meter_readings",
    "sessions",
    "charging_periods",
    "charges",
    "cdrs",
    "findings",
    "invoices",
    "documents",
    "ocpi_exports",
    "tariffs",
    "tokens",
    "locations",
    "stations",
    "parties",
    "policies",
    "corrections",
    "reratings",
}
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    busy(folder)
    simulate(folder, watermark(origins(folder / "log")) + 10**9)
    return folder


@pytest.fixture(scope="module")
def derived(data: Path) -> Path:
    derive(data)
    return data


def test_the_graph_loads_with_every_asset_check_and_trigger(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATTPROOF_DATA", str(data))
    loaded = defs()
    dg.Definitions.validate_loadable(loaded)
    assert {key.to_user_string() for key in loaded.resolve_all_asset_keys()} == ASSETS
    assert set(invariants.CHECKS) >= {"nothing_vanishes", "periods_sum_to_session"}
    assert [one.name for one in loaded.schedules or []] == ["every_hour"]
    assert [one.name for one in loaded.sensors or []] == ["news_in_the_log", "run_finished"]
    assert all(check.blocking for one in invariants.checks() for check in one.check_specs)


def test_a_partitioned_range_gives_what_one_run_gives(derived: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    copytree(derived / "log", other / "log")
    lake = Lake(derived / "lake")
    until = lake.read("log_clock")["until_ns"].max()
    days = lake.days("log_clock")
    tags = dict(zip(RANGE_TAGS, (days[0].isoformat(), days[-1].isoformat()), strict=True))
    job = definitions(other).resolve_job_def(JOB)
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance, tags=tags | {UNTIL_TAG: str(until)}, run_config=QUIET
        )
        event = instance.get_latest_materialization_event(dg.AssetKey("cdrs"))
        assert result.success
        assert event is not None
    assert {name: Lake(other / "lake").content_hash(name) for name in TABLES} == {
        name: lake.content_hash(name) for name in TABLES
    }


def test_a_run_is_recorded_with_what_it_made(derived: Path) -> None:
    run = last_finished(derived)
    assert run is not None
    lake = Lake(derived / "lake")
    assert run["tables"] == {name: lake.content_hash(name) for name in sorted(TABLES)}
    assert set(run["checkpoints"]) == {"books", "ingest-1", "operator"}
    assert {"code_sha256", "duckdb", "polars", "tzdata"} <= set(run["versions"])


def test_only_the_running_day_is_derived_again(derived: Path) -> None:
    found = unfinished(derived, watermark(origins(derived / "log")))
    assert found == (date(2026, 10, 4), date(2026, 10, 4))


def test_a_broken_invariant_stops_the_run_and_says_which(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy"
    copytree(data, copy)

    def broken(_: Stretch) -> pl.DataFrame:
        return pl.DataFrame({"id": ["S1"], "problem": ["7 Wh are missing"]})

    checks = {"nothing_vanishes": ("cdrs", broken)}
    monkeypatch.setattr(invariants, "CHECKS", checks)
    with pytest.raises(DerivationError, match="nothing_vanishes of cdrs failed: S1: 7 Wh"):
        derive(copy, from_day=date(2026, 10, 1))
    assert Lake(copy / "lake").read("invoice").is_empty()
