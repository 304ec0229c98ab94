"""Uses: every quantity of every period, what of it may be charged for, and who prices it.

Knows energy, the times and fees. Refuses to know costs. OCPI 2.2.1 mod_cdrs, CdrDimensionType;
policies volume_rounding, negative_energy, flat_scope and step_counts_unpriced.
"""

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from billing.bulk.catalog import DIMENSIONS, ENERGY, FLAT, KEYS, NOBODY, PARKING, TIME, Part
from billing.bulk.layout import NONE, Batch
from billing.bulk.remark import Place, Remarks, Stage
from billing.bulk.tables import NO_INTEREST, Tables
from billing.bulk.text import number_text
from billing.bulk.whole import power
from billing.bulk.winner import NOTHING_FOUND, Found, Judge, winning

WIRE_DIGITS = 4
"""Decimals of kWh and hours on the wire."""


class Slot(NamedTuple):
    """A place in a period's quantities, in the order of a receipt. `part` None: the period's."""

    number: int
    dimension: int
    part: Part | None = None


VOLUMES = (Slot(0, ENERGY), Slot(1, TIME), Slot(2, PARKING), Slot(3, TIME, Part.OVERTIME))
FEES = (Slot(4, FLAT), Slot(5, FLAT, Part.OVERTIME))
SLOTS = 8


@dataclass(frozen=True, slots=True)
class Stated:
    """Per slot, what a period holds of it in whole numbers; null: nothing."""

    amounts: tuple[pl.Series, ...]


def uses_of(judge: Judge) -> pl.DataFrame:
    """One row per use, by period and slot: `s`, `p`, `slot`, `part`, `dimension`, `amount`,
    `billable` (whole Wh or seconds at the batch's scales; fees: one hour) and `winner`.
    """
    batch, tables = judge.batch, judge.tables
    asked = _volumes(batch, tables)
    found = judge.find(asked["question"], asked["p"])
    codes = [_codes(asked, found)]
    asked = asked.with_columns(winner=found.winner)
    real = asked.filter(pl.col("amount").is_not_null()) if asked["amount"].null_count() else asked
    free = real["winner"] == NOBODY
    _note_unpriced(real, free, tables, batch)
    if batch.policy.step_counts_unpriced == "no":
        real = real.select(*_USE, "question", "ordinal").filter(~free)
    codes.append(_note_other_reading(real, judge))
    fees, fee_codes = _fees(judge)
    _note_codes(pl.concat([*codes, fee_codes]), batch)
    _note_changes(asked, judge, found)
    return _in_order(real.select(_USE), fees, batch)


_ASKED = ("s", "p", "ordinal", "slot", "part", "dimension", "amount", "billable", "question")
_USE = ("s", "p", "slot", "part", "dimension", "amount", "billable", "winner")


def _volumes(batch: Batch, tables: Tables) -> pl.DataFrame:
    """Every quantity that is not zero, with its question; `amount` null where it is not priced."""
    rows = batch.periods.filter(pl.col("tariff") != NONE)
    stated = pl.col("time_s").is_not_null() | pl.col("parking_s").is_not_null()
    span = (pl.col("end") - pl.col("start")) * 10 ** (tables.scales.seconds - 6)
    parked = pl.col("parked") & ~pl.col("reserved")
    measured = {
        0: pl.when(~pl.col("reserved")).then("wh"),
        1: pl.when(stated).then(pl.col("time_s").fill_null(0)).when(~parked).then(span),
        2: pl.when(stated & ~pl.col("reserved"))
        .then("parking_s")
        .when(~stated & parked)
        .then(span),
        3: pl.col("overtime_s"),
    }
    found = []
    for slot in VOLUMES:
        own = rows.select(
            "s", "p", "ordinal", "tariff", "part", raw=measured[slot.number], span=span
        )
        own = own.filter(pl.col("raw") != 0)
        if own.height:
            found.append(_asked(own, slot, batch, tables).select(_ASKED))
    if not found:
        return _asked(_nothing(rows), VOLUMES[0], batch, tables).select(_ASKED)
    return pl.concat(found, rechunk=True)


