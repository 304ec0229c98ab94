"""Many imagined charges, and the prices of typical stops, as data frames.

Knows columns. Refuses to imagine: `wattproof.pricing.generate` does.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from billing.generate.table import DEFAULT_STOPS, Stops
from ingest.protocols.ocpi import Wire, dumps
from wattproof.pricing.columns import need
from wattproof.pricing.generate import Charge, generate, price_table, stop_rows
from wattproof.pricing.reading import Policy
from wattproof.refusals import RefusalError

TABLE_SCHEMA: dict[str, Any] = {
    "tariff": pl.String,
    "window": pl.String,
    "start": pl.Datetime("us", "UTC"),
    "power": pl.String,
    "power_kw": pl.Decimal(12, 4),
    "energy_kwh": pl.Decimal(18, 4),
    "minutes": pl.Decimal(12, 4),
    "parked_minutes": pl.Decimal(12, 4),
    "currency": pl.String,
    "net": pl.Decimal(18, 4),
    "tax": pl.Decimal(18, 4),
    "gross": pl.Decimal(18, 4),
    "gross_per_kwh": pl.Decimal(18, 4),
    "notes": pl.List(pl.String),
}


def price_table_frame(
    tariff: Wire | str | bytes,
    *,
    time_zone: str,
    on: date | str,
    stops: Stops = DEFAULT_STOPS,
    policy: Policy = None,
) -> pl.DataFrame:
    """The price table as a data frame: a row for each stop."""
    table = price_table(tariff, time_zone=time_zone, on=on, stops=stops, policy=policy)
    return pl.DataFrame(stop_rows(table), schema=TABLE_SCHEMA)


def generate_frame(
    frame: pl.DataFrame,
    tariff: Wire | str | bytes,
    *,
    time_zone: str,
    ocpi: str = "",
    policy: Policy = None,
) -> pl.DataFrame:
    """`frame` with columns `cdr` (JSON text), `net` and `gross` beside each charge.

    Its columns: `start` (local text or datetime), `energy_kwh`, `power_kw`, and, if it likes,
    `parked_minutes`. Raises RefusalError for the first row that is no charge, naming it, and
    ValueError for a column that is missing.
    """
    need(frame, _COLUMNS)
    found = []
    for number, row in enumerate(frame.iter_rows(named=True)):
        charge = Charge(
            row["start"],
            _decimal(row["energy_kwh"]),
            _decimal(row["power_kw"]),
            parked=timedelta(seconds=int((_decimal(row.get("parked_minutes")) or 0) * 60)),
        )
        try:
            made = generate(tariff, charge, time_zone=time_zone, ocpi=ocpi, policy=policy)
        except RefusalError as refusal:
            raise RefusalError(f"row {number}: {refusal.reason}", refusal.advice) from None
        total = made.cdr.receipt.total
        found.append({"cdr": dumps(made.wire), "net": total.net, "gross": total.gross})
    money = pl.Decimal(18, 4)
    schema: dict[str, Any] = {"cdr": pl.String, "net": money, "gross": money}
    return frame.hstack(pl.DataFrame(found, schema=schema))


_COLUMNS = {
    "start": "local text or datetime",
    "energy_kwh": "kWh to charge",
    "power_kw": "kW to charge with",
}


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
