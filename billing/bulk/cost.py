"""Costs in columns: running sums over a common denominator, each divided once.

Knows cost and tax of billed quantities. Refuses to choose components. The lines of a cost group,
rate and way of stating tax are the differences of their running total at 1E-12, so that they sum to
it exactly. Nothing is rounded but those totals: sums are whole numbers.
"""

from math import gcd, prod
from typing import NamedTuple

import polars as pl

from billing.bulk.catalog import GROUPS
from billing.bulk.rows import (
    at,
    chosen,
    inverse,
    lasts,
    ordered,
    running,
    spread,
    starts_of,
    steps,
)
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
    scalar,
    widened,
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
    group = tables.components["group"][priced["winner"]]
    rows = priced.select("s", "billed", "winner")
    lines, nets, taxes, totals = [], [], [], []
    for number in group.unique().sort():
        line = chosen(group == number)
        costs = _of_group(at(rows, line), number, tables)
        lines.append(line if costs.order is None else line[costs.order])
        nets.append(costs.net)
        taxes.append(costs.tax)
        totals.append(costs.totals)
    if not lines:
        return Costs(priced.with_columns(net=_ZERO, tax=_ZERO), pl.DataFrame(schema=_TOTALS))
    places = inverse(pl.concat(lines, rechunk=True))
    both = [
        pl.concat(widened(parts), rechunk=True)[places].alias(name)
        for name, parts in (("net", nets), ("tax", taxes))
    ]
    return Costs(priced.hstack(both), pl.concat(totals, how="vertical_relaxed"))


_ZERO = pl.lit(0, dtype=pl.Int64)
_TOTALS = {
    "s": pl.UInt32,
    "group": pl.UInt32,
    "rate": pl.UInt32,
    "net": pl.Int64,
    "tax": pl.Int64,
}


def _unit(group: int, scales: Scales) -> int:
    """How many whole numbers of quantity a price is for: a kWh, or an hour (a fee is one hour)."""
    return power(3 + scales.wh) if group == _ENERGY_GROUP else 3600 * power(scales.seconds)


class _Group(NamedTuple):
    """Costs of one group: `net` and `tax` of its rows (in `order`, if they had to be put in one),
    and its totals by session and rate.
    """

    order: pl.Series | None
    net: pl.Series
    tax: pl.Series
    totals: pl.DataFrame


def _of_group(rows: pl.DataFrame, group: int, tables: Tables) -> _Group:
    """The costs of one group, each its part of the running total of its session and rate."""
    components, scales = tables.components, tables.scales
    kind = (components["rate"] * 2 + components["included"].cast(pl.UInt32))[rows["winner"]]
    begins, order = starts_of(rows["s"], kind), None
    if len(begins) > len(starts_of(rows["s"])):
        order = ordered(rows["s"].cast(pl.UInt64) * (2 * len(tables.rates)) + kind)
        rows, kind = at(rows, order), kind[order]
        begins = starts_of(rows["s"], kind)
    price = components["price"][rows["winner"]]
    factors = (largest(price), largest(rows["billed"]))
    if prod(factors) * rows.height > WIDEST:
        raise RangeError("the costs of a batch do not fit 128 bits: price fewer sessions at once")
    exact = kind_for(*factors)
    due = running(price.cast(exact) * rows["billed"].cast(exact), begins)
    own = at(components.select("rate", "vat", "included"), rows["winner"])
    per = _unit(group, scales) * 10**scales.price
    net, tax = _taxed(due, own, per, 10**scales.vat)
    last = lasts(begins, rows.height)
    totals = pl.DataFrame(
        {
            "s": rows["s"][last],
            "group": constant(group, len(last), pl.UInt32),
            "rate": own["rate"][last],
            "net": net[last],
            "tax": tax[last],
        }
    )
    if own["included"].n_unique() > 1:
        by = ("s", "group", "rate")
        totals = totals.group_by(by, maintain_order=True).agg(pl.col("net", "tax").sum())
    return _Group(order, steps(net, begins), steps(tax, begins), totals)


def _taxed(
    due: pl.Series, rows: pl.DataFrame, per: int, percent: int
) -> tuple[pl.Series, pl.Series]:
    """(net, tax) of what is due at 1E-12: each divided once and rounded once.

    No rate: no VAT applies, or, with tax included, the net cannot be told apart.
    """
    whole = quotient(due, GRAIN, per)
    taxed = rows["rate"] > 0
    if not taxed.any():
        return whole, constant(0, len(whole))
    levied = _levied(due, rows["vat"], per * 100 * percent)
    tax = levied.zip_with(taxed, scalar(0).cast(levied.dtype))
    included = rows["included"] & taxed
    if not included.any():
        return whole, tax
    within = chosen(included)
    net_of_tax = _net_of_tax(due[within], rows["vat"][within], per, percent)
    inner = spread(net_of_tax, within, len(due))
    whole, tax = whole.cast(pl.Int128), tax.cast(pl.Int128)
    return inner.zip_with(included, whole), (whole - inner).zip_with(included, tax)


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
