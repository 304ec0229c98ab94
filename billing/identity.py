"""Who a session is: an id from what the charger said, and the normal form of a token.

The charger's transaction id is no identity: it repeats, restarts and arrives as 0, −1 or 2⁶³ − 1.
Knows nothing of stores: the same words give the same id everywhere, for ever.
"""

from decimal import Decimal
from functools import lru_cache
from uuid import UUID, uuid5

SESSION_NAMESPACE = UUID("6f0f3a52-2a6e-5c0b-9d4c-6d1b3c7f0e11")
"""Constant for ever: another namespace gives every session another id."""

_PLACEHOLDER_FROM = 2**63 - 256
"""Chargers say 9223372036854775807 or a little less for `no transaction`."""


def session_id(
    station: str, evse: int, connector: int, *, start_text: str, token: str, meter: Decimal | None
) -> str:
    """UUIDv5 over (station, EVSE, connector, start text, normal token, start meter in Wh).

    `start_text` is the stamp exactly as sent. A session that was first emitted without its start
    passes `stop:` + the stop's text, and keeps that id when the start arrives later.
    """
    parts = (station, str(evse), str(connector), start_text, normal_token(token), plain(meter))
    return str(uuid5(SESSION_NAMESPACE, "\x1f".join(parts)))


@lru_cache(maxsize=65_536)
def normal_token(token: str) -> str:
    """A token as it is matched: upper case, without separators, spaces and control characters.

    `" F6 CA 0C C5"`, `"f6:ca:0c:c5"` and `"F6CA0CC5\\x10"` are one card; leading zeros stay.
    """
    return "".join(
        letter for letter in token.upper() if letter.isprintable() and letter not in _SEP
    )


_SEP = frozenset(" :-._")


def plain(value: Decimal | None) -> str:
    """A number written in one way only: `5`, not `5.000` or `5E+0`; empty for None."""
    if value is None:
        return ""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def is_placeholder(transaction: str) -> bool:
    """Whether an id names no transaction: empty, 0, negative, or next to 2⁶³."""
    if transaction in ("", "0"):
        return True
    digits = transaction.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 40:
        return False
    number = int(transaction)
    return number <= 0 or _PLACEHOLDER_FROM <= number <= 2**63
