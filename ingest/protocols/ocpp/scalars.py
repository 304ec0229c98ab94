"""Single JSON values as chargers send them: numbers as texts, texts as numbers, words for nothing.

Every reader here takes any JSON value and never raises; what had to be forgiven is appended to
`flags` as (rule, message). What cannot be understood is None or "", never a guess.
"""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal

Flags = list[tuple[str, str]]
"""(rule, what was expected and what came)"""

EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""Wide enough that scaling and quantising a readable number never loses a digit it should keep."""
LARGEST_EXPONENT = 15
"""10^15 Wh is more than any meter can count."""
SMALLEST_EXPONENT = -40

MILLI = Decimal("0.001")
_PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,25})?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}", re.ASCII)
_NOTHING = frozenset({"null", "none", "n/a", "nil", "undefined"})


def shown(value: object) -> str:
    """A value short enough for a message."""
    text = value if isinstance(value, str) else str(value)
    return f"`{text[:60]}`" if text else "an empty text"


def number(value: object, flags: Flags, name: str = "value") -> Decimal | None:
    """A JSON number or a text that is one; a decimal comma is read as a point."""
    if type(value) is str:
        if _PLAIN.fullmatch(value):
            return Decimal(value)
        return _number_in_text(value, flags, name)
    if type(value) is int:
        return _bounded(Decimal(value), flags, name)
    if isinstance(value, Decimal):
        return _bounded(value, flags, name)
    if value is None:
        flags.append(("value_absent", f"{name}: expected a number, came nothing"))
    else:
        flags.append(("value_unreadable", f"{name}: expected a number, came {shown(value)}"))
    return None


def _number_in_text(text: str, flags: Flags, name: str) -> Decimal | None:
    plain = text.strip(" \t\r\n\x00\u00a0")
    if not plain:
        flags.append(("value_empty", f"{name}: expected a number, came {text!r}: no reading"))
        return None
    if plain != text:
        flags.append(("value_space", f"{name}: blanks around {text[:60]!r}"))
    if _COMMA.fullmatch(plain):
        doubt = _THOUSANDS.fullmatch(plain)
        rule = "decimal_comma_ambiguous" if doubt else "decimal_comma"
        flags.append((rule, f"{name}: {shown(text)} read with a decimal comma"))
        plain = plain.replace(",", ".")
    if not _NUMBER.fullmatch(plain):
        flags.append(("value_unreadable", f"{name}: expected a number, came {shown(text)}"))
        return None
    return _bounded(Decimal(plain), flags, name)


def _bounded(value: Decimal, flags: Flags, name: str) -> Decimal | None:
    """Refuses what no meter counts, before anything is multiplied or rounded with it."""
    if not value:
        return Decimal(0)
    low = value.adjusted() - len(value.as_tuple().digits) + 1
    if value.adjusted() > LARGEST_EXPONENT or low < SMALLEST_EXPONENT:
        flags.append(("value_out_of_range", f"{name}: {shown(value)} is beyond any meter"))
        return None
    return value


def milli(value: Decimal, exponent: int, flags: Flags, name: str = "value") -> Decimal | None:
    """`value` × 10^exponent, rounded to 0.001: noise of binary floats ends here."""
    scaled = EXACT.scaleb(value, exponent) if exponent else value
    if scaled.adjusted() > LARGEST_EXPONENT and scaled:
        flags.append(("value_out_of_range", f"{name}: {shown(scaled)} is beyond any meter"))
        return None
    exact = EXACT.quantize(scaled, MILLI)
    if exact != scaled:
        flags.append(("float_noise", f"{name}: {shown(value)} read as {exact} after scaling"))
    return exact


def whole(value: object, flags: Flags, name: str) -> int | None:
    """A connector, EVSE or sequence number: below 2^31 in size, None where none was given."""
    if value is None:
        return None
    if type(value) is int and -(2**31) <= value < 2**31:
        return value
    if isinstance(value, str) and not value.strip():
        flags.append(("value_empty", f"{name}: expected a number, came an empty text"))
        return None
    found = number(value, flags, name)
    if found is None:
        return None
    if found != found.to_integral_value() or abs(found) >= 2**31:
        flags.append(("value_unreadable", f"{name}: expected a small whole number, came {found}"))
        return None
    flags.append(("number_spelling", f"{name}: {shown(value)} read as {int(found)}"))
    return int(found)


def energy(value: object, flags: Flags, name: str) -> Decimal | None:
    """meterStart or meterStop in Wh, exact to 0.001; a negative one, kept, says unknown."""
    found = number(value, flags, name)
    if found is None:
        return None
    if type(value) is str:
        flags.append(("number_as_text", f"{name}: expected a JSON number, came a text"))
    if found < 0:
        rule = "meter_start_unknown" if name == "meterStart" else "meter_stop_unknown"
        flags.append((rule, f"{name}: {found} Wh says that the register is unknown"))
    wh = milli(found, 0, flags, name)
    if wh is not None and wh != wh.to_integral_value():
        flags.append(("meter_fractional", f"{name}: expected whole Wh, came {found}"))
    return wh


def text(value: object, flags: Flags, name: str) -> str:
    """A text as received; "" where none was given or a word for nothing (`null`, `N/A`) came."""
    if type(value) is str:
        if value and value.strip().lower() in _NOTHING:
            flags.append(("literal_null", f"{name}: {shown(value)} means nothing"))
            return ""
        return value
    if value is None:
        return ""
    flags.append(("not_text", f"{name}: expected a text, came {shown(value)}"))
    return str(value)[:200]


def transaction(value: object, flags: Flags) -> str:
    """A transaction id as text whatever its type: int64 and beyond keep every digit."""
    if type(value) is int:
        return str(value)
    if isinstance(value, Decimal):
        flags.append(("number_spelling", f"transactionId: {shown(value)} is not written whole"))
        small = value.is_finite() and value == value.to_integral_value() and value.adjusted() < 40
        return str(int(value)) if small else str(value)
    if value is None or type(value) is str:
        return value or ""
    flags.append(("not_text", f"transactionId: expected an id, came {shown(value)}"))
    return str(value)[:200]


def member(value: str, known: Mapping[str, str], flags: Flags, name: str) -> str:
    """An enum's text: in its own spelling where only case or blanks differ, else kept as it came.

    `known` maps each lower-case spelling to the specification's.
    """
    right = known.get(value.strip().lower())
    if right is None:
        flags.append(("unknown_enum", f"{name}: {shown(value)} is not in its list: kept"))
        return value
    if right != value:
        flags.append(("enum_spelling", f"{name}: {shown(value)} read as {right}"))
    return right


def spellings(words: str) -> dict[str, str]:
    """What `member` wants, from the words of a list."""
    return {word.lower(): word for word in words.split()}


def object_of(value: object, flags: Flags, name: str) -> dict[str, object]:
    """A JSON object; {} where something else came, flagged unless it was nothing."""
    if isinstance(value, dict):
        return value
    if value is not None:
        flags.append(("not_object", f"{name}: expected an object, came {shown(value)}"))
    return {}
