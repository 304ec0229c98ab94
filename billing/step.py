"""step_size: billing in whole blocks, once per session and never per period.

Knows how much is added and to which quantity. Refuses to know prices. OCPI 2.2.1 mod_cdrs,
"step_size"; mod_tariffs, PriceComponent.step_size: Wh for ENERGY, seconds for the times.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, NamedTuple

from billing.policy import PricingPolicy
from billing.tariff import Dimension

Budget = Literal["session", "reserved", "overtime"]
"""Times of the session, of its reservation, and beyond the booked slot."""

ZERO = Decimal(0)
TIMES = frozenset({Dimension.TIME, Dimension.PARKING_TIME})


class Quantity(NamedTuple):
    """What one period holds of one dimension: Wh or seconds, and the step of its component.

    `step_size` is None where no component priced it. `billable` is what is charged for before
    steps: the amount, unless a policy refuses it. `budget` is what it is rounded up together with.
    """

    dimension: Dimension
    amount: Decimal
    step_size: int | None
    billable: Decimal
    budget: Budget = "session"


def surplus(quantities: Sequence[Quantity], policy: PricingPolicy) -> dict[int, Decimal]:
    """What billing in whole blocks adds, by position in `quantities`: to the last of each budget.

    ENERGY is rounded up once on its session total. TIME and PARKING_TIME are rounded up once
    together: parking where it was priced, else charging time. Reserved time has its own budget,
    and so has the time beyond a booked slot.
    """
    if policy.step_scope == "period":
        return _each_rounded_up(quantities, policy)
    energy: list[int] = []
    times: dict[Budget, list[int]] = {"session": [], "reserved": [], "overtime": []}
    shared = policy.reservation_step_budget == "shared"
    for position, quantity in enumerate(quantities):
        if quantity.dimension is Dimension.ENERGY:
            energy.append(position)
        elif quantity.dimension is not Dimension.FLAT:
            together = shared and quantity.budget == "reserved"
            times["session" if together else quantity.budget].append(position)
    session = _target(quantities, times["session"], policy)
    added: dict[int, Decimal] = {}
    for budget in (energy, session, times["reserved"], times["overtime"]):
        if budget:
            _round_up(quantities, budget, policy, added)
    return added


def block(quantity: Quantity, policy: PricingPolicy) -> int:
    """The block a quantity is billed in, in Wh or seconds; 0: as measured."""
    step = quantity.step_size
    if step is None or quantity.dimension is Dimension.FLAT:
        return 0
    return max(step, 1 if policy.zero_step == "one" else 0)


def _each_rounded_up(quantities: Sequence[Quantity], policy: PricingPolicy) -> dict[int, Decimal]:
    added: dict[int, Decimal] = {}
    for position, quantity in enumerate(quantities):
        if block(quantity, policy):
            _round_up(quantities, [position], policy, added)
    return added


def _target(quantities: Sequence[Quantity], times: list[int], policy: PricingPolicy) -> list[int]:
    """Which of the two times is rounded: OCPI rounds what comes last, and parking comes last."""
    priced = [i for i in times if quantities[i].step_size is not None]
    if not priced:
        return []
    target = quantities[priced[-1]].dimension
    if policy.time_step_target == "parking_when_priced" and any(
        quantities[i].dimension is Dimension.PARKING_TIME for i in priced
    ):
        target = Dimension.PARKING_TIME
    return [i for i in times if quantities[i].dimension is target]


def _round_up(
    quantities: Sequence[Quantity],
    budget: list[int],
    policy: PricingPolicy,
    added: dict[int, Decimal],
) -> None:
    """Round the budget's total up to the step of its last priced quantity, which takes the rest."""
    priced = [i for i in budget if quantities[i].step_size is not None]
    if not priced:
        return
    last = priced[-1]
    step = block(quantities[last], policy)
    counted = budget if policy.step_counts_unpriced == "yes" else priced
    if not step:
        return
    total = sum([quantities[i].billable for i in counted], ZERO)
    if total <= ZERO:
        return
    rest = total % step
    if rest:
        added[last] = step - rest
