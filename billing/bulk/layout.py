"""A batch under one policy as whole numbers: its sessions and periods, and the tariff of each.

Knows who is priced by which tariff (OCPI 2.2.1 mod_cdrs, ChargingPeriod.tariff_id) and what every
restriction will see of a period. Refuses to price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import polars as pl

from billing.bulk.catalog import NONE, Catalog, Part
from billing.bulk.clock import Clock, clock_of, fixed, micros
from billing.bulk.days import offsets
from billing.bulk.remark import Remarks, Stage
from billing.bulk.rows import running, starts_of
from billing.bulk.sheet import WHEN_ABSENT, Sheet
from billing.bulk.split import split
from billing.bulk.tables import Scales
from billing.bulk.whole import (
    NARROW,
    RangeError,
    constant,
    digits_used,
    largest,
    scalar,
    whole,
)
from billing.policy import PricingPolicy
from billing.session import Activity
from billing.tariff import Tariff

POWERS = ("min_power_kw", "max_power_kw", "min_current_a", "max_current_a")
STATED = ("time_s", "parking_s", "overtime_s")


@dataclass(slots=True)
class Batch:
    """Sessions and periods of one policy; row numbers are `s` and `p`.

    sessions: `key`, `start`, `end` (µs since 1970), `offer`, `tariff` (at start), `limits` (whose
    limits count), `clock`. periods: `s`, `ordinal`, `start`, `end`, `wh`, …
    """

    policy: PricingPolicy
    tariffs: tuple[Tariff, ...]
    sessions: pl.DataFrame
    periods: pl.DataFrame
    clocks: tuple[Clock, ...]
    remarks: Remarks


def sorted_periods(sheet: Sheet) -> pl.DataFrame:
    """The sheet's periods in the order of its sessions, with their row `s`; all columns filled.

    Raises ValueError for a key that is no session's, or is that of several.
    """
    sessions, periods = sheet.sessions, sheet.periods
    if sessions["key"].n_unique() < sessions.height:
        raise ValueError("two sessions have the same key")
    missing = [value.alias(name) for name, value in WHEN_ABSENT.items() if name not in periods]
    periods = periods.with_columns(missing)
    runs = periods["key"].rle().struct.unnest()
    if runs.height == sessions.height and (runs["value"] == sessions["key"]).all():
        return periods.with_columns(s=pl.col("key").rle_id())
    keys = sessions.select("key").with_row_index("s")
    found = periods.join(keys, on="key", how="left", maintain_order="left")
    if found["s"].null_count():
        stray = found.filter(pl.col("s").is_null())["key"][0]
        raise ValueError(f"a period belongs to {stray!r}, which is no session of the sheet")
    return found.sort("s", maintain_order=True)


def digits_of(periods: pl.DataFrame) -> tuple[int, int, tuple[int, int]]:
    """The decimals of Wh, seconds, and (kW, A) that the periods hold."""
    used = {name: digits_used(periods[name]) for name in ("energy_wh", *POWERS, *STATED)}
    power, current = max(used[one] for one in POWERS[:2]), max(used[one] for one in POWERS[2:])
    return used["energy_wh"], max(used[one] for one in STATED), (power, current)


def lay_out(
    sessions: pl.DataFrame, periods: pl.DataFrame, catalog: Catalog, scales: Scales
) -> Batch:
    """Sessions (with `s`) and their periods (with `s`) of one policy, renumbered from 0."""
    policy, remarks = catalog.policy, Remarks()
    own = _at_start(_sessions(sessions), catalog, remarks)
    own, clocks = _clocked(own, _lived(own, periods), catalog)
    rows = _periods(periods, scales)
    rows = _in_order(rows, own, policy, remarks)
    rows = _measured(_named(rows, own, catalog), own, policy)
    own = own.with_columns(limits=_limits(rows, own, policy))
    rows = rows.with_columns(begins=pl.lit(value=True))
    if policy.period_spans_price_change == "split_by_time":
        rows = _measured(split(rows, own, catalog, clocks, scales), own, policy)
    _note_tariffs(rows.filter("begins"), own, catalog, remarks)
    return Batch(policy, tuple(catalog.tariffs), own, rows.drop("begins"), clocks, remarks)


def _sessions(sessions: pl.DataFrame) -> pl.DataFrame:
    """What is known of the sessions, in the types that are reckoned with."""
    return sessions.select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("s"),
        "key",
        "zone",
        pl.col("start_at").to_physical().alias("start"),
        pl.col("end_at").to_physical().alias("end"),
        pl.col("tariffs").cast(pl.List(pl.UInt32)),
    )


def _at_start(own: pl.DataFrame, catalog: Catalog, remarks: Remarks) -> pl.DataFrame:
    """Step 1, the tariff: the first of a session's own valid at its start, else the first."""
    if own["tariffs"].list.len().min() == 0 or own["tariffs"].null_count():
        raise ValueError("a session cannot be priced without a tariff")
    first = own["tariffs"].list.first()
    used = own["tariffs"].list.explode().unique().to_list()
    bounded = [n for n in used if catalog.tariffs[n].start_at or catalog.tariffs[n].end_at]
    if not bounded:
        return own.with_columns(tariff=first)
    spans = validity(catalog.tariffs)
    each = own.select("s", "start", "tariffs").explode("tariffs")
    each = each.with_columns(
        opens=spans["opens"][each["tariffs"]], closes=spans["closes"][each["tariffs"]]
    )
    valid = each.filter(
        pl.col("opens").is_null() | (pl.col("opens") <= pl.col("start")),
        pl.col("closes").is_null() | (pl.col("start") < pl.col("closes")),
    ).unique("s", keep="first", maintain_order=True)
    chosen = own.select("s").join(
        valid.select("s", "tariffs"), on="s", how="left", maintain_order="left"
    )["tariffs"]
    text = "no tariff was valid when the session started"
    none_valid = own.filter(chosen.is_null())
    remarks.add("periods_outside_validity", text, none_valid, stage=Stage.VALIDITY)
    return own.with_columns(tariff=chosen.fill_null(first))


