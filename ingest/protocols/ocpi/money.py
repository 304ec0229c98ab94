"""How a CDR's totals are written so that they add up: the parts as written sum to the total.

Knows amounts before tax with their taxes by rate, and no wire shape of any version.
"""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import partial

from billing.money import UnknownCurrency, minor_unit
from billing.receipt import Amount, CostGroup, Receipt
from ingest.protocols.ocpi.wire import GRAIN, kept, plain

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Costs:
    """Total and parts, each already rounded for the wire."""

    total: Amount
    parts: dict[CostGroup, Amount]


@kept(16)
def costs(receipt: Receipt) -> Costs:
    """Rounds a receipt's total to 4 decimals and shares the rounding among its parts.

    Parts are written on the grain of the total (the currency's minor unit, where it stands on that:
    cents, whole yen) by the largest remainder; where parts and total differ by more than
    rounding (a min or max price was hit) each part is rounded by itself and the difference stays
    visible.
    """
    total, grain = _rounded(receipt.total), partial(_grain, _unit(receipt.currency))
    groups = [group for group, _ in receipt.totals]
    amounts = [amount for _, amount in receipt.totals]
    nets = apportion(total.net, [amount.net for amount in amounts], grain(total.net))
    taxes: list[list[tuple[Decimal | None, Decimal]]] = [[] for _ in groups]
    for rate in dict.fromkeys(rate for amount in amounts for rate, _ in amount.taxes):
        shares = [sum((tax for r, tax in a.taxes if r == rate), Decimal(0)) for a in amounts]
        whole = next((tax for r, tax in total.taxes if r == rate), None)
        written = _each(shares) if whole is None else apportion(whole, shares, grain(whole))
        for part, amount, tax in zip(taxes, amounts, written, strict=True):
            if any(r == rate for r, _ in amount.taxes):
                part.append((rate, tax))
    parts = {
        group: Amount(net, tuple(tax)) for group, net, tax in zip(groups, nets, taxes, strict=True)
    }
    return Costs(total, parts)


def apportion(total: Decimal, exact: list[Decimal], grain: Decimal) -> list[Decimal]:
    """`exact` on multiples of `grain`, summing to `total`: what is left goes by largest remainder.

    Where the exact values are further from `total` than rounding explains, each is rounded to 4
    decimals by itself. Of ties the earlier is given to, the later taken from, so that the same
    input gives the same output. What is nothing stays nothing, and nothing falls below zero by it.
    """
    if not exact or abs(total - sum(exact)) >= grain * len(exact):
        return _each(exact)
    if len(exact) == 1:
        return [total]
    floors = [(value / grain).to_integral_value(ROUND_FLOOR) for value in exact]
    missing = int(total / grain - sum(floors))
    step = 1 if missing > 0 else -1
    order = sorted(range(len(exact)), key=lambda i: floors[i] - exact[i] / grain)[::step]
    while missing:
        able = [at for at in order if exact[at] and (step > 0 or floors[at] > 0 or exact[at] < 0)]
        if not able:
            return _each(exact)
        for at in able[: abs(missing)]:
            floors[at] += step
        missing -= step * min(len(able), abs(missing))
    return [plain(value * grain) for value in floors]


def negated(amount: Amount) -> Amount:
    """The same money the other way: a credit's total."""
    return Amount(plain(-amount.net), tuple((rate, plain(-tax)) for rate, tax in amount.taxes))


def _rounded(amount: Amount) -> Amount:
    return Amount(_round(amount.net), tuple((rate, _round(tax)) for rate, tax in amount.taxes))


def _round(value: Decimal) -> Decimal:
    return plain(value.quantize(GRAIN, rounding=ROUND_HALF_UP))


def _each(values: list[Decimal]) -> list[Decimal]:
    return [_round(value) for value in values]


def _unit(currency: str) -> Decimal:
    """The currency's minor unit; a cent where nobody knows it."""
    try:
        return minor_unit(currency)
    except UnknownCurrency:
        return _CENT


def _grain(unit: Decimal, total: Decimal) -> Decimal:
    """The minor unit where the total stands on it, else OCPI's 4 decimals."""
    return unit if total == total.quantize(unit) else GRAIN
