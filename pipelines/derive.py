"""`derive`: the assets of `definitions` for every day that is not finished, without a server."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipelines.finished import unfinished, write_finished
from pipelines.resources import RANGE_TAGS, UNTIL_TAG
from pipelines.stretch import DAY_NS, days_between, instant, position, start_of
from warehouse.clock import open_clock
from warehouse.lake import Lake
from warehouse.log import LogLocked, LogReader, LogWriter, create_key, origins, watermark

ENTRIES_AT_ONCE = 1_500_000
"""Entries of the log that one run takes: what fits into memory with room to spare."""

Progress = Callable[[str], None]


class DerivationError(Exception):
    """A derivation that cannot go on: which check or rule stopped it, in one line."""


@dataclass(frozen=True, slots=True)
class PartyTotal:
    """What one party owes for its CDRs so far: net, tax and gross of one currency, rounded."""

    party: str
    currency: str
    cdrs: int
    energy_kwh: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Derived:
    """What the lake holds after a run, and which days the run derived (None: nothing to do)."""

    days: tuple[date, date] | None
    until: datetime
    messages: int
    sessions: int
    energy_kwh: Decimal
    """Of the newest version of each session."""
    cdrs: int
    rejections: int
    still_open: int
    """Stations with a session begun and not emitted at the end of the last complete day."""
    findings: dict[str, int]
    """Severity -> how many."""
    parties: tuple[PartyTotal, ...]
    tables: dict[str, str]
    """Table -> content hash, as the run's entry in the log has it."""


def derive(
    data: Path,
    *,
    from_day: date | None = None,
    to_day: date | None = None,
    progress: Progress | None = None,
    workers: int = 1,
) -> Derived:
    """Derive what the log has to say up to now, and write a `run.finished` entry.

    Only days that are not finished are derived, or those asked for. Raises DerivationError,
    LogDamaged, LogLocked, StoreUnavailable.
    """
    data = data.absolute()
    with _alone(data):
        tick(data)
        until = watermark(origins(data / "log"))
        days = unfinished(data, until)
        if days is not None:
            first, last = from_day or days[0], min(to_day or days[1], days[1])
            days = (first, last)
            for part in _parts(data, first, last):
                _run(data, part, min(until, start_of(part[1]) + DAY_NS - 1), workers, progress)
            until = min(until, start_of(last) + DAY_NS - 1)
        run = write_finished(data, until)
        return _summary(Lake(data / "lake"), days, until, run["tables"])


def tick(data: Path) -> None:
    """Let every origin that no process holds reach the present; a live one ticks by itself."""
    clock = open_clock(data)
    for reader in origins(data / "log"):
        try:
            writer = LogWriter.open(
                reader.folder, origin=reader.origin, signer=create_key(data), clock=clock,
                timeout_s=0,
            )  # fmt: skip
        except LogLocked:
            continue
        with closing(writer):
            writer.append(b'{"action":"tick"}', kind="tick", protocol="wattproof")
            writer.commit()
            writer.checkpoint()


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """One derivation at a time. Raises DerivationError."""
    home = data / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "derive.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DerivationError(f"another derivation of {data} is running") from None
        yield


def _parts(data: Path, first: date, last: date) -> Iterator[tuple[date, date]]:
    """The days in runs of at most ENTRIES_AT_ONCE entries, or a single day."""
    readers = [(reader, reader.size) for reader in origins(data / "log")]
    begin, taken = first, 0
    for day in days_between(first, last):
        count = sum(_entries(reader, size, day) for reader, size in readers)
        if taken and taken + count > ENTRIES_AT_ONCE:
            yield begin, days_between(begin, day)[-2]
            begin, taken = day, 0
        taken += count
    yield begin, last


def _entries(reader: LogReader, size: int, day: date) -> int:
    start = start_of(day)
    return position(reader, start + DAY_NS, size) - position(reader, start, size)


def _run(
    data: Path, days: tuple[date, date], until_ns: int, workers: int, progress: Progress | None
) -> None:
    """One run of the job over a range of days, in this process."""
    import dagster as dg  # noqa: PLC0415 - seconds to import, and only needed here

    from pipelines.definitions import JOB, definitions  # noqa: PLC0415 - as above

    names = (days[0].isoformat(), days[1].isoformat())
    tags = dict(zip(RANGE_TAGS, names, strict=True)) | {UNTIL_TAG: str(until_ns)}
    job = definitions(data, workers=workers).resolve_job_def(JOB)
    if progress is not None:
        progress(f"{names[0]} to {names[1]}")
    with dg.DagsterInstance.ephemeral() as instance:
        result = job.execute_in_process(
            instance=instance,
            tags=tags,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=False,
        )
    if not result.success:
        raise _failure(result)


def _failure(result: Any) -> Exception:  # noqa: ANN401 - Dagster's own
    """The check that stopped a run, or the error of its own that did."""
    for evaluation in result.get_asset_check_evaluations():
        if not evaluation.passed:
            text = f"check {evaluation.check_name} of {evaluation.asset_key.to_user_string()}"
            return DerivationError(f"{text} failed: {evaluation.description or 'see its query'}")
    for event in result.get_failed_step_keys():
        data = result.failure_data_for_node(event)
        cause = data.error.cause or data.error if data and data.error else None
        if cause is not None:
            return DerivationError(f"{event}: {cause.message.strip()}")
    return DerivationError("the run failed")


def _summary(
    lake: Lake, days: tuple[date, date] | None, until_ns: int, tables: dict[str, str]
) -> Derived:
    counts = lake.sql("summary_counts").row(0, named=True)
    severities = lake.sql("summary_findings").iter_rows()
    parties = tuple(PartyTotal(**row) for row in lake.sql("summary_parties").iter_rows(named=True))
    return Derived(
        days=days,
        until=instant(until_ns),
        findings=dict(severities),
        parties=parties,
        tables=tables,
        **counts,
    )


__all__ = ["DerivationError", "Derived", "PartyTotal", "derive", "tick"]
