"""Who is asking: OCPI tokens of partners and API keys, known here by their SHA-256 only.

Both are random secrets of 256 bits, so a plain hash is enough, and looking one up by its hash
tells nothing by its timing; the hash found is compared once more in constant time.
"""

import binascii
import hmac
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from api.deps import Registry, Row

READ = "read"
"""The scope that may read everything; a route also names a narrower one of its own."""
CLOCK = "clock"
"""The scope that may move a driven clock: it changes something, so `read` does not include it."""


@dataclass(frozen=True, slots=True)
class Partner:
    """A party that was let in. `raw` is true where its token came unencoded."""

    code: str
    country_code: str
    party_id: str
    raw: bool


def partner_of(authorization: str, registry: Registry) -> Partner | None:
    """The party of an `Authorization: Token …` header, None where nobody is known by it.

    The token comes base64 encoded (OCPI 2.2-d2 on) or, from older peers, as it is. Both are tried
    unless the party's `ocpi_token_encoding` says `base64` or `raw`.
    """
    if not names_token(authorization):
        return None
    credential = _credential(authorization)
    for encoding, token in (("base64", _decoded(credential)), ("raw", credential)):
        row = _known(registry.party_by_token(hashed(token)), "ocpi_token_hash", token)
        if row is not None and _may_encode(row, encoding):
            return Partner(row["code"], row["country_code"], row["party_id"], raw=encoding == "raw")
    return None


def names_token(authorization: str) -> bool:
    """Whether an `Authorization` header is of the scheme Token and says one."""
    scheme = authorization.strip().partition(" ")[0]
    return scheme.lower() == "token" and bool(_credential(authorization))


def key_of(authorization: str, key_header: str, registry: Registry, now: datetime) -> Row | None:
    """The API key of `Authorization: Bearer …` or `X-API-Key`, None where unknown or expired."""
    scheme, _, bearer = authorization.strip().partition(" ")
    secret = bearer.strip() if scheme.lower() == "bearer" else key_header.strip()
    if not secret:
        return None
    row = _known(registry.api_key(hashed(secret)), "hash", secret)
    if row is None or _is_over(row.get("valid_until"), now):
        return None
    return row


def may(key: Row, scope: str) -> bool:
    """Whether a key has the scope, or the one that reads everything where reading is asked."""
    scopes = key.get("scopes", ())
    return scope in scopes or (scope != CLOCK and READ in scopes)


def hashed(secret: str) -> str:
    """SHA-256 of a secret, as the registry keeps it."""
    return sha256(secret.encode()).hexdigest()


def _credential(authorization: str) -> str:
    return authorization.strip().partition(" ")[2].strip()


def _known(row: Row | None, column: str, secret: str) -> Row | None:
    if row is None or not secret:
        return None
    return row if hmac.compare_digest(str(row[column]), hashed(secret)) else None


def _decoded(credential: str) -> str:
    """The token inside base64; "" where it is none. A trailing newline (seen) is dropped."""
    try:
        padded = credential + "=" * (-len(credential) % 4)
        return b64decode(padded, validate=True).decode().strip()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _may_encode(row: Row, encoding: str) -> bool:
    wanted = row.get("details", {}).get("ocpi_token_encoding", "")
    return wanted in {"", encoding}


def _is_over(valid_until: Any, now: datetime) -> bool:  # noqa: ANN401 - text or nothing
    if not valid_until:
        return False
    try:
        until = datetime.fromisoformat(str(valid_until))
    except ValueError:
        return True
    return until.tzinfo is None or until <= now
