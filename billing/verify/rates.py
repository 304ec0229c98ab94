"""Tax by rate: a tax return is made of these, and their sum may be right with each of them wrong.

Knows what a CDR states with a percentage (OCPI 2.3.0 mod_cdrs, TaxAmount). Refuses to compare a tax
whose rate nobody names.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from billing.cdr import CDR
from billing.money import minor_unit, round_to
from billing.receipt import Amount, Line, Receipt
from billing.verify.reckoning import PARTS, TOTAL, ZERO, between
from billing.verify.report import Check, Group, Kind, Place

CAUSE = "tax_of_rate"


def by_rate(cdr: CDR, receipt: Receipt, unit: Decimal) -> Iterator[Check]:
    """A row for each rate whose tax is further off than its lines' rounding to `unit` explains,
    where all taxes of a price name their rate and only their shares are wrong.
    """
    amounts = dict(cdr.receipt.totals)
    yield from _of_field(cdr, TOTAL, (cdr.receipt.total, receipt.lines), unit)
    for field, group in PARTS.items():
        if group in amounts:
            lines = [line for line in receipt.lines if line.group is group]
            yield from _of_field(cdr, field, (amounts[group], lines), unit)


def _of_field(
    cdr: CDR, field: str, both: tuple[Amount, Sequence[Line]], unit: Decimal
) -> Iterator[Check]:
    claimed, lines = both
    rates = [rate for rate, _ in claimed.taxes]
    if not rates or None in rates or not _fits(claimed.tax, [one.tax for one in lines], unit):
        return
    for rate in dict.fromkeys([*rates, *(one.vat for one in lines if one.tax)]):
        stated = sum([tax for own, tax in claimed.taxes if own == rate], ZERO)
        due = [one.tax for one in lines if one.vat == rate]
        if not _fits(stated, due, unit):
            place: Place = (field, "taxes")
            if rate in rates:
                place = (*place, rates.index(rate))
            yield _row(cdr, place, rate, (stated, sum(due, ZERO)), unit)


def _fits(claimed: Decimal, taxes: Sequence[Decimal], unit: Decimal) -> bool:
    """Each line rounded once, and one unit so that net and taxes add up."""
    least, most = between(taxes, unit)
    return least - unit <= claimed <= most + unit


def _row(
    cdr: CDR,
    place: Place,
    rate: Decimal | None,
    sides: tuple[Decimal, Decimal],
    unit: Decimal,
) -> Check:
    claimed, computed = sides
    named = "tax without a rate" if rate is None else f"tax of {rate} %"
    return Check(
        Group.COST,
        str(place[0]),
        Kind.UNEXPLAINED,
        place,
        claimed=claimed,
        computed=round_to(computed, minor_unit(cdr.currency)),
        unit=cdr.currency,
        tolerance=unit,
        cause=CAUSE,
        message=f"{named}: another share of the taxes than its lines give",
    )
