"""Token of OCPI 2.1.1 (mod_tokens): the card and its auth_id; whose it is, is not said."""

from billing.party import Token
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.wire import NOT_AVAILABLE, Notes, Wire, instant, present

VERSION = "2.1.1"


def read(wire: Wire) -> tuple[Token, Notes]:
    """A Token object; the party is the issuer's text. Raises MalformedObjectError."""
    fields = Reader(wire)
    token = Token(
        uid=fields.text("uid"),
        type=fields.text("type"),
        party=fields.text("issuer"),
        contract_id=fields.text("auth_id"),
        valid=fields.truth("valid"),
        known_from=fields.instant("last_updated"),
    )
    return token, fields.finish(f"Token of OCPI {VERSION}", check(VERSION, "Token", wire))


def write(token: Token) -> Wire:
    """A Token object. Types that 2.1.1 lacks are OTHER; group and validity end are not said."""
    assert token.known_from is not None, "a published token was known at some instant"
    return present(
        {
            "uid": token.uid,
            "type": token.type if token.type == "RFID" else "OTHER",
            "auth_id": token.contract_id or NOT_AVAILABLE,
            "issuer": token.party,
            "valid": token.valid,
            "whitelist": "ALLOWED",
            "last_updated": instant(token.known_from),
        }
    )
