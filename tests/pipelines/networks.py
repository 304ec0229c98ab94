"""Logs that several tests derive from."""

from datetime import timedelta
from pathlib import Path

from billing.party import Token
from ingest.protocols import actions
from pipelines.days import derive_stretch, whole_log
from pipelines.stretch import Stretch
from tests.pipelines.story import Story
from warehouse.lake import TABLES, Lake


def busy(data: Path) -> None:
    """Three stations, four days: midnight, a correction, a stranger, silence, rubbish."""
    with Story(data) as story:
        story.sets_up("A", "B", "C")
        story.connects("A")
        story.charges("A", 1, story.at(hour=8))
        story.charges("B", 2, story.at(hour=10), token="STRANGER")
        story.hears("A", "{not json")
        story.charges("B", 3, story.at(hour=23, minute=30), minutes=90, wh=20_000)
        story.at(day=2, hour=9)
        story.says(actions.PolicySet({"settle_s": 60}))
        story.says(actions.TokenAdd(Token("LATE", "RFID", "NL-ABC", "NL-ABC-C00002-1")))
        story.charges("C", 4, story.at(day=2, hour=9, minute=30), token="LATE")
        corrected = story.at(day=2, hour=14)
        story.charges("B", 7, corrected, stop=False)
        story.stops("B", 7, corrected + timedelta(minutes=60), -1)
        late = story.at(day=3, hour=7)
        story.meters("B", 7, corrected + timedelta(minutes=55), 10_500)
        story.meters("A", 1, late - timedelta(hours=22, minutes=30), 9_000)
        story.stops("A", 1, story.at(hour=9), 12_000)
        story.charges("C", 5, story.at(day=3, hour=12), stop=False)
        story.charges("A", 6, story.at(day=4, hour=1))
        story.at(day=4, hour=3)


def derived(data: Path, lake: Path, *, until_ns: int | None = None, workers: int = 1) -> Stretch:
    """The whole log in one build."""
    stretch = whole_log(data, Lake(lake / "lake"), until_ns=until_ns, workers=workers)
    assert stretch is not None
    derive_stretch(stretch)
    return stretch


def hashes(stretch: Stretch) -> dict[str, str]:
    """Every table's content hash, read from disk."""
    return {name: stretch.lake.content_hash(name) for name in TABLES}
