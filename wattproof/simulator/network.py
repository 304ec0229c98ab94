"""Who exists: locations, stations, tokens, parties and tariffs that a simulation needs.

A `Network` is what an operator would have registered; `provisioning` says it in operator actions.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.party import EVSE, Connector, Location, Party, Role, Station, Token
from ingest.protocols import actions
from wattproof.simulator.curve import Vehicle

COUNTRY, PARTY = "NL", "WPF"
SELLER = Party(
    COUNTRY,
    PARTY,
    Role.CPO,
    "Wattproof Charging B.V.",
    address="Stationsplein 1",
    postal_code="3511 ED",
    city="Utrecht",
    country="NLD",
    vat_number="NL000099998B57",
    email="billing@wattproof.example",
    iban="NL02ABNA0123456789",
)
ALWAYS = datetime(2015, 1, 1, tzinfo=UTC)
"""From when the tariffs of a simulation hold: before any session that is played."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """A station with the OCPP version it speaks (`1.6` or `2.0.1`) and what its outlets give."""

    station: Station
    version: str
    power_w: int
    dc: bool
    time_zone: str

    @property
    def connectors(self) -> int:
        """How many vehicles can charge at once."""
        return len(self.station.evses)


@dataclass(frozen=True, slots=True)
class Driver:
    """A card in a pocket and the vehicle it is used for; `known` tells whether we know the card."""

    token: Token
    vehicle: Vehicle
    known: bool = True
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Network:
    """Everything that is registered before the first frame."""

    locations: tuple[Location, ...]
    outlets: tuple[Outlets, ...]
    drivers: tuple[Driver, ...]
    parties: tuple[Party, ...]
    tariffs: tuple[actions.TariffAdd, ...]


def provisioning(network: Network, password_hashes: Mapping[str, str]) -> list[actions.Action]:
    """The operator actions that register a network; stations get the given password hashes."""
    return list(_provisioning(network, password_hashes))


def _provisioning(network: Network, hashes: Mapping[str, str]) -> Iterator[actions.Action]:
    yield from (actions.PartyAdd(party) for party in network.parties)
    yield from (actions.LocationAdd(location) for location in network.locations)
    yield from network.tariffs
    for one in network.outlets:
        yield actions.StationAdd(
            one.station,
            protocols=(f"ocpp{one.version}",),
            password_hash=hashes.get(one.station.id, ""),
        )
    known = [driver for driver in network.drivers if driver.known]
    yield from (actions.TokenAdd(driver.token) for driver in known)
    yield from (actions.TokenBlock(driver.token.uid) for driver in known if driver.blocked)


def tariff(
    name: str,
    *elements: Mapping[str, Any],
    parties: tuple[str, ...] = (),
    stations: tuple[str, ...] = (),
    locations: tuple[str, ...] = (),
) -> actions.TariffAdd:
    """An OCPI 2.2.1 tariff of ours in EUR that has always been valid."""
    return actions.TariffAdd(
        "2.2.1",
        {
            "country_code": COUNTRY,
            "party_id": PARTY,
            "id": name,
            "currency": "EUR",
            "type": "REGULAR",
            "elements": list(elements),
            "last_updated": "2015-01-01T00:00:00Z",
        },
        ALWAYS,
        parties=parties,
        stations=stations,
        locations=locations,
    )


def element(
    *components: Mapping[str, Any], restrictions: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A TariffElement of OCPI 2.2.1."""
    body: dict[str, Any] = {"price_components": list(components)}
    return body | ({"restrictions": dict(restrictions)} if restrictions else {})


def component(kind: str, price: str, vat: str, step_size: int = 1) -> dict[str, Any]:
    """A PriceComponent: price before tax per kWh, hour or piece."""
    return {
        "type": kind,
        "price": Decimal(price),
        "vat": Decimal(vat),
        "step_size": step_size,
    }


def ac_station(station: str, location: str, connectors: int, power_w: int) -> Station:
    """A station of 400 V sockets of type 2 that give `power_w` each."""
    single = power_w <= 7_360
    outlet = Connector(
        id=1,
        standard="IEC_62196_T2",
        format="SOCKET",
        power_type="AC_1_PHASE" if single else "AC_3_PHASE",
        max_voltage=230,
        max_amperage=-(-power_w // (230 if single else 690)),
        max_power_kw=Decimal(power_w) / 1000,
    )
    return _station(station, location, connectors, outlet)


def dc_station(station: str, location: str, connectors: int, power_w: int) -> Station:
    """A station of CCS cables that give `power_w` each."""
    outlet = Connector(
        id=1,
        standard="IEC_62196_T2_COMBO",
        format="CABLE",
        power_type="DC",
        max_voltage=920,
        max_amperage=-(-power_w // 920),
        max_power_kw=Decimal(power_w) / 1000,
    )
    return _station(station, location, connectors, outlet)


def _station(station: str, location: str, connectors: int, outlet: Connector) -> Station:
    """One EVSE per connector, numbered from 1; eMI3 ids made from the station's own id."""
    plain = "".join(letter for letter in station.upper() if letter.isalnum())
    return Station(
        id=station,
        location_id=location,
        evses=tuple(
            EVSE(
                uid=f"{station}-{number}"[:36],
                evse_id=f"{COUNTRY}*{PARTY}*E{plain}*{number}"[:48],
                ocpp_evse=number,
                connectors=(outlet,),
            )
            for number in range(1, connectors + 1)
        ),
    )


def card(rng: random.Random) -> str:
    """A seven-byte card number in hexadecimal, as readers report it."""
    return f"04{rng.getrandbits(48):012X}"
