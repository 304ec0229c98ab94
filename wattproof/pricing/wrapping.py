"""Whether an object is no tariff but holds some under a name, as an export of a catalogue does.

Knows only how a tariff is told: by its elements. Refuses to unwrap: which of what an object holds
is meant, its sender knows.
"""

_DEEPEST = 3
_MARKS = frozenset({"elements", "currency"})


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
