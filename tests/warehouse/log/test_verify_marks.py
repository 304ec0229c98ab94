"""What verification says of whole logs: connections that skip, clocks that run back, gaps."""

from pathlib import Path

import orjson
import pytest

from warehouse.clock import SimulatedClock, SystemClock
from warehouse.log import LogWriter, Signer, verify

pytestmark = pytest.mark.usefixtures("small_segments")


def test_a_connection_that_counts_with_a_gap_is_seen(tmp_path: Path, signer: Signer) -> None:
    folder = tmp_path / "ingest-1"
    counts = {
        "whole": (0, 1, 2),
        "from one": (1, 2),
        "late": (2, 3),
        "gap": (0, 2),
        "twice": (0, 0),
    }
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=SystemClock()) as log:
        for connection, counters in counts.items():
            for counter in counters:
                log.append(b"", kind="message", connection=connection, counter=counter)
            log.append(b"", kind="tick")
        for _ in range(300):
            log.append(b"", kind="tick")
        log.append(b"", kind="message", connection="whole", counter=4)
    problems = verify(folder, signer.verifier).problems
    assert {each.code for each in problems} == {"counter_gap"}
    assert [each.position for each in problems] == [7, 11, 14, 316]


class Unsteady(SimulatedClock):
    """A clock that a writer would never believe."""


def test_received_at_running_back_is_seen(
    tmp_path: Path, signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ingest-1"
    clock = Unsteady(1_000)
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        for index in range(520):
            clock.start_ns = 1_000 + index
            if index in (100, 256, 500):
                clock.start_ns = log._last_ns = 10 + index
            log.append(b"", kind="tick")
    problems = verify(folder, signer.verifier).problems
    assert [(each.position, each.code) for each in problems] == [
        (100, "time_ran_back"),
        (256, "time_ran_back"),
        (500, "time_ran_back"),
    ]


def test_clock_entries_and_gaps_are_shown(tmp_path: Path, signer: Signer) -> None:
    folder = tmp_path / "ingest-1"
    clock = SimulatedClock(1_790_000_000_000_000_000)
    with LogWriter.open(folder, origin="ingest-1", signer=signer, clock=clock) as log:
        log.append(orjson.dumps(clock.describe()), kind="clock")
        log.append(b"not json", kind="clock")
    result = verify(folder, signer.verifier)
    assert [mark.facts["action"] for mark in result.clocks] == ["clock.simulated"]
    assert [each.code for each in result.problems] == ["mark_unreadable"]
