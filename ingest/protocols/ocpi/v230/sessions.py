"""Session of OCPI 2.3.0 (mod_sessions): as 2.2.1, with taxes listed by rate."""

from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.sessions import SharedSession
from ingest.protocols.ocpi.v221 import sessions as v221
from ingest.protocols.ocpi.wire import Notes, Wire

VERSION = "2.3.0"


def read(wire: Wire) -> tuple[SharedSession, Notes]:
    """A Session object; raises MalformedObjectError. Of the place only the ids are said."""
    fields = Reader(wire)
    session = v221.read_from(fields, VERSION)
    return session, fields.finish(f"Session of OCPI {VERSION}", check(VERSION, "Session", wire))


def write(session: SharedSession) -> Wire:
    """The Session object, valid against the version's tables."""
    return v221.written_as(session, VERSION)
