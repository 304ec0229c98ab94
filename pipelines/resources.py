"""Where a run works: the data folder, and the stretch of the log that a run's partitions name."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import Self

import dagster as dg

from pipelines.standing import alone, derived_until
from pipelines.stretch import Stretch, days_between
from warehouse.lake import Lake
from warehouse.log import origins, watermark

UNTIL_TAG = "wattproof/until_ns"
"""A run's tag: the log time up to which it derives; without it, the watermark when it starts."""
RANGE_TAGS = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
DAY_TAG = "dagster/partition"
DAYS_TAG = "wattproof/days"
"""The days of a run without partitions, `2026-10-01...2026-10-31`."""

Context = dg.AssetExecutionContext | dg.AssetCheckExecutionContext


class Warehouse(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The data folder a run reads and writes, and how many processes it may use.

    `locking`: a run holds the lock of the derivation; off where the caller holds it already.
    """

    data: str
    workers: int = 1
    locking: bool = False

    @contextmanager
    def yield_for_execution(self, _context: dg.InitResourceContext) -> Iterator[Self]:
        """The resource of one run. Raises DerivationError where another command derives."""
        with alone(Path(self.data)) if self.locking else nullcontext():
            yield self

    @property
    def lake(self) -> Lake:
        """Its lake."""
        return Lake(Path(self.data) / "lake")

    def begun(self, context: Context) -> Stretch:
        """The stretch of a run that starts: up to the watermark of now, or the one it was given."""
        given = context.run.tags.get(UNTIL_TAG)
        until = int(given) if given else watermark(origins(Path(self.data) / "log"))
        return Stretch(Path(self.data), self.lake, days_of(context), until, self.workers)

    def stretch(self, context: Context) -> Stretch:
        """The stretch of a run whose messages are in the lake: as far as these go."""
        days = days_of(context)
        clock = self.lake.read("log_clock", days)["until_ns"]
        until = int(clock.max() or 0) or derived_until(self.lake)  # type: ignore[arg-type]
        return Stretch(Path(self.data), self.lake, days, until, self.workers)


def days_of(context: Context) -> tuple[date, ...]:
    """The days of a run: those it was told, one partition, or a range of them."""
    tags = context.run.tags
    if DAYS_TAG in tags:
        first, _, last = tags[DAYS_TAG].partition("...")
    else:
        first, last = (tags.get(tag, tags.get(DAY_TAG, "")) for tag in RANGE_TAGS)
    return days_between(date.fromisoformat(first), date.fromisoformat(last))
