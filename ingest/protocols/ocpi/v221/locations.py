"""Location, EVSE and Connector of OCPI 2.2.1 (mod_locations), and CdrLocation (mod_cdrs)."""

from decimal import Decimal

from billing.party import EVSE, Connector, Location
from ingest.protocols.ocpi.locations import OfferedEVSE, OfferedLocation
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.schema import check
from ingest.protocols.ocpi.wire import (
    NOT_AVAILABLE,
    Notes,
    Shared,
    Wire,
    clip,
    coordinate,
    instant,
    kept,
    present,
)

VERSION = "2.2.1"
_CDR_ADDRESS = 45


def read(wire: Wire) -> tuple[OfferedLocation, Notes]:
    """A Location object; raises MalformedObjectError with all pointers."""
    fields = Reader(wire)
    offered = read_from(fields)
    return offered, fields.finish(f"Location of OCPI {VERSION}", check(VERSION, "Location", wire))


def write(offered: OfferedLocation) -> Wire:
    """A Location object; EVSEs and connectors carry the location's last_updated."""
    place = offered.location
    return present(
        {
            "country_code": place.country_code,
            "party_id": place.party_id,
            "id": place.id,
            "publish": offered.publish,
            "name": clip(place.name, 255),
            "address": clip(place.address, 255),
            "city": clip(place.city, 45),
            "postal_code": place.postal_code,
            "country": place.country,
            "coordinates": write_coordinates(place),
            "evses": [write_evse(evse, place) for evse in offered.evses],
            "operator": {"name": clip(offered.operator, 100)} if offered.operator else None,
            "time_zone": place.time_zone,
            "last_updated": instant(place.last_updated),
        }
    )


def read_from(fields: Reader) -> OfferedLocation:
    """A Location whose fields are at hand."""
    operator = fields.nested("operator")
    return OfferedLocation(
        location=read_place(fields),
        evses=tuple(_read_evse(evse) for evse in fields.objects("evses")),
        operator=operator.text("name") if operator else "",
        publish=fields.truth("publish"),
    )


def read_place(fields: Reader) -> Location:
    """The address, the coordinates as text, and the clock of a site."""
    coordinates = fields.required_nested("coordinates")
    return Location(
        country_code=fields.text("country_code"),
        party_id=fields.text("party_id"),
        id=fields.text("id"),
        name=fields.text("name", ""),
        address=fields.text("address"),
        city=fields.text("city"),
        postal_code=fields.text("postal_code", ""),
        country=fields.text("country"),
        latitude=coordinates.text("latitude"),
        longitude=coordinates.text("longitude"),
        time_zone=fields.text("time_zone"),
        last_updated=fields.instant("last_updated"),
    )


def write_coordinates(place: Location) -> Wire:
    """GeoLocation: decimal degrees as text, latitude in 10 characters, longitude in 11."""
    return {
        "latitude": coordinate(place.latitude, 10),
        "longitude": coordinate(place.longitude, 11),
    }


def write_evse(offered: OfferedEVSE, place: Location) -> Wire:
    """An EVSE with its connectors."""
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
    """A connector with the tariffs offered at it; power in W."""
    return present(
        {
            "id": str(connector.id),
            "standard": connector.standard,
            "format": connector.format,
            "power_type": connector.power_type,
            "max_voltage": connector.max_voltage,
            "max_amperage": connector.max_amperage,
            "max_electric_power": int(connector.max_power_kw * 1000) or None,
            "tariff_ids": list(offered.tariff_ids),
            "last_updated": instant(place.last_updated),
        }
    )


def read_cdr_location(cdr: Reader) -> tuple[Location, EVSE, Connector]:
    """The place of a CDR: one EVSE, one connector. No time zone is said: it stays ""."""
    fields = cdr.required_nested("cdr_location")
    coordinates = fields.required_nested("coordinates")
    connector = Connector(
        id=read_connector_id(fields, "connector_id"),
        standard=fields.text("connector_standard"),
        format=fields.text("connector_format"),
        power_type=fields.text("connector_power_type"),
        max_voltage=0,
        max_amperage=0,
        max_power_kw=Decimal(0),
    )
    location = Location(
        country_code=cdr.text("country_code"),
        party_id=cdr.text("party_id"),
        id=fields.text("id"),
        name=fields.text("name", ""),
        address=fields.text("address"),
        city=fields.text("city"),
        postal_code=fields.text("postal_code", ""),
        country=fields.text("country"),
        latitude=coordinates.text("latitude"),
        longitude=coordinates.text("longitude"),
        time_zone="",
        last_updated=cdr.instant("start_date_time"),
    )
    evse_id = fields.text("evse_id")
    evse = EVSE(
        fields.text("evse_uid"), "" if evse_id == NOT_AVAILABLE else evse_id, 0, (connector,)
    )
    return location, evse, connector


@kept(8_192)
def write_cdr_location(place: Location, evse: EVSE, connector: Connector) -> Wire:
    """CdrLocation. Its address takes 45 characters, a Location's 255: the rest is cut off here."""
    return Shared(
        present(
            {
                "id": place.id,
                "name": clip(place.name, 255),
                "address": clip(place.address, _CDR_ADDRESS),
                "city": clip(place.city, 45),
                "postal_code": place.postal_code,
                "country": place.country,
                "coordinates": write_coordinates(place),
                "evse_uid": evse.uid,
                "evse_id": evse.evse_id or NOT_AVAILABLE,
                "connector_id": str(connector.id),
                "connector_standard": connector.standard,
                "connector_format": connector.format,
                "connector_power_type": connector.power_type,
            }
        )
    )


def read_connector_id(fields: Reader, name: str) -> int:
    """Our connectors are numbered; a peer's name that is no number is noted and read as 0."""
    text = fields.text(name)
    if text.isdecimal():
        return int(text)
    fields.note("connector_id_form", name, f"expected a number, got {text[:36]}")
    return 0


def _read_evse(fields: Reader) -> OfferedEVSE:
    connectors = fields.objects("connectors", required=True)
    offered = {str(t) for c in connectors for t in c.items("tariff_ids")}
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
        max_voltage=fields.integer("max_voltage"),
        max_amperage=fields.integer("max_amperage"),
        max_power_kw=Decimal(fields.integer("max_electric_power", 0)) / 1000,
    )
