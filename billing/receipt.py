"""A receipt: what was measured, what was billed, at which price, by which component, and why.

A number without its receipt is not a price. One line per period × dimension × component.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing.record import Shared
from billing.tariff import Dimension

_ZERO = Decimal(0)


class CostGroup(StrEnum):
    """Which total of a CDR a line belongs to. OCPI 2.2.1 mod_cdrs, CDR.total_*_cost."""

    ENERGY = "energy"
    TIME = "time"
    PARKING = "parking"
    FIXED = "fixed"
    RESERVATION = "reservation"
    LIMIT = "limit"
    """What min_price adds or max_price takes away: part of total_cost and of no other total."""


@dataclass(frozen=True, slots=True)
class Line:
    """One priced quantity. Energy in kWh, time in hours, FLAT in pieces.

    `net` is the cost before tax, `tax` the tax on it, `vat` its rate in percent (None: no tax
    applies). Both are kept to 1E-12 such that the lines of a group and rate sum to exactly their
    total, however finely the session was cut. `price` is as published (with tax where
    tax_included says so). `element` and `component` are positions in the tariff (0-based), so that
    the rule that decided can be pointed at; `reason` says in a sentence why it matched. All three
    of `period`, `element` and `component` are −1 on a line of the group LIMIT.
    """

    period: int
    dimension: Dimension
    group: CostGroup
    measured: Decimal
    billed: Decimal
    step_size: int
    price: Decimal
    net: Decimal
    vat: Decimal | None
    tax: Decimal
    tariff_id: str
    element: int
    component: int
    reason: str
    imputed: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """Something a reader of the total must know: a stable code, a sentence, the period or −1."""

    code: str
    message: str
    period: int = -1


@dataclass(frozen=True, slots=True)
class Amount:
    """Money of one currency: before tax, and the tax by rate as (rate percent | None, tax)."""

    net: Decimal
    taxes: tuple[tuple[Decimal | None, Decimal], ...] = ()

    @property
    def tax(self) -> Decimal:
        """All taxes together."""
        return sum([amount for _, amount in self.taxes], _ZERO)

    @property
    def gross(self) -> Decimal:
        """After tax."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Receipt:
    """The price of one session. Exact values, and the total rounded once by the named policy.

    `exact_total` is the sum of the lines, min_price and max_price included, to 1E-12; `total` is
    the same rounded to the currency's minor unit such that net and taxes sum to the rounded gross.
    `totals` holds, exact, every CostGroup that has a line.
    `policies` are (key, value) pairs of everything that decided, so that a replay repeats it.
    """

    currency: str
    lines: tuple[Line, ...]
    exact_total: Amount
    total: Amount
    totals: tuple[tuple[CostGroup, Amount], ...]
    notes: tuple[Note, ...]
    policies: Shared[tuple[tuple[str, str], ...]]
