"""From quantities and components to receipt lines: exact, with tax, and adding up.

Knows cost and tax of a billed quantity. Refuses to choose components. A price per hour times
seconds may never end as a decimal; so each group and rate is summed over a common denominator and
its running total is divided once, to 1E-12, of which every line is the next difference: lines sum
exactly, and cutting a session finer changes no total.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from billing.money import GRAIN, Rounding, round_to_multiple
from billing.mould import mould
from billing.period import ChargingPeriod
from billing.receipt import Amount, CostGroup, Line
from billing.record import decimal_text
from billing.schedule import Choice
from billing.step import Quantity
from billing.tariff import Dimension, PriceComponent, Tariff

ZERO, HUNDRED = Decimal(0), Decimal(100)

new_line = mould(Line)
_new_amount = mould(Amount)

UNIT = {
    Dimension.ENERGY: Decimal(1000),
    Dimension.TIME: Decimal(3600),
    Dimension.PARKING_TIME: Decimal(3600),
    Dimension.FLAT: Decimal(1),
}
"""How many Wh, seconds or pieces a price is for."""

WHOLE = Decimal(18_000)
"""A multiple of every unit: sums over it are exact, whatever they are sums of."""
_PARTS = {dimension: WHOLE / unit for dimension, unit in UNIT.items()}


class Use(NamedTuple):
    """A quantity of one period and the component that prices it (None: nothing does)."""

    period: ChargingPeriod
    quantity: Quantity
    choice: Choice | None
    tariff: Tariff


@dataclass(slots=True)
class _Running:
    """The running cost of one group and rate: what is due so far (in parts of `WHOLE`), and what
    its lines already carry.
    """

    due: Decimal = ZERO
    net: Decimal = ZERO
    tax: Decimal = ZERO

    def add(self, choice: Choice, amount: Decimal) -> tuple[Decimal, Decimal]:
        """Add price × amount; give the (net, tax) that the new line must carry."""
        rule = choice.rule
        self.due += rule.price * amount * _PARTS[rule.dimension]
        net, levied = _taxed(self.due, choice)
        line = (net - self.net, levied - self.tax)
        self.net, self.tax = net, levied
        return line


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
    return whole, _at_grain(due * vat / (WHOLE * HUNDRED))


def _at_grain(value: Decimal) -> Decimal:
    """As `round_to(value, GRAIN)`, in the exact context of whoever prices."""
    kept = value.quantize(GRAIN, ROUND_HALF_UP)
    return kept or abs(kept)


def cost_lines(uses: Sequence[Use], added: dict[int, Decimal]) -> list[Line]:
    """One line per priced quantity; `added` is what whole blocks add, by position in `uses`."""
    running: dict[tuple[CostGroup, Decimal | None, bool], _Running] = {}
    lines = []
    for position, use in enumerate(uses):
        if use.choice is not None:
            lines.append(_line(use, use.choice, added.get(position, ZERO), running))
    return lines


def _line(
    use: Use,
    choice: Choice,
    surplus: Decimal,
    running: dict[tuple[CostGroup, Decimal | None, bool], _Running],
) -> Line:
    rule, quantity, period = choice.rule, use.quantity, use.period
    key = (choice.group, choice.vat, choice.included)
    total = running.get(key)
    if total is None:
        total = running[key] = _Running()
    billed = quantity.billable + surplus if surplus else quantity.billable
    measured = _in_units(quantity.amount, rule.dimension)
    net, tax = total.add(choice, billed)
    return new_line(
        period=period.ordinal,
        dimension=rule.dimension,
        group=choice.group,
        measured=measured,
        billed=measured if billed is quantity.amount else _in_units(billed, rule.dimension),
        step_size=rule.step_size,
        price=rule.price,
        net=net,
        vat=choice.vat,
        tax=tax,
        tariff_id=use.tariff.id,
        element=choice.element,
        component=choice.component,
        reason=choice.reason + _stepped(rule, billed, surplus) if surplus else choice.reason,
        imputed=period.imputed,
    )


def _in_units(amount: Decimal, dimension: Dimension) -> Decimal:
    """kWh, hours or pieces; hours may never end as a decimal and are kept to 1E-12."""
    if dimension is Dimension.FLAT:
        return amount
    found = amount / UNIT[dimension]
    return found if dimension is Dimension.ENERGY else _at_grain(found)


def _stepped(rule: PriceComponent, billed: Decimal, surplus: Decimal) -> str:
    name = "Wh" if rule.dimension is Dimension.ENERGY else "s"
    step = max(rule.step_size, 1)
    before, after = decimal_text(billed - surplus), decimal_text(billed)
    return f"; {before} {name} billed as {after} {name} to fill steps of {step} {name}"


def amount_of(lines: Iterable[Line]) -> Amount:
    """The sum of lines: net, and tax by rate in ascending order; no rate, no tax entry."""
    net = ZERO
    taxes: dict[Decimal | None, Decimal] = {}
    for line in lines:
        net += line.net
        if line.vat is not None or line.tax:
            taxes[line.vat] = taxes.get(line.vat, ZERO) + line.tax
    if len(taxes) < _SEVERAL:
        return _new_amount(net, tuple(taxes.items()))
    rates = sorted(taxes, key=lambda rate: (rate is not None, rate or ZERO))
    return _new_amount(net, tuple((rate, taxes[rate]) for rate in rates))


_SEVERAL = 2
_GROUPS = tuple(CostGroup)


def totals_of(lines: Sequence[Line], whole: Amount) -> tuple[tuple[CostGroup, Amount], ...]:
    """The sum of the lines of each group that has one, in the order of CostGroup; `whole` is the
    sum of them all.
    """
    by_group: dict[CostGroup, list[Line]] = {}
    for line in lines:
        by_group.setdefault(line.group, []).append(line)
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
