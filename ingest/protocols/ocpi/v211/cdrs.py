"""CDR of OCPI 2.1.1 (mod_cdrs): the whole location inside, costs before tax, no credit fields."""

from collections.abc import Callable
from decimal import Decimal

from billing.cdr import CDR
from billing.party import EVSE, Connector, Location, Token
from billing.tariff import Tariff
from ingest.protocols.ocpi.locations import alone
from ingest.protocols.ocpi.periods import FIELDS_V211, PeriodsOf, read_periods, write_cdr_periods
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.totals import read_receipt, upright, write_costs
from ingest.protocols.ocpi.v211 import locations, tariffs
from ingest.protocols.ocpi.v211.sessions import auth_method, read_place
from ingest.protocols.ocpi.wire import (
    NOT_AVAILABLE,
    Notes,
    Shared,
    Wire,
    clip,
    instant,
    kept,
    number,
    present,
)

VERSION = "2.1.1"
_CREDIT = "Credit for CDR "


def read(wire: Wire) -> tuple[CDR, Notes]:
    """A partner's CDR; raises MalformedObjectError with all pointers.

    A negative total_cost is a credit: 2.1.1 has no field for it. Of the token only the auth_id is
    said, and of the session nothing.
    """
    fields = Reader(wire)
    cdr = read_from(fields)
    return cdr, fields.finish(f"CDR of OCPI {VERSION}", check(VERSION, "CDR", wire))


def read_from(
    fields: Reader,
    read_tariff: Callable[[Reader], Tariff] = tariffs.read_from,
    periods_of: PeriodsOf = read_periods,
) -> CDR:
    """A CDR whose fields are at hand."""
    total = fields.number_or_none("total_cost")
    credit = total is not None and total < 0
    location, evse, connector = read_place(fields)
    end_at = fields.instant("stop_date_time")
    remark = fields.text("remark", "")
    cdr = CDR(
        country_code=location.country_code,
        party_id=location.party_id,
        id=fields.text("id"),
        session_id="",
        session_version=0,
        start_at=fields.instant("start_date_time"),
        end_at=end_at,
        token=Token(uid="", type="", party="", contract_id=fields.text("auth_id")),
        auth_method=fields.text("auth_method"),
        authorization_reference="",
        location=location,
        evse=evse,
        connector=connector,
        meter_id=fields.text("meter_id", ""),
        currency=fields.text("currency"),
        tariffs=tuple(read_tariff(tariff) for tariff in fields.objects("tariffs")),
        periods=periods_of(fields, end_at),
        receipt=read_receipt(fields, VERSION, credit=credit),
        total_energy_kwh=fields.number("total_energy"),
        total_time_h=fields.number("total_time"),
        total_parking_time_h=fields.number_or_none("total_parking_time") or Decimal(0),
        signed_values=(),
        remark=remark,
        credit=credit,
        credit_reference_id=remark.removeprefix(_CREDIT) if remark.startswith(_CREDIT) else "",
        last_updated=fields.instant("last_updated"),
    )
    return upright(fields, cdr)


def write(cdr: CDR) -> Wire:
    """The CDR object. A credit says in its remark which CDR it credits.

    Lost: taxes, part costs, session id, authorization reference, signed data, token uid and owner.
    """
    parking = number(cdr.total_parking_time_h)
    remark = f"{_CREDIT}{cdr.credit_reference_id}" if cdr.credit else cdr.remark
    return present(
        {
            "id": cdr.id,
            "start_date_time": instant(cdr.start_at),
            "stop_date_time": instant(cdr.end_at),
            "auth_id": cdr.token.contract_id or NOT_AVAILABLE,
            "auth_method": auth_method(cdr.auth_method),
            "location": _write_location(cdr.location, cdr.evse, cdr.connector),
            "meter_id": clip(cdr.meter_id, 255),
            "currency": cdr.currency,
            "tariffs": [tariffs.write(tariff) for tariff in cdr.tariffs],
            "charging_periods": write_cdr_periods(cdr, FIELDS_V211),
            **write_costs(cdr, VERSION),
            "total_energy": number(cdr.total_energy_kwh),
            "total_time": number(cdr.total_time_h),
            "total_parking_time": parking or None,
            "remark": clip(remark, 255),
            "last_updated": instant(cdr.last_updated),
        }
    )


@kept(8_192)
def _write_location(place: Location, evse: EVSE, connector: Connector) -> Wire:
    return Shared(locations.write(alone(place, evse, connector)))
