"""What a CDR would cost, as the fields of a CDR say it: computed once, or again in another reading.

A Case is everything that a price is made of; a reading of the claim is another Case. Knows neither
claim nor cause.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.money import Rounding, minor_unit, round_to
from billing.period import ChargingPeriod
from billing.policy import PricingPolicy
from billing.price import price
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


@dataclass(frozen=True, slots=True)
class Cost:
    """One cost field: exact before and after tax, the same rounded for payment, and how many lines
    went into it.
    """

    before: Decimal
    after: Decimal
    rounded_before: Decimal
    rounded_after: Decimal
    lines: int


Costs = dict[str, Cost]


def costs_of(receipt: Receipt) -> Costs:
    """Every cost field of a receipt; a part without lines costs nothing."""
    total = receipt.exact_total
    found = {
        TOTAL: Cost(
            total.net,
            total.gross,
            receipt.total.net,
            receipt.total.gross,
            len(receipt.lines),
        )
    }
    amounts = dict(receipt.totals)
    for field, group in PARTS.items():
        amount = amounts.get(group)
        lines = sum(1 for line in receipt.lines if line.group is group)
        before, after = (ZERO, ZERO) if amount is None else (amount.net, amount.gross)
        found[field] = _cost(before, after, receipt.currency, lines)
    return found


def retaxed(receipt: Receipt, taxed: Taxed) -> Costs:
    """The costs of the same lines where taxes are read in another way."""
    by_group: dict[CostGroup, list[tuple[Decimal, Decimal]]] = {}
    for line in receipt.lines:
        by_group.setdefault(line.group, []).append(taxed(line))
    everything = [pair for pairs in by_group.values() for pair in pairs]
    found = {TOTAL: _summed(everything, receipt.currency)}
    for field, group in PARTS.items():
        found[field] = _summed(by_group.get(group, []), receipt.currency)
    return found


def _summed(pairs: Iterable[tuple[Decimal, Decimal]], currency: str) -> Cost:
    known = list(pairs)
    net = sum([net for net, _ in known], ZERO)
    return _cost(net, net + sum([tax for _, tax in known], ZERO), currency, len(known))


def _cost(before: Decimal, after: Decimal, currency: str, lines: int) -> Cost:
    unit = minor_unit(currency)
    rounded = [round_to(value, unit, Rounding.HALF_AWAY) for value in (before, after)]
    return Cost(before, after, rounded[0], rounded[1], lines)
