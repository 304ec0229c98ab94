"""From message to invoice: the graph of the derivation, one function per step."""

from collections.abc import Iterable, Iterator
from typing import Any

import dagster as dg

from pipelines import steps
from pipelines.resources import Warehouse
from pipelines.steps import Hashes

TABLES = {
    "messages": "message",
    "tariffs": "tariff",
    "tokens": "token",
    "stations": "station",
    "locations": "location",
    "parties": "party",
    "policies": "policy",
    "corrections": "correction",
    "transaction_events": "transaction_event",
    "meter_readings": "meter_reading",
    "sessions": "session",
    "charging_periods": "charging_period",
    "charges": "charge",
    "cdrs": "cdr",
    "reratings": "rerating",
    "findings": "finding",
    "ocpi_exports": "ocpi_export",
    "invoices": "invoice",
    "documents": "document",
}
"""Asset -> the table it fills, whose content hash is its data version."""

REFERENCES = (
    "tariffs",
    "tokens",
    "stations",
    "locations",
    "parties",
    "policies",
    "corrections",
)
FACTS = ("transaction_events", "meter_readings")
PRICED = ("charging_periods", "charges", "cdrs", "reratings")
Results = Iterator[dg.MaterializeResult[Any]]


def assets(partitions: dg.PartitionsDefinition[str] | None) -> list[dg.AssetsDefinition]:
    """All assets, partitioned by day (a range of days is one run) or not at all."""
    policy = dg.BackfillPolicy.single_run() if partitions else None

    def specs(names: Iterable[str], deps: Iterable[str]) -> list[dg.AssetSpec]:
        return [dg.AssetSpec(name, deps=list(deps)) for name in names]

    @dg.asset(partitions_def=partitions, backfill_policy=policy)
    def messages(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Frames of the log with their header split out, up to the watermark."""
        yield from _results(["messages"], steps.messages(warehouse.begun(context)))

    @dg.multi_asset(
        specs=specs(REFERENCES, ["messages"]), partitions_def=partitions, backfill_policy=policy
    )
    def references(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """What operators told: versions of tariffs, tokens, places, parties and policies."""
        yield from _results(REFERENCES, steps.references(warehouse.stretch(context)))

    @dg.multi_asset(
        specs=specs(FACTS, ["messages"]), partitions_def=partitions, backfill_policy=policy
    )
    def facts(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """What the chargers said, in one vocabulary for every protocol version."""
        yield from _results(FACTS, steps.facts(warehouse.stretch(context)))

    @dg.asset(
        deps=[*FACTS, "stations", "tokens"], partitions_def=partitions, backfill_policy=policy
    )
    def sessions(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Session versions, folded from the facts and what earlier days left open."""
        yield from _results(["sessions"], steps.sessions(warehouse.stretch(context)))

    @dg.multi_asset(
        specs=specs(PRICED, ["sessions", *REFERENCES]),
        partitions_def=partitions,
        backfill_policy=policy,
    )
    def pricing(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Periods, receipts and CDRs of each session version and correction, or why none."""
        yield from _results(PRICED, steps.charges(warehouse.stretch(context)))

    @dg.asset(
        deps=[*FACTS, "tariffs", "sessions"], partitions_def=partitions, backfill_policy=policy
    )
    def findings(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Every disagreement, with its rule."""
        yield from _results(["findings"], steps.findings(warehouse.stretch(context)))

    @dg.asset(deps=["cdrs"], partitions_def=partitions, backfill_policy=policy)
    def ocpi_exports(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """CDRs as partners receive them, in each OCPI version."""
        yield from _results(["ocpi_exports"], steps.ocpi_exports(warehouse.stretch(context)))

    @dg.asset(deps=["cdrs", "parties"], partitions_def=partitions, backfill_policy=policy)
    def invoices(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """What the log's decisions issued."""
        yield from _results(["invoices"], steps.invoices(warehouse.stretch(context)))

    @dg.asset(deps=["invoices"], partitions_def=partitions, backfill_policy=policy)
    def documents(context: dg.AssetExecutionContext, warehouse: Warehouse) -> Results:
        """Invoices as JSON and PDF."""
        yield from _results(["documents"], steps.documents(warehouse.stretch(context)))

    derived = (messages, references, facts, sessions, pricing, findings)
    return [*derived, ocpi_exports, invoices, documents]


def _results(names: Iterable[str], hashes: Hashes) -> Results:
    for name in names:
        digest = hashes[TABLES[name]]
        yield dg.MaterializeResult(asset_key=name, data_version=dg.DataVersion(digest))
