"""The part of a published tariff that our model does not know, kept and carried, not interpreted.

`Tariff.original` is the object as published; a converter loses nothing that the target can hold.
"""

from billing.tariff import Tariff
from ingest.protocols.ocpi.errors import MalformedObjectError, Problem
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import FieldRule, check_field, schema
from ingest.protocols.ocpi.wire import Wire, dumps, loads

_CARRIED = ("energy_mix", "preauthorize_amount")


def original_text(wire: Wire) -> str:
    """The object's JSON text: same fields, same order, same digits.

    Raises MalformedObjectError where it is nested deeper than anybody can write.
    """
    try:
        return dumps(wire)
    except TypeError as error:
        raise MalformedObjectError("object", (Problem("", str(error)),)) from None


def carried(tariff: Tariff, version: str) -> Wire:
    """Fields of the published object that `version` has, we do not model, and which are valid."""
    if not any(f'"{name}"' in tariff.original for name in _CARRIED):
        return {}
    rules: dict[str, FieldRule] = schema(version).objects["Tariff"]
    published = loads(tariff.original)
    return {
        name: published[name]
        for name in _CARRIED
        if name in rules
        and published.get(name) is not None
        and not check_field(version, rules[name], published[name])
    }


def read_texts(wire: Reader, name: str) -> tuple[tuple[str, str], ...]:
    """A DisplayText list as (language, text)."""
    return tuple((text.text("language"), text.text("text")) for text in wire.objects(name))