def validity(tariffs: Sequence[Tariff]) -> pl.DataFrame:
    """`opens` and `closes` (exclusive) of each tariff in microseconds since 1970, null: never."""
    opens = [None if one.start_at is None else micros(one.start_at) for one in tariffs]
    closes = [None if one.end_at is None else micros(one.end_at) for one in tariffs]
    return pl.DataFrame({"opens": opens, "closes": closes}, schema_overrides=_BOUNDS)


_BOUNDS = {"opens": pl.Int64, "closes": pl.Int64}


def _lived(own: pl.DataFrame, periods: pl.DataFrame) -> tuple[int, int]:
    """The first and the last instant (µs since 1970) of sessions and periods, which need not lie
    within what their session says of itself.
    """
    at = pl.concat([periods[name].to_physical() for name in ("start_at", "end_at")])
    at = pl.concat([at, own["start"], own["end"]])
    first, last = at.min() or 0, at.max() or 0
    assert isinstance(first, int)
    assert isinstance(last, int)
    return first, last


def _clocked(
    own: pl.DataFrame, lived: tuple[int, int], catalog: Catalog
) -> tuple[pl.DataFrame, tuple[Clock, ...]]:
    """The sessions with the number of their clock; policy dst_clock."""
    names = own["zone"].unique(maintain_order=True)
    zones = [ZoneInfo(name) for name in names]
    if not catalog.clocked or not own.height:
        return own.with_columns(clock=pl.lit(0, dtype=pl.UInt32)).drop("zone"), ()
    clocks = [clock_of(zone, *lived) for zone in zones]
    numbers = own["zone"].replace_strict(
        names, pl.int_range(len(names), dtype=pl.UInt32, eager=True)
    )
    own = own.drop("zone").with_columns(clock=numbers)
    if catalog.policy.dst_clock == "clock_as_shown":
        return own, tuple(clocks)
    shifts = offsets(own["start"], own["clock"], clocks)
    kinds = shifts.unique(maintain_order=True)
    numbers = shifts.replace_strict(kinds, pl.int_range(len(kinds), dtype=pl.UInt32, eager=True))
    return own.with_columns(clock=numbers), tuple(fixed(shift) for shift in kinds)


def _periods(periods: pl.DataFrame, scales: Scales) -> pl.DataFrame:
    """The periods as whole numbers at the batch's scales, in the order given."""
    part = (
        pl.when(~pl.col("reserved"))
        .then(Part.SESSION)
        .when(pl.col("cancelled"))
        .then(Part.CANCELLED)
        .when(pl.col("expired"))
        .then(Part.EXPIRED)
        .otherwise(Part.RESERVED)
    )
    rows = periods.select(
        "s",
        "ordinal",
        pl.col("start_at").to_physical().alias("start"),
        pl.col("end_at").to_physical().alias("end"),
        (pl.col("activity") == Activity.PARKED).alias("parked"),
        "imputed",
        "reserved",
        "tariff_id",
        part.cast(pl.UInt8).alias("part"),
    )
    digits = (scales.kw, scales.kw, scales.a, scales.a)
    measured = [whole(periods[name], held) for name, held in zip(POWERS, digits, strict=True)]
    stated = [whole(periods[name], scales.seconds) for name in STATED]
    energy = whole(periods["energy_wh"], scales.wh).alias("wh")
    return rows.with_columns(energy, *measured, *stated)


