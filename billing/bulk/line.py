"""The lines of receipts as a frame: one per priced quantity, and one per rate that a limit moves.

Knows the fields of `billing.receipt.Line` and their units. Refuses to calculate costs.
"""

import polars as pl

from billing.bulk.catalog import DIMENSIONS, ENERGY, FLAT, GROUPS, Catalog
from billing.bulk.layout import Batch
from billing.bulk.rows import at, chosen, numbers, stacked, where
from billing.bulk.tables import Scales, Tables
from billing.bulk.text import number_text
from billing.bulk.total import LIMIT
from billing.bulk.whole import GRAIN, GRAIN_DIGITS, as_decimal, quotient, scalar, widened

DIMENSION = pl.Enum([one.value for one in DIMENSIONS])
GROUP = pl.Enum([one.value for one in GROUPS])


def lines_of(
    priced: pl.DataFrame, adjusted: pl.DataFrame, batch: Batch, catalog: Catalog, tables: Tables
) -> pl.DataFrame:
    """`s` and every field of Line, in the order of a receipt. `priced` has `net`, `tax`, `amount`,
    `billed` and `surplus` in whole numbers.
    """
    own = _priced(priced, batch, catalog, tables)
    if not adjusted.height:
        return own
    both = pl.concat([own, _limits(adjusted, batch, tables)])
    return both.sort("s", maintain_order=True)


def _priced(priced: pl.DataFrame, batch: Batch, catalog: Catalog, tables: Tables) -> pl.DataFrame:
    winner, p = priced["winner"], priced["p"]
    known = tables.components.select("step_size", "tariff_id", "element", "component")
    known = known.with_columns(
        named(tables.components["group"], GROUP).alias("group"),
        _prices(tables).alias("price"),
        vats_of(tables)[tables.components["rate"]].alias("vat"),
    )
    components = at(known, winner)
    digits = measured_digits(tables.scales)
    measured, billed = _quantities(priced, tables.scales)
    return pl.DataFrame(
        [
            priced["s"],
            batch.periods["ordinal"][p].alias("period"),
            named(priced["dimension"], DIMENSION).alias("dimension"),
            components["group"],
            as_decimal(measured, digits).alias("measured"),
            as_decimal(billed, digits).alias("billed"),
            components["step_size"],
            components["price"],
            as_decimal(priced["net"]).alias("net"),
            components["vat"],
            as_decimal(priced["tax"]).alias("tax"),
            components["tariff_id"],
            components["element"],
            components["component"],
            _reasons(priced, catalog, tables).alias("reason"),
            batch.periods["imputed"][p].alias("imputed"),
        ]
    )


def measured_digits(scales: Scales) -> int:
    """Decimals of the columns measured and billed: hours to 1E-12, kWh as they are."""
    return max(GRAIN_DIGITS, scales.wh + 3)


def price_type(scales: Scales) -> pl.Decimal:
    """What prices are told in: as published, and to 1E-12 for what a limit moves."""
    return pl.Decimal(38, max(GRAIN_DIGITS, scales.price))


def _prices(tables: Tables) -> pl.Series:
    """The price of each component, as published."""
    published = as_decimal(tables.components["price"], tables.scales.price)
    return published.cast(price_type(tables.scales))


def vats_of(tables: Tables) -> pl.Series:
    """The VAT rates by number, in percent."""
    return pl.Series("vat", list(tables.rates), dtype=pl.Decimal(38, tables.scales.vat))


def named(numbers: pl.Series, names: pl.Enum) -> pl.Series:
    """Numbers as the names they stand for."""
    return pl.Series(names.categories, dtype=names)[numbers]


def _quantities(priced: pl.DataFrame, scales: Scales) -> tuple[pl.Series, pl.Series]:
    """What was measured and what is billed, the latter reckoned only where it is another."""
    energy = priced["dimension"] == ENERGY
    measured = _in_units(priced["amount"], energy, scales)
    other = chosen(priced["billed"] != priced["amount"])
    if not len(other):
        return measured, measured
    billed = _in_units(priced["billed"][other], energy[other], scales)
    told, billed = widened([measured, billed])
    return measured, told.clone().scatter(other, billed)


