"""Tariff of OCPI 2.1.1 (mod_tariffs): prices before tax and nothing about VAT, limits, validity."""

from billing.tariff import Tariff
from ingest.protocols.ocpi.elements import FIELDS_V211, read_elements, write_elements
from ingest.protocols.ocpi.published import carried, original_text, read_texts
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.wire import Notes, Shared, Wire, display_texts, instant, kept, present

VERSION = "2.1.1"


def read(wire: Wire) -> tuple[Tariff, Notes]:
    """A Tariff object as JSON with Decimal numbers; raises MalformedObjectError with all pointers.

    2.1.1 does not say whose tariff it is: the owner is "" unless the peer added the later fields.
    """
    fields = Reader(wire)
    tariff = read_from(fields)
    return tariff, fields.finish(f"Tariff of OCPI {VERSION}", check(VERSION, "Tariff", wire))


def read_from(fields: Reader) -> Tariff:
    """A tariff that stands in another object: a CDR's copy."""
    return Tariff(
        country_code=fields.text("country_code", ""),
        party_id=fields.text("party_id", ""),
        id=fields.text("id"),
        currency=fields.text("currency"),
        elements=read_elements(fields, FIELDS_V211),
        alt_text=read_texts(fields, "tariff_alt_text"),
        alt_url=fields.text("tariff_alt_url", ""),
        last_updated=fields.instant("last_updated"),
        original=original_text(fields.fields),
        original_version=VERSION,
    )


@kept(4_096)
def write(tariff: Tariff) -> Wire:
    """The Tariff object, prices before tax. Lost: VAT, limits, type, validity, and elements for
    reservations. Bounds of current are said in the fields that 2.2.1 has for them.
    """
    return Shared(
        present(
            {
                "id": tariff.id,
                "currency": tariff.currency,
                "tariff_alt_text": display_texts(tariff.alt_text),
                "tariff_alt_url": tariff.alt_url,
                "elements": write_elements(tariff.elements, FIELDS_V211, tariff.tax_included),
                **carried(tariff, VERSION),
                "last_updated": instant(tariff.last_updated),
            }
        )
    )
