"""`kill -9` at any write of issuing: numbers stay without a gap, nothing is billed twice."""

import signal
from multiprocessing import get_context
from pathlib import Path
from shutil import copytree

import pytest

from pipelines.days import derive_stretch, whole_log
from pipelines.derive import tick
from pipelines.finished import write_finished
from pipelines.invoicing import decisions, issue
from tests.pipelines.deadly import issue_until
from tests.pipelines.story import Story
from warehouse.clock import simulate, to_ns
from warehouse.lake import Lake
from warehouse.log import load_verifier, verify


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """October with two buyers, derived in November: two invoices to issue."""
    folder = tmp_path_factory.mktemp("october")
    with Story(folder) as story:
        story.sets_up("A", "B")
        story.charges("A", 1, story.at(hour=8))
        story.charges("B", 2, story.at(day=3, hour=22))
        story.at(day=33)
    simulate(folder, to_ns(story.clock.at) + 10**9)
    tick(folder)
    stretch = whole_log(folder, Lake(folder / "lake"))
    assert stretch is not None
    derive_stretch(stretch)
    write_finished(folder, stretch.until_ns)
    return folder


def killed(data: Path, fatal: int) -> int | None:
    """Issue in a process that dies at its `fatal`-th write; how many it makes where it lives."""
    forks = get_context("forkserver")
    forks.set_forkserver_preload(["pipelines.invoicing"])
    hears, told = forks.Pipe(duplex=False)
    process = forks.Process(target=issue_until, args=(fatal, data, told))
    process.start()
    process.join()
    if process.exitcode == -signal.SIGKILL:
        return None
    assert process.exitcode == 0
    writes = hears.recv()
    assert isinstance(writes, int)
    return writes


@pytest.mark.slow
def test_wherever_issuing_is_killed_the_next_run_goes_on(data: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    copytree(data, whole)
    writes = killed(whole, 0)
    assert writes is not None
    expected = [decision["number"] for decision in decisions(whole)]
    assert expected
    for fatal in range(1, writes + 1):
        copy = tmp_path / f"killed-{fatal}"
        copytree(data, copy)
        assert killed(copy, fatal) is None
        issue(copy, "2026-10")
        found = list(decisions(copy))
        assert [decision["number"] for decision in found] == expected, fatal
        billed = [name for decision in found for name in decision["cdr_ids"]]
        assert len(billed) == len(set(billed)), fatal
        assert verify(copy / "log" / "books", load_verifier(copy)).ok
