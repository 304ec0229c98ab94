"""Names and values that are nearly right: which field or value of a version was meant.

Knows the field tables and a measure of likeness. Refuses to correct anything by itself.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from billing.lint import Finding
from ingest.protocols.ocpi.schema import VERSIONS, FieldRule, schema
from ingest.protocols.ocpi.wire import Note, Wire

_LIKENESS = 0.8
_COMMA = re.compile(r"-?\d{1,9},\d{1,9}")
_DECISIVE = frozenset({"TariffElement", "PriceComponent", "TariffRestrictions", "Price"})
_DECISIVE_FIELDS = frozenset(
    {"currency", "elements", "min_price", "max_price", "tax_included"}
    | {"start_date_time", "end_date_time"}
)
"""Fields of a Tariff that decide its money."""


def misplaced(version: str, wire: Wire, note: Note) -> Finding:
    """A field the version does not have: misspelt, of another version, or of a vendor."""
    at = note.pointer
    parent, _, last = at.rpartition("/")
    name = last.replace("~1", "/").replace("~0", "~")
    kind, rules = _object_at(version, parent)
    beside = value_at(wire, parent)
    near = _nearest(name, rules)
    if near and isinstance(beside, dict) and beside.get(near) is None:
        decides = kind in _DECISIVE or (kind == "Tariff" and near in _DECISIVE_FIELDS)
        code = "misspelt_field" if decides else "unexpected_field"
        return Finding(code, at, note.message, f"{near}?")
    others = [one for one in VERSIONS if name in schema(one).objects.get(kind, {})]
    if others:
        restricts = kind == "TariffRestrictions"
        code = "restriction_not_in_version" if restricts else "unexpected_field"
        return Finding(code, at, note.message, f"OCPI {' and '.join(others)} have it")
    advice = f"{near} is there already: leave it out" if near else "leave it out, if it has no use"
    return Finding("unexpected_field", at, note.message, advice)


def alike(finding: Finding) -> str:
    """The name that a misspelt field was meant to be."""
    return finding.suggestion.removesuffix("?")


def nearest_value(version: str, wire: Wire, pointer: str) -> str:
    """The value of a closed list that is most like the one at the pointer, or the number meant by
    one with a comma; "" where there is none.

    >>> nearest_value("2.2.1", {"type": "regular"}, "/type")
    'REGULAR?'
    """
    parent, _, name = re.sub(r"(/\d+)+$", "", pointer).rpartition("/")
    rule = _object_at(version, parent)[1].get(name)
    value = value_at(wire, pointer)
    if rule and rule.kind == "number" and isinstance(value, str) and _COMMA.fullmatch(value):
        return f"{value.replace(',', '.')}, without quotes"
    values = schema(version).enums.get(rule.kind, frozenset()) if rule else frozenset()
    if not isinstance(value, str) or not values:
        return ""
    asked = value[:40].upper().replace(" ", "_").replace("-", "_")
    found = get_close_matches(asked, sorted(values), 1, _LIKENESS / 2)
    return f"{found[0]}?" if found else f"one of {', '.join(sorted(values))}"


def value_at(wire: object, pointer: str) -> object:
    """What stands at a JSON pointer; None where nothing does."""
    for part in pointer.split("/")[1:]:
        if isinstance(wire, dict):
            wire = wire.get(part.replace("~1", "/").replace("~0", "~"))
        elif isinstance(wire, list) and part.isdecimal() and int(part) < len(wire):
            wire = wire[int(part)]
        else:
            return None
    return wire


def _object_at(version: str, pointer: str) -> tuple[str, dict[str, FieldRule]]:
    """The kind of object that belongs at the pointer, and its fields."""
    kind, objects = "Tariff", schema(version).objects
    for part in pointer.split("/")[1:]:
        if not part.isdecimal():
            rule = objects.get(kind, {}).get(part)
            kind = rule.kind if rule else ""
    return kind, objects.get(kind, {})


def _nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like `name`, whose case and underscores may differ."""
    bare = {one.replace("_", ""): one for one in known}
    asked = name[:40].lower().replace("_", "").replace("-", "")
    found = get_close_matches(asked, bare, 1, _LIKENESS)
    return bare[found[0]] if found else ""
