"""Stations are shared among processes: each in exactly one, and no process without need."""

import os
from datetime import date
from pathlib import Path

import pytest

from pipelines import shards
from pipelines.stretch import Stretch
from warehouse.lake import Lake

WEIGHTS = {"a": 50, "b": 40, "c": 10, "d": 1}


def told(stretch: Stretch, stations: frozenset[str]) -> tuple[int, int, list[str]]:
    """Runs in a worker."""
    return os.getpid(), stretch.until_ns, sorted(stations)


def stretch(folder: Path, workers: int) -> Stretch:
    return Stretch(folder, Lake(folder / "lake"), (date(2026, 10, 1),), 7, workers)


@pytest.mark.parametrize("workers", [2, 3])
def test_each_station_is_one_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr(shards, "WORTH_A_PROCESS", 10)
    shards.warm(stretch(tmp_path, workers), 101)
    found = shards.share(told, stretch(tmp_path, workers), WEIGHTS)
    assert sorted(name for *_, names in found for name in names) == list("abcd")
    assert len(found) == workers
    assert {until for _, until, _ in found} == {7}
    assert os.getpid() not in {process for process, *_ in found}


def test_little_work_is_done_here(tmp_path: Path) -> None:
    assert shards.share(told, stretch(tmp_path, 8), WEIGHTS) == [(os.getpid(), 7, list("abcd"))]
    assert shards.share(told, stretch(tmp_path, 8), {}) == [(os.getpid(), 7, [])]
