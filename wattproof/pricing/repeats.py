"""Which CDRs of a batch are the same one again: a session must not be paid for twice.

Knows by what a CDR is named. Refuses to judge which of two is right, and keeps of each CDR seen
before only its place and a digest.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from hashlib import blake2b
from itertools import count
from typing import NamedTuple

import orjson

from ingest.protocols.ocpi import Wire

CODE = "duplicate_cdr"
_LONGEST = 60


def id_of(wire: Wire) -> str:
    """The id an object carries, however wrong the rest of it is; empty where it has none."""
    value = wire.get("id")
    return str(value)[:_LONGEST] if isinstance(value, str | int) else ""


def rows_of() -> Iterator[str]:
    """What the places of a sequence are called: `row 0`, `row 1`, …"""
    return (f"row {place}" for place in count())


class _First(NamedTuple):
    place: str
    digest: bytes


class Repeats:
    """CDRs as they come; OCPI: country_code, party_id and id (CiStrings) name one for ever."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], _First] = {}

    def told(self, wire: Wire, place: str) -> str:
        """That the CDR at `place` (such as `line 7`) came before, and where; empty if it did not.

        A CDR without an id is never taken for another.
        """
        if not id_of(wire):
            return ""
        names = ("country_code", "party_id", "id")
        key = tuple(str(wire.get(name) or "").upper() for name in names)
        seen = _First(place, _digest(wire))
        first = self._first.setdefault(key, seen)
        if first is seen:
            return ""
        same = first.digest == seen.digest
        contents = "the same contents" if same else "but other contents"
        return f"claimed twice: the CDR of {first.place} has the same id, {contents}"


def _digest(wire: Wire) -> bytes:
    """Of the contents, whatever the order of fields. What the quick writer refuses (a number beyond
    64 bits, half a character) the other one takes, and always the same one takes the same.
    """
    try:
        text = orjson.dumps(wire, default=_number, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        text = json.dumps(wire, sort_keys=True, default=_number).encode("utf-8", "replace")
    return blake2b(text, digest_size=16).digest()


def _number(value: object) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
