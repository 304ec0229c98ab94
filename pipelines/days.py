"""Days derived in order, without Dagster: what replay and benchmarks run, step by step."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from pipelines.pricing import Engine
from pipelines.steps import STEPS, Hashes
from pipelines.stretch import (
    DAY_NS,
    Stretch,
    day_of,
    days_between,
    first_day,
    position,
    start_of,
)
from warehouse.lake import Lake
from warehouse.log import origins, watermark

ENTRIES_AT_ONCE = 1_500_000
"""Entries of the log that one stretch takes: what fits into memory with room to spare."""

Progress = Callable[[str], None]


def whole_log(
    data: Path,
    lake: Lake,
    *,
    until_ns: int | None = None,
    workers: int = 1,
    engine: Engine = "bulk",
) -> Stretch | None:
    """All up to the watermark (or `until_ns`) as one stretch; None where there is nothing."""
    until = watermark(origins(data / "log")) if until_ns is None else until_ns
    first = first_day(data)
    if first is None or day_of(until) < first:
        return None
    return Stretch(data, lake, days_between(first, day_of(until)), until, workers, engine)


def parts(stretch: Stretch, at_once: int = ENTRIES_AT_ONCE) -> Iterator[Stretch]:
    """A stretch cut into stretches of at most `at_once` entries each, or of a single day."""
    readers = [(reader, reader.size) for reader in stretch.readers]
    days: list[date] = []
    taken = 0
    for day in stretch.days:
        bounds = (start_of(day), start_of(day) + DAY_NS)
        low, high = (
            sum(position(reader, at_ns, size) for reader, size in readers) for at_ns in bounds
        )
        if days and taken + high - low > at_once:
            yield _cut(stretch, days)
            days, taken = [], 0
        days.append(day)
        taken += high - low
    yield _cut(stretch, days)


def _cut(stretch: Stretch, days: list[date]) -> Stretch:
    return replace(stretch, days=tuple(days), until_ns=stretch.end_of(days[-1]))


def derive_stretch(stretch: Stretch, progress: Progress | None = None) -> Hashes:
    """Run every step over a stretch; the content hash of each table's days."""
    hashes: Hashes = {}
    for name, step in STEPS.items():
        hashes |= step(stretch)
        if progress is not None:
            progress(name)
    return hashes
