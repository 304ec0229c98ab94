"""Time of a data folder: every command on it lives in the same time, and it never runs back."""

import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from warehouse.clock import (
    ClockError,
    SimulatedClock,
    SystemClock,
    open_clock,
    show,
    simulate,
    to_ns,
)

START = to_ns(datetime(2026, 10, 1, tzinfo=UTC))


def test_a_folder_without_a_clock_has_the_time_of_the_machine(tmp_path: Path) -> None:
    clock = open_clock(tmp_path)
    assert isinstance(clock, SystemClock)
    before = time.time_ns()
    assert before <= clock.now_ns() <= time.time_ns()
    assert not clock.simulated


def test_a_driven_clock_stands_until_it_is_moved_and_every_process_sees_it(tmp_path: Path) -> None:
    clock = simulate(tmp_path / "data", START)
    assert clock.simulated
    assert clock.driven
    assert clock.now_ns() == clock.now_ns() == START
    clock.advance(START + 5)
    assert clock.now_ns() == open_clock(tmp_path / "data").now_ns() == START + 5
    clock.advance(START + 5)
    with pytest.raises(ClockError, match="runs forward only"):
        clock.advance(START + 4)
    assert open_clock(tmp_path / "data").now_ns() == START + 5
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["clock.json"]


def test_a_fast_clock_runs_at_its_speed_in_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = [1_000_000_000]
    monkeypatch.setattr(time, "time_ns", lambda: real[0])
    clock = simulate(tmp_path, START, Decimal("0.3"))
    other = open_clock(tmp_path)
    real[0] += 10**9
    assert clock.now_ns() == other.now_ns() == START + 3 * 10**8
    clock.advance(START + 10**9)
    real[0] += 10
    assert clock.now_ns() == open_clock(tmp_path).now_ns() == START + 10**9 + 3
    real[0] -= 10**10
    assert clock.now_ns() == START + 10**9, "the machine's clock was set back"


def test_simulated_time_of_a_folder_is_never_set_back(tmp_path: Path) -> None:
    simulate(tmp_path, START)
    with pytest.raises(ClockError, match="already"):
        simulate(tmp_path, START - 1)
    assert simulate(tmp_path, START + 1, 60).speed == 60


@pytest.mark.parametrize("speed", [-1, Decimal("NaN"), Decimal("Infinity")])
def test_a_clock_cannot_run_at_any_speed(speed: Decimal) -> None:
    with pytest.raises(ClockError):
        SimulatedClock(START, speed)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"start_ns":"x"}', '{"start_ns":"1","anchor_ns":"1","speed":"fast"}']
)
def test_a_damaged_clock_file_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "clock.json").write_text(text)
    with pytest.raises(ClockError, match="describes no clock"):
        open_clock(tmp_path)


def test_what_the_log_says_of_a_simulated_clock() -> None:
    clock = SimulatedClock(START + 7, Decimal("60.5"), anchor_ns=time.time_ns() + 10**12)
    assert clock.describe() == {
        "action": "clock.simulated",
        "speed": "60.5",
        "start": "2026-10-01T00:00:00.000000007Z",
    }


def test_instants_are_exact() -> None:
    berlin = timezone(timedelta(hours=2))
    assert to_ns(datetime(2026, 10, 1, 2, 0, 0, 1, tzinfo=berlin)) == START + 1_000
    assert show(START) == "2026-10-01T00:00:00.000000000Z"
    with pytest.raises(ClockError, match="no time zone"):
        to_ns(datetime(2026, 10, 1))  # noqa: DTZ001 - that is the point
