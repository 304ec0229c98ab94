"""What millions of sessions cost: the calculation of `billing.price`, step by step, over columns.

Read `price_all`: it is the specification in a few lines. The second, independent calculation: it
shares the domain's values and names with `billing.price`, and none of its arithmetic. Exact: whole
numbers throughout, each amount divided once. Refuses I/O, clocks and floats.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import local
from typing import NamedTuple

import polars as pl

from billing.bulk.blocks import surplus_of
from billing.bulk.catalog import NOBODY, Catalog
from billing.bulk.cells import cells_of
from billing.bulk.cost import costs_of
from billing.bulk.layout import Batch, digits_of, lay_out, sorted_periods
from billing.bulk.limit import adjustments
from billing.bulk.line import GROUP, lines_of, named, vats_of
from billing.bulk.priced import Priced
from billing.bulk.remark import Stage
from billing.bulk.rows import where
from billing.bulk.sheet import Sheet
from billing.bulk.shelf import Shelf
from billing.bulk.tables import Tables, scales_of
from billing.bulk.total import groups_of, taxes_of, totals_of
from billing.bulk.use import uses_of
from billing.bulk.whole import as_decimal
from billing.bulk.winner import Judge
from billing.money import minor_unit


class Frames(NamedTuple):
    """The frames of `Priced`, with `s` (the session's row) in place of `key`: the first column."""

    lines: pl.DataFrame
    totals: pl.DataFrame
    taxes: pl.DataFrame
    groups: pl.DataFrame
    notes: pl.DataFrame


def price_each(sheets: Iterable[Sheet], *, at_once: int = 2) -> Iterator[Priced]:
    """Sheet after sheet, in their order: memory stays that of the few that are priced at once.

    A sheet is made when a place for it is free; 50,000 to 200,000 sessions are a good size. Sheets
    that hold the very same sequence of tariffs make them ready once. Raises as `price_all`.
    """
    own = local()

    def priced(sheet: Sheet) -> Priced:
        if not hasattr(own, "shelf"):
            own.shelf = Shelf()
        return _priced_from(sheet, own.shelf)

    with ThreadPoolExecutor(at_once) as pool:
        under_way: deque[Future[Priced]] = deque()
        for sheet in sheets:
            under_way.append(pool.submit(priced, sheet))
            if len(under_way) == at_once:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()


def price_all(sheet: Sheet) -> Priced:
    """Every session of a sheet, priced: equal to `billing.price.price` to the last digit.

    Raises ValueError (no tariff, two currencies, UnknownCurrency, a tax no price can include, a
    period of no session), RangeError (a number too wide to be held) and ZoneInfoNotFoundError.
    """
    return _priced_from(sheet, Shelf())


def _priced_from(sheet: Sheet, shelf: Shelf) -> Priced:
    _check_currencies(sheet)
    periods = sorted_periods(sheet)
    numbers = sheet.sessions["policy"].unique().sort().to_list() or [0]
    found = [_of_policy(sheet, number, periods, shelf) for number in numbers]
    frames = (_joined(parts) for parts in zip(*found, strict=True))
    lines, totals, taxes, groups, notes = (
        _with(frame, "key", sheet.sessions["key"]) for frame in frames
    )
    return Priced(lines, totals, taxes, groups, notes, tuple(sheet.policies))


def _check_currencies(sheet: Sheet) -> None:
    """The tariffs of one session share a currency, and it is one of ISO 4217."""
    codes = [tariff.currency for tariff in sheet.tariffs]
    used = sheet.sessions["tariffs"].list.explode().drop_nulls().unique().sort()
    for number in used:
        minor_unit(codes[number])
    if len(set(codes)) > 1:
        currency = pl.Series("currency", codes)
        each = sheet.sessions.select(pl.int_range(pl.len()).alias("s"), "tariffs").explode(
            "tariffs"
        )
        each = each.with_columns(currency[each["tariffs"]])
        if (each.group_by("s").agg(pl.col("currency").n_unique())["currency"] > 1).any():
            raise ValueError("the tariffs of one session must share a currency")


def _of_policy(sheet: Sheet, number: int, periods: pl.DataFrame, shelf: Shelf) -> Frames:
    """The sessions of one policy, by steps."""
    sessions, rows = sheet.sessions, None
    if sessions["policy"].n_unique() > 1:
        mine = sessions["policy"] == number
        rows, sessions = mine.arg_true(), sessions.filter(mine)
        renumbered = pl.Series([None], dtype=pl.UInt32).new_from_index(0, len(mine))
        renumbered.scatter(rows, pl.int_range(len(rows), dtype=pl.UInt32, eager=True))
        own = renumbered[periods["s"]]
        periods = periods.with_columns(s=own).filter(own.is_not_null())
    catalog = shelf.catalog(sheet.tariffs, sheet.policies[number])
    for tariff in sessions["tariffs"].list.explode().unique().sort().drop_nulls():
        catalog.add(tariff)
    scales = scales_of(catalog, catalog.policy, *digits_of(periods))
    batch = lay_out(sessions, periods, catalog, scales)
    cells = cells_of(batch, catalog)
    tables = shelf.tables(catalog, scales)
    found = _priced(batch, catalog, Judge(batch, tables, cells))
    policy = pl.lit(number, dtype=pl.UInt32).alias("policy")
    totals = found.totals.select("s", policy, pl.exclude("s"))
    found = found._replace(totals=totals)
    return found if rows is None else Frames(*(_with(frame, "s", rows) for frame in found))


def _priced(batch: Batch, catalog: Catalog, judge: Judge) -> Frames:
    """Uses, blocks, costs, limits, totals: the steps of a price."""
    tables = judge.tables
    uses = uses_of(judge)
    surplus = surplus_of(uses, batch, tables)
    uses = uses.with_columns(surplus=surplus, billed=uses["billable"] + surplus)
    held = uses["winner"] != NOBODY
    priced = uses if held.all() else where(uses, held)
    _note_rates(priced, batch, tables)
    costs = costs_of(priced, tables)
    tariff = tables.components["tariff"][priced["winner"]]
    adjusted = adjustments(
        batch, catalog, tables, costs.totals, priced.select("s").with_columns(tariff)
    )
    groups = groups_of(costs.totals, adjusted)
    totals, taxes = totals_of(batch, groups, taxes_of(groups))
    return Frames(
        lines=lines_of(costs.lines, adjusted, batch, catalog, tables),
        totals=_decimal(totals, "exact_net", "exact_tax", "net", "tax"),
        taxes=_decimal(_rated(taxes, tables), "tax", "rounded"),
        groups=_decimal(_rated(groups, tables), "net", "tax").select(
            "s",
            named(groups["group"], GROUP).alias("group"),
            "vat",
            "net",
            "tax",
            pl.col("levied").alias("told"),
        ),
        notes=batch.remarks.found(),
    )


def _note_rates(priced: pl.DataFrame, batch: Batch, tables: Tables) -> None:
    odd = where(priced.select("s"), tables.components["unknown_rate"][priced["winner"]])
    text = "prices include tax at an unknown rate: net is shown as gross"
    batch.remarks.add("tax_included_without_rate", text, odd, stage=Stage.RATE)


def _rated(frame: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """With the rate itself, in percent, in place of its number."""
    vat = vats_of(tables)[frame["rate"]]
    return frame.insert_column(frame.get_column_index("rate"), vat).drop("rate")


def _decimal(frame: pl.DataFrame, *names: str) -> pl.DataFrame:
    return frame.with_columns(as_decimal(frame[name]) for name in names)


def _with(frame: pl.DataFrame, name: str, values: pl.Series) -> pl.DataFrame:
    """The frame with something of each session in place of `s`."""
    return pl.DataFrame([values[frame["s"]].alias(name), *frame.get_columns()[1:]])


def _joined(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The frames of all policies in the order of the sheet."""
    return parts[0] if len(parts) == 1 else pl.concat(_alike(parts)).sort("s", maintain_order=True)


def _alike(parts: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """The frames with decimals of one width each: the widest that any of them has."""
    widest = {
        name: max((part.schema[name] for part in parts), key=_decimals_of)
        for name in parts[0].columns
    }
    return [part.cast(pl.Schema(widest)) for part in parts]


def _decimals_of(kind: pl.DataType) -> int:
    return kind.scale if isinstance(kind, pl.Decimal) else 0
