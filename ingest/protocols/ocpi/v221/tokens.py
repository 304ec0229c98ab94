"""Token and CdrToken of OCPI 2.2.1 (mod_tokens, mod_cdrs): the card, and whose contract pays."""

from billing.party import Token
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.wire import NOT_AVAILABLE, Notes, Shared, Wire, instant, kept, present

VERSION = "2.2.1"


def read(wire: Wire) -> tuple[Token, Notes]:
    """A Token object; raises MalformedObjectError with all pointers."""
    fields = Reader(wire)
    token = read_from(fields)
    return token, fields.finish(f"Token of OCPI {VERSION}", check(VERSION, "Token", wire))


def read_from(fields: Reader) -> Token:
    """A Token whose fields are at hand."""
    return Token(
        uid=fields.text("uid"),
        type=fields.text("type"),
        party=f"{fields.text('country_code')}-{fields.text('party_id')}",
        contract_id=fields.text("contract_id"),
        valid=fields.truth("valid"),
        group_id=fields.text("group_id", ""),
        known_from=fields.instant("last_updated"),
    )


def write(token: Token) -> Wire:
    """A Token object. The issuer is the party's code; the whitelist type is ALLOWED.

    `valid_until` is not said on this wire: an expired token is one that is no longer valid.
    """
    assert token.known_from is not None, "a published token was known at some instant"
    country_code, _, party_id = token.party.partition("-")
    return present(
        {
            "country_code": country_code,
            "party_id": party_id,
            "uid": token.uid,
            "type": token.type,
            "contract_id": token.contract_id or NOT_AVAILABLE,
            "issuer": token.party,
            "group_id": token.group_id,
            "valid": token.valid,
            "whitelist": "ALLOWED",
            "last_updated": instant(token.known_from),
        }
    )


def read_cdr_token(parent: Reader) -> Token:
    """The snapshot of a token in a CDR or Session."""
    fields = parent.required_nested("cdr_token")
    return Token(
        uid=fields.text("uid"),
        type=fields.text("type"),
        party=f"{fields.text('country_code')}-{fields.text('party_id')}",
        contract_id=fields.text("contract_id"),
    )


@kept(8_192)
def write_cdr_token(token: Token) -> Wire:
    """The snapshot; a contract that cannot be named is `#NA`."""
    country_code, _, party_id = token.party.partition("-")
    return Shared(
        {
            "country_code": country_code,
            "party_id": party_id,
            "uid": token.uid,
            "type": token.type,
            "contract_id": token.contract_id or NOT_AVAILABLE,
        }
    )
