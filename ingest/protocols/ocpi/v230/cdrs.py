"""CDR of OCPI 2.3.0 (mod_cdrs): as 2.2.1, with taxes listed by rate."""

from billing.cdr import CDR
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.v221 import cdrs as v221
from ingest.protocols.ocpi.v230 import tariffs
from ingest.protocols.ocpi.wire import Notes, Wire

VERSION = "2.3.0"


def read(wire: Wire) -> tuple[CDR, Notes]:
    """A partner's CDR; raises MalformedObjectError with all pointers. Empty fields as in 2.2.1."""
    fields = Reader(wire)
    cdr = v221.read_from(fields, VERSION, tariffs.read_from)
    return cdr, fields.finish(f"CDR of OCPI {VERSION}", check(VERSION, "CDR", wire))


def write(cdr: CDR) -> Wire:
    """The CDR object, valid against the version's tables."""
    return v221.written_as(cdr, VERSION, tariffs.write)
