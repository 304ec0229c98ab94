"""step_size: billing in whole blocks, once per session and never per period.

Knows how much is added and to which use. Refuses to know prices. OCPI 2.2.1 mod_cdrs, "step_size";
mod_tariffs, PriceComponent.step_size: Wh for ENERGY, seconds for the times.
"""

from collections.abc import Sequence
from decimal import Decimal

from billing.policy import PricingPolicy
from billing.tariff import ENERGY, FLAT, PARKING_TIME, TIME
from billing.use import BUDGETS, Budget, Use

ZERO = Decimal(0)
TIMES = frozenset({TIME, PARKING_TIME})


def surplus(uses: Sequence[Use], policy: PricingPolicy) -> dict[int, Decimal]:
    """What billing in whole blocks adds, by position in `uses`: to the last of each budget.

    ENERGY is rounded up once on its session total. TIME and PARKING_TIME are rounded up once
    together: parking where it was priced, else charging time. Reserved time has its own budget,
    and so has the time beyond a booked slot. A use without a price counts as well.
    """
    added: dict[int, Decimal] = {}
    if policy.step_scope == "period":
        for position in range(len(uses)):
            _round_up(uses, [position], policy, added)
        return added
    energy: list[int] = []
    times: dict[Budget, list[int]] = {"session": [], "reserved": [], "overtime": []}
    shared = policy.reservation_step_budget == "shared"
    for position, use in enumerate(uses):
        if use.dimension is ENERGY:
            energy.append(position)
        elif use.dimension is not FLAT:
            budget = BUDGETS[use.phase]
            times["session" if shared and budget == "reserved" else budget].append(position)
    if times["session"]:
        times["session"] = _target(uses, times["session"], policy)
    for positions in (energy, *times.values()):
        if positions:
            _round_up(uses, positions, policy, added)
    return added


def block(use: Use, policy: PricingPolicy) -> int:
    """The block a use is billed in, in Wh or seconds; 0: as measured."""
    if use.choice is None or use.dimension is FLAT:
        return 0
    return max(use.choice.rule.step_size, 1 if policy.zero_step == "one" else 0)


def _target(uses: Sequence[Use], times: list[int], policy: PricingPolicy) -> list[int]:
    """Which of the two times is rounded: OCPI rounds what comes last, and parking comes last."""
    priced = [uses[i].dimension for i in times if uses[i].choice is not None]
    if not priced:
        return []
    target = priced[-1]
    if policy.time_step_target == "parking_when_priced" and PARKING_TIME in priced:
        target = PARKING_TIME
    return [i for i in times if uses[i].dimension is target]


def _round_up(
    uses: Sequence[Use], positions: list[int], policy: PricingPolicy, added: dict[int, Decimal]
) -> None:
    """Round the total of one budget up to the step of its last priced use, which takes the rest."""
    for last in reversed(positions):
        if uses[last].choice is not None:
            break
    else:
        return
    step = block(uses[last], policy)
    if not step:
        return
    total = sum([uses[i].billable for i in positions], ZERO)
    if total > ZERO and (rest := total % step):
        added[last] = step - rest
