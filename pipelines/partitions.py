"""Partitions: the UTC day of emission in log time, from the first entry of the log on."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from pipelines.stretch import day_of, first_day
from warehouse.clock import open_clock

_YEAR_AND_A_DAY = 366


def daily(data: Path) -> dg.DailyPartitionsDefinition:
    """Days up to the running one; under a simulated clock also the year ahead of what it shows."""
    clock = open_clock(data)
    shown = day_of(clock.now_ns())
    ahead = (shown - datetime.now(UTC).date()).days + _YEAR_AND_A_DAY
    first = first_day(data) or shown
    return dg.DailyPartitionsDefinition(
        start_date=first.isoformat(), end_offset=max(1, ahead) if clock.simulated else 1
    )
