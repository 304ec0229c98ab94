"""What starts a run by itself: a new checkpoint of the log, the end of a day, a finished run."""

from pathlib import Path

import dagster as dg

from pipelines.finished import unfinished, write_finished
from pipelines.resources import RANGE_TAGS, UNTIL_TAG
from warehouse.log import origins, watermark

_EVERY_S = 30


def triggers(
    data: Path, job: "dg.UnresolvedAssetJobDefinition"
) -> tuple[list[dg.ScheduleDefinition], list[dg.SensorDefinition]]:
    """What closes a day, what sees a new checkpoint, and what records a finished run."""

    @dg.schedule(job=job, cron_schedule="5 0 * * *", execution_timezone="UTC")
    def close_the_day() -> dg.RunRequest | dg.SkipReason:
        """Shortly after midnight: what is not finished yet, up to the watermark."""
        return _request(data)

    @dg.sensor(job=job, minimum_interval_seconds=_EVERY_S)
    def new_checkpoint(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        """The log clock moved on: derive the running day as far as it goes."""
        heads = [str(reader.checkpoint()) for reader in origins(data / "log")]
        cursor = "\n".join(heads)
        if cursor == context.cursor:
            return dg.SkipReason("no new checkpoint")
        context.update_cursor(cursor)
        return _request(data)

    @dg.run_status_sensor(run_status=dg.DagsterRunStatus.SUCCESS, monitored_jobs=[job])
    def run_finished(context: dg.RunStatusSensorContext) -> None:
        """Put what a run made into the log, so that a replay can be compared with it."""
        tag = context.dagster_run.tags.get(UNTIL_TAG)
        if tag is not None:
            write_finished(data, int(tag))

    return [close_the_day], [new_checkpoint, run_finished]


def _request(data: Path) -> dg.RunRequest | dg.SkipReason:
    until = watermark(origins(data / "log"))
    days = unfinished(data, until)
    if days is None:
        return dg.SkipReason("the log holds nothing to derive yet")
    first, last = days
    tags = {UNTIL_TAG: str(until)}
    if first == last:
        return dg.RunRequest(partition_key=last.isoformat(), tags=tags)
    names = (first.isoformat(), last.isoformat())
    return dg.RunRequest(tags=tags | dict(zip(RANGE_TAGS, names, strict=True)))
