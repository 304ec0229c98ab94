"""Session of OCPI 2.2.1 (mod_sessions): places by their ids, the token as a snapshot."""

from decimal import Decimal

from billing.party import EVSE, Connector, Location
from ingest.protocols.ocpi.periods import FIELDS_V221, Totals, read_periods, write_periods
from ingest.protocols.ocpi.prices import read_price, write_price
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.sessions import SharedSession
from ingest.protocols.ocpi.v221 import tokens
from ingest.protocols.ocpi.v221.locations import read_connector_id
from ingest.protocols.ocpi.wire import Notes, Wire, clip, instant, number, present

VERSION = "2.2.1"


def read(wire: Wire) -> tuple[SharedSession, Notes]:
    """A Session object; raises MalformedObjectError. Of the place only the ids are said."""
    fields = Reader(wire)
    session = read_from(fields, VERSION)
    return session, fields.finish(f"Session of OCPI {VERSION}", check(VERSION, "Session", wire))


def write(session: SharedSession) -> Wire:
    """The Session object, valid against the version's tables."""
    return written_as(session, VERSION)


def written_as(session: SharedSession, version: str) -> Wire:
    """A Session of 2.2.1 or of 2.3.0, which differ in the shape of total_cost only."""
    kwh = number(session.energy_kwh)
    total = session.total
    return present(
        {
            "country_code": session.country_code,
            "party_id": session.party_id,
            "id": session.id,
            "start_date_time": instant(session.start_at),
            "end_date_time": session.end_at and instant(session.end_at),
            "kwh": kwh,
            "cdr_token": tokens.write_cdr_token(session.token),
            "auth_method": session.auth_method,
            "authorization_reference": session.authorization_reference,
            "location_id": session.location.id,
            "evse_uid": session.evse.uid,
            "connector_id": str(session.connector.id),
            "meter_id": clip(session.meter_id, 255),
            "currency": session.currency,
            "charging_periods": write_periods(session.periods, Totals(kwh), FIELDS_V221),
            "total_cost": None if total is None else write_price(total, version),
            "status": session.status,
            "last_updated": instant(session.last_updated),
        }
    )


def read_from(fields: Reader, version: str) -> SharedSession:
    """A Session of 2.2.1 or of 2.3.0 whose fields are at hand."""
    end_at = fields.instant_or_none("end_date_time")
    connector = Connector(read_connector_id(fields, "connector_id"), "", "", "", 0, 0, Decimal(0))
    updated = fields.instant("last_updated")
    owner = fields.text("country_code"), fields.text("party_id")
    return SharedSession(
        country_code=owner[0],
        party_id=owner[1],
        id=fields.text("id"),
        start_at=fields.instant("start_date_time"),
        end_at=end_at,
        energy_kwh=fields.number("kwh"),
        token=tokens.read_cdr_token(fields),
        auth_method=fields.text("auth_method"),
        authorization_reference=fields.text("authorization_reference", ""),
        location=Location(
            *owner, fields.text("location_id"), "", "", "", "", "", "", "", "", updated
        ),
        evse=EVSE(fields.text("evse_uid"), "", 0, (connector,)),
        connector=connector,
        meter_id=fields.text("meter_id", ""),
        currency=fields.text("currency"),
        periods=read_periods(fields, end_at),
        total=read_price(fields, "total_cost", version),
        status=fields.text("status"),
        last_updated=updated,
    )
