"""CDR of OCPI 2.2.1 (mod_cdrs): immutable; corrected by a credit CDR and a new CDR."""

from collections.abc import Callable
from decimal import Decimal

from billing.cdr import CDR
from billing.tariff import Tariff
from ingest.protocols.ocpi.periods import FIELDS_V221, PeriodsOf, read_periods, write_cdr_periods
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.signed import read_signed, write_signed
from ingest.protocols.ocpi.totals import read_receipt, upright, write_costs
from ingest.protocols.ocpi.v221 import locations, tariffs, tokens
from ingest.protocols.ocpi.wire import Notes, Wire, clip, instant, number, present

VERSION = "2.2.1"


def read(wire: Wire) -> tuple[CDR, Notes]:
    """A partner's CDR; raises MalformedObjectError with all pointers.

    The receipt holds what is claimed (totals, no lines). Not on the wire, hence empty: session
    version (0), time zone of the location, the connector's ratings.
    """
    fields = Reader(wire)
    cdr = read_from(fields, VERSION, tariffs.read_from)
    return cdr, fields.finish(f"CDR of OCPI {VERSION}", check(VERSION, "CDR", wire))


def write(cdr: CDR) -> Wire:
    """The CDR object, valid against the version's tables."""
    return written_as(cdr, VERSION, tariffs.write)


def written_as(cdr: CDR, version: str, write_tariff: Callable[[Tariff], Wire]) -> Wire:
    """A CDR of 2.2.1 or of 2.3.0, which differ in prices and tariffs only."""
    costs = write_costs(cdr, version)
    parking = number(cdr.total_parking_time_h)
    return present(
        {
            "country_code": cdr.country_code,
            "party_id": cdr.party_id,
            "id": cdr.id,
            "start_date_time": instant(cdr.start_at),
            "end_date_time": instant(cdr.end_at),
            "session_id": cdr.session_id,
            "cdr_token": tokens.write_cdr_token(cdr.token),
            "auth_method": cdr.auth_method,
            "authorization_reference": cdr.authorization_reference,
            "cdr_location": locations.write_cdr_location(cdr.location, cdr.evse, cdr.connector),
            "meter_id": clip(cdr.meter_id, 255),
            "currency": cdr.currency,
            "tariffs": [write_tariff(tariff) for tariff in cdr.tariffs],
            "charging_periods": write_cdr_periods(cdr, FIELDS_V221),
            "signed_data": write_signed(cdr.signed_values),
            "total_cost": costs["total_cost"],
            "total_fixed_cost": costs["total_fixed_cost"],
            "total_energy": number(cdr.total_energy_kwh),
            "total_energy_cost": costs["total_energy_cost"],
            "total_time": number(cdr.total_time_h),
            "total_time_cost": costs["total_time_cost"],
            "total_parking_time": parking or None,
            "total_parking_cost": costs["total_parking_cost"],
            "total_reservation_cost": costs["total_reservation_cost"],
            "remark": clip(cdr.remark, 255),
            "credit": cdr.credit or None,
            "credit_reference_id": cdr.credit_reference_id,
            "last_updated": instant(cdr.last_updated),
        }
    )


def read_from(
    fields: Reader,
    version: str,
    read_tariff: Callable[[Reader], Tariff],
    periods_of: PeriodsOf = read_periods,
) -> CDR:
    """A CDR of 2.2.1 or of 2.3.0 whose fields are at hand."""
    location, evse, connector = locations.read_cdr_location(fields)
    credit = fields.truth("credit", default=False)
    end_at = fields.instant("end_date_time")
    cdr = CDR(
        country_code=fields.text("country_code"),
        party_id=fields.text("party_id"),
        id=fields.text("id"),
        session_id=fields.text("session_id", ""),
        session_version=0,
        start_at=fields.instant("start_date_time"),
        end_at=end_at,
        token=tokens.read_cdr_token(fields),
        auth_method=fields.text("auth_method"),
        authorization_reference=fields.text("authorization_reference", ""),
        location=location,
        evse=evse,
        connector=connector,
        meter_id=fields.text("meter_id", ""),
        currency=fields.text("currency"),
        tariffs=tuple(read_tariff(tariff) for tariff in fields.objects("tariffs")),
        periods=periods_of(fields, end_at),
        receipt=read_receipt(fields, version, credit=credit),
        total_energy_kwh=fields.number("total_energy"),
        total_time_h=fields.number("total_time"),
        total_parking_time_h=fields.number_or_none("total_parking_time") or Decimal(0),
        signed_values=read_signed(fields),
        remark=fields.text("remark", ""),
        credit=credit,
        credit_reference_id=fields.text("credit_reference_id", ""),
        last_updated=fields.instant("last_updated"),
    )
    return upright(fields, cdr)
