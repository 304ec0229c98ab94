"""One measured figure beside its limit: what every benchmark gives and `make bench` prints."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `limit` is what DESIGN asks for, `better` which way it should go.

    A limit of None: a figure for orientation only.
    """

    name: str
    value: float
    unit: str
    limit: float | None
    better: Literal["higher", "lower"]

    @property
    def ratio(self) -> float | None:
        """How many times better than the limit: 1 and above reaches it."""
        if not self.limit or not self.value:
            return None
        return self.value / self.limit if self.better == "higher" else self.limit / self.value
