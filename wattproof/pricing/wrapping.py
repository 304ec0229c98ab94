"""Whether an object is no tariff but holds some under a name, as an export of a catalogue does; or
is a CDR where a tariff is meant, or the other way round.

Knows only how each is told: a tariff by its elements, a CDR by its periods and its cost. Refuses to
unwrap: which of what an object holds is meant, its sender knows.
"""

from typing import Literal

Kind = Literal["CDR", "Tariff"]
"""What an object is meant to be."""

_DEEPEST = 3
_MARKS = frozenset({"elements", "currency"})
_OF_CDR = frozenset({"charging_periods", "total_cost"})


def other_kind(wire: object, kind: Kind) -> str:
    """The sentence that an object is of the other kind, and not of the one that is meant."""
    if not isinstance(wire, dict):
        return ""
    is_cdr, is_tariff = not _OF_CDR.isdisjoint(wire), "elements" in wire
    if kind == "Tariff":
        return "this is a CDR, not a tariff" if is_cdr and not is_tariff else ""
    return "this is a tariff, not a CDR" if is_tariff and not is_cdr else ""


def wrapped_under(wire: object, depth: int = _DEEPEST) -> str:
    """The name under which an object holds a tariff or a list of them, as `data.tariffs`.

    Empty for what is a tariff, right or wrong, and for what holds none.
    """
    if not isinstance(wire, dict) or _MARKS & wire.keys() or not depth:
        return ""
    for name, value in wire.items():
        inner = value[0] if isinstance(value, list) and value else value
        if isinstance(inner, dict):
            if isinstance(inner.get("elements"), list):
                return str(name)
            if further := wrapped_under(inner, depth - 1):
                return f"{name}.{further}"
    return ""
