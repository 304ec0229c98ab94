"""What a connection request says: identity, version, credentials. Pure; it admits nobody.

Paths: `/ocpp/1.6/{id}`, `/ocpp/2.0.1/{id}` and `/ocpp/{id}` with the version from the subprotocol
(OCPP-J 1.6 §3.1, OCPP 2.0.1 part 4 §3.1).
"""

import hashlib
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

SUBPROTOCOLS = ("ocpp2.0.1", "ocpp1.6")
"""What we speak, best first."""
IDENTITY_LIMIT = 255
"""Bytes as UTF-8: every entry of the log names the station, and has room for so many."""
_VERSIONS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1"}
_SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization"}


@dataclass(frozen=True, slots=True)
class Address:
    """Who a path names. `protocol` is empty where the path leaves it to the subprotocol."""

    identity: str
    protocol: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The protocol to speak ("" for none), what to write into the answer, and what was odd."""

    protocol: str
    confirmed: str = ""
    flaw: str = ""


def read_path(path: str) -> Address | None:
    """The station and version a request's path names, or None where it names neither."""
    parts = path.partition("?")[0].split("/")
    if len(parts) < 3 or parts[0] or parts[1] != "ocpp":
        return None
    protocol = _VERSIONS.get(parts[2], "") if len(parts) == 4 else ""
    if len(parts) > 4 or (len(parts) == 4 and not protocol):
        return None
    try:
        identity = unquote(parts[-1], errors="strict")
    except UnicodeDecodeError:
        return None
    if not 0 < len(identity.encode()) <= IDENTITY_LIMIT or not identity.isprintable():
        return None
    return Address(identity, protocol)


def choose(address: Address, offered: Iterable[str], registered: Iterable[str]) -> Choice:
    """Which version to speak with this station.

    `offered` are the subprotocols of the request, `registered` those the station was added with.
    A station that offers none is heard all the same: by the path's version, the one it was added
    with, or 1.6. One that offers only what we don't speak gets no protocol: the handshake is then
    completed without one and the connection closed, as OCPP-J says.
    """
    names = [name.strip() for name in offered if name.strip()]
    wanted = (address.protocol,) if address.protocol else SUBPROTOCOLS
    for name in wanted:
        if name in names:
            return Choice(name, name)
    if names:
        return Choice("", flaw="subprotocol_unknown")
    known = [name for name in registered if name in SUBPROTOCOLS]
    protocol = address.protocol or (known[0] if len(known) == 1 else "ocpp1.6")
    return Choice(protocol, flaw="subprotocol_missing")


def read_basic(header: str) -> tuple[str, bytes] | None:
    """User and password of an `Authorization: Basic …` header, or None.

    The password is bytes: an OCPP 1.6 AuthorizationKey need not be text.
    """
    scheme, _, encoded = header.strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).partition(b":")
    except ValueError:
        return None
    return (user.decode("utf-8", "replace"), password) if colon else None


def logged_path(path: str) -> str:
    """The path as it may stand in the log: a query may hold a secret and becomes a hash prefix."""
    before, mark, query = path.partition("?")
    return before[:600] + (mark + _hash_prefix(query) if mark else "")


def logged_headers(headers: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Headers as they may stand in the log: credentials become a hash prefix."""
    return [
        [name, _hash_prefix(value) if name.lower() in _SECRET_HEADERS else value[:2000]]
        for name, value in headers
    ]


def _hash_prefix(secret: str) -> str:
    return "sha256:" + hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:8]
