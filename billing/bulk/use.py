"""Uses: every quantity of every period, what of it may be charged for, and who prices it.

Knows energy, the times and fees. Refuses to know costs. OCPI 2.2.1 mod_cdrs, CdrDimensionType;
policies volume_rounding, negative_energy, flat_scope and step_counts_unpriced.
"""

from typing import NamedTuple

import polars as pl

from billing.bulk.catalog import DIMENSIONS, ENERGY, FLAT, KEYS, NOBODY, NONE, PARKING, TIME, Part
from billing.bulk.layout import Batch
from billing.bulk.remark import Place, Stage
from billing.bulk.rows import at, firsts, ordered, stacked, starts_of, where
from billing.bulk.tables import NO_INTEREST, Scales, Tables
from billing.bulk.text import number_text
from billing.bulk.whole import NARROW, RangeError, constant, largest, power, scalar
from billing.bulk.winner import NOTHING_FOUND, Found, Judge, winning
from billing.policy import PricingPolicy

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


def uses_of(judge: Judge) -> pl.DataFrame:
    """One row per use, by period and slot: `s`, `p`, `slot`, `part`, `dimension`, `amount`,
    `billable` (whole Wh or seconds at the batch's scales; fees: one hour) and `winner`.
    """
    batch, tables = judge.batch, judge.tables
    asked = _volumes(batch, tables)
    found = judge.find(asked["question"], asked["p"])
    codes = [_codes(asked, found)]
    asked = asked.with_columns(winner=found.winner)
    real = where(asked, asked["amount"].is_not_null()) if asked["amount"].null_count() else asked
    free = real["winner"] == NOBODY
    if free.any():
        _note_unpriced(where(real, free), tables, batch)
        if batch.policy.step_counts_unpriced == "no":
            real = where(real, ~free)
    codes.append(_note_other_reading(real, judge))
    fees, fee_codes = _fees(judge)
    _note_codes(pl.concat([*codes, fee_codes]), batch)
    _note_changes(asked, judge, found)
    return _in_order(real.select(_USE), fees)


_USE = ("s", "p", "slot", "part", "dimension", "amount", "billable", "winner")


def _volumes(batch: Batch, tables: Tables) -> pl.DataFrame:
    """Every quantity that is not zero, with its question; `amount` null where it is not priced."""
    rows = _relevant(batch)
    found = []
    for slot, raw in zip(VOLUMES, _measured(rows, tables.scales), strict=True):
        held = raw != 0
        if held.any():
            own = where(rows.select(*_PERIOD).hstack([raw.alias("raw")]), held)
            found.append(_asked(own, slot, batch, tables))
    nothing = rows.clear().select(*_PERIOD, raw="wh")
    return stacked(found) if found else _asked(nothing, VOLUMES[0], batch, tables)


_PERIOD = ("s", "p", "start", "end", "tariff", "part")


def _relevant(batch: Batch) -> pl.DataFrame:
    """The periods that a tariff prices."""
    tariff = batch.periods["tariff"]
    return where(batch.periods, tariff != NONE) if tariff.max() == NONE else batch.periods


def _measured(rows: pl.DataFrame, scales: Scales) -> tuple[pl.Series, ...]:
    """What the periods hold for each slot of VOLUMES, in whole numbers; 0: nothing."""
    nothing, reserved = scalar(0), rows["reserved"]
    span, parked = _span(rows, scales), rows["parked"] & ~reserved
    time, parking = span.zip_with(~parked, nothing), span.zip_with(parked, nothing)
    stated = rows["time_s"].is_not_null() | rows["parking_s"].is_not_null()
    if stated.any():
        time = rows["time_s"].fill_null(0).zip_with(stated, time)
        parking = rows["parking_s"].fill_null(0).zip_with(stated & ~reserved, parking)
    energy = rows["wh"].zip_with(~reserved, nothing) if reserved.any() else rows["wh"]
    return energy, time, parking, rows["overtime_s"].fill_null(0)


def _span(rows: pl.DataFrame, scales: Scales) -> pl.Series:
    """How long the periods last, whatever they say of it."""
    span, more = rows["end"] - rows["start"], 10 ** (scales.seconds - 6)
    if largest(span) * more >= NARROW:
        raise RangeError("a period lasts too long for so many decimals of a second")
    return span * scalar(more)


