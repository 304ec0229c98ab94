"""step_size in columns: what billing in whole blocks adds, and to which use.

Knows budgets and their last priced use. Refuses to know prices. OCPI 2.2.1 mod_cdrs, "step_size":
once per session, TIME and PARKING_TIME together, in the block of whoever was priced last.
"""

from typing import NamedTuple

import polars as pl

from billing.bulk.catalog import ENERGY, FLAT, NOBODY, PARKING, TIME, Part
from billing.bulk.layout import Batch
from billing.bulk.remark import Stage
from billing.bulk.tables import Tables
from billing.bulk.text import number_text
from billing.bulk.whole import constant, kind_for, largest
from billing.bulk.winner import winning
from billing.policy import PricingPolicy

_HALF_GRAIN = (18, 2)
"""0.18 s: half of the 0.0001 h that a volume on the wire can tell apart; digits of it."""


class Kind(NamedTuple):
    """Of each session with uses: the sum that counts, and the row of the last priced (or −1)."""

    total: pl.Series
    last: pl.Series


def surplus_of(uses: pl.DataFrame, batch: Batch, tables: Tables) -> pl.Series:
    """What is added to each use, in whole numbers like `billable`; 0 for most."""
    policy = batch.policy
    block = tables.components["block"][winning(uses["winner"])]
    rows = uses.select(
        "s",
        "part",
        "dimension",
        "billable",
        row=pl.int_range(pl.len(), dtype=pl.Int64),
        priced=pl.col("winner") != NOBODY,
        block=block.fill_null(0),
    )
    first = rows.select(pl.col("s").ne_missing(pl.col("s").shift())).to_series()
    starts = first.arg_true().cast(pl.Int64)
    kinds = _kinds(rows, starts, policy)
    if policy.step_scope == "period":
        budgets = rows.filter("priced").select("row", "block", total="billable")
    else:
        budgets = _budgets(rows, kinds, policy)
    added = _rounded_up(budgets)
    surplus = constant(0, rows.height)
    surplus.scatter(added["row"], added["surplus"])
    _note_budgets(rows.select("s")[starts], starts, kinds, added, batch)
    _note_steps(uses, added, batch, tables)
    return surplus


def _kinds(rows: pl.DataFrame, starts: pl.Series, policy: PricingPolicy) -> dict[str, Kind]:
    """Totals and last priced rows, by session, of the four kinds of quantity with blocks."""
    ends = starts.shift(-1, fill_value=rows.height) - 1
    session = pl.col("part") == Part.SESSION
    time = pl.col("dimension") == TIME
    members = {
        "energy": pl.col("dimension") == ENERGY,
        "parking": pl.col("dimension") == PARKING,
        "time": time & session,
        "held": time & ~session & (pl.col("part") != Part.OVERTIME),
        "over": time & (pl.col("part") == Part.OVERTIME),
    }
    members = {name: member for name, member in members.items() if rows.select(member.any()).item()}
    none = Kind(starts * 0, starts * 0 - 1)
    if not members:
        return dict.fromkeys(_KINDS, none)
    wide = kind_for(largest(rows["billable"]), rows.height + 1)
    counts = pl.lit(value=True) if policy.step_counts_unpriced == "yes" else pl.col("priced")
    sums = rows.select(
        pl.when(member & counts).then("billable").otherwise(0).cast(wide).alias(name)
        for name, member in members.items()
    )
    lasts = rows.select(
        pl.when(member & pl.col("priced")).then("row").otherwise(-1).cum_max().alias(name)
        for name, member in members.items()
    )[ends]
    upto = sums.select(pl.all().cum_sum())
    totals = upto[ends] - upto[starts] + sums[starts]
    found = {
        name: Kind(
            totals[name],
            pl.select(pl.when(lasts[name] >= starts).then(lasts[name]).otherwise(-1)).to_series(),
        )
        for name in members
    }
    none = none._replace(total=none.total.cast(wide))
    return {name: found.get(name, none) for name in _KINDS}


_KINDS = ("energy", "parking", "time", "held", "over")


