"""CDRs as a partner would claim them: a tariff and periods in short, and the money asked for."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from billing.cdr import CDR, derive
from billing.period import ChargingPeriod
from billing.receipt import Amount, CostGroup, Receipt
from billing.tariff import Tariff
from billing.verify.mistakes import seconds
from billing.verify.report import Report
from billing.verify.verify import Known, verify
from tests.billing.cdr.samples import context, session
from tests.billing.pricing.samples import AMSTERDAM, periods, tariff_of

Claimed = dict[str, str]
"""`total`, `energy` … → `9.00` before tax, or `9.00 10.89` before and after tax."""


def cdr_of(
    tariff: Tariff, rows: list[tuple[str, str]], end: str, claimed: Claimed, **changes: Any
) -> CDR:
    """A CDR of these periods (as in the pricing samples) that claims this money."""
    cut = periods(*rows, end=end, tariff_id=tariff.id)
    made = derive(session(), context())
    assert isinstance(made, CDR)
    known = {
        "tariffs": (tariff,),
        "currency": tariff.currency,
        "periods": cut,
        "start_at": cut[0].start_at,
        "end_at": cut[-1].end_at,
        "receipt": claim(tariff.currency, claimed),
        "total_energy_kwh": sum([one.energy_wh for one in cut], Decimal(0)) / 1000,
        "total_time_h": _hours(cut, 0) + _hours(cut, 1),
        "total_parking_time_h": _hours(cut, 1),
        "last_updated": cut[-1].end_at,
    }
    return replace(made, **(known | changes))


def _hours(cut: tuple[ChargingPeriod, ...], which: int) -> Decimal:
    return sum([seconds(one)[which] for one in cut], Decimal(0)) / 3600


def claim(currency: str, claimed: Claimed) -> Receipt:
    total = amount(claimed["total"])
    parts = ((CostGroup(name), amount(v)) for name, v in claimed.items() if name != "total")
    return Receipt(currency, (), total, total, tuple(parts), (), ())


def amount(text: str) -> Amount:
    before, *after = map(Decimal, text.split())
    return Amount(before, tuple((None, one - before) for one in after))


def report(
    plain: Any, rows: list[tuple[str, str]], end: str, claimed: Claimed, **changes: Any
) -> Report:
    """Verified in Amsterdam, by the CDR's own tariff."""
    return verify(cdr_of(tariff_of(plain), rows, end, claimed, **changes), AMSTERDAM, Known())