def _nothing(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.clear().select("s", "p", "ordinal", "tariff", "part", raw="wh", span="wh")


def _asked(own: pl.DataFrame, slot: Slot, batch: Batch, tables: Tables) -> pl.DataFrame:
    """The quantities of one slot, rounded as the policy says, and the question each asks."""
    policy, remarks = batch.policy, batch.remarks
    energy = slot.dimension == ENERGY
    written = pl.col("raw")
    if policy.volume_rounding == "four_decimals":
        grain = _wire_grain(tables, energy=energy)
        size = (pl.col("raw").abs() + grain // 2) // grain * grain
        written = pl.when(pl.col("raw") < 0).then(-size).otherwise(size)
    if policy.volume_rounding == "period_span" and slot.part is None and not energy:
        gap, grain = (pl.col("raw") - pl.col("span")).abs(), _wire_grain(tables, energy=False)
        written = pl.when((pl.col("span") > 0) & (gap < grain)).then("span").otherwise("raw")
    if slot.part is not None:
        own = own.with_columns(part=pl.lit(int(slot.part), dtype=pl.Int8))
    own = own.with_columns(
        slot=pl.lit(slot.number, dtype=pl.Int8),
        dimension=pl.lit(slot.dimension, dtype=pl.Int8),
        question=_question(slot.dimension),
        amount=written if energy else pl.when(pl.col("raw") > 0).then(written),
    )
    if not energy:
        _note_negative_time(own.filter(pl.col("raw") < 0), slot, tables, remarks)
        return own.with_columns(billable=pl.col("amount"))
    if policy.negative_energy == "credited":
        return own.with_columns(billable=pl.col("amount"))
    refused = own.filter(pl.col("amount") < 0)
    message = pl.format(
        "{} Wh fed back are not credited", number_text(pl.col("amount"), tables.scales.wh)
    )
    place = Place.NEGATIVE_ENERGY
    remarks.add("negative_energy", message, refused, stage=Stage.PERIOD, place=place)
    return own.with_columns(billable=pl.col("amount").clip(0))


def _question(dimension: int) -> pl.Expr:
    asked = pl.col("tariff") * KEYS + pl.col("part").cast(pl.Int64) * len(DIMENSIONS) + dimension
    return asked.cast(pl.UInt32)


def _wire_grain(tables: Tables, *, energy: bool) -> int:
    """0.0001 kWh or h, in whole numbers of the batch."""
    if energy:
        return power(tables.scales.wh + 3 - WIRE_DIGITS)
    return 3600 * power(tables.scales.seconds - WIRE_DIGITS)


def _note_negative_time(rows: pl.DataFrame, slot: Slot, tables: Tables, remarks: Remarks) -> None:
    seconds = number_text(pl.col("raw"), tables.scales.seconds)
    name = DIMENSIONS[slot.dimension].value
    message = pl.format("{} s of {} are no time: they are not priced", seconds, pl.lit(name))
    place = Place.NEGATIVE_TIME + slot.number
    remarks.add("negative_time", message, rows, stage=Stage.PERIOD, place=place)


def _note_unpriced(real: pl.DataFrame, free: pl.Series, tables: Tables, batch: Batch) -> None:
    rows = free.arg_true()
    rows = rows.filter(tables.prices[real["question"][rows]])
    message = pl.format("{} is free here: no element with it applies", _name(pl.col("dimension")))
    place = Place.VOLUMES + 2 * pl.col("slot")
    batch.remarks.add("no_price_component", message, real[rows], stage=Stage.PERIOD, place=place)


def _name(dimension: pl.Expr) -> pl.Expr:
    return dimension.replace_strict(
        {number: one.value for number, one in enumerate(DIMENSIONS)}, return_dtype=pl.String
    )


def _note_other_reading(real: pl.DataFrame, judge: Judge) -> pl.DataFrame:
    """2.1.1 chooses elements, not components: where that gives another price, it is said."""
    tables, batch = judge.tables, judge.batch
    if not judge.reads_wholes:
        return _codes(real.clear(), NOTHING_FOUND)
    asked = real.filter(tables.whole_winner[real["question"]] != NO_INTEREST)
    other = judge.find(asked["question"], asked["p"], whole=True)
    rules = tables.components.select("price", "price_text")
    mine, theirs = (
        rules[winning(winner)].select(
            pl.col("price").fill_null(0), pl.col("price_text").fill_null("0")
        )
        for winner in (asked["winner"], other.winner)
    )
    both = asked.hstack(mine).hstack(theirs.select(pl.all().name.prefix("other_")))
    differing = both.filter(pl.col("price") != pl.col("other_price"))
    message = pl.format(
        "{}: {}, and {} if elements are chosen whole",
        _name(pl.col("dimension")),
        "price_text",
        "other_price_text",
    )
    place = Place.VOLUMES + 2 * pl.col("slot") + 1
    batch.remarks.add("element_choice_differs", message, differing, stage=Stage.PERIOD, place=place)
    return _codes(asked, other)


def _codes(asked: pl.DataFrame, found: Found) -> pl.DataFrame:
    """`p`, `unknown`, `straddling` of what was missed in pricing (not in looking ahead)."""
    own = asked.select("p", "amount")[found.codes["row"]]
    codes = own.hstack(found.codes.select("unknown", "straddling"))
    return codes.filter(pl.col("amount").is_not_null()).drop("amount")


def _note_codes(codes: pl.DataFrame, batch: Batch) -> None:
    ordinals = batch.periods.select("s", "p", "ordinal")
    for code, column, place, text in (
        (
            "straddling_bound",
            "straddling",
            Place.STRADDLING,
            "power or current crossed a restriction's threshold within the period",
        ),
        (
            "unknown_bound",
            "unknown",
            Place.UNKNOWN,
            "a power or current restriction was met without a measured power or current",
        ),
    ):
        rows = ordinals[codes.filter(column)["p"].unique().sort()]
        batch.remarks.add(code, text, rows, stage=Stage.PERIOD, place=place)


def _note_changes(asked: pl.DataFrame, judge: Judge, found: Found) -> None:
    """A period should have been cut where a price changes: said with the dimensions it is of."""
    rows = judge.changes(asked["question"], asked["p"], found)
    if not len(rows):
        return
    crossed = asked[rows].sort("p", "slot").with_columns(name=_name(pl.col("dimension")))
    names = pl.col("name").unique(maintain_order=True).str.join(" and ")
    told = crossed.group_by("p", maintain_order=True).agg(pl.col("s", "ordinal").first(), names)
    message = pl.format("the price of {} changes within: that of the start is used", "name")
    judge.batch.remarks.add(
        "period_spans_price_change", message, told, stage=Stage.PERIOD, place=Place.SPAN
    )


def _fees(judge: Judge) -> tuple[pl.DataFrame, pl.DataFrame]:
    """FLAT: looked for at each period's start, charged as policy flat_scope says; and the codes of
    what was looked at.
    """
    batch, tables = judge.batch, judge.tables
    rows = batch.periods.filter(pl.col("tariff") != NONE)
    piece = 3600 * 10**tables.scales.seconds
    asked = pl.concat([_fee_questions(rows, slot, piece) for slot in FEES])
    asked = asked.filter(tables.winner[asked["question"]] != NOBODY)
    if asked["slot"].max() != asked["slot"].min():
        asked = asked.sort("p", "slot")
    found = judge.find(asked["question"], asked["p"])
    scope = batch.policy.flat_scope
    asked = asked.with_row_index("row").with_columns(winner=found.winner, scope=_scope(scope))
    due = _due(asked.filter(pl.col("winner") != NOBODY), scope)
    codes = found.codes
    if codes.height and scope != "activation":
        codes = codes.filter(_looked_at(asked[codes["row"]], due))
    own = asked.select("p")[codes["row"]].hstack(codes.select("unknown", "straddling"))
    if judge.reads_wholes:
        seen = asked if scope == "activation" else asked.filter(_looked_at(asked, due))
        own = pl.concat([own, _note_other_reading(seen, judge)])
    fees = due if scope == "session" else _renewed(due, tables)
    return fees.with_columns(billable=pl.col("amount")).select(_USE), own


def _fee_questions(rows: pl.DataFrame, slot: Slot, piece: int) -> pl.DataFrame:
    if slot.part is not None:
        rows = rows.filter(pl.col("overtime_s").fill_null(0) != 0)
        rows = rows.with_columns(part=pl.lit(int(slot.part), dtype=pl.Int8))
    return rows.select(
        "s",
        "p",
        "ordinal",
        "part",
        slot=pl.lit(slot.number, dtype=pl.Int8),
        dimension=pl.lit(FLAT, dtype=pl.Int8),
        amount=pl.lit(piece, dtype=pl.Int64),
        question=_question(FLAT),
    )


def _scope(scope: str) -> pl.Expr:
    """What one fee is charged for at most: a session, or a part of it."""
    session = pl.col("s").cast(pl.Int64)
    return session if scope == "session" else session * len(Part) + pl.col("part")


def _due(held: pl.DataFrame, scope: str) -> pl.DataFrame:
    """The first fee of each scope, of all that apply."""
    if scope == "session":
        return held.filter(pl.col("scope").ne_missing(pl.col("scope").shift()))
    return held if scope == "activation" else held.filter(pl.col("scope").is_first_distinct())


def _looked_at(asked: pl.DataFrame, due: pl.DataFrame) -> pl.Series:
    """Whether a question was asked at all: none is after a fee is found in its scope."""
    first = due.group_by("scope").agg(last=pl.col("row").min())
    last = asked.select("scope").join(first, on="scope", how="left", maintain_order="left")["last"]
    return (asked["row"] <= last).fill_null(value=True)


def _renewed(fees: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Fees without those that follow upon themselves: in the session, in the reservation (expired
    or not, it is one), in the overtime.
    """
    whole = pl.when(pl.col("part").is_in([Part.SESSION, Part.OVERTIME])).then("part").otherwise(-1)
    places = tables.components.select("tariff", "element", "component")[fees["winner"]]
    rows = fees.select("s", "row", whole=whole).hstack(places).with_row_index("at")
    rows = rows.sort("s", "whole", "row") if rows["whole"].n_unique() > 1 else rows
    fee = pl.struct("s", "whole", "tariff", "element", "component")
    renewed = rows.filter((fee != fee.shift()).fill_null(value=True))
    return fees[renewed["at"].sort()]


def _in_order(volumes: pl.DataFrame, fees: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """Volumes and fees together, by period and slot: each is put in its place, none is sorted."""
    both = pl.concat([volumes, fees])
    places = pl.Series([None], dtype=pl.UInt32).new_from_index(0, batch.periods.height * SLOTS)
    places.scatter(
        both.select(pl.col("p").cast(pl.Int64) * SLOTS + pl.col("slot")).to_series(),
        pl.int_range(both.height, dtype=pl.UInt32, eager=True),
    )
    return both[places.drop_nulls()]