def _in_order(
    rows: pl.DataFrame, own: pl.DataFrame, policy: PricingPolicy, remarks: Remarks
) -> pl.DataFrame:
    """Periods should be in order, without gaps, and span the session; policy period_order."""
    same = pl.col("s") == pl.col("s").shift()
    early = rows.with_row_index("p").filter(same & (pl.col("start") < pl.col("end").shift()))
    clock = pl.from_epoch("start", time_unit="us").dt.strftime("%H:%M:%S")
    text = pl.format("starts at {}, before the one before it ends", clock)
    remarks.add("periods_out_of_order", text, early, stage=Stage.ORDER)
    if policy.period_order == "by_start":
        rows = rows.sort("s", "start", "ordinal", maintain_order=True)
    first, last = (pl.col("s").ne_missing(pl.col("s").shift(by)) for by in (1, -1))
    starts = rows.select("s", "start").filter(first)
    ends = rows.select("s", "end").filter(last)["end"]
    stamps = own.select("start", "end")[starts["s"]]
    off = starts.filter((starts["start"] != stamps["start"]) | (ends != stamps["end"]))
    words = "the periods do not span the session exactly"
    remarks.add("periods_disagree_with_stamps", words, off.select("s"), stage=Stage.STAMPS)
    return rows.with_row_index("p")


def _named(rows: pl.DataFrame, own: pl.DataFrame, catalog: Catalog) -> pl.DataFrame:
    """`tariff`: the one that prices each period, which it names (`named`), else that of the start.

    Policy period_without_tariff.
    """
    at_start = own["tariff"][rows["s"]]
    if own["tariffs"].list.len().max() == 1:
        known = _same_id(rows["tariff_id"], at_start, catalog.tariffs)
        named = pl.select(pl.when(known).then(at_start)).to_series()
    else:
        named, several = _looked_up(rows, own, catalog.tariffs)
        rows = rows.with_columns(several=several)
    rows = rows.with_columns(named=named, tariff=named.fill_null(at_start))
    if catalog.policy.period_without_tariff == "free":
        free = pl.when(pl.col("tariff_id") == "").then(NONE).otherwise("tariff")
        rows = rows.with_columns(tariff=free)
    return rows


def _same_id(asked: pl.Series, tariff: pl.Series, tariffs: Sequence[Tariff]) -> pl.Series:
    """Whether each id is that of a tariff (by number), in whatever case."""
    ids = pl.Series([one.id for one in tariffs], dtype=pl.String)[tariff]
    same = (asked == ids) & (asked != "")
    others = (~same).arg_true()
    if len(others):
        left, right = (one[others].str.to_uppercase() for one in (asked, ids))
        same.scatter(others, (left == right) & (left != ""))
    return same


def _looked_up(
    rows: pl.DataFrame, own: pl.DataFrame, tariffs: Sequence[Tariff]
) -> tuple[pl.Series, pl.Series]:
    """The number of the tariff a period names among its session's: of that id the first version
    that is valid when it starts, else the first; and whether another one is valid as well.
    """
    ids = pl.Series([tariff.id.upper() for tariff in tariffs], dtype=pl.String)
    rows = rows.with_columns(pl.col("tariff_id").str.to_uppercase())
    offers = own.select(
        offer=pl.col("tariffs").list.eval(pl.element().cast(pl.String)).list.join(",")
    )
    numbered = own.select("s", "tariffs").with_columns(offer=offers["offer"].rank("dense"))
    each = numbered.unique("offer").select("offer", "tariffs").explode("tariffs")
    each = each.with_columns(tariff_id=ids[each["tariffs"]])
    asked = rows.select("tariff_id", "start").with_columns(
        offer=numbered["offer"][rows["s"]], at=pl.int_range(pl.len())
    )
    found = asked.join(each, on=["offer", "tariff_id"], how="left", maintain_order="left_right")
    spans = validity(tariffs)
    opens, closes = (spans[name][found["tariffs"]] for name in ("opens", "closes"))
    outside = (found["start"] < opens).fill_null(value=False) | (
        found["start"] >= closes
    ).fill_null(value=False)
    found = found.with_columns(outside=outside).sort("at", "outside", maintain_order=True)
    first = found.unique("at", keep="first", maintain_order=True)
    several = constant(0, rows.height).cast(pl.Boolean)
    if found.height > first.height:
        alike = pl.Series(_alike(tariffs), dtype=pl.UInt32)
        valid = found.filter(~pl.col("outside"))
        valid = valid.with_columns(kind=alike[valid["tariffs"]])
        kinds = valid.group_by("at").agg(pl.col("kind").n_unique())
        at = kinds.filter(pl.col("kind") > 1)["at"]
        several.scatter(at, pl.Series([True]).new_from_index(0, len(at)))
    return first["tariffs"], several


