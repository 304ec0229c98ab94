"""Tariff of OCPI 2.2.1 (mod_tariffs): prices before tax, VAT per component, limits, validity."""

from billing.tariff import Tariff, TaxIncluded
from ingest.protocols.ocpi.elements import FIELDS_V221, read_elements, write_elements
from ingest.protocols.ocpi.prices import read_limit, write_limit
from ingest.protocols.ocpi.published import carried, original_text, read_texts
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.wire import Notes, Shared, Wire, display_texts, instant, kept, present

VERSION = "2.2.1"


def read(wire: Wire) -> tuple[Tariff, Notes]:
    """A Tariff object as JSON with Decimal numbers; raises MalformedObjectError with all pointers.

    Unknown fields, numbers in quotes, list-shaped restrictions and times with seconds are
    understood and noted. The whole object stays in `original`.
    """
    fields = Reader(wire)
    tariff = read_from(fields)
    return tariff, fields.finish(f"Tariff of OCPI {VERSION}", check(VERSION, "Tariff", wire))


def read_from(fields: Reader) -> Tariff:
    """A tariff that stands in another object: a CDR's copy."""
    return read_as(VERSION, fields, FIELDS_V221, TaxIncluded.NO)


def read_as(
    version: str, fields: Reader, elements: frozenset[str], tax_included: TaxIncluded
) -> Tariff:
    """A tariff of 2.2.1 or of 2.3.0, whose elements have these fields."""
    return Tariff(
        country_code=fields.text("country_code"),
        party_id=fields.text("party_id"),
        id=fields.text("id"),
        currency=fields.text("currency"),
        type=fields.text("type", ""),
        tax_included=tax_included,
        min_price=read_limit(fields, "min_price", version),
        max_price=read_limit(fields, "max_price", version),
        elements=read_elements(fields, elements),
        start_at=fields.instant_or_none("start_date_time"),
        end_at=fields.instant_or_none("end_date_time"),
        alt_text=read_texts(fields, "tariff_alt_text"),
        alt_url=fields.text("tariff_alt_url", ""),
        last_updated=fields.instant("last_updated"),
        original=original_text(fields.fields),
        original_version=version,
    )


@kept(4_096)
def write(tariff: Tariff) -> Wire:
    """The Tariff object. A gross price (tax_included YES) is written before tax where it has a VAT.

    What this model does not know (energy_mix) is carried over from the published object.
    """
    elements = write_elements(tariff.elements, FIELDS_V221, tariff.tax_included)
    return written_as(tariff, VERSION, elements, None)


def written_as(
    tariff: Tariff, version: str, elements: list[Wire], tax_included: TaxIncluded | None
) -> Wire:
    """The object of 2.2.1, or of 2.3.0, which says whether its prices include tax."""
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
                "min_price": write_limit(tariff.min_price, version),
                "max_price": write_limit(tariff.max_price, version),
                "elements": elements,
                "tax_included": tax_included and tax_included.value,
                "start_date_time": tariff.start_at and instant(tariff.start_at),
                "end_date_time": tariff.end_at and instant(tariff.end_at),
                **carried(tariff, version),
                "last_updated": instant(tariff.last_updated),
            }
        )
    )
