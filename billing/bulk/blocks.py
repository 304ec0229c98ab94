"""step_size in columns: what billing in whole blocks adds, and to which use.

Knows budgets and their last priced use. Refuses to know prices. OCPI 2.2.1 mod_cdrs, "step_size":
once per session, TIME and PARKING_TIME together, in the block of whoever was priced last.
"""

from typing import NamedTuple

import polars as pl

from billing.bulk.catalog import ENERGY, NOBODY, PARKING, TIME, Part
from billing.bulk.layout import Batch
from billing.bulk.remark import Stage
from billing.bulk.rows import at, chosen, firsts, lasts, ordered, spread, starts_of, summed, where
from billing.bulk.tables import Tables
from billing.bulk.text import number_text
from billing.bulk.whole import widened
from billing.bulk.winner import winning
from billing.policy import PricingPolicy

_HALF_GRAIN = (18, 2)
"""0.18 s: half of the 0.0001 h that a volume on the wire can tell apart; digits of it."""


class Kind(NamedTuple):
    """Of each session: the sum that counts, and the row of the last priced (−1: none is)."""

    total: pl.Series
    last: pl.Series


def surplus_of(uses: pl.DataFrame, batch: Batch, tables: Tables) -> pl.Series:
    """What is added to each use, in whole numbers like `billable`; 0 for most."""
    block = tables.components["block"][winning(uses["winner"])]
    priced = uses["winner"] != NOBODY
    kinds = _kinds(uses, priced, batch)
    if batch.policy.step_scope == "period":
        budgets = [pl.DataFrame({"row": chosen(priced), "total": uses["billable"].filter(priced)})]
    else:
        budgets = _budgets(kinds, batch.policy)
    added = _rounded_up(budgets, block)
    _note_budgets(uses, kinds, added, batch)
    _note_steps(uses, added, batch, tables)
    return spread(added["surplus"], added["row"], uses.height)


def _kinds(uses: pl.DataFrame, priced: pl.Series, batch: Batch) -> dict[str, Kind]:
    """Totals and last priced rows, by session, of the kinds of quantity with blocks."""
    part, dimension, sessions = uses["part"], uses["dimension"], batch.sessions.height
    time, session, over = dimension == TIME, part == Part.SESSION, part == Part.OVERTIME
    members = {
        "energy": dimension == ENERGY,
        "parking": dimension == PARKING,
        "time": time & session,
        "held": time & ~session & ~over,
        "over": time & over,
    }
    every = batch.policy.step_counts_unpriced == "yes"
    found = {}
    for name, member in members.items():
        counted, row = chosen(member if every else member & priced), chosen(member & priced)
        s = uses["s"][counted]
        begins = starts_of(s)
        sums = summed(uses["billable"][counted], begins)
        total = spread(sums, s[firsts(begins)], sessions)
        last = lasts(starts_of(uses["s"][row]), len(row))
        found[name] = Kind(
            total, spread(row[last].cast(pl.Int64), uses["s"][row[last]], sessions, -1)
        )
    return found


def _budgets(kinds: dict[str, Kind], policy: PricingPolicy) -> list[pl.DataFrame]:
    """What is rounded up as one: its `total`, and the `row` of its last priced use."""
    time, held, parking = kinds["time"], kinds["held"], kinds["parking"]
    shared = policy.reservation_step_budget == "shared"
    if shared:
        total, held_total = widened([time.total, held.total])
        time = Kind(total + held_total, held.last.zip_with(held.last > time.last, time.last))
    parks = parking.last > time.last
    if policy.time_step_target == "parking_when_priced":
        parks = parking.last >= 0
    total, parking_total = widened([time.total, parking.total])
    times = Kind(parking_total.zip_with(parks, total), parking.last.zip_with(parks, time.last))
    found = [kinds["energy"], times, kinds["over"], *([] if shared else [held])]
    return [
        where(pl.DataFrame({"row": kind.last, "total": kind.total}), kind.last >= 0).cast(
            {"row": pl.UInt32}
        )
        for kind in found
    ]


def _rounded_up(budgets: list[pl.DataFrame], block: pl.Series) -> pl.DataFrame:
    """`row` and its `surplus` where a budget's total does not fill its blocks, by row."""
    found = pl.concat(budgets, how="vertical_relaxed")
    found = found.hstack([block[found["row"]].alias("block")])
    found = where(found, (found["block"] != 0) & (found["total"] > 0))
    rest = found["total"] % found["block"].abs()
    surplus = (found["block"] - rest).cast(pl.Int64)
    found = where(found.select("row", "block").hstack([surplus.alias("surplus")]), rest != 0)
    return at(found, ordered(found["row"]))


def _note_budgets(
    uses: pl.DataFrame, kinds: dict[str, Kind], added: pl.DataFrame, batch: Batch
) -> None:
    policy, s = batch.policy, batch.sessions.select("s")
    parking, time, held = (kinds[name].last for name in ("parking", "time", "held"))
    late = where(s, (parking >= 0) & (time > parking))
    text = f"charged after parking: {policy.time_step_target} decides which time is rounded"
    batch.remarks.add("time_step_target", text, late, stage=Stage.STEP_TARGET)
    both = (held >= 0) & ((time >= 0) | (parking >= 0))
    if not both.any():
        return
    touched = uses["s"][added["row"]].unique()
    text = f"reservation and session times: budgets are {policy.reservation_step_budget}"
    rows = where(s, both).filter(pl.col("s").is_in(touched.implode()))
    batch.remarks.add("reservation_and_time_steps", text, rows, stage=Stage.STEP_BUDGETS)


def _note_steps(uses: pl.DataFrame, added: pl.DataFrame, batch: Batch, tables: Tables) -> None:
    """A block is begun by less than the wire can tell apart; or 2.1.1 leaves open when it is."""
    rows = at(uses.select("s", "p", "slot", "dimension", "winner"), added["row"])
    rows = rows.hstack(added.select("block", "surplus"))
    old = where(rows, tables.components["from_211"][rows["winner"]])
    text = f"2.1.1 bills in blocks without saying how often: once per {batch.policy.step_scope}"
    batch.remarks.add("step_once_per_session", text, old.select("s", "p"), stage=Stage.STEPS)
    rows = where(rows, (rows["dimension"] == TIME) | (rows["dimension"] == PARKING))
    rows = rows.hstack(at(batch.periods.select("ordinal", "time_s", "parking_s"), rows["p"]))
    rows = where(rows, rows["time_s"].is_not_null() | rows["parking_s"].is_not_null())
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
