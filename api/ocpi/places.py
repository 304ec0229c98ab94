"""Locations and tariffs for partners, from the registry: as things stand this moment."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from api.deps import Registry, Row
from api.envelope import instant_of
from api.ocpi.paging import ListQuery, Page, Place
from billing.party import EVSE, Connector, Location
from billing.tariff import Tariff
from ingest.protocols.ocpi import (
    MalformedObjectError,
    OfferedEVSE,
    OfferedLocation,
    Wire,
    dumps,
    read_tariff,
    write_location,
    write_tariff,
)
from ingest.protocols.ocpi.wire import parse_instant

_log = logging.getLogger(__name__)

_STATUS = {
    "Available": "AVAILABLE",
    "Preparing": "CHARGING",
    "Charging": "CHARGING",
    "SuspendedEV": "CHARGING",
    "SuspendedEVSE": "CHARGING",
    "Finishing": "CHARGING",
    "Occupied": "CHARGING",
    "Reserved": "RESERVED",
    "Unavailable": "INOPERATIVE",
    "Faulted": "OUTOFORDER",
}
"""OCPP connector status → OCPI Status: a bay that holds a vehicle counts as CHARGING."""
_WORST_FIRST = ("CHARGING", "RESERVED", "OUTOFORDER", "INOPERATIVE", "AVAILABLE", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a list: its place in creation order, last_updated, and its wire object."""

    place: Place
    updated: datetime
    wire: Callable[[], Wire]


class Places:
    """The registry's locations and tariffs as OCPI lists."""

    def __init__(self, registry: Registry, now: Callable[[], int]) -> None:
        self._registry = registry
        self._now = now

    def tariffs(self, version: str, party: str, query: ListQuery) -> Page:
        """The tariffs offered to a party: of each id the version in force now, else the next."""
        now = instant_of(self._now())
        versions: dict[str, list[Row]] = defaultdict(list)
        for row in self._registry.tariffs():
            if _is_offered(row, party):
                versions[row["id"]].append(row)
        items = [self._tariff_item(version, rows, now) for rows in versions.values()]
        return page_of([item for item in items if item is not None], query)

    def locations(self, version: str, party: str, query: ListQuery) -> Page:
        """All locations with every EVSE that is in service, and the tariffs offered to a party."""
        offered = self._offered(party)
        items = [
            Item((0, place.location.id), place.location.last_updated, _writer(version, place))
            for place in offered
        ]
        return page_of(items, query)

    def location(self, version: str, party: str, *path: str) -> Wire | None:
        """A location, an EVSE of it, or a connector of that; None where there is none."""
        place = next((p for p in self._offered(party) if p.location.id == path[0]), None)
        if place is None:
            return None
        found: Wire | None = write_location(version, place)
        for inside, key, wanted in (("evses", "uid", path[1:2]), ("connectors", "id", path[2:3])):
            if wanted and found is not None:
                found = next((o for o in found.get(inside, ()) if o[key] == wanted[0]), None)
        return found

    def _tariff_item(self, version: str, rows: list[Row], now: datetime) -> Item | None:
        """`last_updated` is when this became so for a reader: published, or come into force."""
        dated = sorted((parse_instant(row["valid_from"]) or now, row["updated_ns"]) for row in rows)
        by_start = {parse_instant(row["valid_from"]) or now: row for row in rows}
        begun = [start for start, _ in dated if start <= now]
        start = begun[-1] if begun else dated[0][0]
        row = by_start[start]
        try:
            tariff, _ = read_tariff(row["ocpi_version"], row["tariff"])
        except MalformedObjectError as error:
            _log.warning("tariff %s is not offered: %s", row["id"], error)
            return None
        told = max(tariff.last_updated, instant_of(row["updated_ns"]), *begun[-1:])
        created = min(published for _, published in dated) // 1000
        offered = self._owned(replace(tariff, last_updated=told))
        return Item((created, row["id"]), told, lambda: write_tariff(version, offered))

    def _owned(self, tariff: Tariff) -> Tariff:
        """With our own party as its owner where the tariff says none (2.1.1)."""
        if tariff.country_code and tariff.party_id:
            return tariff
        owner = own_party(self._registry)
        return replace(tariff, country_code=owner[0], party_id=owner[1])

    def _offered(self, party: str) -> list[OfferedLocation]:
        stations: dict[str, list[Row]] = defaultdict(list)
        for station in self._registry.stations():
            if station["status"] != "pending":
                stations[station["location_id"]].append(station)
        tariffs = [row for row in self._registry.tariffs() if _is_offered(row, party)]
        return [
            self._offered_location(row, stations[row["id"]], tariffs)
            for row in self._registry.locations()
        ]

    def _offered_location(
        self, row: Row, stations: list[Row], tariffs: list[Row]
    ) -> OfferedLocation:
        updated = row["updated_ns"]
        evses: list[OfferedEVSE] = []
        for station in stations:
            states = self._registry.connectors(station["id"])
            connection = self._registry.connection(station["id"]) or {}
            heard = (state["received_ns"] for state in states)
            updated = max(updated, connection.get("since_ns", 0), *heard, 0)
            reachable = bool(connection.get("online")) and station["status"] == "accepted"
            ids = tuple(sorted({t["id"] for t in tariffs if _applies(t, station)}))
            evses += (
                OfferedEVSE(
                    _evse(evse),
                    _status(evse, states, blocked=station["status"] == "blocked", up=reachable),
                    ids,
                )
                for evse in station["evses"]
            )
        return OfferedLocation(_location(row, updated), tuple(evses))


