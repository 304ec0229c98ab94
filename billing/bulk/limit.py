"""min_price and max_price in columns: what a session costs at least and at most.

Knows the totals before and after tax, each compared by itself, and how a difference is shared among
tax rates. Refuses to know periods. OCPI 2.2.1 mod_tariffs, Tariff.min_price and max_price; policy
clamp_tax.
"""

from decimal import Decimal

import polars as pl

from billing.bulk.catalog import Catalog
from billing.bulk.layout import Batch
from billing.bulk.remark import Stage
from billing.bulk.rows import running, starts_of, steps
from billing.bulk.tables import Tables
from billing.bulk.whole import GRAIN_DIGITS, checked, lit, ratio, scaled
from billing.tariff import PriceLimit, Tariff

RAISES, CAPS = "min_price raises", "max_price caps"
_LIMITS = ("least_net", "least_gross", "most_net", "most_gross")
ADJUSTED = {
    "s": pl.UInt32,
    "rate": pl.UInt32,
    "net": pl.Int128,
    "tax": pl.Int128,
    "word": pl.String,
}


def adjustments(
    batch: Batch, catalog: Catalog, tables: Tables, totals: pl.DataFrame, lines: pl.DataFrame
) -> pl.DataFrame:
    """The lines that bring sessions within their limits: `s`, `rate`, `net`, `tax` (1E-12) and
    `word`, in order. `totals` as `cost.costs_of` gives them, `lines` with `s` and `tariff`.
    """
    limited = [
        number
        for number in sorted(catalog.options)
        if catalog.tariffs[number].min_price or catalog.tariffs[number].max_price
    ]
    wanted = pl.Series(limited, dtype=pl.UInt32)
    rows = batch.sessions.select("s", pl.col("limits").alias("tariff"))
    rows = rows.filter(pl.col("tariff").is_in(wanted.implode()))
    if not rows.height:
        return pl.DataFrame(schema=ADJUSTED)
    _note_other_tariffs(rows, lines, batch, catalog)
    own = totals.join(rows.select("s"), on="s", how="semi").cast(
        {"net": pl.Int128, "tax": pl.Int128}
    )
    shares = own.group_by("s", "rate").agg(pl.col("net", "tax").sum()).sort("s", "rate")
    rows = _wanted(rows, shares, catalog, limited, tables)
    rows = rows.filter((pl.col("before") != pl.col("net")) | (pl.col("after") != pl.col("gross")))
    if not rows.height:
        return pl.DataFrame(schema=ADJUSTED)
    if batch.policy.clamp_tax == "one_line":
        found = rows.select("s", rate=pl.lit(0, dtype=pl.UInt32), net=_MORE_NET, tax=_MORE_TAX)
    else:
        found = _shared(rows, shares.join(rows.select("s"), on="s", how="semi"), catalog, tables)
    return _worded(found, batch)


_MORE_NET = pl.col("before") - pl.col("net")
_MORE_TAX = pl.col("after") - pl.col("before") - pl.col("gross") + pl.col("net")


def _note_other_tariffs(
    rows: pl.DataFrame, lines: pl.DataFrame, batch: Batch, catalog: Catalog
) -> None:
    ids = pl.Series([tariff.id for tariff in catalog.tariffs], dtype=pl.String)
    named = rows.with_columns(id=ids[rows["tariff"]])
    both = lines.join(named.select("s", "id"), on="s", how="inner")
    other = both.filter(ids[both["tariff"]] != both["id"])["s"].unique()
    text = pl.format("the limits are those of tariff {}", "id")
    noted = named.filter(pl.col("s").is_in(other.implode()))
    batch.remarks.add("limits_from_start_tariff", text, noted, stage=Stage.LIMITS)


def _wanted(
    rows: pl.DataFrame, shares: pl.DataFrame, catalog: Catalog, limited: list[int], tables: Tables
) -> pl.DataFrame:
    """`net` and `gross` of each session, and `before` and `after` tax within its limits."""
    sums = shares.group_by("s").agg(pl.col("net", "tax").sum())
    rows = rows.join(sums, on="s", how="left", maintain_order="left").with_columns(
        pl.col("net", "tax").fill_null(0)
    )
    limits = _limits_of(catalog, limited, tables)
    rows = rows.join(limits, on="tariff", how="left", maintain_order="left").with_columns(
        gross=pl.col("net") + pl.col("tax")
    )
    before = pl.max_horizontal("net", "least_net")
    rows = rows.with_columns(before=pl.min_horizontal(before, "most_net"))
    raised = pl.col("before") > pl.col("net")
    one_sided = (
        pl.when(raised)
        .then(pl.col("least_gross").is_null())
        .otherwise(pl.col("most_gross").is_null())
    )
    rows = rows.with_columns(one_sided=one_sided & (pl.col("before") != pl.col("net")))
    hundred = lit(100 * 10**tables.scales.vat)
    parts = rows.select(
        total=pl.when(pl.col("net") != 0).then("gross").otherwise("before"),
        times=pl.when(pl.col("net") != 0).then("before").otherwise(hundred + pl.col("only_vat")),
        by=pl.when(pl.col("net") != 0).then("net").otherwise(hundred),
    )
    scaled_to = ratio(parts["total"], parts["times"], parts["by"])
    rows = rows.with_columns(scaled_to.alias("scaled"))
    taxed = pl.when("one_sided").then("scaled").otherwise("gross")
    after = pl.min_horizontal(pl.max_horizontal(taxed, "least_gross"), "most_gross")
    return rows.with_columns(after=after)


