"""One measured figure beside its limit: what every benchmark gives and `make bench` prints."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`; `limit` is what DESIGN asks for, `better` which way it should go."""

    name: str
    value: float
    unit: str
    limit: float
    better: Literal["higher", "lower"]
