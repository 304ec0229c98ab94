"""Tariff of OCPI 2.3.0 (mod_tariffs): as 2.2.1, and says whether its prices include tax."""

from billing.tariff import Tariff, TaxIncluded
from ingest.protocols.ocpi.elements import FIELDS_V230, read_elements, write_elements
from ingest.protocols.ocpi.prices import read_limit, write_limit
from ingest.protocols.ocpi.published import carried, original_text, read_texts
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.wire import Notes, Shared, Wire, display_texts, instant, kept, present

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
    return Tariff(
        country_code=fields.text("country_code"),
        party_id=fields.text("party_id"),
        id=fields.text("id"),
        currency=fields.text("currency"),
        type=fields.text("type", ""),
        tax_included=_read_tax_included(fields),
        min_price=read_limit(fields, "min_price", VERSION),
        max_price=read_limit(fields, "max_price", VERSION),
        elements=read_elements(fields, FIELDS_V230),
        start_at=fields.instant_or_none("start_date_time"),
        end_at=fields.instant_or_none("end_date_time"),
        alt_text=read_texts(fields, "tariff_alt_text"),
        alt_url=fields.text("tariff_alt_url", ""),
        last_updated=fields.instant("last_updated"),
        original=original_text(fields.fields),
        original_version=VERSION,
    )


@kept(4_096)
def write(tariff: Tariff) -> Wire:
    """The Tariff object. What this model does not know (energy_mix, preauthorize_amount of the
    payments module) is carried over from the published object.
    """
    return Shared(
        present(
            {
                "country_code": tariff.country_code,
                "party_id": tariff.party_id,
                "id": tariff.id,
                "currency": tariff.currency,
                "type": tariff.type,
                "tariff_alt_text": display_texts(tariff.alt_text),
                "tariff_alt_url": tariff.alt_url,
                "min_price": write_limit(tariff.min_price, VERSION),
                "max_price": write_limit(tariff.max_price, VERSION),
                "elements": write_elements(tariff.elements, FIELDS_V230, TaxIncluded.NO),
                "tax_included": tariff.tax_included.value,
                "start_date_time": tariff.start_at and instant(tariff.start_at),
                "end_date_time": tariff.end_at and instant(tariff.end_at),
                **carried(tariff, VERSION),
                "last_updated": instant(tariff.last_updated),
            }
        )
    )


def _read_tax_included(fields: Reader) -> TaxIncluded:
    value = fields.text("tax_included", "")
    if value in {item.value for item in TaxIncluded}:
        return TaxIncluded(value)
    if value:
        fields.fault("tax_included", f"expected YES, NO or N/A, got {value[:40]!r}")
    return TaxIncluded.NO
