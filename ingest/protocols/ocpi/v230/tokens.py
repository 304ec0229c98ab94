"""Token of OCPI 2.3.0 (mod_tokens): as 2.2.1; the token types are open (EMAID and others)."""

from billing.party import Token
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.v221 import tokens as v221
from ingest.protocols.ocpi.wire import Notes, Wire

VERSION = "2.3.0"

write = v221.write


def read(wire: Wire) -> tuple[Token, Notes]:
    """A Token object; raises MalformedObjectError with all pointers."""
    fields = Reader(wire)
    token = v221.read_from(fields)
    return token, fields.finish(f"Token of OCPI {VERSION}", check(VERSION, "Token", wire))
