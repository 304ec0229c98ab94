"""Totals in columns: exact by group and rate, and rounded once, last of all.

Knows sums and the policies money_rounding and rounding_unit. Refuses to know how an amount came
about. Net and gross are rounded once each, taxes are what lies between.
"""

from decimal import Decimal

import polars as pl

from billing.bulk.catalog import GROUPS
from billing.bulk.layout import Batch
from billing.bulk.remark import Stage
from billing.bulk.rows import (
    at,
    firsts,
    ordered,
    running,
    spread,
    starts_of,
    steps,
    summed,
    where,
)
from billing.bulk.whole import GRAIN_DIGITS, constant, kind_for, largest, scalar, scaled, widened
from billing.money import Rounding, minor_unit
from billing.policy import PricingPolicy
from billing.receipt import CostGroup

LIMIT = GROUPS.index(CostGroup.LIMIT)
_UNITS = {"four_decimals": Decimal("0.0001"), "five_hundredths": Decimal("0.05")}


def groups_of(costs: pl.DataFrame, adjusted: pl.DataFrame) -> pl.DataFrame:
    """`s`, `group`, `rate`, `net`, `tax` and `levied` (whether a tax is told): one row each, in
    order.
    """
    groups = _telling(costs)
    if adjusted.height:
        told = (pl.col("net", "tax").sum(), pl.col("levied").any())
        limits = _telling(adjusted).group_by("s", "rate").agg(*told)
        limits = limits.with_columns(group=pl.lit(LIMIT, dtype=pl.UInt32))
        groups = pl.concat([groups, limits.select(groups.columns)], how="vertical_relaxed")
    rates = int(groups["rate"].max() or 0) + 1  # type: ignore[arg-type] # whole numbers only
    rank = groups["s"].cast(pl.UInt64) * len(GROUPS) + groups["group"]
    return at(groups, ordered(rank * rates + groups["rate"]))


def _telling(rows: pl.DataFrame) -> pl.DataFrame:
    levied = (rows["rate"] > 0) | (rows["tax"] != 0)
    return rows.hstack([levied.alias("levied")])


def taxes_of(groups: pl.DataFrame) -> pl.DataFrame:
    """`s`, `rate` and `tax` of the whole session: one row per rate that is told, in order."""
    told = where(groups.select("s", "rate", "tax"), groups["levied"])
    if not told.height:
        return told
    rank = told["s"].cast(pl.UInt64) * (int(told["rate"].max()) + 1) + told["rate"]  # type: ignore[arg-type] # whole numbers only
    if not rank.is_sorted():
        order = ordered(rank)
        told, rank = at(told, order), rank[order]
    begins = starts_of(rank)
    rates = at(told.select("s", "rate"), firsts(begins))
    return rates.hstack([summed(told["tax"], begins).alias("tax")])


def totals_of(
    batch: Batch, groups: pl.DataFrame, taxes: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Per session `currency`, `exact_net`, `exact_tax`, `net` and `tax`; and `taxes` with
    `rounded`. All at 1E-12, sessions without lines included.
    """
    sessions = batch.sessions
    net = _summed(groups, "net", sessions.height)
    tax = _summed(taxes, "tax", sessions.height)
    unit = _unit(batch)
    rounding = Rounding(batch.policy.money_rounding)
    given = _rounded(net, unit, rounding)
    taxes = taxes.hstack([_taxes(taxes, net, given, unit, rounding).alias("rounded")])
    ids = pl.Series([tariff.currency for tariff in batch.tariffs], dtype=pl.String)
    totals = pl.DataFrame(
        {
            "s": sessions["s"],
            "currency": ids[sessions["tariff"]],
            "exact_net": net,
            "exact_tax": tax,
            "net": given,
            "tax": _summed(taxes, "rounded", sessions.height),
        }
    )
    negative = where(totals, (tax < 0) & (net >= 0))
    text = "the price limits leave less after tax than before it"
    batch.remarks.add("negative_tax", text, negative.select("s"), stage=Stage.NEGATIVE_TAX)
    return totals, taxes


def _summed(rows: pl.DataFrame, name: str, height: int) -> pl.Series:
    """The sum by session of rows in its order; 0 where it has none."""
    if not rows.height:
        return constant(0, height).alias(name)
    begins = starts_of(rows["s"])
    sums = summed(rows[name], begins)
    return sums if len(sums) == height else spread(sums, rows["s"][firsts(begins)], height)


def _unit(batch: Batch) -> pl.Series:
    """What a session's totals are multiples of, at 1E-12: policy rounding_unit. One for all of
    them, or one for each.
    """
    tariffs = batch.sessions["tariff"]
    units: list[int | None] = [None] * len(batch.tariffs)
    for number in tariffs.unique():
        unit = rounding_unit(batch.tariffs[number].currency, batch.policy)
        units[number] = scaled(unit, GRAIN_DIGITS)
    known = pl.Series("unit", units, dtype=pl.Int64)
    return known[tariffs] if known.drop_nulls().n_unique() > 1 else known.drop_nulls().head(1)


def rounding_unit(currency: str, policy: PricingPolicy) -> Decimal:
    """What totals of the currency are multiples of. Raises UnknownCurrency."""
    return _UNITS.get(policy.rounding_unit) or minor_unit(currency)


def _taxes(
    taxes: pl.DataFrame, exact: pl.Series, given: pl.Series, unit: pl.Series, rounding: Rounding
) -> pl.Series:
    """What each tax adds to the total rounded so far; `exact` and `given`: the net of sessions."""
    if not taxes.height:
        return taxes["tax"]
    s, begins = taxes["s"], starts_of(taxes["s"])
    net, so_far = widened([exact[s], running(taxes["tax"], begins)])
    upto = _rounded(net + so_far, unit if len(unit) == 1 else unit[s], rounding)
    upto, before = widened([upto, given[s]])
    return steps(upto - before, begins)


def _rounded(amount: pl.Series, unit: pl.Series, rounding: Rounding) -> pl.Series:
    """Each amount as a multiple of its unit; a half or a rest as the policy says."""
    kind = kind_for(2 * (largest(amount) + largest(unit)))
    size, unit = amount.cast(kind).abs(), unit.cast(kind)
    pieces = size // unit
    rest = size - pieces * unit
    odd = pieces % scalar(2, kind) == scalar(1, kind)
    up = {
        Rounding.HALF_AWAY: lambda: rest + rest >= unit,
        Rounding.HALF_EVEN: lambda: (rest + rest > unit) | ((rest + rest == unit) & odd),
        Rounding.HALF_TOWARD: lambda: rest + rest > unit,
        Rounding.AWAY: lambda: rest > scalar(0, kind),
        Rounding.TOWARD: lambda: rest < scalar(0, kind),
    }[rounding]()
    found = (pieces + up.cast(kind)) * unit
    negative = amount < 0
    return (scalar(0, kind) - found).zip_with(negative, found) if negative.any() else found
