"""CDRs as the objects partners receive: one per OCPI version, as JSON text that never changes."""

import polars as pl

from billing.cdr import CDR
from billing.record import loads
from ingest.protocols.ocpi import VERSIONS, dumps, write_cdr
from warehouse.lake import TABLES


def ocpi_exports(cdrs: pl.DataFrame) -> pl.DataFrame:
    """Rows of `ocpi_export` for rows of `cdr`."""
    rows = [
        {
            "day": row["day"],
            "cdr_id": row["cdr_id"],
            "ocpi_version": version,
            "party": row["party"],
            "last_updated": row["last_updated"],
            "object": dumps(write_cdr(version, cdr)),
        }
        for row in cdrs.iter_rows(named=True)
        for cdr in [loads(CDR, row["record"])]
        for version in VERSIONS
    ]
    return pl.DataFrame(rows, schema=TABLES["ocpi_export"].schema, orient="row")
