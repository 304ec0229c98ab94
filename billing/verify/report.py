"""What verifying a CDR gives: one row per field, what was claimed, what was computed, and why.

Values only. A row says where the field stands in the words of OCPI 2.2.1; whoever knows the wire
turns that into a JSON pointer of the version that came.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from billing.receipt import Receipt

ZERO = Decimal(0)
Place = tuple[str | int, ...]
"""`("charging_periods", 2, "start_date_time")`."""


class Group(StrEnum):
    """What kind of statement a row is about."""

    COST = "cost"
    """Money, field by field, before and after tax."""
    QUANTITY = "quantity"
    """kWh and hours against the periods and stamps."""
    CONSISTENCY = "consistency"
    """Whether the CDR agrees with itself."""
    TARIFF = "tariff"
    """Whether the tariff in the CDR is the one we hold."""
    PLAUSIBILITY = "plausibility"
    """Whether it can have happened."""
    SIGNED = "signed"
    """Whether the meter's signed values say the same."""


class Kind(StrEnum):
    """How a claimed value stands to the computed one, best first."""

    EXACT = "exact"
    ROUNDING = "rounding"
    """Different by no more than rounding each line once, up or down, would explain."""
    POLICY = "policy"
    """Another answer to a question that OCPI leaves open gives the claim."""
    MISTAKE = "mistake"
    """A known way of getting it wrong gives the claim."""
    UNEXPLAINED = "unexplained"
    NOT_CHECKED = "not_checked"
    """Nothing to compare with: the row says what was missing."""


DIFFERS = frozenset({Kind.POLICY, Kind.MISTAKE, Kind.UNEXPLAINED})
"""What is worth a person's time."""


class Side(StrEnum):
    """Which of the two amounts of a price; the empty side is for all that is no price."""

    NONE = ""
    BEFORE_TAX = "before_tax"
    AFTER_TAX = "after_tax"


@dataclass(frozen=True, slots=True)
class Check:
    """One row. `difference` is claimed − computed, in `unit` (a currency, kWh or h).

    `tolerance` is the most that rounding explains, or what the caller allows, where that is more.
    `cause` is a stable code, empty where there is nothing to explain; `message` is the sentence
    for it.
    """

    group: Group
    field: str
    kind: Kind
    place: Place
    side: Side = Side.NONE
    claimed: Decimal | None = None
    computed: Decimal | None = None
    unit: str = ""
    tolerance: Decimal = ZERO
    cause: str = ""
    message: str = ""

    @property
    def difference(self) -> Decimal | None:
        """Claimed − computed; None where either is missing."""
        if self.claimed is None or self.computed is None:
            return None
        return self.claimed - self.computed

    @property
    def differs(self) -> bool:
        """Whether somebody should look at it."""
        return self.kind in DIFFERS


@dataclass(frozen=True, slots=True)
class Explanation:
    """The first reading under which the claim is right, and the others that give the same.

    `code` is stable: `step_scope=period` for policies (joined by ` + `), a name for mistakes.
    """

    kind: Kind
    code: str
    message: str
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """A verified CDR: its rows, in a stable order, and the receipt they were computed with.

    `claimed` and `computed` are the totals to pay, after tax where the CDR states that, before tax
    else or where only that differs; `computed` is None where nothing could be. A credit's are
    negative. `receipt` has the lines.
    """

    cdr_id: str
    currency: str
    checks: tuple[Check, ...]
    claimed: Decimal
    computed: Decimal | None
    receipt: Receipt | None
    explanation: Explanation | None

    @property
    def at_stake(self) -> Decimal:
        """Claimed − computed total: positive where too much is asked for. All of the claim where it
        is wrong without anything computed, such as one of another currency.
        """
        if self.computed is None:
            return self.claimed if self.money_differs else ZERO
        return self.claimed - self.computed

    @property
    def differences(self) -> tuple[Check, ...]:
        """The rows worth a person's time."""
        return tuple(check for check in self.checks if check.differs)

    @property
    def money_differs(self) -> bool:
        """Whether any cost differs by more than rounding."""
        return any(check.group is Group.COST and check.differs for check in self.checks)

    @property
    def money_checked(self) -> bool:
        """Whether the total could be computed at all."""
        return self.computed is not None