def _limits_of(catalog: Catalog, limited: list[int], tables: Tables) -> pl.DataFrame:
    """`tariff`, its limits at 1E-12 (null: none) and `only_vat`: its one rate, else 0."""
    columns: dict[str, list[int | None]] = {name: [] for name in (*_LIMITS, "only_vat")}
    for number in limited:
        tariff = catalog.tariffs[number]
        for name, bound in zip(_LIMITS, _bounds(tariff), strict=True):
            columns[name].append(None if bound is None else scaled(bound, GRAIN_DIGITS))
        rates = catalog.rates_named(number)
        only = rates[0] if len(rates) == 1 else Decimal(0)
        columns["only_vat"].append(scaled(only, tables.scales.vat))
    found = {name: pl.Series(checked(values), dtype=pl.Int128) for name, values in columns.items()}
    return pl.DataFrame({"tariff": pl.Series(limited, dtype=pl.UInt32), **found})


def _bounds(tariff: Tariff) -> tuple[Decimal | None, ...]:
    none = (None, None)
    least, most = tariff.min_price, tariff.max_price
    return (*(_both(least) if least else none), *(_both(most) if most else none))


def _both(limit: PriceLimit) -> tuple[Decimal, Decimal | None]:
    return limit.before_tax, limit.after_tax


def _shared(
    rows: pl.DataFrame, shares: pl.DataFrame, catalog: Catalog, tables: Tables
) -> pl.DataFrame:
    """The difference by rate, each in proportion; then what no rate can carry."""
    totals = rows.select(
        "s",
        "tariff",
        "before",
        total_net="net",
        total_tax="tax",
        wanted_tax=pl.col("after") - pl.col("before"),
    )
    each = shares.join(totals, on="s", how="left", maintain_order="left")
    more = (("net", "total_net", "before"), ("tax", "total_tax", "wanted_tax"))
    each = each.with_columns(
        (_scaled(each, names) - each[names[0]]).alias(f"more_{names[0]}") for names in more
    )
    carried = each.select("s", "rate", rank=pl.lit(0), net="more_net", tax="more_tax")
    rest = totals.select(
        "s",
        "tariff",
        rest_net=pl.when(pl.col("total_net") == 0).then("before").otherwise(lit(0)),
        rest_tax=pl.when(pl.col("total_tax") == 0).then("wanted_tax").otherwise(lit(0)),
    ).filter((pl.col("rest_net") != 0) | (pl.col("rest_tax") != 0))
    rates = shares.group_by("s").agg(pl.len().alias("rates"), pl.col("rate").first())
    rest = rest.join(rates, on="s", how="left", maintain_order="left")
    fitting = _fitting(rest, catalog, tables)
    rest = rest.join(fitting, on="s", how="left", maintain_order="left")
    rate = pl.when(pl.col("rates") == 1).then("rate").otherwise(pl.col("fits").fill_null(0))
    last = rest.select("s", rate=rate, rank=pl.lit(1), net="rest_net", tax="rest_tax")
    both = pl.concat([carried, last]).sort("s", "rank", "rate", maintain_order=True)
    return both.filter((pl.col("net") != 0) | (pl.col("tax") != 0)).drop("rank")


def _scaled(each: pl.DataFrame, names: tuple[str, str, str]) -> pl.Series:
    """A session's parts in proportion, summing to what is wanted (or unscaled zeros)."""
    begins = starts_of(each["s"])
    part, total, wanted = (each[name] for name in names)
    some = pl.select(pl.when(total != 0).then(total)).to_series()
    upto = ratio(running(part, begins), wanted, some)
    return part.zip_with(some.is_null(), steps(upto, begins))


def _fitting(rest: pl.DataFrame, catalog: Catalog, tables: Tables) -> pl.DataFrame:
    """The rate of a limit that no line can carry: the tariff's only one, or the first that fits."""
    rows = [
        (number, tables.rates.index(rate), scaled(rate, tables.scales.vat), len(rates))
        for number in rest["tariff"].unique().sort()
        for rates in [catalog.rates_named(number)]
        for rate in rates
    ]
    schema = {"tariff": pl.UInt32, "fits": pl.UInt32, "vat": pl.Int64, "of": pl.Int64}
    known = pl.DataFrame(rows, schema=schema, orient="row")
    each = rest.select("s", "tariff", "rest_net", "rest_tax").join(
        known, on="tariff", how="inner", maintain_order="left_right"
    )
    hundred = lit(100 * 10**tables.scales.vat)
    fits = pl.col("rest_net") * pl.col("vat").cast(pl.Int128) == pl.col("rest_tax") * hundred
    each = each.filter((pl.col("of") == 1) | fits)
    return each.unique("s", keep="first", maintain_order=True).select("s", "fits")


def _worded(found: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """With what the limit did, in a word; said of each session."""
    more = found.group_by("s", maintain_order=True).agg(
        more=pl.col("net").sum() + pl.col("tax").sum(),
        odd=((pl.col("rate") == 0) & (pl.col("tax") != 0)).any(),
    )
    more = more.with_columns(
        word=pl.when(pl.col("more") > 0).then(pl.lit(RAISES)).otherwise(pl.lit(CAPS))
    )
    text = pl.format("{} the total", "word")
    batch.remarks.add("total_clamped", text, more, stage=Stage.CLAMPED)
    text_odd = "a price limit sets a tax that no component has a rate for"
    odd = more.filter("odd")
    batch.remarks.add("unattributed_tax", text_odd, odd, stage=Stage.UNATTRIBUTED)
    return found.join(more.select("s", "word"), on="s", how="left", maintain_order="left")
