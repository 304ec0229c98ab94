"""The normal form of a token, for matching; what a charger sent is always kept beside it.

OCPP 1.6 §7.28 (CiString20Type) and 2.0.1 identifierString: case means nothing. Card numbers come
with blanks, colons, hyphens and control characters in the field; zero-padded digits stay text.
"""

import re

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff\ufffd]")
_SEPARATORS = re.compile(r"[\s:.\-]+")
_CARD = re.compile(r"[0-9A-F]+", re.ASCII)
_CONTRACT = re.compile(
    r"[A-Z]{2}[-*]?[0-9A-Z]{3}[-*]?(?:C?[0-9A-Z]{8}|[0-9A-Z]{6})(?:[-*]?[0-9A-Z])?", re.ASCII
)
"""An eMAID, ISO 15118 or DIN 91286, its separators optional."""


def normal_form(text: str) -> str:
    """Upper case, no control characters, no outer blanks; card numbers and eMAIDs unseparated.

    Another token keeps its inner separators, so that `VAN-1` and `VAN1` stay two tokens.
    """
    plain = _CONTROL.sub("", text).strip().upper()
    bare = _SEPARATORS.sub("", plain)
    if _CARD.fullmatch(bare):
        return bare
    if _CONTRACT.fullmatch(plain):
        return plain.replace("-", "").replace("*", "")
    return plain


def oddities(text: str, longest: int) -> list[tuple[str, str]]:
    """What is wrong with a token as sent, as (rule, message); `longest` is its version's limit."""
    found = []
    if not text:
        found.append(("token_empty", "expected a token, came an empty text: token unknown"))
    if len(text) > longest:
        found.append(
            ("id_token_too_long", f"expected at most {longest} characters, came {len(text)}")
        )
    if _CONTROL.search(text):
        found.append(("id_token_control", f"control characters in {text[:60]!r}"))
    elif text != text.strip():
        found.append(("id_token_space", f"blanks around {text[:60]!r}"))
    return found
