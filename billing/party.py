"""Who deals with whom: parties, their tokens, and the places that were charged at."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Role(StrEnum):
    """What a party is to us."""

    CPO = "CPO"
    """Ourselves, the seller."""
    EMSP = "EMSP"
    """A roaming partner that pays for its drivers."""
    DRIVER = "DRIVER"
    """A driver, or a company, with a contract of our own."""


@dataclass(frozen=True, slots=True)
class Party:
    """A legal person we invoice, or ourselves. `code` is OCPI's pair: `NL-ABC`."""

    country_code: str
    party_id: str
    role: Role
    name: str
    address: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = ""
    """ISO 3166-1 alpha-3, as OCPI writes it."""
    vat_number: str = ""
    email: str = ""
    currency: str = "EUR"
    time_zone: str = "Europe/Amsterdam"
    iban: str = ""
    payment_days: int = 14

    @property
    def code(self) -> str:
        """`NL-ABC`."""
        return f"{self.country_code}-{self.party_id}"


@dataclass(frozen=True, slots=True)
class Token:
    """A card, app user or contract certificate, in force from `known_from` on."""

    uid: str
    type: str
    """TokenType: RFID, APP_USER, AD_HOC_USER, OTHER."""
    party: str
    """The code of the party that pays: `NL-ABC`."""
    contract_id: str
    valid: bool = True
    valid_until: datetime | None = None
    group_id: str = ""
    known_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connector:
    """One outlet of an EVSE. `max_power_kw` bounds what can be delivered."""

    id: int
    standard: str
    format: str
    power_type: str
    max_voltage: int
    max_amperage: int
    max_power_kw: Decimal


@dataclass(frozen=True, slots=True)
class EVSE:
    """What charges one vehicle at a time. `uid` is ours, `evse_id` the eMI3 id drivers see."""

    uid: str
    evse_id: str
    ocpp_evse: int
    connectors: tuple[Connector, ...]


@dataclass(frozen=True, slots=True)
class Station:
    """A charge point (OCPP 1.6) or charging station (2.0.1), and where it stands."""

    id: str
    location_id: str
    evses: tuple[EVSE, ...]


@dataclass(frozen=True, slots=True)
class Location:
    """A site with an address and a clock. `latitude` and `longitude` are text: never recomputed."""

    country_code: str
    party_id: str
    id: str
    name: str
    address: str
    city: str
    postal_code: str
    country: str
    latitude: str
    longitude: str
    time_zone: str
    last_updated: datetime
