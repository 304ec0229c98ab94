"""Invariants that hold of every day: each is a query whose answer must be empty."""

from collections.abc import Callable, Mapping

import dagster as dg
import polars as pl

from pipelines.checks.ranges import out_of_range
from pipelines.resources import Warehouse
from pipelines.stretch import Stretch

Problems = Callable[[Stretch], pl.DataFrame]
"""What breaks the invariant: rows of `id` and `problem`."""


def _query(name: str) -> Problems:
    def ask(stretch: Stretch) -> pl.DataFrame:
        return stretch.lake.sql(name, first=stretch.days[0], last=stretch.days[-1])

    return ask


CHECKS: Mapping[str, tuple[str, Problems]] = {
    "nothing_vanishes": ("cdrs", _query("check_nothing_vanishes")),
    "billed_once": ("cdrs", _query("check_billed_once")),
    "periods_sum_to_session": ("charging_periods", _query("check_periods_sum_to_session")),
    "cdr_is_sum_of_charges": ("charges", _query("check_cdr_is_sum_of_charges")),
    "unique_keys": ("invoices", _query("check_unique_keys")),
    "invoice_totals": ("invoices", _query("check_invoice_totals")),
    "sessions_in_range": ("sessions", lambda stretch: out_of_range(stretch, "session")),
    "cdrs_in_range": ("cdrs", lambda stretch: out_of_range(stretch, "cdr")),
}
"""Check -> the asset it guards, and what asks."""


def checks() -> list[dg.AssetChecksDefinition]:
    """One blocking check per invariant: nothing downstream runs on days that break it."""
    return [_check(name, asset, ask) for name, (asset, ask) in CHECKS.items()]


def _check(name: str, asset: str, ask: Problems) -> dg.AssetChecksDefinition:
    @dg.asset_check(asset=asset, name=name, blocking=True)
    def check(context: dg.AssetCheckExecutionContext, warehouse: Warehouse) -> dg.AssetCheckResult:
        problems = ask(warehouse.stretch(context))
        first = problems.head(3).select(pl.format("{}: {}", "id", "problem")).to_series().to_list()
        return dg.AssetCheckResult(
            passed=problems.is_empty(),
            description="; ".join(first) or None,
            metadata={"problems": problems.height},
        )

    return check
