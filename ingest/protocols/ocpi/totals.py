"""The money of a CDR on the wire: total_cost and its parts, and the sign of a credit.

A credit CDR says only its total_cost negative; in the core its receipt stays as the credited one's.
OCPI 2.2.1 mod_cdrs, "Credit CDRs", total_*_cost.
"""

from dataclasses import replace

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
    """A credit CDR whose energy was negated too, with its energy positive again, and a note."""
    if not read.credit or read.total_energy_kwh >= 0:
        return read
    cdr.note("credit_energy_sign", "total_energy", "energy stays positive in a credit CDR")
    periods: tuple[ChargingPeriod, ...] = tuple(
        replace(period, energy_wh=abs(period.energy_wh)) for period in read.periods
    )
    return replace(read, total_energy_kwh=abs(read.total_energy_kwh), periods=periods)
