"""Tariff of OCPI 2.3.0 (mod_tariffs): as 2.2.1, and says whether its prices include tax.

With the bookings extension an element may price a booking, with payments a tariff may name an
amount to hold on a card.
"""

from billing.tariff import Tariff, TaxIncluded
from ingest.protocols.ocpi.elements import FIELDS_V230, write_elements
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.v221 import tariffs as v221
from ingest.protocols.ocpi.wire import Notes, Wire, kept

VERSION = "2.3.0"


def read(wire: Wire) -> tuple[Tariff, Notes]:
    """A Tariff object as JSON with Decimal numbers; raises MalformedObjectError with all pointers.

    As 2.2.1. A missing tax_included is read as NO and noted, a limit in the shape of 2.2.1 too.
    """
    fields = Reader(wire)
    tariff = read_from(fields)
    return tariff, fields.finish(f"Tariff of OCPI {VERSION}", check(VERSION, "Tariff", wire))


def read_from(fields: Reader) -> Tariff:
    """A tariff that stands in another object: a CDR's copy."""
    return v221.read_as(VERSION, fields, FIELDS_V230, _read_tax_included(fields))


@kept(4_096)
def write(tariff: Tariff) -> Wire:
    """The Tariff object. What this model does not know (energy_mix, preauthorize_amount of the
    payments module) is carried over from the published object.
    """
    elements = write_elements(tariff.elements, FIELDS_V230, TaxIncluded.NO)
    return v221.written_as(tariff, VERSION, elements, tariff.tax_included)


def _read_tax_included(fields: Reader) -> TaxIncluded:
    value = fields.text_or_none("tax_included")
    if value is None:
        return TaxIncluded.NO
    if value in {item.value for item in TaxIncluded}:
        return TaxIncluded(value)
    fields.fault("tax_included", f"expected YES, NO or N/A, got {value[:40]!r}")
    return TaxIncluded.NO