def _in_units(amount: pl.Series, energy: pl.Series, scales: Scales) -> pl.Series:
    """kWh, hours or pieces at `measured_digits`: energy exact, hours to 1E-12, a fee is one."""
    digits = measured_digits(scales)
    kwh = quotient(amount.zip_with(energy, scalar(0)), 10 ** (digits - scales.wh - 3), 1)
    hours = quotient(amount.zip_with(~energy, scalar(0)), GRAIN, 3600 * 10**scales.seconds)
    kwh, hours = widened([kwh, quotient(hours, 10 ** (digits - GRAIN_DIGITS), 1)])
    return kwh.zip_with(energy, hours)


def _reasons(priced: pl.DataFrame, catalog: Catalog, tables: Tables) -> pl.Series:
    """Why each component won, and what whole blocks made of its quantity."""
    known = [catalog.reason(one) for one in range(tables.components.height)]
    reasons, place = pl.Series("reason", known, dtype=pl.String), priced["winner"]
    stepped = chosen(priced["surplus"] != 0)
    if not len(stepped):
        return reasons[place]
    rows = at(priced.select("dimension", "billed", "surplus", "winner"), stepped)
    rows = rows.select(
        pl.col("dimension") == ENERGY,
        "billed",
        before=pl.col("billed") - pl.col("surplus"),
        reason=reasons[rows["winner"]],
        step=tables.components["step_size"][rows["winner"]].clip(1).cast(pl.String),
        row=stepped,
    )
    halves = [
        where(rows, rows["dimension"]).select("row", _stepped(tables.scales.wh, "Wh")),
        where(rows, ~rows["dimension"]).select("row", _stepped(tables.scales.seconds, "s")),
    ]
    said = stacked(halves)
    place = place.clone().scatter(said["row"], numbers(said.height) + len(reasons))
    return pl.concat([reasons, said["reason"]], rechunk=True)[place]


def _stepped(digits: int, unit: str) -> pl.Expr:
    return pl.concat_str(
        "reason",
        pl.lit("; "),
        number_text(pl.col("before"), digits),
        pl.lit(f" {unit} billed as "),
        number_text(pl.col("billed"), digits),
        pl.lit(f" {unit} to fill steps of "),
        "step",
        pl.lit(f" {unit}"),
    ).alias("reason")


def _limits(adjusted: pl.DataFrame, batch: Batch, tables: Tables) -> pl.DataFrame:
    """The lines of the group LIMIT."""
    ids = pl.Series([tariff.id for tariff in batch.tariffs], dtype=pl.String)
    tariff = batch.sessions["limits"][adjusted["s"]]
    net, digits = as_decimal(adjusted["net"]), measured_digits(tables.scales)
    rows = adjusted.height
    none = pl.repeat(-1, rows, dtype=pl.Int64, eager=True)
    measured = pl.select(
        none=pl.repeat(0, rows, dtype=pl.Int128), one=pl.repeat(10**digits, rows, dtype=pl.Int128)
    )
    return pl.DataFrame(
        [
            adjusted["s"],
            none.alias("period"),
            named(pl.repeat(FLAT, rows, dtype=pl.Int64, eager=True), DIMENSION).alias("dimension"),
            named(pl.repeat(LIMIT, rows, dtype=pl.Int64, eager=True), GROUP).alias("group"),
            as_decimal(measured["none"], digits).alias("measured"),
            as_decimal(measured["one"], digits).alias("billed"),
            (none + 1).alias("step_size"),
            net.cast(price_type(tables.scales)).alias("price"),
            net.alias("net"),
            vats_of(tables)[adjusted["rate"]].alias("vat"),
            as_decimal(adjusted["tax"]).alias("tax"),
            ids[tariff].alias("tariff_id"),
            none.alias("element"),
            none.alias("component"),
            adjusted.select(pl.format("{} the total", "word").alias("reason"))["reason"],
            pl.select(imputed=pl.repeat(value=False, n=rows)).to_series(),
        ]
    )
