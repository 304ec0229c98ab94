"""CDRs as the objects partners receive: one per OCPI version, as JSON text that never changes."""

import polars as pl

from billing.cdr import CDR
from billing.record import loads
from ingest.protocols.ocpi import VERSIONS, dumps, write_cdr
from pipelines.shards import share
from pipelines.stretch import Stretch
from warehouse.lake import TABLES

_COLUMNS = ("day", "cdr_id", "party", "last_updated")
_WEIGHT = 10
"""What writing a CDR costs, in the rows that `share` weighs."""
_AT_ONCE = 2_000
"""CDRs whose objects stand in memory as text before they become columns."""


def ocpi_exports(stretch: Stretch) -> pl.DataFrame:
    """Rows of `ocpi_export` for a stretch's rows of `cdr`."""
    stations = stretch.lake.read("cdr", stretch.days, columns=["station"])
    weights = dict(stations.group_by("station").len().sort("station").iter_rows())
    weighed = {name: _WEIGHT * count for name, count in weights.items()}
    return pl.concat(share(_export_stations, stretch, weighed))


def _export_stations(stretch: Stretch, stations: frozenset[str]) -> pl.DataFrame:
    mine = pl.col("station").is_in(sorted(stations))
    rows = stretch.lake.read("cdr", stretch.days, where=mine, columns=(*_COLUMNS, "record"))
    parts = [written(part) for part in rows.iter_slices(_AT_ONCE)]
    return pl.concat(parts) if parts else written(rows)


def written(cdrs: pl.DataFrame) -> pl.DataFrame:
    """Rows of `ocpi_export` for rows of `cdr`."""
    texts: dict[str, list[str]] = {version: [] for version in VERSIONS}
    for record in cdrs["record"]:
        cdr = loads(CDR, record)
        for version, objects in texts.items():
            objects.append(dumps(write_cdr(version, cdr)))
    schema = TABLES["ocpi_export"].schema
    frames = [
        cdrs.select(
            *_COLUMNS,
            pl.lit(version).alias("ocpi_version"),
            pl.Series("object", objects, dtype=pl.String),
        ).select(schema.names())
        for version, objects in texts.items()
    ]
    return pl.concat(frames)
