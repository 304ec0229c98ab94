"""An explanation as data: sentences in one language, with the figures they are about.

`text`, `markdown` and JSON are views of it. Money in the receipt's currency, energy in kWh, time in
hours; exact as on the receipt.
"""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Position:
    """All lines of a receipt that one price component decided.

    `lines` are their positions on the receipt, `sentences` say what was measured, billed and
    charged, and `reasons` which element decided and why no other. `element` and `component` are
    positions in the tariff (−1: a price limit), `pointer` the same as a JSON pointer into the CDR.
    `policies` bore on it, by name.
    """

    title: str
    sentences: tuple[str, ...]
    reasons: tuple[str, ...]
    lines: tuple[int, ...]
    tariff_id: str
    element: int
    component: int
    pointer: str
    measured: Decimal
    billed: Decimal
    price: Decimal
    net: Decimal
    tax: Decimal
    amount: str
    policies: tuple[str, ...]

    @property
    def gross(self) -> Decimal:
        """After tax."""
        return self.net + self.tax


_MOST_PLACES = 6


@dataclass(frozen=True, slots=True)
class Sum:
    """A row of the summary, as written in the language. `kind`: part, exact or total."""

    title: str
    net: str
    tax: str
    gross: str
    kind: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A note in words. `places` are what it is about, as a reader of the bill knows them;
    `pointers` the same, and all that such a reader knows nothing of, as JSON pointers.
    """

    code: str
    text: str
    places: tuple[str, ...]
    pointers: tuple[str, ...]

    def about(self, *, detail: bool = False) -> str:
        """` (period 1, at 22:40)`; in detail ` (too_long: /id)`; "" where it is about the whole."""
        named = self.pointers if detail else self.places
        more = [] if detail or len(named) <= _MOST_PLACES else ["…"]
        places = ", ".join([*(named if detail else named[:_MOST_PLACES]), *more])
        if detail:
            places = f"{self.code}: {places}" if places else self.code
        return f" ({places})" if places else ""


@dataclass(frozen=True, slots=True)
class Decision:
    """How an open question was decided, in words. `chosen`: otherwise than by default."""

    policy: str
    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Headings:
    """What the parts are called, and the columns of the summary."""

    positions: str
    sums: str
    notes: str
    decisions: str
    net: str
    tax: str
    gross: str
    own: str
    default: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A receipt in words. `lead` are the sentences to read first: what is to be paid."""

    language: str
    title: str
    session: tuple[str, ...]
    lead: tuple[str, ...]
    positions: tuple[Position, ...]
    sums: tuple[Sum, ...]
    remarks: tuple[Remark, ...]
    decisions: tuple[Decision, ...]
    headings: Headings
