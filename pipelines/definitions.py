"""The whole graph on one screen: `dagster dev` runs it, `derive` runs the same without a server.

The data folder comes from the environment (WATTPROOF_DATA, default ./data); Dagster keeps its own
records in `dagster/` within it.
"""

import os
from pathlib import Path

import dagster as dg

from pipelines.assets.derivation import assets
from pipelines.checks.invariants import checks
from pipelines.partitions import daily
from pipelines.resources import Warehouse
from pipelines.triggers import triggers

JOB = "derive"


def definitions(data: Path, *, workers: int = 1, partitioned: bool = True) -> dg.Definitions:
    """Assets, checks, job, schedule and sensors over one data folder.

    Not `partitioned`: the same graph for one run of the days that its tags name. Dagster records
    each asset once per partition, which takes minutes for a year of days.
    """
    partitions = daily(data) if partitioned else None
    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.all(),
        partitions_def=partitions,
        executor_def=dg.in_process_executor,
        description="From message to invoice, for a day or a range of days.",
    )
    schedules, sensors = triggers(data, job) if partitioned else ([], [])
    return dg.Definitions(
        assets=assets(partitions),
        asset_checks=checks(),
        jobs=[job],
        schedules=schedules,
        sensors=sensors,
        resources={
            "warehouse": Warehouse(data=str(data), workers=workers, locking=partitioned),
        },
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `dagster dev -m pipelines.definitions` loads."""
    return definitions(Path(os.environ.get("WATTPROOF_DATA", "data")).absolute())
