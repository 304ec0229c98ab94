"""What all OCPI versions share on the wire: numbers, instants, texts, JSON text, notes.

Knows no object of any version. Numbers are Decimal or int, read from their text and printed as
their digits; a float never appears. OCPI 2.2.1 types, `number`: 4 decimals unless stated otherwise.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import orjson

Wire = dict[str, Any]
"""A JSON object as `loads` gives it: str, bool, int, Decimal, None, list and dict."""

P = ParamSpec("P")
T = TypeVar("T")


class Shared(dict[str, Any]):
    """A wire object that many others hold (a tariff in every CDR): `dumps` makes its text once.

    Nobody changes one.
    """

    text: orjson.Fragment | None = None


def kept(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remembers what a function gave for the very same (frozen) arguments, for `most` of them.

    Known again by identity: comparing a tariff costs more than writing a number of it.
    """

    def remember(write: Callable[P, T]) -> Callable[P, T]:
        found: dict[tuple[int, ...], tuple[tuple[object, ...], T]] = {}

        @wraps(write)
        def once(*values: P.args, **named: P.kwargs) -> T:
            assert not named, "arguments are known by their place"
            key = tuple([id(value) for value in values])
            known = found.get(key)
            if known is None:
                if len(found) >= most:
                    found.clear()
                known = found[key] = values, write(*values, **named)
            return known[1]

        return once

    return remember


GRAIN = Decimal("0.0001")
_ZERO = Decimal(0)
_NUMBERS = (Decimal, int)
_LARGEST_EXPONENT = 40
NOT_AVAILABLE = "#NA"
"""What OCPI allows where a required text cannot exist."""

_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)?"
)


@dataclass(frozen=True, slots=True)
class Note:
    """Something accepted that the peer should know: a stable code, a JSON pointer, a sentence."""

    code: str
    pointer: str
    message: str


Notes = tuple[Note, ...]


def loads(text: str | bytes) -> Any:  # noqa: ANN401 - JSON is any
    """JSON text to values, numbers as Decimal with the digits they were written with.

    Raises ValueError on anything that is not JSON (NaN and half of a surrogate pair included) and
    on a number whose exponent no quantity in the world needs.
    """
    source = text.decode() if isinstance(text, bytes) else text
    if "\\u" in source:
        orjson.loads(source)  # refuses escapes that are no characters
    try:
        return json.loads(
            source, parse_float=_decimal, parse_int=_whole, parse_constant=refuse_constant
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dumps(wire: Any) -> str:  # noqa: ANN401 - JSON is any
    """Values to compact JSON text; a Decimal is printed as the number it is, digit by digit.

    Raises TypeError on what is no JSON.
    """
    try:
        return orjson.dumps(wire, _digits, orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    except TypeError:
        try:
            return orjson.dumps(_without_wide_integers(wire), default=_digits).decode()
        except RecursionError:
            raise TypeError("nested too deeply") from None


def number(value: Decimal) -> Decimal:
    """`value` as OCPI writes numbers: at most 4 decimals, half away from zero, no trailing zero."""
    return plain(value.quantize(GRAIN, rounding=ROUND_HALF_UP))


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros or negative zero."""
    return value.normalize() or _ZERO


def instant(at: datetime) -> str:
    """`2026-10-01T12:00:00Z`, with three decimals where `at` is not on the second. UTC only.

    Finer than a millisecond is cut off: peers refuse more (string(25)).
    """
    assert at.tzinfo is not None, "an instant has a zone"
    text = at.astimezone(UTC).isoformat()
    seconds, millis = text[:19], text[20:23]
    return f"{seconds}.{millis}Z" if at.microsecond >= 1000 else f"{seconds}Z"


def parse_instant(text: str) -> datetime | None:
    """A UTC instant from `…Z`, from no designator (UTC, says OCPI) or from an offset; else None.

    Decimals beyond the microsecond are cut off.
    """
    match = _INSTANT.fullmatch(text.strip())
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone is None or zone in "Zz" else zone
    micros = f"{fraction or '0':0<6.6}"
    try:
        return datetime.fromisoformat(f"{day}T{clock}.{micros}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_written_as_specified(text: str) -> bool:
    """True where an instant's text is `Z` or without designator, and no longer than 25."""
    match = _INSTANT.fullmatch(text)
    return match is not None and (match[4] is None or match[4] == "Z") and len(text) <= 25


def coordinate(text: str, longest: int) -> str:
    """A coordinate's own digits, cut (never recomputed) to the `longest` text OCPI takes."""
    return text[:longest]


def clip(text: str, longest: int) -> str:
    """A display text cut to what the field takes; identifiers are never cut."""
    return text[:longest]


def display_texts(texts: tuple[tuple[str, str], ...]) -> list[Wire]:
    """DisplayText list: ISO 639-1 language of two letters, text of at most 512 characters."""
    return [{"language": language[:2], "text": clip(text, 512)} for language, text in texts]


def present(fields: Wire) -> Wire:
    """The fields that are there: None, "" and empty lists are absent on the wire, never null."""
    return {name: v for name, v in fields.items() if v or isinstance(v, _NUMBERS)}


def _digits(value: object) -> orjson.Fragment | str:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f").encode())
    if isinstance(value, Shared):
        if value.text is None:
            value.text = orjson.Fragment(dumps(dict(value)).encode())
        return value.text
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"cannot be said in JSON: {value!r}")


def _decimal(text: str) -> Decimal:
    value = Decimal(text)
    if abs(value.as_tuple().exponent) > _LARGEST_EXPONENT:  # type: ignore[arg-type]
        raise ValueError(f"a number out of any range: {text[:40]}")
    return value


def _whole(text: str) -> int | Decimal:
    """An integer; one of more than 18 digits as Decimal, which the writer can print."""
    return int(text) if len(text) <= 18 else _decimal(text)


def _without_wide_integers(value: Any) -> Any:  # noqa: ANN401 - JSON is any
    if isinstance(value, dict):
        return {key: _without_wide_integers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_wide_integers(item) for item in value]
    wide = isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63
    return Decimal(value) if wide else value


def refuse_constant(name: str) -> None:
    """NaN and Infinity are no JSON: raises ValueError."""
    raise ValueError(f"{name} is not JSON")
