"""Location of OCPI 2.3.0: as 2.2.1; connector types and parking restrictions are open enums."""

from ingest.protocols.ocpi.locations import OfferedLocation
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.v221 import locations as v221
from ingest.protocols.ocpi.wire import Notes, Wire

VERSION = "2.3.0"

write = v221.write


def read(wire: Wire) -> tuple[OfferedLocation, Notes]:
    """A Location object; raises MalformedObjectError with all pointers."""
    fields = Reader(wire)
    offered = v221.read_from(fields)
    return offered, fields.finish(f"Location of OCPI {VERSION}", check(VERSION, "Location", wire))
