"""From uses to receipt lines: exact, with tax, and adding up.

Knows cost and tax of a billed quantity. Refuses to choose components. A price per hour times
seconds may never end as a decimal; so each group and rate is summed over a common denominator and
its running total is divided once, to 1E-12, of which every line is the next difference: lines sum
exactly, and cutting a session finer changes no total.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from billing.money import GRAIN, Rounding, round_to_multiple
from billing.mould import mould
from billing.receipt import Amount, CostGroup, Line
from billing.record import decimal_text
from billing.schedule import Choice
from billing.tariff import ENERGY, FLAT, PARKING_TIME, TIME, Dimension
from billing.use import Use

ZERO, HUNDRED = Decimal(0), Decimal(100)
NOTHING = ZERO.quantize(GRAIN)
"""No money, at the grain of exact amounts."""

new_line = mould(Line)
_new_amount = mould(Amount)

UNIT = {
    ENERGY: Decimal(1000),
    TIME: Decimal(3600),
    PARKING_TIME: Decimal(3600),
    FLAT: Decimal(1),
}
"""How many Wh, seconds or pieces a price is for."""

WHOLE = Decimal(18_000)
"""A multiple of every unit: sums over it are exact, whatever they are sums of."""
_PARTS = {dimension: WHOLE / unit for dimension, unit in UNIT.items()}
_PERCENT_OF_WHOLE = WHOLE * HUNDRED


@dataclass(slots=True)
class Running:
    """The running cost of one group and rate: what is due so far (in parts of `WHOLE`), and what
    its lines already carry: they sum to it.
    """

    group: CostGroup
    vat: Decimal | None
    tax: Decimal
    net: Decimal = NOTHING
    due: Decimal = ZERO

    def add(self, choice: Choice, amount: Decimal) -> tuple[Decimal, Decimal]:
        """Add price × amount; give the (net, tax) that the new line must carry."""
        rule, net, tax = choice.rule, self.net, self.tax
        if rule.price:  # else it is free, and nothing more is due
            self.due += rule.price * amount * _PARTS[rule.dimension]
            self.net, self.tax = _taxed(self.due, choice)
        return self.net - net, self.tax - tax


def _taxed(due: Decimal, choice: Choice) -> tuple[Decimal, Decimal]:
    """(net, tax) of what is due, in parts of `WHOLE`: each divided once and rounded once.

    No rate: no VAT applies (ocpi#409), or, with tax included, the net cannot be told apart.
    """
    vat, whole = choice.vat, _at_grain(due / WHOLE)
    if vat is None:
        return whole, ZERO
    if choice.included:
        net = _at_grain(due * HUNDRED / (WHOLE * (HUNDRED + vat)))
        return net, whole - net
    return whole, _at_grain(due * vat / _PERCENT_OF_WHOLE)


def _at_grain(value: Decimal) -> Decimal:
    """As `round_to(value, GRAIN)`, in the exact context of whoever prices."""
    return value.quantize(GRAIN, ROUND_HALF_UP) or NOTHING


def cost_lines(
    uses: Sequence[Use], added: dict[int, Decimal]
) -> tuple[list[Line], Sequence[Running]]:
    """One line per priced use, and what they sum to by group and rate; `added` is what whole
    blocks add, by position in `uses`.
    """
    running: dict[tuple[CostGroup, Decimal | None, bool], Running] = {}
    lines = []
    for position, use in enumerate(uses):
        choice = use.choice
        if choice is not None:
            key = (choice.group, choice.vat, choice.included)
            total = running.get(key)
            if total is None:
                untaxed = ZERO if choice.vat is None else NOTHING
                total = running[key] = Running(choice.group, choice.vat, untaxed)
            lines.append(_line(use, choice, added.get(position), total))
    return lines, tuple(running.values())


def _line(use: Use, choice: Choice, surplus: Decimal | None, total: Running) -> Line:
    rule, period, billable, reason = choice.rule, use.period, use.billable, choice.reason
    measured = billed = _in_units(use.amount, rule.dimension)
    if surplus is not None:
        reason += _stepped(use, rule.step_size, billable + surplus)
        billable += surplus
    if billable is not use.amount:
        billed = _in_units(billable, rule.dimension)
    net, tax = total.add(choice, billable)
    return new_line(
        period=period.ordinal,
        dimension=rule.dimension,
        group=choice.group,
        measured=measured,
        billed=billed,
        step_size=rule.step_size,
        price=rule.price,
        net=net,
        vat=choice.vat,
        tax=tax,
        tariff_id=choice.tariff.id,
        element=choice.element,
        component=choice.component,
        reason=reason,
        imputed=period.imputed,
    )


def _in_units(amount: Decimal, dimension: Dimension) -> Decimal:
    """kWh, hours or pieces; hours may never end as a decimal and are kept to 1E-12."""
    if dimension is FLAT:
        return amount
    found = amount / UNIT[dimension]
    return found if dimension is ENERGY else _at_grain(found)


def _stepped(use: Use, step_size: int, billed: Decimal) -> str:
    name = "Wh" if use.dimension is ENERGY else "s"
    step = max(step_size, 1)
    before, after = decimal_text(use.billable), decimal_text(billed)
    return f"; {before} {name} billed as {after} {name} to fill steps of {step} {name}"


def amount_of(parts: Iterable[Line | Running]) -> Amount:
    """The sum of lines, or of what stands for them: net, and tax by rate in ascending order; no
    rate, no tax entry.
    """
    net = ZERO
    taxes: dict[Decimal | None, Decimal] = {}
    for part in parts:
        net += part.net
        rate = part.vat
        if rate in taxes:
            taxes[rate] += part.tax
        elif rate is not None or part.tax:
            taxes[rate] = part.tax
    if len(taxes) < _SEVERAL:
        return _new_amount(net, tuple(taxes.items()))
    rates = sorted(taxes, key=lambda rate: (rate is not None, rate or ZERO))
    return _new_amount(net, tuple([(rate, taxes[rate]) for rate in rates]))


_SEVERAL = 2
_GROUPS = tuple(CostGroup)


def totals_of(
    parts: Sequence[Line | Running], whole: Amount
) -> tuple[tuple[CostGroup, Amount], ...]:
    """The sum of the parts of each group that has one, in the order of CostGroup; `whole` is the
    sum of them all.
    """
    by_group: dict[CostGroup, list[Line | Running]] = {}
    for part in parts:
        by_group.setdefault(part.group, []).append(part)
    if len(by_group) < _SEVERAL:
        return tuple([(group, whole) for group in by_group])
    return tuple([(group, amount_of(by_group[group])) for group in _GROUPS if group in by_group])


def rounded(amount: Amount, unit: Decimal, rounding: Rounding) -> Amount:
    """The amount in multiples of `unit`, net and gross rounded once each.

    The taxes are what lies between: they always sum to gross minus net, each within one unit
    of its own rounding, and a price limit that is a multiple of the unit is never exceeded.
    """
    so_far = amount.net
    net = given = round_to_multiple(so_far, unit, rounding)
    taxes = []
    for rate, tax in amount.taxes:
        so_far += tax
        up_to_here = round_to_multiple(so_far, unit, rounding)
        taxes.append((rate, up_to_here - given))
        given = up_to_here
    return _new_amount(net, tuple(taxes))
