"""Prices as a data frame: a row for each CDR, in order, priced or not."""

from typing import Any

import polars as pl

from billing.money import GRAIN, round_to
from billing.receipt import CostGroup
from wattproof.pricing.columns import values
from wattproof.pricing.many import price_many
from wattproof.pricing.price import Priced
from wattproof.pricing.reading import Policy, Tariffs
from wattproof.refusals import RefusalError

_MONEY, _EXACT = pl.Decimal(18, 4), pl.Decimal(38, 12)
_SCHEMA: dict[str, Any] = {
    "id": pl.String,
    "version": pl.String,
    "currency": pl.String,
    "net": _MONEY,
    "tax": _MONEY,
    "gross": _MONEY,
    "exact_net": _EXACT,
    "exact_gross": _EXACT,
    "energy_kwh": _EXACT,
    "time_h": _EXACT,
    "parking_h": _EXACT,
    **{f"{group.value}_net": _EXACT for group in CostGroup},
    "notes": pl.List(pl.String),
    "error": pl.String,
}


def price_frame(
    frame: pl.DataFrame,
    *,
    column: str = "cdr",
    tariff: Tariffs = None,
    time_zone: str | None = None,
    policy: Policy = None,
    ocpi: str = "",
) -> pl.DataFrame:
    """A frame with one row for each row of `frame`, whose `column` holds CDRs as JSON text.

    Columns: id, version, currency; net, tax, gross as rounded by the policy, exact_net and
    exact_gross to 1E-12 (negative for a credit); energy_kwh, time_h, parking_h; the exact net of
    each group of costs; `notes` as codes; `error` where there is no price, null else. Raises
    ValueError for a frame without the column.
    """
    found = price_many(
        values(frame, column, "CDRs as JSON text"),
        tariff=tariff,
        time_zone=time_zone,
        policy=policy,
        ocpi=ocpi,
    )
    return pl.DataFrame([_row(one) for one in found], schema=_SCHEMA)


def _row(one: Priced | RefusalError) -> dict[str, Any]:
    if isinstance(one, RefusalError):
        return dict.fromkeys(_SCHEMA) | {
            "id": one.about or None,
            "notes": [],
            "error": one.reason,
        }
    cdr, total, exact = one.cdr, one.total, one.exact_total
    parts = {f"{group.value}_net": one.part(group)[1].net for group in CostGroup}
    return parts | {
        "id": cdr.id,
        "version": one.version,
        "currency": cdr.currency,
        "net": total.net,
        "tax": total.tax,
        "gross": total.gross,
        "exact_net": exact.net,
        "exact_gross": exact.gross,
        "energy_kwh": round_to(cdr.total_energy_kwh, GRAIN),
        "time_h": cdr.total_time_h,
        "parking_h": cdr.total_parking_time_h,
        "notes": sorted({note.code for note in one.notes}),
        "error": None,
    }
