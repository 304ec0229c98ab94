"""Session of OCPI 2.1.1 (mod_sessions): the whole location inside, total_cost before tax."""

from decimal import Decimal

from billing.party import EVSE, Connector, Location, Token
from ingest.protocols.ocpi.locations import alone
from ingest.protocols.ocpi.periods import FIELDS_V211, Totals, read_periods, write_periods
from ingest.protocols.ocpi.prices import read_price, write_price
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.sessions import SharedSession
from ingest.protocols.ocpi.v211 import locations
from ingest.protocols.ocpi.wire import (
    NOT_AVAILABLE,
    Notes,
    Wire,
    clip,
    instant,
    number,
    present,
)

VERSION = "2.1.1"


def read(wire: Wire) -> tuple[SharedSession, Notes]:
    """A Session object; raises MalformedObjectError. Of the token only the auth_id is said."""
    fields = Reader(wire)
    location, evse, connector = read_place(fields)
    end_at = fields.instant_or_none("end_datetime")
    session = SharedSession(
        country_code=location.country_code,
        party_id=location.party_id,
        id=fields.text("id"),
        start_at=fields.instant("start_datetime"),
        end_at=end_at,
        energy_kwh=fields.number("kwh"),
        token=Token(uid="", type="", party="", contract_id=fields.text("auth_id")),
        auth_method=fields.text("auth_method"),
        authorization_reference="",
        location=location,
        evse=evse,
        connector=connector,
        meter_id=fields.text("meter_id", ""),
        currency=fields.text("currency"),
        periods=read_periods(fields, end_at),
        total=read_price(fields, "total_cost", VERSION),
        status=fields.text("status"),
        last_updated=fields.instant("last_updated"),
    )
    return session, fields.finish(f"Session of OCPI {VERSION}", check(VERSION, "Session", wire))


def write(session: SharedSession) -> Wire:
    """The Session object. A reservation is PENDING: 2.1.1 has no status for it."""
    kwh = number(session.energy_kwh)
    place = alone(session.location, session.evse, session.connector)
    total = session.total
    return present(
        {
            "id": session.id,
            "start_datetime": instant(session.start_at),
            "end_datetime": session.end_at and instant(session.end_at),
            "kwh": kwh,
            "auth_id": session.token.contract_id or NOT_AVAILABLE,
            "auth_method": auth_method(session.auth_method),
            "location": locations.write(place),
            "meter_id": clip(session.meter_id, 255),
            "currency": session.currency,
            "charging_periods": write_periods(session.periods, Totals(kwh), FIELDS_V211),
            "total_cost": None if total is None else write_price(total, VERSION),
            "status": "PENDING" if session.status == "RESERVATION" else session.status,
            "last_updated": instant(session.last_updated),
        }
    )


def read_place(fields: Reader) -> tuple[Location, EVSE, Connector]:
    """The embedded location with its first EVSE and connector; a missing one is a fault."""
    offered = locations.read_from(fields.required_nested("location"))
    if not offered.evses:
        fields.fault("location/evses", "expected the EVSE that was charged at")
        connector = Connector(0, "", "", "", 0, 0, Decimal(0))
        return offered.location, EVSE("", "", 0, (connector,)), connector
    evse = offered.evses[0].evse
    connectors = evse.connectors or (Connector(0, "", "", "", 0, 0, Decimal(0)),)
    return offered.location, evse, connectors[0]


def auth_method(method: str) -> str:
    """2.1.1 does not know COMMAND: a remote start was an authorisation request."""
    return "AUTH_REQUEST" if method == "COMMAND" else method