def _budgets(rows: pl.DataFrame, kinds: dict[str, Kind], policy: PricingPolicy) -> pl.DataFrame:
    """What is rounded up as one: its `total`, and the `row` and `block` of its last priced use."""
    frame = pl.DataFrame(
        {
            f"{name}_{field}": value
            for name, kind in kinds.items()
            for field, value in (("total", kind.total), ("last", kind.last))
        }
    )
    energy = frame.select(total="energy_total", row="energy_last")
    shared = policy.reservation_step_budget == "shared"
    total, last = pl.col("time_total"), pl.col("time_last")
    if shared:
        total, last = total + pl.col("held_total"), pl.max_horizontal("time_last", "held_last")
    parks = pl.col("parking_last") > last
    if policy.time_step_target == "parking_when_priced":
        parks = pl.col("parking_last") >= 0
    times = frame.select(
        total=pl.when(parks).then("parking_total").otherwise(total),
        row=pl.when(parks).then("parking_last").otherwise(last),
    )
    found = [energy, times, frame.select(total="over_total", row="over_last")]
    if not shared:
        found.append(frame.select(total="held_total", row="held_last"))
    budgets = pl.concat(found).filter(pl.col("row") >= 0)
    return budgets.with_columns(block=rows["block"][budgets["row"]])


def _rounded_up(budgets: pl.DataFrame) -> pl.DataFrame:
    """`row` and its `surplus` where a budget's total does not fill its blocks, by row."""
    found = budgets.filter((pl.col("block") != 0) & (pl.col("total") > 0)).with_columns(
        rest=pl.col("total") % pl.col("block").abs()
    )
    found = found.filter(pl.col("rest") != 0)
    surplus = (pl.col("block") - pl.col("rest")).cast(pl.Int64)
    return found.select("row", "block", surplus=surplus).sort("row")


def _note_budgets(
    sessions: pl.DataFrame,
    starts: pl.Series,
    kinds: dict[str, Kind],
    added: pl.DataFrame,
    batch: Batch,
) -> None:
    policy = batch.policy
    parking, time, held = (kinds[name].last for name in ("parking", "time", "held"))
    late = sessions.filter((parking >= 0) & (time > parking))
    text = f"charged after parking: {policy.time_step_target} decides which time is rounded"
    batch.remarks.add("time_step_target", text, late, stage=Stage.STEP_TARGET)
    both = (held >= 0) & ((time >= 0) | (parking >= 0))
    if not both.any():
        return
    touched = sessions["s"][
        (starts.search_sorted(added["row"], side="right").cast(pl.Int64) - 1).unique()
    ]
    text = f"reservation and session times: budgets are {policy.reservation_step_budget}"
    rows = sessions.filter(both).filter(pl.col("s").is_in(touched.implode()))
    batch.remarks.add("reservation_and_time_steps", text, rows, stage=Stage.STEP_BUDGETS)


def _note_steps(uses: pl.DataFrame, added: pl.DataFrame, batch: Batch, tables: Tables) -> None:
    """A block is begun by less than the wire can tell apart; or 2.1.1 leaves open when it is."""
    rows = uses.select("s", "p", "slot", "dimension", "winner")[added["row"]].hstack(
        added.select("block", "surplus")
    )
    old = rows.filter(tables.components["from_211"][rows["winner"]])
    text = f"2.1.1 bills in blocks without saying how often: once per {batch.policy.step_scope}"
    batch.remarks.add("step_once_per_session", text, old.select("s", "p"), stage=Stage.STEPS)
    stated = batch.periods.select("ordinal", "time_s", "parking_s")[rows["p"]]
    rows = rows.hstack(stated).filter(
        pl.col("time_s").is_not_null() | pl.col("parking_s").is_not_null(),
        ~pl.col("dimension").is_in([ENERGY, FLAT]),
    )
    digits = tables.scales.seconds
    grain = _HALF_GRAIN[0] * 10 ** (digits - _HALF_GRAIN[1])
    clear = (pl.col("surplus") > grain) & (pl.col("surplus") < pl.col("block") - grain)
    message = pl.format(
        "{} s into a block of {} s: less than 0.0001 h can say",
        number_text(pl.col("block") - pl.col("surplus"), digits),
        number_text(pl.col("block"), digits),
    )
    place = pl.col("slot") + 1
    batch.remarks.add(
        "step_flip_by_rounding", message, rows.filter(~clear), stage=Stage.STEPS, place=place
    )
