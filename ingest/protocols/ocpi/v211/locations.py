"""Location, EVSE and Connector of OCPI 2.1.1 (mod_locations); a CDR and a Session embed them."""

from decimal import Decimal

from billing.party import EVSE, Connector, Location
from ingest.protocols.ocpi.locations import OfferedEVSE, OfferedLocation
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.v221.locations import read_connector_id, write_coordinates
from ingest.protocols.ocpi.wire import NOT_AVAILABLE, Notes, Wire, clip, instant, present

VERSION = "2.1.1"
_POWER_TYPES = {"AC_2_PHASE": "AC_3_PHASE", "AC_2_PHASE_SPLIT": "AC_1_PHASE"}
"""What 2.1.1 can say of the two power types it lacks: the next one by number of phases wired."""


def read(wire: Wire) -> tuple[OfferedLocation, Notes]:
    """A Location object; raises MalformedObjectError. Its owner is not said: "" unless added."""
    fields = Reader(wire)
    offered = read_from(fields)
    return offered, fields.finish(f"Location of OCPI {VERSION}", check(VERSION, "Location", wire))


def write(offered: OfferedLocation) -> Wire:
    """A Location object. Its type is not known here: UNKNOWN. `publish` cannot be said."""
    place = offered.location
    return present(
        {
            "id": place.id,
            "type": "UNKNOWN",
            "name": clip(place.name, 255),
            "address": clip(place.address, 45),
            "city": clip(place.city, 45),
            "postal_code": place.postal_code or NOT_AVAILABLE,
            "country": place.country,
            "coordinates": write_coordinates(place),
            "evses": [_write_evse(evse, place) for evse in offered.evses],
            "operator": {"name": clip(offered.operator, 100)} if offered.operator else None,
            "time_zone": place.time_zone,
            "last_updated": instant(place.last_updated),
        }
    )


def read_from(fields: Reader) -> OfferedLocation:
    """A Location whose fields are at hand: by itself, in a CDR or in a Session."""
    coordinates = fields.required_nested("coordinates")
    operator = fields.nested("operator")
    postal_code = fields.text("postal_code")
    location = Location(
        country_code=fields.text("country_code", ""),
        party_id=fields.text("party_id", ""),
        id=fields.text("id"),
        name=fields.text("name", ""),
        address=fields.text("address"),
        city=fields.text("city"),
        postal_code="" if postal_code == NOT_AVAILABLE else postal_code,
        country=fields.text("country"),
        latitude=coordinates.text("latitude"),
        longitude=coordinates.text("longitude"),
        time_zone=fields.text("time_zone", ""),
        last_updated=fields.instant("last_updated"),
    )
    return OfferedLocation(
        location=location,
        evses=tuple(_read_evse(evse) for evse in fields.objects("evses")),
        operator=operator.text("name") if operator else "",
    )


def _read_evse(fields: Reader) -> OfferedEVSE:
    connectors = fields.objects("connectors", required=True)
    offered = {c.text("tariff_id") for c in connectors if c.has("tariff_id")}
    evse = EVSE(
        uid=fields.text("uid"),
        evse_id=fields.text("evse_id", ""),
        ocpp_evse=0,
        connectors=tuple(_read_connector(connector) for connector in connectors),
    )
    return OfferedEVSE(evse, fields.text("status"), tuple(sorted(offered)))


def _read_connector(fields: Reader) -> Connector:
    return Connector(
        id=read_connector_id(fields, "id"),
        standard=fields.text("standard"),
        format=fields.text("format"),
        power_type=fields.text("power_type"),
        max_voltage=fields.integer("voltage"),
        max_amperage=fields.integer("amperage"),
        max_power_kw=Decimal(0),
    )


def _write_evse(offered: OfferedEVSE, place: Location) -> Wire:
    evse = offered.evse
    return present(
        {
            "uid": evse.uid,
            "evse_id": evse.evse_id,
            "status": offered.status,
            "connectors": [
                write_connector(connector, offered, place) for connector in evse.connectors
            ],
            "last_updated": instant(place.last_updated),
        }
    )


def write_connector(connector: Connector, offered: OfferedEVSE, place: Location) -> Wire:
    """A connector; of several tariffs only the first can be said."""
    return present(
        {
            "id": str(connector.id),
            "standard": connector.standard,
            "format": connector.format,
            "power_type": _POWER_TYPES.get(connector.power_type, connector.power_type),
            "voltage": connector.max_voltage,
            "amperage": connector.max_amperage,
            "tariff_id": next(iter(offered.tariff_ids), None),
            "last_updated": instant(place.last_updated),
        }
    )
