"""What a CDR would cost, as the fields of a CDR say it: computed once, or again in another reading.

A Case is everything that a price is made of; a reading of the claim is another Case. Knows neither
claim nor cause.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from zoneinfo import ZoneInfo

from billing.money import Rounding, minor_unit, round_to, round_to_multiple
from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.price import price, rounding_unit
from billing.receipt import CostGroup, Line, Receipt
from billing.tariff import Tariff

ZERO = Decimal(0)
WIRE_GRAIN = Decimal("0.0001")
TOTAL = "total_cost"
PARTS = {
    "total_fixed_cost": CostGroup.FIXED,
    "total_energy_cost": CostGroup.ENERGY,
    "total_time_cost": CostGroup.TIME,
    "total_parking_cost": CostGroup.PARKING,
    "total_reservation_cost": CostGroup.RESERVATION,
}
"""OCPI 2.2.1 mod_cdrs: the part costs, in the order a person reads them."""

Taxed = Callable[[Line], tuple[Decimal, Decimal]]
"""(net, tax) of a line in another reading of its taxes."""


@dataclass(frozen=True, slots=True)
class Case:
    """What `price` is given."""

    periods: tuple[ChargingPeriod, ...]
    tariffs: tuple[Tariff, ...]
    zone: ZoneInfo
    start_at: datetime
    end_at: datetime
    policy: PricingPolicy
    stated_wh: Decimal = ZERO
    """CDR.total_energy, which need not be what the periods sum to."""

    def receipt(self) -> Receipt:
        """Priced. Raises what `price` raises."""
        return price(
            self.periods,
            self.tariffs,
            self.zone,
            start_at=self.start_at,
            end_at=self.end_at,
            policy=self.policy,
        )


Pair = tuple[Decimal, Decimal]


@dataclass(frozen=True, slots=True)
class Cost:
    """One cost field: exact before and after tax, the same rounded for payment, and how many lines
    went into it, each as (net, tax) in `pairs`. `unit` is what money is rounded to.
    """

    before: Decimal
    after: Decimal
    rounded_before: Decimal
    rounded_after: Decimal
    lines: int
    pairs: tuple[Pair, ...] = field(compare=False, default=())
    unit: Decimal = field(compare=False, default=ZERO)

    def between(self, *, after_tax: bool) -> Pair:
        """The least and the most that rounding every line can make of it, net and tax by
        themselves; a line that is on the unit already stays what it is.
        """
        amounts = [net for net, _ in self.pairs]
        if after_tax:
            amounts += [tax for _, tax in self.pairs]
        return between(amounts, self.unit)


Costs = dict[str, Cost]


def between(amounts: Iterable[Decimal], unit: Decimal) -> Pair:
    """The sum of amounts with each rounded down to a multiple of `unit`, and with each up."""
    low = high = ZERO
    for amount in amounts:
        pieces = round_to(amount, _GRAIN) / unit
        low += pieces.to_integral_value(ROUND_FLOOR)
        high += pieces.to_integral_value(ROUND_CEILING)
    return low * unit, high * unit


_GRAIN = Decimal("1E-9")
"""Lines are kept to 1E-12: what is nearer than this to the unit is on it."""


def costs_of(receipt: Receipt, policy: PricingPolicy) -> Costs:
    """Every cost field of a receipt, rounded by the policy; a part without lines costs nothing."""
    total, pairs = receipt.exact_total, [(line.net, line.tax) for line in receipt.lines]
    whole = _cost(total.net, total.gross, pairs, (receipt.currency, policy))
    found = {
        TOTAL: replace(whole, rounded_before=receipt.total.net, rounded_after=receipt.total.gross)
    }
    amounts = dict(receipt.totals)
    for name, group in PARTS.items():
        amount = amounts.get(group)
        pairs = [(line.net, line.tax) for line in receipt.lines if line.group is group]
        before, after = (ZERO, ZERO) if amount is None else (amount.net, amount.gross)
        found[name] = _cost(before, after, pairs, (receipt.currency, policy))
    return found


def retaxed(receipt: Receipt, taxed: Taxed, policy: PricingPolicy) -> Costs:
    """The costs of the same lines where taxes are read in another way."""
    by_group: dict[CostGroup, list[Pair]] = {}
    for line in receipt.lines:
        by_group.setdefault(line.group, []).append(taxed(line))
    everything = [pair for pairs in by_group.values() for pair in pairs]
    found = {TOTAL: _summed(everything, (receipt.currency, policy))}
    for name, group in PARTS.items():
        found[name] = _summed(by_group.get(group, []), (receipt.currency, policy))
    return found


def money_unit(currency: str, policy: PricingPolicy) -> Decimal:
    """What a stated amount may have been rounded to: the policy's unit, or the currency's where
    that is coarser.
    """
    return max(minor_unit(currency), rounding_unit(currency, policy))


def _summed(pairs: list[Pair], how: tuple[str, PricingPolicy]) -> Cost:
    net = sum([net for net, _ in pairs], ZERO)
    return _cost(net, net + sum([tax for _, tax in pairs], ZERO), pairs, how)


def _cost(
    before: Decimal, after: Decimal, pairs: list[Pair], how: tuple[str, PricingPolicy]
) -> Cost:
    currency, policy = how
    unit, rounding = rounding_unit(currency, policy), Rounding(policy.money_rounding)
    rounded = [round_to_multiple(value, unit, rounding) for value in (before, after)]
    return Cost(before, after, rounded[0], rounded[1], len(pairs), tuple(pairs), money_unit(*how))
