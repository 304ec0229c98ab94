"""A silent service ticks once a minute, and when somebody spoke beside it; not for its own kind."""

from pathlib import Path

from ingest.ticks import TICK_NS, Ticks


def speak(folder: Path, origin: str, text: str) -> None:
    path = folder / origin / "checkpoint"
    path.parent.mkdir(exist_ok=True)
    path.with_suffix(".new").write_text(text)
    path.with_suffix(".new").replace(path)


def test_after_a_minute_of_silence(tmp_path: Path) -> None:
    ticks = Ticks(tmp_path)
    assert not ticks.due(TICK_NS - 1)
    assert ticks.due(TICK_NS)


def test_once_for_each_time_that_a_command_spoke(tmp_path: Path) -> None:
    speak(tmp_path, "operator", "1")
    ticks = Ticks(tmp_path)
    assert not ticks.due(0)
    for origin in ("books", "operator", "books"):
        speak(tmp_path, origin, "2")
        assert ticks.due(0), origin
        assert not ticks.due(0), origin


def test_another_service_is_not_answered(tmp_path: Path) -> None:
    ticks = Ticks(tmp_path)
    speak(tmp_path, "ingest-2", "1")
    assert not ticks.due(0)
