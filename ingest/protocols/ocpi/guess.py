"""Which OCPI version an object was written in, by the fields that only one version has.

Knows names and shapes, not meanings. It always answers, whatever the JSON: what carries no mark at
all is taken as 2.2.1, the version most parties speak, and a bare tariff without owner as 2.1.1.
"""

from collections.abc import Iterator
from typing import Final, Literal

_OLD: Final = {"Tariff": frozenset[str](), "CDR": frozenset({"stop_date_time", "auth_id"})}
"""Fields that were dropped after 2.1.1."""

_LATER: Final = {
    "Tariff": frozenset(
        {"country_code", "party_id", "type", "min_price", "max_price"}
        | {"start_date_time", "end_date_time"}
    ),
    "CDR": frozenset(
        {"country_code", "party_id", "end_date_time", "cdr_token", "cdr_location", "session_id"}
        | {"total_fixed_cost", "total_energy_cost", "total_time_cost", "total_reservation_cost"}
    ),
}
"""Fields that came with 2.2.1."""

_NEWEST: Final = frozenset({"tax_included", "preauthorize_amount", "booking_id"})
"""Fields that came with 2.3.0 and its modules."""

_PRICES: Final = frozenset(
    {"min_price", "max_price", "total_cost", "total_energy_cost", "total_time_cost"}
)
_LATER_WITHIN: Final = frozenset({"vat", "min_current", "max_current", "reservation"})


def version_of(wire: object, kind: Literal["Tariff", "CDR"]) -> str:
    """`2.1.1`, `2.2.1` or `2.3.0`: the version whose marks an object of `kind` carries.

    Looks at OCPI's own differences: 2.3.0 has tax_included, prices before_taxes and bookings; 2.2.1
    has owners, limits, vat and prices excl_vat; 2.1.1 has stop_date_time and a bare total_cost.
    """
    if not isinstance(wire, dict) or not wire:
        return "2.2.1"
    marks = list(_marks(wire, kind))
    if "2.3.0" in marks:
        return "2.3.0"
    if kind == "Tariff":
        return "2.2.1" if marks or "elements" not in wire else "2.1.1"
    return "2.1.1" if marks.count("2.1.1") > marks.count("2.2.1") else "2.2.1"


def _marks(wire: dict[str, object], kind: Literal["Tariff", "CDR"]) -> Iterator[str]:
    """One version per mark found: the oldest that has it, but 2.1.1 only where no other has."""
    for mark, names in (("2.3.0", _NEWEST), ("2.2.1", _LATER[kind]), ("2.1.1", _OLD[kind])):
        yield from [mark] * len(names & wire.keys())
    for name in _PRICES & wire.keys():
        yield from _price_marks(wire[name], name)
    if kind == "Tariff":
        yield from _element_marks(wire.get("elements"))
    elif any("2.3.0" in _marks(tariff, "Tariff") for tariff in _objects(wire.get("tariffs"))):
        yield "2.3.0"


def _price_marks(price: object, name: str) -> Iterator[str]:
    if isinstance(price, dict):
        if "before_taxes" in price or "after_taxes" in price:
            yield "2.3.0"
        elif "excl_vat" in price or "incl_vat" in price:
            yield "2.2.1"
    elif price is not None and name == "total_cost":
        yield "2.1.1"


def _element_marks(elements: object) -> Iterator[str]:
    for element in _objects(elements):
        parts = _objects(element.get("price_components"))
        limits = element.get("restrictions")
        parts += _objects(limits if isinstance(limits, list) else [limits])
        if any("booking" in part for part in parts):
            yield "2.3.0"
        elif not all(map(_LATER_WITHIN.isdisjoint, parts)):
            yield "2.2.1"


def _objects(value: object) -> list[dict[str, object]]:
    """The objects of a list, whatever else stands in it."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