def own_party(registry: Registry) -> tuple[str, str]:
    """(country_code, party_id) of ourselves: the party with the role CPO; empty where none is."""
    for row in registry.parties():
        if row["role"] == "CPO":
            return row["country_code"], row["party_id"]
    return "", ""


def page_of(items: Iterable[Item], query: ListQuery) -> Page:
    """The page of a list that is at hand as a whole, in creation order."""
    matching = sorted(
        (
            item
            for item in items
            if (query.date_from is None or item.updated >= query.date_from)
            and (query.date_to is None or item.updated < query.date_to)
            and (query.upto is None or item.place <= query.upto)
        ),
        key=lambda item: item.place,
    )
    after = query.after
    start = query.offset if after is None else sum(item.place <= after for item in matching)
    shown = matching[start : start + query.limit]
    return Page(
        texts=[dumps(item.wire()) for item in shown],
        total=len(matching),
        last=shown[-1].place if shown else None,
        more=start + len(shown) < len(matching),
        upto=query.upto or (matching[-1].place if matching else None),
    )


def _writer(version: str, place: OfferedLocation) -> Callable[[], Wire]:
    return lambda: write_location(version, place)


def _is_offered(tariff: Row, party: str) -> bool:
    """Whether a tariff is everybody's, or this party's."""
    return not tariff["parties"] or party in tariff["parties"]


def _applies(tariff: Row, station: Row) -> bool:
    """Whether a tariff is offered at a station: by station, by location, or everywhere."""
    if tariff["stations"] or tariff["locations"]:
        return station["id"] in tariff["stations"] or station["location_id"] in tariff["locations"]
    return True


def _location(row: Row, updated_ns: int) -> Location:
    names = (
        "country_code", "party_id", "id", "name", "address", "city", "postal_code", "country",
        "latitude", "longitude", "time_zone",
    )  # fmt: skip
    at = instant_of(max(updated_ns, 0)).astimezone(UTC)
    return Location(**{name: str(row[name]) for name in names}, last_updated=at)


def _evse(evse: Row) -> EVSE:
    return EVSE(
        uid=str(evse["uid"]),
        evse_id=str(evse.get("evse_id", "")),
        ocpp_evse=int(evse.get("ocpp_evse", 0)),
        connectors=tuple(_connector(connector) for connector in evse.get("connectors", ())),
    )


def _connector(connector: dict[str, Any]) -> Connector:
    return Connector(
        id=int(connector["id"]),
        standard=str(connector["standard"]),
        format=str(connector["format"]),
        power_type=str(connector["power_type"]),
        max_voltage=int(connector["max_voltage"]),
        max_amperage=int(connector["max_amperage"]),
        max_power_kw=Decimal(str(connector.get("max_power_kw", 0))),
    )


def _status(evse: Row, states: list[Row], *, blocked: bool, up: bool) -> str:
    """OCPI Status of an EVSE: of its connectors the one that says most; unreachable: UNKNOWN."""
    if blocked:
        return "INOPERATIVE"
    if not up:
        return "UNKNOWN"
    told = {
        _STATUS.get(state["status"], "UNKNOWN")
        for state in states
        if state["evse"] == int(evse.get("ocpp_evse", 0))
    }
    return next((status for status in _WORST_FIRST if status in told), "UNKNOWN")
