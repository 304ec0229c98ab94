"""A use: what one period holds of one dimension, and the component that prices it.

What a receipt line is made of, and what blocks of step_size are filled with. Knows no cost.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from billing.mould import mould
from billing.period import ChargingPeriod
from billing.schedule import Choice, Phase
from billing.tariff import Dimension

Budget = Literal["session", "reserved", "overtime"]
"""Times of the session, of its reservation, and beyond the booked slot."""


@dataclass(frozen=True, slots=True)
class Use:
    """Wh, seconds or pieces of a period, and what prices them (None: nothing does).

    `billable` is what is charged for before steps: the amount, unless a policy refuses it.
    """

    period: ChargingPeriod
    phase: Phase
    dimension: Dimension
    amount: Decimal
    billable: Decimal
    choice: Choice | None


new_use = mould(Use)

BUDGETS: dict[Phase, Budget] = {
    Phase.SESSION: "session",
    Phase.RESERVED: "reserved",
    Phase.EXPIRED: "reserved",
    Phase.CANCELLED: "reserved",
    Phase.OVERTIME: "overtime",
}
"""What the times of a phase are rounded up together with."""
