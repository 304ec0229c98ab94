"""What starts a run by itself, news in the log or the hour, and what records it.

All of it is on as soon as `dagster dev` runs. A run holds the lock of the derivation, so that it
and the `derive` command never work on one lake at a time.
"""

import time
from pathlib import Path

import dagster as dg

from pipelines.derive import tick
from pipelines.finished import unfinished, write_finished
from pipelines.news import has_news
from pipelines.resources import RANGE_TAGS, UNTIL_TAG
from pipelines.standing import alone, derived_until, finished_until
from warehouse.clock import open_clock
from warehouse.lake import Lake
from warehouse.log import origins, watermark

_EVERY_S = 30
_PAUSE_S = 600
_IDLE_NS = 60 * 1_000_000_000
"""Idle origins tick once the watermark lags this far behind the clock."""


def triggers(
    data: Path, job: "dg.UnresolvedAssetJobDefinition"
) -> tuple[list[dg.ScheduleDefinition], list[dg.SensorDefinition]]:
    """What closes a day, what sees news in the log, and what records a finished run."""

    @dg.schedule(
        job=job,
        cron_schedule="5 * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def every_hour() -> dg.RunRequest | dg.SkipReason:
        """What is not finished yet: a day that ended, a session that only fell silent."""
        return _request(data, _watermark(data))

    @dg.sensor(
        job=job,
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def news_in_the_log(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """Something was heard, or has settled: derive the running day as far as the log goes."""
        last = next(
            iter(context.instance.get_runs(dg.RunsFilter(job_name=job.name), limit=1)), None
        )
        if last is not None and not last.is_finished:
            return dg.SkipReason("a run is under way")
        tried = int(last.tags.get(UNTIL_TAG, 0)) if last is not None else 0
        until = _watermark(data)
        if not has_news(data, max(tried, finished_until(data)), until):
            return dg.SkipReason("nothing was heard since the last run")
        return _request(data, until)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        monitored_jobs=[job],
        minimum_interval_seconds=_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def run_finished(context: dg.RunStatusSensorContext) -> None:
        """Put what a run made into the log: partners see it from then on, replays compare with it.

        A lake that has gone further since is recorded by the run that brought it there.
        """
        until = int(context.dagster_run.tags.get(UNTIL_TAG, 0))
        with alone(data):
            if derived_until(Lake(data / "lake")) == until > finished_until(data):
                write_finished(data, until)

    return [every_hour], [news_in_the_log, run_finished]


def _tried(record: dg.RunRecord) -> int:
    """The log time that need not be tried again: a run that failed is, after ten minutes."""
    run = record.dagster_run
    waited_s = time.time() - (record.end_time or 0)
    again = not run.is_success and waited_s >= _PAUSE_S
    return 0 if again else int(run.tags.get(UNTIL_TAG, 0))


def _watermark(data: Path) -> int:
    """The log clock; origins that nobody holds are brought up to the clock where they lag."""
    until = watermark(origins(data / "log"))
    if open_clock(data).now_ns() - until < _IDLE_NS:
        return until
    tick(data)
    return watermark(origins(data / "log"))


def _request(data: Path, until: int) -> dg.RunRequest | dg.SkipReason:
    days = unfinished(data, until)
    if days is None:
        return dg.SkipReason("the log holds nothing to derive yet")
    first, last = days
    tags = {UNTIL_TAG: str(until)}
    if first == last:
        return dg.RunRequest(partition_key=last.isoformat(), tags=tags)
    names = (first.isoformat(), last.isoformat())
    return dg.RunRequest(tags=tags | dict(zip(RANGE_TAGS, names, strict=True)))
