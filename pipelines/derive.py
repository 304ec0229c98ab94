"""`derive`: the assets of `definitions` for every day that is not finished, without a server."""

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import rfc8785

from pipelines.days import Progress, derive_stretch, parts
from pipelines.finished import heads, unfinished, write_finished
from pipelines.resources import DAYS_TAG, UNTIL_TAG
from pipelines.standing import DerivationError, alone, last_finished
from pipelines.stretch import Stretch, days_between, instant, start_of
from warehouse.clock import Clock, open_clock
from warehouse.lake import TABLES, Lake
from warehouse.log import LogLocked, LogReader, LogWriter, create_key, origins, watermark

_DAY = timedelta(days=1)
_TOLD = frozenset({"books", "operator"})
"""Origins whose newest entries somebody may be waiting to see derived."""


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

    Only days that are not finished are derived, in order. Finished days that are asked for are
    derived again beside the lake and compared: one that would change stops the run, and the lake
    keeps what it held. Raises DerivationError, LakeOutdatedError before anything is written,
    LogDamaged, LogLocked, StoreUnavailable.
    """
    data = data.absolute()
    with alone(data):
        Lake(data / "lake").check()
        said = _newest([one for one in origins(data / "log") if one.origin in _TOLD])
        tick(data)
        until = _wait_for_live(data, said)
        days = unfinished(data, until)
        if days is not None:
            first, last = _range(days, from_day, to_day)
            _derive_again(data, days_between(first, min(last, days[0] - _DAY)), workers)
            if last < days[0]:
                return _summary(Lake(data / "lake"), (first, last), *_newest_run(data))
            until = _derive_new(data, (days[0], last), until, workers, progress)
            days = (first, last)
        run = write_finished(data, until)
        return _summary(Lake(data / "lake"), days, until, run["tables"])


def _range(
    days: tuple[date, date], from_day: date | None, to_day: date | None
) -> tuple[date, date]:
    """The days to derive: those asked for, and no hole before them. Raises DerivationError."""
    first, last = min(from_day or days[0], days[0]), min(to_day or days[1], days[1])
    if from_day is not None and from_day > days[0]:
        raise DerivationError(
            f"{days[0]} is not derived yet: begin with that day or an earlier one"
        )
    if last < first:
        raise DerivationError(f"there is nothing to derive from {first} to {last}")
    return first, last


def _derive_again(data: Path, days: tuple[date, ...], workers: int) -> None:
    """Derive finished days beside the lake. Raises DerivationError where one would change."""
    if not days:
        return
    with tempfile.TemporaryDirectory(prefix="again-", dir=data) as folder:
        kept, again = Lake(data / "lake"), Lake(Path(folder) / "lake")
        shutil.copytree(kept.path, again.path, copy_function=os.link)
        end = start_of(days[-1] + _DAY) - 1
        for stretch in parts(Stretch(data, again, days, end, workers)):
            derive_stretch(stretch)
        for table in TABLES:
            for day in days:
                if kept.content_hash(table, [day]) != again.content_hash(table, [day]):
                    raise DerivationError(
                        f"{table} of {day} would change, and a finished day never changes: "
                        "the lake keeps what it held"
                    )


def _newest_run(data: Path) -> tuple[int, dict[str, str]]:
    run = last_finished(data)
    return (int(run["watermark"]), run["tables"]) if run else (0, {})


def _derive_new(
    data: Path, days: tuple[date, date], until: int, workers: int, progress: Progress | None
) -> int:
    """Derive days that are not finished; the log time they are derived up to."""
    whole = Stretch(data, Lake(data / "lake"), days_between(*days), until, workers)
    for stretch in parts(whole):
        _run(stretch, progress)
    return whole.end_of(days[1])


def tick(data: Path) -> None:
    """Let every origin that no process holds reach the present; a live one ticks by itself.

    Each tick names the heads of the origins beside: one that is missing or cut back later is missed
    by the others. Ticks are derived from by nothing.
    """
    readers = origins(data / "log")
    clock = _Ahead(open_clock(data), _newest(readers))
    for reader in readers:
        try:
            writer = LogWriter.open(
                reader.folder, origin=reader.origin, signer=create_key(data), clock=clock,
                timeout_s=0,
            )  # fmt: skip
        except LogLocked:
            continue
        with closing(writer):
            said: dict[str, Any] = {
                "action": "tick",
                "checkpoints": heads(readers, besides=reader.origin),
            }
            writer.append(rfc8785.dumps(said), kind="tick", protocol="wattproof")
            writer.commit()
            writer.checkpoint()


@dataclass(slots=True)
class _Ahead:
    """A clock that shows no less than what the log has heard of: a simulated one may stand."""

    clock: Clock
    least_ns: int

    def now_ns(self) -> int:
        """UTC nanoseconds since the epoch."""
        return max(self.clock.now_ns(), self.least_ns)


def _newest(readers: Sequence[LogReader]) -> int:
    last = [reader.last_entry() for reader in readers]
    return max((entry.received_ns for entry in last if entry), default=0)


def _wait_for_live(data: Path, said: int, patience_s: int = 5) -> int:
    """The watermark, once it has passed what was `said` before all origins ticked.

    A live origin ticks at its own pace; after `patience_s` seconds the watermark of then must do.
    """
    readers = origins(data / "log")
    for _ in range(patience_s * 10):
        if watermark(readers) >= said:
            break
        time.sleep(0.1)
    return watermark(readers)


def _run(stretch: Stretch, progress: Progress | None) -> None:
    """One run of the job over a range of days, in this process."""
    import dagster as dg  # noqa: PLC0415 - seconds to import, and only needed here

    from pipelines.definitions import JOB, definitions  # noqa: PLC0415 - as above

    days = f"{stretch.days[0]}...{stretch.days[-1]}"
    tags = {DAYS_TAG: days, UNTIL_TAG: str(stretch.until_ns)}
    graph = definitions(stretch.data, workers=stretch.workers, partitioned=False)
    job = graph.resolve_job_def(JOB)
    if progress is not None:
        progress(f"{stretch.days[0]} to {stretch.days[-1]}")
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