def _alike(tariffs: Sequence[Tariff]) -> list[int]:
    """The number of the first tariff that says the very same as each."""
    by_id: dict[str, list[int]] = {}
    for number, tariff in enumerate(tariffs):
        by_id.setdefault(tariff.id, []).append(number)
    return [
        next(first for first in by_id[tariff.id] if tariffs[first] == tariff) for tariff in tariffs
    ]


def _note_tariffs(
    rows: pl.DataFrame, own: pl.DataFrame, catalog: Catalog, remarks: Remarks
) -> None:
    """A period should name a tariff that was given, and is valid when it starts."""
    free = catalog.policy.period_without_tariff == "free"
    does = "it is free" if free else "the first valid one is used"
    silent = rows.filter(pl.col("tariff_id") == "").select("s", "p")
    text = f"a period names no tariff: {does}"
    remarks.add("period_without_tariff", text, silent, stage=Stage.PERIOD)
    unknown = rows.filter(pl.col("named").is_null() & (pl.col("tariff_id") != ""))
    message = pl.format(
        "tariff {} is not among those given: the first valid one is used", "tariff_id"
    )
    remarks.add("unknown_tariff", message, unknown, stage=Stage.PERIOD)
    if "several" in rows.columns:
        message = pl.format(
            "several versions of tariff {} are valid: the first is used", "tariff_id"
        )
        remarks.add("several_versions", message, rows.filter("several"), stage=Stage.PERIOD)
    other = rows.filter(pl.col("named") != own["tariff"][rows["s"]])
    spans = validity(catalog.tariffs)
    opens, closes = spans["opens"][other["named"]], spans["closes"][other["named"]]
    outside = (other["start"] < opens).fill_null(value=False) | (
        other["start"] >= closes
    ).fill_null(value=False)
    message = pl.format("tariff {} was not valid when the period started", "tariff_id")
    remarks.add("periods_outside_validity", message, other.filter(outside), stage=Stage.PERIOD)


def _limits(rows: pl.DataFrame, own: pl.DataFrame, policy: PricingPolicy) -> pl.Series:
    """The tariff whose min_price and max_price count: policy limit_tariff."""
    if policy.limit_tariff == "at_start":
        return own["tariff"]
    last = rows.filter((pl.col("s") != pl.col("s").shift(-1)).fill_null(value=True))
    ended = own.select("s").join(
        last.select("s", "named"), on="s", how="left", maintain_order="left"
    )["named"]
    return ended.fill_null(own["tariff"])


def _measured(rows: pl.DataFrame, own: pl.DataFrame, policy: PricingPolicy) -> pl.DataFrame:
    """What restrictions see at a period's start: `before` (Wh delivered) and `elapsed` (µs)."""
    reserved, wh = rows["reserved"], rows["wh"]
    drawn = wh.zip_with(~reserved, scalar(0)) if reserved.any() else wh
    upto = running(drawn, starts_of(rows["s"]))
    if largest(upto) >= NARROW:
        raise RangeError("energy_wh: a session's energy is beyond any session")
    before = (upto.cast(pl.Int64) - drawn).zip_with(~reserved, scalar(0))
    elapsed = rows["start"] - _origins(rows, own, policy)
    return rows.with_columns(before.alias("before"), elapsed.alias("elapsed"))


def _origins(rows: pl.DataFrame, own: pl.DataFrame, policy: PricingPolicy) -> pl.Series:
    """Where durations are counted from; a session starts when its reservation ends."""
    by_first = policy.duration_origin == "first_period"
    start_of = own["start"][rows["s"]]
    if not by_first and not rows["reserved"].any():
        return start_of
    held = rows.filter("reserved").group_by("s").agg(held=pl.col("end").max())
    drawn = rows.filter(~pl.col("reserved")).group_by("s").agg(drawn=pl.col("start").min())
    origin = own.select("s", "start").join(held, on="s", how="left", maintain_order="left")
    origin = origin.join(drawn, on="s", how="left", maintain_order="left").with_columns(
        begun=pl.max_horizontal("start", "held")
    )
    if by_first:
        origin = origin.with_columns(begun=pl.coalesce("drawn", "begun"))
    return start_of.zip_with(rows["reserved"], origin["begun"][rows["s"]])
