"""Schema and ranges of a table's columns, judged by Great Expectations.

The library takes seconds to import and has no engine for our frames: it is imported when a check
runs, and gets a pandas frame of the columns it judges. Energy is given in mWh and money in units of
0.0001, as integers: no float stands in for a Decimal.
"""

import os
import warnings
from typing import Any

import polars as pl

from pipelines.stretch import Stretch

_DAYS_400_S = 400 * 86_400
EXPECTED: dict[str, tuple[list[pl.Expr], dict[str, tuple[int | None, int | None]]]] = {
    "session": (
        [
            pl.col("session_id"),
            pl.col("station"),
            pl.col("energy_wh").cast(pl.Decimal(20, 3)).to_physical().cast(pl.Int64),
            (pl.col("end_at") - pl.col("start_at")).dt.total_seconds().alias("duration_s"),
            pl.col("version"),
        ],
        {"energy_wh": (0, 10**9), "version": (1, 10_000)},
    ),
    "cdr": (
        [
            pl.col("cdr_id"),
            pl.col("party"),
            pl.col("currency"),
            pl.col("energy_kwh").mul(10**6).cast(pl.Int64).alias("energy_mwh"),
            pl.col("sign"),
            (pl.col("end_at") - pl.col("start_at")).dt.total_seconds().alias("duration_s"),
        ],
        {"energy_mwh": (0, 10**9), "duration_s": (0, _DAYS_400_S), "sign": (-1, 1)},
    ),
}
"""Table -> the columns judged, and the least and greatest value (inclusive) where one is set."""
_NEVER_NULL = {"session": ("session_id", "station"), "cdr": ("cdr_id", "party", "currency")}
_UNIQUE = {"session": ("session_id", "version"), "cdr": ("cdr_id",)}


def out_of_range(stretch: Stretch, table: str) -> pl.DataFrame:
    """Rows of `id` (the column) and `problem`, one per expectation that failed; usually none."""
    columns, bounds = EXPECTED[table]
    rows = stretch.lake.read(table, stretch.days).select(columns)
    if rows.is_empty():
        return pl.DataFrame(schema={"id": pl.String, "problem": pl.String})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own, of what it imports
        results = _validate(table, rows, bounds)
    failed = [(result["column"], result["problem"]) for result in results]
    return pl.DataFrame(failed, schema={"id": pl.String, "problem": pl.String}, orient="row")


def _validate(
    table: str, rows: pl.DataFrame, bounds: dict[str, tuple[int | None, int | None]]
) -> list[dict[str, str]]:
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx  # noqa: PLC0415 - seconds to import: only where it judges
    import pandas as pd  # type: ignore[import-untyped]  # noqa: PLC0415 - as above
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    frame = pd.DataFrame({name: rows[name].to_list() for name in rows.columns})
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_pandas("lake")
    batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("days")
    suite = context.suites.add(gx.ExpectationSuite(name=table))
    for expectation in _expectations(gx.expectations, table, rows.columns, bounds):
        suite.add_expectation(expectation)
    definition = gx.ValidationDefinition(name=table, data=batch, suite=suite)
    outcome = definition.run(batch_parameters={"dataframe": frame})
    return [_told(result) for result in outcome.results if not result.success]


def _expectations(
    gxe: Any,  # noqa: ANN401 - a module that is imported late
    table: str,
    columns: list[str],
    bounds: dict[str, tuple[int | None, int | None]],
) -> list[Any]:
    unique = list(_UNIQUE[table])
    found: list[Any] = [gxe.ExpectTableColumnsToMatchSet(column_set=columns, exact_match=True)]
    found += [gxe.ExpectColumnValuesToNotBeNull(column=name) for name in _NEVER_NULL[table]]
    found += [
        gxe.ExpectColumnValuesToBeBetween(column=name, min_value=low, max_value=high)
        for name, (low, high) in bounds.items()
    ]
    if len(unique) == 1:
        return [*found, gxe.ExpectColumnValuesToBeUnique(column=unique[0])]
    return [*found, gxe.ExpectCompoundColumnsToBeUnique(column_list=unique)]


def _told(result: Any) -> dict[str, str]:  # noqa: ANN401 - the library's own result
    config = result.expectation_config
    kwargs = config.kwargs
    examples = result.result.get("partial_unexpected_list", [])[:3]
    return {
        "column": str(kwargs.get("column", kwargs.get("column_list", ""))),
        "problem": f"{config.type} failed, such as {examples}",
    }
