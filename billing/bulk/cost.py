"""Costs in columns: running sums over a common denominator, each divided once.

Knows cost and tax of billed quantities. Refuses to choose components. The lines of a cost group,
rate and way of stating tax are the differences of their running total at 1E-12, so that they sum to
it exactly. Nothing is rounded but those totals: sums are whole numbers.
"""

from math import gcd, prod
from typing import NamedTuple

import polars as pl

from billing.bulk.catalog import GROUPS
from billing.bulk.tables import Scales, Tables
from billing.bulk.whole import (
    GRAIN,
    WIDEST,
    RangeError,
    checked,
    constant,
    half_away,
    kind_for,
    largest,
    lit,
    power,
    quotient,
    ratio,
    running,
)
from billing.receipt import CostGroup

_ENERGY_GROUP = GROUPS.index(CostGroup.ENERGY)


class Costs(NamedTuple):
    """`lines`: `net` and `tax` at 1E-12 beside each priced use; `totals`: the same summed, by
    `s`, `group` and `rate`.
    """

    lines: pl.DataFrame
    totals: pl.DataFrame


def costs_of(priced: pl.DataFrame, tables: Tables) -> Costs:
    """Cost and tax of priced uses: `s`, `winner` and `billed`, in the order of a receipt."""
    names = ("price", "rate", "vat", "included", "group")
    own = tables.components.select(names)[priced["winner"]]
    rows = priced.select("s", "billed").hstack(own).with_row_index("line")
    lines, totals = [], []
    for group in range(len(GROUPS)):
        own = rows.filter(pl.col("group") == group)
        if own.height:
            costs, total = _of_group(own, _unit(group, tables.scales), tables.scales)
            lines.append(costs)
            totals.append(total.with_columns(group=pl.lit(group, dtype=pl.UInt32)))
    if not lines:
        return Costs(priced.with_columns(net=_ZERO, tax=_ZERO), pl.DataFrame(schema=_TOTALS))
    both = pl.concat(lines)
    place = constant(0, both.height, pl.UInt32)
    place.scatter(both["line"], pl.int_range(both.height, dtype=pl.UInt32, eager=True))
    ordered = both.select("net", "tax")[place]
    return Costs(priced.hstack(ordered), pl.concat(totals).select(list(_TOTALS)))


_ZERO = pl.lit(0, dtype=pl.Int128)
_TOTALS = {
    "s": pl.UInt32,
    "group": pl.UInt32,
    "rate": pl.UInt32,
    "net": pl.Int128,
    "tax": pl.Int128,
}


def _unit(group: int, scales: Scales) -> int:
    """How many whole numbers of quantity a price is for: a kWh, or an hour (a fee is one hour)."""
    return power(3 + scales.wh) if group == _ENERGY_GROUP else 3600 * power(scales.seconds)


def _of_group(rows: pl.DataFrame, unit: int, scales: Scales) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`line`, `net` and `tax` of one cost group, and its totals by session and rate."""
    kind = pl.col("rate") * 2 + pl.col("included").cast(pl.Int64)
    rows = rows.with_columns(kind=kind)
    fresh = pl.col("s").ne_missing(pl.col("s").shift())
    other = pl.col("kind") != pl.col("kind").shift()
    if rows.select((~fresh & other).any()).item():
        rows = rows.sort("s", "kind", maintain_order=True)
    begins = rows.select(fresh | other).to_series()
    factors = (largest(rows["price"]), largest(rows["billed"]))
    if prod(factors) * rows.height > WIDEST:
        raise RangeError("the costs of a batch do not fit 128 bits: price fewer sessions at once")
    exact = kind_for(*factors)
    product = rows.select(pl.col("price").cast(exact) * pl.col("billed").cast(exact)).to_series()
    net, tax = _taxed(running(product, begins), rows, unit * 10**scales.price, 10**scales.vat)
    lines = pl.DataFrame({"line": rows["line"], "net": net, "tax": tax})
    if not begins.all():
        before = pl.when(pl.lit(begins)).then(_ZERO)
        lines = lines.with_columns(
            pl.col(name) - before.otherwise(pl.col(name).shift(fill_value=0))
            for name in ("net", "tax")
        )
    last = begins.shift(-1, fill_value=True)
    totals = rows.select("s", "rate", "included").hstack([net.alias("net"), tax.alias("tax")])
    totals = totals.filter(last)
    if totals["included"].n_unique() > 1:
        totals = totals.group_by("s", "rate", maintain_order=True).agg(pl.col("net", "tax").sum())
    return lines, totals.select("s", "rate", "net", "tax")


def _taxed(
    due: pl.Series, rows: pl.DataFrame, per: int, percent: int
) -> tuple[pl.Series, pl.Series]:
    """(net, tax) of what is due at 1E-12: each divided once and rounded once.

    No rate: no VAT applies, or, with tax included, the net cannot be told apart.
    """
    whole = quotient(due, GRAIN, per)
    taxed = rows["rate"] > 0
    if not taxed.any():
        return whole, constant(0, len(whole), pl.Int128)
    levied = _levied(due, rows["vat"], per * 100 * percent)
    frame = pl.DataFrame({"net": whole, "tax": levied, "taxed": taxed})
    included = rows["included"] & taxed
    tax = pl.when("taxed").then("tax").otherwise(_ZERO)
    if not included.any():
        return whole, frame.select(tax)["tax"]
    chosen = included.arg_true()
    net_of_tax = _net_of_tax(due[chosen], rows["vat"][chosen], per, percent)
    inner = constant(0, len(due), pl.Int128)
    inner.scatter(chosen, net_of_tax)
    frame = frame.with_columns(inner=inner, included=included)
    net = pl.when("included").then("inner").otherwise("net").alias("net")
    within = pl.when("included").then(pl.col("net") - pl.col("inner")).otherwise(tax)
    both = frame.select(net, within.alias("tax"))
    return both["net"], both["tax"]


def _net_of_tax(due: pl.Series, vat: pl.Series, per: int, percent: int) -> pl.Series:
    """due × 100 / (100 + vat) / per at 1E-12."""
    hundred = 100 * percent
    common = gcd(hundred * GRAIN, per)
    times = constant(hundred * GRAIN // common, len(due), pl.Int128)
    gross = vat.cast(pl.Int128).to_frame("vat")
    by = gross.select((pl.col("vat") + lit(hundred)) * lit(per // common))["vat"]
    return ratio(due, times, by)


def _levied(due: pl.Series, vat: pl.Series, per: int) -> pl.Series:
    """due × vat / per at 1E-12."""
    factors = (largest(due), largest(vat))
    if prod(factors) > WIDEST:
        pairs = zip(due.to_list(), vat.to_list(), strict=True)
        found = [half_away(part * rate * GRAIN, per) for part, rate in pairs]
        return pl.Series("n", checked(found), dtype=pl.Int128)
    kind = kind_for(*factors)
    return quotient(due.cast(kind) * vat.cast(kind), GRAIN, per)
