"""Findings about tariffs as a data frame: a row for each finding."""

from datetime import datetime

import polars as pl

from wattproof.pricing.columns import values
from wattproof.pricing.lint import as_rows, lint_many
from wattproof.pricing.reading import Policy

_SCHEMA = {
    "row": pl.UInt32,
    "owner": pl.String,
    "id": pl.String,
    "version": pl.String,
    "severity": pl.String,
    "code": pl.String,
    "pointer": pl.String,
    "message": pl.String,
    "suggestion": pl.String,
}


def lint_frame(
    frame: pl.DataFrame,
    *,
    column: str = "tariff",
    policy: Policy = None,
    ocpi: str = "",
    now: datetime | None = None,
) -> pl.DataFrame:
    """The findings about a frame whose `column` holds OCPI Tariffs as JSON text.

    Columns: `row` (place in `frame`, from 0), owner, id and version of the tariff, severity, code,
    pointer, message, suggestion. A tariff without findings has no row. Options as of `lint`.
    Raises ValueError for a frame without the column.
    """
    texts = [text or "" for text in values(frame, column, "OCPI Tariffs as JSON text")]
    found = lint_many(texts, ocpi or None, policy=policy, now=now)
    rows = [
        {"row": place, "owner": one.owner, "id": one.id, "version": one.version} | row
        for place, one in enumerate(found)
        for row in as_rows(one)
    ]
    return pl.DataFrame(rows, schema=_SCHEMA)
