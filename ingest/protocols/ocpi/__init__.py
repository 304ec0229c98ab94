"""OCPI: three versions of the roaming language over one domain model that shows none of them.

`ingest.protocols.ocpi.<version>.<module>` holds read(wire) and write(value) side by side; the
functions here choose the version by table. Wire values are JSON with Decimal numbers (`loads`,
`dumps`). Reading returns the value and notes; it raises MalformedObjectError.
"""

from typing import Final

from billing.cdr import CDR
from billing.party import Token
from billing.tariff import Tariff
from ingest.protocols.ocpi import v211, v221, v230
from ingest.protocols.ocpi.errors import MalformedObjectError, UnknownVersionError
from ingest.protocols.ocpi.locations import OfferedEVSE, OfferedLocation
from ingest.protocols.ocpi.schema import VERSIONS, check
from ingest.protocols.ocpi.sessions import SharedSession, completed
from ingest.protocols.ocpi.version import Module, VersionModules
from ingest.protocols.ocpi.wire import Note, Notes, Wire, dumps, loads

__all__ = [
    "SPOKEN", "VERSIONS", "MalformedObjectError", "Module", "Note", "Notes", "OfferedEVSE",
    "OfferedLocation", "SharedSession", "UnknownVersionError", "VersionModules", "Wire", "check",
    "completed", "dumps", "loads", "read_cdr", "read_location", "read_session", "read_tariff",
    "read_token", "spoken", "write_cdr", "write_location", "write_session", "write_tariff",
    "write_token",
]  # fmt: skip

SPOKEN: Final = {"2.1.1": v211.MODULES, "2.2.1": v221.MODULES, "2.3.0": v230.MODULES}


def spoken(version: str) -> VersionModules:
    """The modules of `version`; raises UnknownVersionError for one that is not spoken here."""
    if version not in SPOKEN:
        raise UnknownVersionError(version, VERSIONS)
    return SPOKEN[version]


def read_tariff(version: str, wire: Wire) -> tuple[Tariff, Notes]:
    """A Tariff from `version`'s object, with notes; raises MalformedObjectError."""
    return spoken(version).tariffs.read(wire)


def write_tariff(version: str, tariff: Tariff) -> Wire:
    """`version`'s object of a tariff."""
    return spoken(version).tariffs.write(tariff)


def read_cdr(version: str, wire: Wire) -> tuple[CDR, Notes]:
    """A CDR from `version`'s object, with notes; raises MalformedObjectError."""
    return spoken(version).cdrs.read(wire)


def write_cdr(version: str, cdr: CDR) -> Wire:
    """`version`'s object of a CDR."""
    return spoken(version).cdrs.write(cdr)


def read_session(version: str, wire: Wire) -> tuple[SharedSession, Notes]:
    """A session from `version`'s object, with notes; raises MalformedObjectError."""
    return spoken(version).sessions.read(wire)


def write_session(version: str, session: SharedSession) -> Wire:
    """`version`'s object of a session."""
    return spoken(version).sessions.write(session)


def read_location(version: str, wire: Wire) -> tuple[OfferedLocation, Notes]:
    """A location from `version`'s object, with notes; raises MalformedObjectError."""
    return spoken(version).locations.read(wire)


def write_location(version: str, location: OfferedLocation) -> Wire:
    """`version`'s object of a location."""
    return spoken(version).locations.write(location)


def read_token(version: str, wire: Wire) -> tuple[Token, Notes]:
    """A Token from `version`'s object, with notes; raises MalformedObjectError."""
    return spoken(version).tokens.read(wire)


def write_token(version: str, token: Token) -> Wire:
    """`version`'s object of a token."""
    return spoken(version).tokens.write(token)
