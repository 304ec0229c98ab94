"""What a CDR claims in money, amount by amount, and when a computed cost is the same.

Knows precision: a claim on cents is compared on cents, one on four decimals on four. Refuses to
know why a claim might differ.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from billing.cdr import CDR
from billing.money import minor_unit, round_to
from billing.receipt import Amount
from billing.verify.reckoning import PARTS, TOTAL, ZERO, Cost, Costs
from billing.verify.report import Side

_DECIMALS = 4
"""OCPI 2.2.1 types, number: four decimals unless stated otherwise."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One amount of one cost field."""

    field: str
    side: Side
    amount: Decimal

    def shown(self, cost: Cost, currency: str) -> Decimal:
        """The computed amount at the precision the claim is written with. A part may be stated on
        the currency's unit, whatever the total is rounded to.
        """
        exact, rounded = self._of(cost)
        unit = minor_unit(currency)
        if self.amount == round_to(self.amount, unit):
            near = round_to(exact, unit)
            return near if self.field != TOTAL and near == self.amount else rounded
        exponent = self.amount.as_tuple().exponent
        assert isinstance(exponent, int), "claims are finite"
        return round_to(exact, Decimal(1).scaleb(min(-_DECIMALS, exponent)))

    def is_exact(self, cost: Cost, currency: str) -> bool:
        """Whether the claim is the computed amount, at its own precision."""
        return self.amount == self.shown(cost, currency)

    def gap(self, cost: Cost) -> Decimal:
        """How far the claim is from the exact amount."""
        return abs(self.amount - self._of(cost)[0])

    def is_rounding(self, cost: Cost) -> bool:
        """Whether rounding each line once, up or down, explains it. A part may besides hold less
        than a unit of another's: parts are stated so that they add up.
        """
        least, most = cost.between(after_tax=self.side is Side.AFTER_TAX)
        shared = cost.unit if self.field != TOTAL and cost.lines else ZERO
        return least <= self.amount <= most or self.gap(cost) < shared

    def allowance(self, cost: Cost) -> Decimal:
        """How far rounding each line to the unit can lead away from the exact amount: before tax
        once; after tax the price and its tax are two roundings.
        """
        exact = self._of(cost)[0]
        least, most = cost.between(after_tax=self.side is Side.AFTER_TAX)
        return max(exact - least, most - exact, ZERO)

    def _of(self, cost: Cost) -> tuple[Decimal, Decimal]:
        if self.side is Side.BEFORE_TAX:
            return cost.before, cost.rounded_before
        return cost.after, cost.rounded_after


def claims(cdr: CDR) -> tuple[Claim, ...]:
    """Every amount that is stated, total first; after tax only where the CDR says it."""
    return tuple(_claims(cdr))


def _claims(cdr: CDR) -> Iterable[Claim]:
    stated: dict[str, Amount] = {TOTAL: cdr.receipt.total}
    amounts = dict(cdr.receipt.totals)
    stated |= {field: amounts[group] for field, group in PARTS.items() if group in amounts}
    for field, amount in stated.items():
        yield Claim(field, Side.BEFORE_TAX, amount.net)
        if amount.taxes:
            yield Claim(field, Side.AFTER_TAX, amount.gross)


def payable(cdr: CDR, computed: Cost) -> tuple[Decimal, Decimal]:
    """(claimed, computed) of the total: after tax where the CDR says it; before tax where it does
    not, or where only that differs.
    """
    total = cdr.receipt.total
    net = total.net, Claim(TOTAL, Side.BEFORE_TAX, total.net).shown(computed, cdr.currency)
    if not total.taxes:
        return net
    gross = total.gross, Claim(TOTAL, Side.AFTER_TAX, total.gross).shown(computed, cdr.currency)
    return net if gross[0] == gross[1] and net[0] != net[1] else gross


def are_exact(stated: Iterable[Claim], costs: Costs, currency: str) -> bool:
    """Whether the costs are the claim: the total exactly, the parts to their rounding."""
    return all(
        claim.is_exact(costs[claim.field], currency)
        or (claim.field != TOTAL and claim.is_rounding(costs[claim.field]))
        for claim in stated
    )


def are_close(stated: Iterable[Claim], costs: Costs, base: Costs) -> bool:
    """Whether the costs are the claim but for rounding, and come four times as near as `base`."""
    for claim in stated:
        cost, before = costs[claim.field], base[claim.field]
        if not claim.is_rounding(cost):
            return False
        if not claim.is_rounding(before) and claim.gap(cost) * 4 > claim.gap(before):
            return False
    return True
