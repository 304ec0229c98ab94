"""Totals in columns: exact by group and rate, and rounded once, last of all.

Knows sums and the policies money_rounding and rounding_unit. Refuses to know how an amount came
about. Net and gross are rounded once each, taxes are what lies between.
"""

from decimal import Decimal

import polars as pl

from billing.bulk.catalog import GROUPS
from billing.bulk.layout import Batch
from billing.bulk.remark import Stage
from billing.bulk.whole import GRAIN_DIGITS, constant, kind_for, largest, lit, running, scaled
from billing.money import Rounding, minor_unit
from billing.policy import PricingPolicy
from billing.receipt import CostGroup

LIMIT = GROUPS.index(CostGroup.LIMIT)
_UNITS = {"four_decimals": Decimal("0.0001"), "five_hundredths": Decimal("0.05")}


def groups_of(costs: pl.DataFrame, adjusted: pl.DataFrame) -> pl.DataFrame:
    """`s`, `group`, `rate`, `net`, `tax` and `levied` (whether a tax is told): one row each, in
    order.
    """
    levied = (pl.col("rate") > 0) | (pl.col("tax") != 0)
    if not adjusted.height:
        return _in_order(costs.with_columns(levied=levied))
    limits = (
        adjusted.with_columns(levied=levied)
        .group_by("s", "rate")
        .agg(pl.col("net", "tax").sum(), pl.col("levied").any())
    )
    limits = limits.with_columns(group=pl.lit(LIMIT, dtype=pl.UInt32))
    both = pl.concat([costs.with_columns(levied=levied), limits.select(*costs.columns, "levied")])
    return _in_order(both)


def _in_order(groups: pl.DataFrame) -> pl.DataFrame:
    """Groups, each in order by itself, by session and group: put in their places where those are
    all different, else sorted.
    """
    code = groups.select(pl.col("s").cast(pl.Int64) * len(GROUPS) + pl.col("group")).to_series()
    top = code.max()
    if isinstance(top, int):
        places = pl.Series([None], dtype=pl.UInt32).new_from_index(0, top + 1)
        places.scatter(code, pl.int_range(groups.height, dtype=pl.UInt32, eager=True))
        if places.count() == groups.height:
            return groups[places.drop_nulls()]
    return groups.sort("s", "group", "rate")


def taxes_of(groups: pl.DataFrame) -> pl.DataFrame:
    """`s`, `rate` and `tax` of the whole session: one row per rate that is told, in order."""
    told = groups.filter("levied").select("s", "rate", "tax")
    earlier = ~_begins("s") & (pl.col("rate") < pl.col("rate").shift())
    if told.select(earlier.any()).item():
        told = told.sort("s", "rate")
    first = told.select(_begins("s") | _begins("rate")).to_series()
    if first.all():
        return told
    sums = running(told["tax"], first).cast(pl.Int128)
    return told.with_columns(sums).filter(first.shift(-1, fill_value=True))


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
    taxes = _taxes(taxes, pl.DataFrame({"exact": net, "net": given, "unit": unit}), rounding)
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
    negative = totals.filter((pl.col("exact_tax") < 0) & (pl.col("exact_net") >= 0))
    text = "the price limits leave less after tax than before it"
    batch.remarks.add("negative_tax", text, negative.select("s"), stage=Stage.NEGATIVE_TAX)
    return totals, taxes


def _summed(rows: pl.DataFrame, name: str, height: int) -> pl.Series:
    """The sum by session of rows in its order; 0 where it has none."""
    first = rows.select(_begins("s")).to_series()
    if rows.height == height and first.all():
        return rows[name]
    found = constant(0, height, pl.Int128)
    if rows.height:
        last = first.shift(-1, fill_value=True)
        sums = running(rows[name], first).cast(pl.Int128)
        found.scatter(rows["s"].filter(last), sums.filter(last))
    return found.alias(name)


def _begins(name: str) -> pl.Expr:
    """Whether a row's value is another than that of the row before."""
    return pl.col(name).ne_missing(pl.col(name).shift())


def _unit(batch: Batch) -> pl.Series:
    """What a session's totals are multiples of, at 1E-12: policy rounding_unit."""
    tariffs = batch.sessions["tariff"]
    units: list[int | None] = [None] * len(batch.tariffs)
    for number in tariffs.unique():
        unit = rounding_unit(batch.tariffs[number].currency, batch.policy)
        units[number] = scaled(unit, GRAIN_DIGITS)
    return pl.Series("unit", units, dtype=pl.Int128)[tariffs]


def rounding_unit(currency: str, policy: PricingPolicy) -> Decimal:
    """What totals of the currency are multiples of. Raises UnknownCurrency."""
    return _UNITS.get(policy.rounding_unit) or minor_unit(currency)


def _taxes(taxes: pl.DataFrame, totals: pl.DataFrame, rounding: Rounding) -> pl.DataFrame:
    """`rounded`: what each tax adds to the total rounded so far."""
    if not taxes.height:
        return taxes.with_columns(rounded=pl.col("tax"))
    first = taxes.select(_begins("s")).to_series()
    own = totals[taxes["s"]]
    so_far = running(taxes["tax"], first).cast(pl.Int128)
    upto = _rounded(own["exact"] + so_far, own["unit"], rounding)
    frame = pl.DataFrame({"upto": upto, "given": own["net"], "first": first})
    before = pl.when("first").then("given").otherwise(pl.col("upto").shift())
    return taxes.with_columns(frame.select(rounded=pl.col("upto") - before))


def _rounded(amount: pl.Series, unit: pl.Series, rounding: Rounding) -> pl.Series:
    """Each amount as a multiple of its unit; a half or a rest as the policy says."""
    kind = kind_for(2 * (largest(amount) + largest(unit)))
    frame = pl.DataFrame([amount.alias("n"), unit.alias("unit")]).cast(kind)
    frame = frame.with_columns(pieces=pl.col("n").abs() // pl.col("unit"))
    frame = frame.with_columns(rest=pl.col("n").abs() - pl.col("pieces") * pl.col("unit"))
    twice, odd = pl.col("rest") * lit(2, kind), pl.col("pieces") % lit(2, kind) == 1
    up = {
        Rounding.HALF_AWAY: twice >= pl.col("unit"),
        Rounding.HALF_EVEN: (twice > pl.col("unit")) | ((twice == pl.col("unit")) & odd),
        Rounding.HALF_TOWARD: twice > pl.col("unit"),
        Rounding.AWAY: pl.col("rest") > 0,
        Rounding.TOWARD: pl.lit(value=False),
    }[rounding]
    found = (pl.col("pieces") + up.cast(kind)) * pl.col("unit")
    signed = pl.when(pl.col("n") < 0).then(lit(0, kind) - found).otherwise(found)
    return frame.select(signed.cast(pl.Int128).alias(amount.name)).to_series()
