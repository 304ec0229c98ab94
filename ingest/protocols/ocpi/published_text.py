"""A published object's own text: what its JSON says, and what a plain reading of it would hide.

Knows fields that stand twice and numbers beyond any quantity, each by its JSON pointer. Refuses to
choose between two values: the last one is given, as everybody's JSON reader does.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson

from ingest.protocols.ocpi.wire import refuse_constant

_LARGEST_EXPONENT = 40


class BeyondRange(str):
    """The digits of a number that no quantity needs, kept as text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class PublishedText:
    """The JSON value, and the pointers of fields that stand twice and of numbers out of range."""

    value: Any
    doubled: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()

    def item(self, number: int) -> "PublishedText":
        """One of a list, with pointers of its own."""
        return self.field(str(number), self.value[number])

    def field(self, name: str, value: object) -> "PublishedText":
        """What stands in a field (or place) of it, with pointers of its own."""
        prefix = f"/{name}/"
        own = (
            tuple(at[len(prefix) - 1 :] for at in found if at.startswith(prefix))
            for found in (self.doubled, self.beyond)
        )
        return PublishedText(value, *own)


def read_text(text: str | bytes) -> PublishedText:
    """JSON text with numbers as int and Decimal; raises ValueError on what is no JSON."""
    twice: list[tuple[dict[str, Any], list[str]]] = []
    beyond = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            names = [name for name, _ in items]
            twice.append((found, [name for name in found if names.count(name) > 1]))
        return found

    def number(digits: str) -> Decimal | BeyondRange:
        nonlocal beyond
        value = Decimal(digits)
        if len(digits) <= _LARGEST_EXPONENT and "e" not in digits and "E" not in digits:
            return value
        exponent = value.as_tuple().exponent
        if isinstance(exponent, int) and abs(exponent) <= _LARGEST_EXPONENT:
            return value
        beyond = True
        return BeyondRange(digits)

    try:
        source = text.decode() if isinstance(text, bytes) else text
        if "\\u" in source:
            orjson.loads(source)  # refuses escapes that are no characters
        value = json.loads(
            source,
            parse_float=number,
            parse_constant=refuse_constant,
            object_pairs_hook=pairs,
        )
        return _told(value, twice, beyond=beyond)
    except (RecursionError, ArithmeticError) as error:
        raise ValueError("nested too deeply, or a number too long") from error


def _told(
    value: object, twice: list[tuple[dict[str, Any], list[str]]], *, beyond: bool
) -> PublishedText:
    if not twice and not beyond:
        return PublishedText(value)
    names = {id(found): doubled for found, doubled in twice}
    places = list(_places(value, ""))
    return PublishedText(
        value,
        tuple(step(at, name) for at, one in places for name in names.get(id(one), ())),
        tuple(at for at, one in places if isinstance(one, BeyondRange)),
    )


def _places(value: object, at: str) -> Iterator[tuple[str, object]]:
    """Every value with its JSON pointer, the whole first."""
    yield at, value
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _places(item, step(at, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, f"{at}/{number}")


def step(at: str, name: str) -> str:
    """The pointer of a field of the object at `at` (RFC 6901)."""
    return f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
