"""Charger passwords at rest: salted scrypt, never the password itself.

A charger's password is a machine secret of 16 to 40 characters, or 20 raw bytes that its operator
wrote as 40 hexadecimal digits (OCPP 1.6 AuthorizationKey): both spellings are the same password.
scrypt at N=2^12 costs 4 MiB and a few milliseconds, enough against guessing a secret of that
length and little enough for thousands of chargers to come back at once after a restart.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode

_COST, _BLOCK, _LANES = 4096, 8, 1
_HEX = re.compile(rb"[0-9A-Fa-f]{40}")
_PRINTABLE = re.compile(rb"[\x20-\x7e]*")
NOBODY = f"scrypt${_COST}${_BLOCK}${_LANES}$AAAAAAAAAAAAAAAAAAAAAA==$" + "A" * 43 + "="
"""A hash no password has: checked against where there is no station, so that timing tells none."""


def hash_password(password: str | bytes, salt: bytes | None = None) -> str:
    """`scrypt$N$r$p$salt$hash` (base64) of a password; `salt` is 16 random bytes unless given."""
    salt = os.urandom(16) if salt is None else salt
    digest = _derive(password, salt, _COST, _BLOCK, _LANES)
    parts = ("scrypt", str(_COST), str(_BLOCK), str(_LANES), _text(salt), _text(digest))
    return "$".join(parts)


def verify_password(password: str | bytes, hashed: str) -> bool:
    """Whether this is the password; False for a hash that can't be read. Constant time."""
    try:
        scheme, cost, block, lanes, salt, expected = hashed.split("$")
        if scheme != "scrypt":
            return False
        digest = _derive(password, b64decode(salt), int(cost), int(block), int(lanes))
        return hmac.compare_digest(digest, b64decode(expected))
    except ValueError:
        return False


def _derive(password: str | bytes, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    return hashlib.scrypt(
        _canonical(password), salt=salt, n=cost, r=block, p=lanes, maxmem=2**28, dklen=32
    )


def _canonical(password: str | bytes) -> bytes:
    raw = password.encode() if isinstance(password, str) else password
    if _HEX.fullmatch(raw):
        return raw.lower()
    return raw if _PRINTABLE.fullmatch(raw) else raw.hex().encode()


def _text(raw: bytes) -> str:
    return b64encode(raw).decode()