def _asked(own: pl.DataFrame, slot: Slot, batch: Batch, tables: Tables) -> pl.DataFrame:
    """The quantities of one slot, rounded as the policy says, and the question each asks."""
    energy, scales = slot.dimension == ENERGY, tables.scales
    part = own["part"] if slot.part is None else constant(slot.part, own.height, pl.UInt8)
    raw = own["raw"]
    written = billable = _written(own, slot, batch.policy, scales)
    negative = raw < 0
    if negative.any() and not energy:
        _note_negative_time(where(own, negative), slot, scales, batch)
        written = billable = written.zip_with(~negative, pl.Series([None], dtype=pl.Int64))
    elif negative.any() and batch.policy.negative_energy != "credited":
        _note_negative_energy(own.with_columns(amount=written), scales, batch)
        billable = written.clip(0)
    return pl.DataFrame(
        [
            own["s"],
            own["p"],
            constant(slot.number, own.height, pl.UInt8).alias("slot"),
            part.alias("part"),
            constant(slot.dimension, own.height, pl.UInt8).alias("dimension"),
            written.alias("amount"),
            billable.alias("billable"),
            _question(own["tariff"], part, slot.dimension).alias("question"),
        ]
    )


def _written(own: pl.DataFrame, slot: Slot, policy: PricingPolicy, scales: Scales) -> pl.Series:
    """The quantities as they are, or as the wire would tell them: policy volume_rounding."""
    energy, raw = slot.dimension == ENERGY, own["raw"]
    if policy.volume_rounding == "four_decimals":
        grain = _wire_grain(scales, energy=energy)
        size = (raw.abs() + grain // 2) // grain * grain
        return (-size).zip_with(raw < 0, size)
    if policy.volume_rounding == "period_span" and slot.part is None and not energy:
        span = _span(own, scales)
        near = (span > 0) & ((raw - span).abs() < _wire_grain(scales, energy=False))
        return span.zip_with(near, raw)
    return raw


def _question(tariff: pl.Series, part: pl.Series, dimension: int) -> pl.Series:
    return tariff * KEYS + part.cast(pl.UInt32) * len(DIMENSIONS) + dimension


def _wire_grain(scales: Scales, *, energy: bool) -> int:
    """0.0001 kWh or h, in whole numbers of the batch."""
    if energy:
        return power(scales.wh + 3 - WIRE_DIGITS)
    return 3600 * power(scales.seconds - WIRE_DIGITS)


def _note_negative_time(rows: pl.DataFrame, slot: Slot, scales: Scales, batch: Batch) -> None:
    seconds = number_text(pl.col("raw"), scales.seconds)
    name = DIMENSIONS[slot.dimension].value
    message = pl.format("{} s of {} are no time: they are not priced", seconds, pl.lit(name))
    _note(batch, "negative_time", message, rows, Place.NEGATIVE_TIME + slot.number)


def _note_negative_energy(rows: pl.DataFrame, scales: Scales, batch: Batch) -> None:
    wh = number_text(pl.col("amount"), scales.wh)
    message = pl.format("{} Wh fed back are not credited", wh)
    refused = where(rows, rows["amount"] < 0)
    _note(batch, "negative_energy", message, refused, Place.NEGATIVE_ENERGY)


def _note_unpriced(free: pl.DataFrame, tables: Tables, batch: Batch) -> None:
    rows = where(free, tables.prices[free["question"]])
    message = pl.format("{} is free here: no element with it applies", _name(pl.col("dimension")))
    _note(batch, "no_price_component", message, rows, Place.VOLUMES + 2 * pl.col("slot"))


def _note(
    batch: Batch, code: str, message: str | pl.Expr, rows: pl.DataFrame, place: int | pl.Expr
) -> None:
    """A remark on periods, by their rows `p`."""
    told = rows.with_columns(batch.periods["ordinal"][rows["p"]])
    batch.remarks.add(code, message, told, stage=Stage.PERIOD, place=place)


def _name(dimension: pl.Expr) -> pl.Expr:
    return dimension.replace_strict(
        {number: one.value for number, one in enumerate(DIMENSIONS)}, return_dtype=pl.String
    )


def _note_other_reading(real: pl.DataFrame, judge: Judge) -> pl.DataFrame:
    """2.1.1 chooses elements, not components: where that gives another price, it is said."""
    tables = judge.tables
    if not judge.reads_wholes:
        return _codes(real.clear(), NOTHING_FOUND)
    asked = where(real, tables.whole_winner[real["question"]] != NO_INTEREST)
    other = judge.find(asked["question"], asked["p"], whole=True)
    mine, theirs = (_price_of(winner, tables) for winner in (asked["winner"], other.winner))
    differs = mine["price"] != theirs["price"]
    both = asked.select("s", "p", "slot", "dimension").hstack(
        [mine["price_text"].alias("price"), theirs["price_text"].alias("other")]
    )
    message = pl.format(
        "{}: {}, and {} if elements are chosen whole", _name(pl.col("dimension")), "price", "other"
    )
    place = Place.VOLUMES + 2 * pl.col("slot") + 1
    _note(judge.batch, "element_choice_differs", message, where(both, differs), place)
    return _codes(asked, other)


def _price_of(winner: pl.Series, tables: Tables) -> pl.DataFrame:
    rules = at(tables.components.select("price", "price_text"), winning(winner))
    return rules.with_columns(pl.col("price").fill_null(0), pl.col("price_text").fill_null("0"))


def _codes(asked: pl.DataFrame, found: Found) -> pl.DataFrame:
    """`p`, `unknown`, `straddling` of what was missed in pricing (not in looking ahead)."""
    own = asked.select("p", "amount")[found.codes["row"]]
    codes = own.hstack(found.codes.select("unknown", "straddling"))
    return codes.filter(pl.col("amount").is_not_null()).drop("amount")


def _note_codes(codes: pl.DataFrame, batch: Batch) -> None:
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
        p = codes["p"].filter(codes[column]).unique().sort()
        _note(batch, code, text, pl.DataFrame([batch.periods["s"][p], p]), place)


def _note_changes(asked: pl.DataFrame, judge: Judge, found: Found) -> None:
    """A period should have been cut where a price changes: said with the dimensions it is of."""
    rows = judge.changes(asked["question"], asked["p"], found)
    if not len(rows):
        return
    crossed = asked.select("s", "p", "slot", "dimension")[rows].sort("p", "slot")
    crossed = crossed.with_columns(name=_name(pl.col("dimension")))
    several = crossed["p"].is_duplicated()
    names = pl.col("name").unique(maintain_order=True).str.join(" and ")
    told = where(crossed, several).group_by("p", maintain_order=True)
    both = [told.agg(pl.col("s").first(), names), where(crossed, ~several).select("p", "s", "name")]
    message = pl.format("the price of {} changes within: that of the start is used", "name")
    _note(judge.batch, "period_spans_price_change", message, pl.concat(both), Place.SPAN)


def _fees(judge: Judge) -> tuple[pl.DataFrame, pl.DataFrame]:
    """FLAT: looked for at each period's start, charged as policy flat_scope says; and the codes of
    what was looked at.
    """
    batch, tables = judge.batch, judge.tables
    rows = _relevant(batch)
    asked = stacked([_fee_questions(rows, slot, tables) for slot in FEES])
    if asked["slot"].max() != asked["slot"].min():
        asked = asked.sort("p", "slot")
    found = judge.find(asked["question"], asked["p"])
    scope = batch.policy.flat_scope
    asked = asked.with_row_index("row").hstack(
        [found.winner.alias("winner"), _scope(asked, scope).alias("scope")]
    )
    due = _due(where(asked, asked["winner"] != NOBODY), scope)
    codes = found.codes
    if codes.height and scope != "activation":
        codes = codes.filter(_looked_at(asked[codes["row"]], due))
    own = asked.select("p")[codes["row"]].hstack(codes.select("unknown", "straddling"))
    if judge.reads_wholes:
        seen = asked if scope == "activation" else where(asked, _looked_at(asked, due))
        own = pl.concat([own, _note_other_reading(seen, judge)])
    fees = due if scope == "session" else _renewed(due, tables)
    return fees.select(_USE), own


def _fee_questions(rows: pl.DataFrame, slot: Slot, tables: Tables) -> pl.DataFrame:
    """The fees of one slot that are asked for at all; a fee is one piece, as an hour is of time."""
    if slot.part is not None:
        rows = where(rows, rows["overtime_s"].fill_null(0) != 0)
    part = rows["part"] if slot.part is None else constant(slot.part, rows.height, pl.UInt8)
    question = _question(rows["tariff"], part, FLAT)
    asked = where(
        pl.DataFrame([rows["s"], rows["p"], part.alias("part"), question.alias("question")]),
        tables.winner[question] != NOBODY,
    )
    piece = constant(3600 * 10**tables.scales.seconds, asked.height)
    return asked.hstack(
        [
            constant(slot.number, asked.height, pl.UInt8).alias("slot"),
            constant(FLAT, asked.height, pl.UInt8).alias("dimension"),
            piece.alias("amount"),
            piece.alias("billable"),
        ]
    )


def _scope(asked: pl.DataFrame, scope: str) -> pl.Series:
    """What one fee is charged for at most: a session, or a part of it."""
    session = asked["s"].cast(pl.Int64)
    return session if scope == "session" else session * len(Part) + asked["part"].cast(pl.Int64)


def _due(held: pl.DataFrame, scope: str) -> pl.DataFrame:
    """The first fee of each scope, of all that apply."""
    if scope == "session":
        return held[firsts(starts_of(held["scope"]))]
    return held if scope == "activation" else where(held, held["scope"].is_first_distinct())


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


def _in_order(volumes: pl.DataFrame, fees: pl.DataFrame) -> pl.DataFrame:
    """Volumes and fees together, by period and slot."""
    both = stacked([volumes, fees])
    return at(both, ordered(both["p"].cast(pl.UInt64) * SLOTS + both["slot"].cast(pl.UInt64)))
