"""A seeded public network of five cities in two time zones, four kinds of price, five payers.

Invented throughout: no station, company or card here exists.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate

from billing.party import Location, Party, Role, Token
from ingest.protocols import actions
from wattproof.simulator.curve import Vehicle
from wattproof.simulator.network import (
    COUNTRY,
    PARTY,
    SELLER,
    Driver,
    Network,
    Outlets,
    ac_station,
    card,
    component,
    dc_station,
    element,
    tariff,
)

EMSPS = (
    Party("NL", "VLT", Role.EMSP, "Voltaris Mobility B.V.", "Kade 12", "3011 AA", "Rotterdam",
          "NLD", "NL000011112B01", "invoices@voltaris.example"),
    Party("DE", "HGX", Role.EMSP, "Hagenex Fahrstrom GmbH", "Hafenallee 4", "20457", "Hamburg",
          "DEU", "DE999999999", "rechnung@hagenex.example", payment_days=30),
    Party("PT", "LZM", Role.EMSP, "Luzmove Mobilidade S.A.", "Rua do Sol 8", "1200-001", "Lisboa",
          "PRT", "PT999999990", "faturas@luzmove.example", time_zone="Europe/Lisbon"),
)  # fmt: skip
OWN = (
    Party("NL", "D01", Role.DRIVER, "Delta Koeriers B.V.", "Havenweg 3", "3542 AD", "Utrecht",
          "NLD", "NL000033334B01", "administratie@deltakoeriers.example"),
    Party("NL", "D02", Role.DRIVER, "J. de Vries", "Lange Laan 7", "1012 AB", "Amsterdam",
          "NLD", email="j.devries@drivers.example"),
)  # fmt: skip
_SHARES = {"NL-VLT": 38, "DE-HGX": 20, "PT-LZM": 24, "NL-D01": 12, "NL-D02": 6}
"""Of a hundred cards, how many each payer has given out."""

_PLACES = (
    ("AMS-ZUID", "Amsterdam Zuid", "Zuidplein 20", "Amsterdam", "1077 XV", "NLD",
     "52.338900", "4.873100", "Europe/Amsterdam"),
    ("RTM-BLAAK", "Rotterdam Blaak", "Blaak 31", "Rotterdam", "3011 GA", "NLD",
     "51.920100", "4.487600", "Europe/Amsterdam"),
    ("UTC-JAARBEURS", "Utrecht Jaarbeurs", "Jaarbeursplein 6", "Utrecht", "3521 AL", "NLD",
     "52.087600", "5.106700", "Europe/Amsterdam"),
    ("LIS-ORIENTE", "Lisboa Oriente", "Avenida de Berlim 1", "Lisboa", "1800-033", "PRT",
     "38.767800", "-9.099000", "Europe/Lisbon"),
    ("OPO-CAMPANHA", "Porto Campanhã", "Largo da Estação 2", "Porto", "4300-173", "PRT",
     "41.148900", "-8.585300", "Europe/Lisbon"),
)  # fmt: skip
_VEHICLES: tuple[tuple[Vehicle, int], ...] = (
    (Vehicle(40_000, 7_200, 50_000), 25),
    (Vehicle(58_000, 11_000, 100_000), 35),
    (Vehicle(77_000, 11_000, 135_000), 28),
    (Vehicle(100_000, 22_000, 200_000), 12),
)
_KNOWN_AT = datetime(2015, 1, 1, tzinfo=UTC)


def fleet(seed: int, *, stations: int = 32, drivers: int = 160) -> Network:
    """A network of `stations` (every fourth DC, versions alternating) and `drivers`."""
    rng = random.Random(f"fleet/{seed}")  # noqa: S311 - no secret, the same for the same seed
    locations = tuple(Location(COUNTRY, PARTY, *place, _KNOWN_AT) for place in _PLACES)
    outlets = tuple(_outlets(number, locations, rng) for number in range(stations))
    return Network(
        locations=locations,
        outlets=outlets,
        drivers=tuple(_drivers(drivers, rng)),
        parties=(SELLER, *EMSPS, *OWN),
        tariffs=tuple(_tariffs(outlets)),
    )


def _outlets(number: int, locations: tuple[Location, ...], rng: random.Random) -> Outlets:
    place = locations[number % len(locations)]
    dc = number % 4 == 3
    name = f"WP-{place.id.split('-', maxsplit=1)[0]}-{number + 1:03d}"
    if dc:
        power_w = rng.choice((50_000, 150_000))
        station = dc_station(name, place.id, 2, power_w)
    else:
        power_w = rng.choice((11_040, 22_080))
        station = ac_station(name, place.id, 2, power_w)
    version = "1.6" if (number // 4 + number) % 2 == 0 else "2.0.1"
    return Outlets(station, version, power_w, dc, place.time_zone)


def _drivers(count: int, rng: random.Random) -> Iterator[Driver]:
    """Of every forty cards one is unknown, one blocked and one expired."""
    codes, shares = list(_SHARES), list(accumulate(_SHARES.values()))
    vehicles, weights = [one for one, _ in _VEHICLES], [weight for _, weight in _VEHICLES]
    for number in range(count):
        party = codes[0] if number % 40 == 0 else rng.choices(codes, cum_weights=shares)[0]
        token = Token(
            uid=card(rng),
            type="RFID",
            party=party,
            contract_id=f"{party}-C{number + 1:06d}",
            valid_until=datetime(2026, 9, 1, tzinfo=UTC) if number % 40 == 13 else None,
            group_id="DELTA" if party == "NL-D01" else "",
        )
        yield Driver(
            token,
            rng.choices(vehicles, weights)[0],
            known=number % 40 != 27,
            blocked=number % 40 == 39,
        )


def _tariffs(outlets: tuple[Outlets, ...]) -> Iterator[actions.TariffAdd]:
    """Energy only; energy, start and parking; by time of day; fast charging; own couriers.

    Every station in Portugal has a tariff of its own with the VAT of that country.
    """
    lisbon = [one for one in outlets if one.time_zone == "Europe/Lisbon"]
    fast = tuple(one.station.id for one in outlets if one.dc and one not in lisbon)
    rapid = tuple(one.station.id for one in lisbon if one.dc)
    slow = [one.station for one in outlets if not one.dc]
    city = tuple(one.id for one in slow if one.location_id == "AMS-ZUID")
    sun = tuple(one.station.id for one in lisbon if not one.dc)
    yield tariff("WP-ENERGY", element(component("ENERGY", "0.39", "21")))
    yield tariff(
        "WP-CITY",
        element(component("FLAT", "0.50", "21"), component("ENERGY", "0.36", "21")),
        element(component("PARKING_TIME", "2.40", "21", 300)),
        stations=city,
    )
    yield tariff(
        "WP-SOL",
        element(
            component("ENERGY", "0.41", "23"),
            restrictions={"start_time": "08:00", "end_time": "22:00"},
        ),
        element(component("ENERGY", "0.27", "23")),
        stations=sun,
    )
    for name, vat, stations in (("WP-FAST", "21", fast), ("WP-RAPIDO", "23", rapid)):
        yield tariff(
            name,
            element(component("ENERGY", "0.63", vat)),
            element(component("TIME", "6.00", vat, 60), restrictions={"min_duration": 2700}),
            stations=stations,
        )
    yield tariff("WP-DELTA", element(component("ENERGY", "0.31", "21")), parties=("NL-D01",))
