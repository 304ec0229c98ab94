"""The money of a CDR on the wire: total_cost and its parts, and the sign of a credit.

A credit CDR says only its total_cost negative; in the core its receipt stays as the credited one's.
OCPI 2.2.1 mod_cdrs, "Credit CDRs", total_*_cost.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from billing.cdr import CDR
from billing.period import ChargingPeriod
from billing.receipt import Amount, CostGroup, Receipt
from ingest.protocols.ocpi.money import costs, negated
from ingest.protocols.ocpi.prices import read_price, write_price
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.wire import Wire

PARTS = {
    "total_fixed_cost": CostGroup.FIXED,
    "total_energy_cost": CostGroup.ENERGY,
    "total_time_cost": CostGroup.TIME,
    "total_parking_cost": CostGroup.PARKING,
    "total_reservation_cost": CostGroup.RESERVATION,
}


def write_costs(cdr: CDR, version: str) -> Wire:
    """total_cost, and the part costs where the version has them; as written they add up."""
    written = costs(cdr.receipt)
    total = negated(written.total) if cdr.credit else written.total
    wire: Wire = {"total_cost": write_price(total, version)}
    if version != "2.1.1":
        for field, group in PARTS.items():
            part = written.parts.get(group)
            wire[field] = None if part is None else write_price(part, version)
    return wire


def read_receipt(cdr: Reader, version: str, *, credit: bool) -> Receipt:
    """What the peer claims: totals without lines. A credit's total is turned to its positive."""
    claimed = read_price(cdr, "total_cost", version)
    if claimed is None:
        cdr.fault("total_cost", "required field missing")
    total = claimed or Amount(cdr.number("total_cost"))
    if credit and total.net > 0:
        cdr.note("credit_sign", "total_cost", "a credit CDR's total_cost is negative, this is not")
    elif credit:
        total = negated(total)
    parts = ((group, read_price(cdr, field, version)) for field, group in PARTS.items())
    totals = tuple((group, part) for group, part in parts if part is not None)
    return Receipt(
        currency=cdr.text("currency"),
        lines=(),
        exact_total=total,
        total=total,
        totals=totals,
        notes=(),
        policies=(),
    )


def upright(cdr: Reader, read: CDR) -> CDR:
    """A credit CDR whose volumes were negated too, with them positive again, and a note.

    Energy is judged apart from time, periods apart from totals, each as a whole: only where none
    is above zero. A mixture keeps its signs, with a note: energy may have been fed back.
    """
    if not read.credit:
        return read
    energies = [one.energy_wh for one in read.periods]
    times = [s for one in read.periods for s in (one.time_s, one.parking_s, one.overtime_s) if s]
    mixed = _is_mixed(cdr, "ENERGY", energies) or _is_mixed(cdr, "times", times)
    periods = read.periods
    if _is_negated(energies):
        cdr.note("credit_energy_sign", "charging_periods", f"energy {_STAYS}")
        periods = tuple(replace(one, energy_wh=-one.energy_wh) for one in periods)
    if _is_negated(times):
        cdr.note("credit_time_sign", "charging_periods", f"time {_STAYS}")
        periods = tuple(_with_times_turned(one) for one in periods)
    read = replace(read, periods=periods)
    return read if mixed else _with_totals_turned(cdr, read)


_STAYS = "stays positive in a credit CDR"


def _is_negated(volumes: Sequence[Decimal]) -> bool:
    return max(volumes, default=Decimal(0)) <= 0 and any(volumes)


def _is_mixed(cdr: Reader, what: str, volumes: Sequence[Decimal]) -> bool:
    mixed = min(volumes, default=Decimal(0)) < 0 < max(volumes, default=Decimal(0))
    if mixed:
        text = f"{what} of a credit CDR above and below zero: taken as written"
        cdr.note("credit_mixed_signs", "charging_periods", text)
    return mixed


def _with_times_turned(period: ChargingPeriod) -> ChargingPeriod:
    return replace(
        period,
        time_s=period.time_s and -period.time_s,
        parking_s=period.parking_s and -period.parking_s,
        overtime_s=period.overtime_s and -period.overtime_s,
    )


def _with_totals_turned(cdr: Reader, read: CDR) -> CDR:
    return replace(
        read,
        total_energy_kwh=_turned(cdr, "total_energy", read.total_energy_kwh),
        total_time_h=_turned(cdr, "total_time", read.total_time_h),
        total_parking_time_h=_turned(cdr, "total_parking_time", read.total_parking_time_h),
    )


def _turned(cdr: Reader, field: str, total: Decimal) -> Decimal:
    if total >= 0:
        return total
    code = "credit_energy_sign" if field == "total_energy" else "credit_time_sign"
    cdr.note(code, field, f"{field} {_STAYS}")
    return -total
