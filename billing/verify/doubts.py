"""Why a claim cannot be judged although it was computed: the CDR does not say what it was made of.

A tariff that nobody has; two totals of energy, of which either may have been billed. Refuses to
choose between them. OCPI 2.2.1 mod_cdrs, ChargingPeriod.tariff_id and CDR.total_energy.
"""

from collections.abc import Sequence
from decimal import Decimal

from billing.cdr import CDR
from billing.receipt import Receipt
from billing.tariff import Dimension, Tariff
from billing.verify.consistency import UNKNOWN_TARIFF
from billing.verify.quantity import NOT_OF_PERIODS, energy
from billing.verify.reckoning import PARTS, TOTAL
from billing.verify.report import Explanation, Kind

_ENERGY = (TOTAL, "total_energy_cost")


def doubts(cdr: CDR, tariffs: Sequence[Tariff], receipt: Receipt) -> dict[str, Explanation]:
    """Cost field -> why a claim that no reading gives cannot be judged; empty where it can."""
    found = _tariff(cdr, tariffs, receipt)
    if found is not None:
        return dict.fromkeys((TOTAL, *PARTS), found)
    found = _energy(cdr, receipt)
    return {} if found is None else dict.fromkeys(_ENERGY, found)


def _tariff(cdr: CDR, tariffs: Sequence[Tariff], receipt: Receipt) -> Explanation | None:
    known = {tariff.id.upper() for tariff in tariffs}
    named = dict.fromkeys(period.tariff_id for period in cdr.periods if period.tariff_id)
    names = [name for name in named if name.upper() not in known]
    if not names:
        return None
    used = " and ".join(dict.fromkeys(line.tariff_id for line in receipt.lines if line.tariff_id))
    text = (
        f"the periods name tariff {' and '.join(names)}, which is neither in the CDR nor held by "
        f"us: {used or 'another'} stood in"
    )
    return Explanation(Kind.UNEXPLAINED, UNKNOWN_TARIFF, text)


def _energy(cdr: CDR, receipt: Receipt) -> Explanation | None:
    check = energy(cdr)
    billed = any(line.dimension is Dimension.ENERGY and line.price for line in receipt.lines)
    if not billed or check.cause != NOT_OF_PERIODS:
        return None
    stated, periods = (f"{_plain(value)} kWh" for value in (check.claimed, check.computed))
    text = f"total_energy is {stated}, the periods state {periods}: the claim is for neither"
    return Explanation(Kind.UNEXPLAINED, NOT_OF_PERIODS, text)


def _plain(value: Decimal | None) -> str:
    assert value is not None, "a quantity that differs was compared"
    return f"{value.normalize():f}"
