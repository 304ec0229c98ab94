"""Our own operator language: what an operator may say to the log, read and written side by side.

Each action is one canonical JSON object (RFC 8785) with `"action"`; `docs/architecture.md` lists
them. `read(write(x)) == x`. Nothing here opens a file, hashes a secret or knows what time it is:
instants that the log gives (`last_updated`, `known_from`) are passed in as `at`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from billing.party import EVSE, Connector, Location, Party, Role, Station, Token
from billing.terms import CHOICES, is_decision
from ingest.protocols.corrections import (
    NAME,
    OCPI_VERSIONS,
    SessionRerate,
    read_rerate,
    tariff_object,
    write_rerate,
)
from ingest.protocols.fields import ActionError, Fields, canonical, instant_text

__all__ = ["ACTIONS", "Action", "ActionError", "SessionRerate", "read", "to_object", "write"]

PROTOCOLS = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PolicyValue = int | str | bool


@dataclass(frozen=True, slots=True)
class StationAdd:
    """A station is known: `protocols` it may speak (empty: any), `status` accepted or pending."""

    station: Station
    protocols: tuple[str, ...] = ()
    password_hash: str = ""
    status: str = "accepted"


@dataclass(frozen=True, slots=True)
class StationBlock:
    """The station may no longer connect."""

    id: str


@dataclass(frozen=True, slots=True)
class StationUnblock:
    """The station may connect again."""

    id: str


@dataclass(frozen=True, slots=True)
class LocationAdd:
    """A site is known, or known anew; `last_updated` is the time of the log entry."""

    location: Location


@dataclass(frozen=True, slots=True)
class TokenAdd:
    """A token is known from the time of the log entry on; its uid is kept as it was given."""

    token: Token
    visual_number: str = ""


@dataclass(frozen=True, slots=True)
class TokenBlock:
    """The token is refused from now on."""

    uid: str


@dataclass(frozen=True, slots=True)
class TokenUnblock:
    """The token is accepted again."""

    uid: str


@dataclass(frozen=True, slots=True)
class TokenPolicy:
    """Token uids of a party that are always accepted (`allow`) or always refused (`deny`)."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartyAdd:
    """Somebody we deal with; `ocpi_token_hash` is the SHA-256 (hex) of the token it calls with.

    `ocpi_token_encoding` is how that token must come: `base64` (OCPI 2.2-d2 on), `raw`, or "" where
    either will do.
    """

    party: Party
    ocpi_token_hash: str = ""
    token_policy: TokenPolicy | None = None
    ocpi_token_encoding: str = ""


@dataclass(frozen=True, slots=True)
class TariffAdd:
    """A tariff version as it was published, and whom it is for; an empty list means all.

    `tariff` is the OCPI object with its numbers as int and Decimal.
    """

    ocpi_version: str
    tariff: Mapping[str, Any]
    valid_from: datetime
    parties: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicySet:
    """Named rules of the house, e.g. `settle_s`: 600. Names not given stay as they were.

    With a `party` they are answers to open questions of pricing that hold for that buyer alone.
    """

    values: Mapping[str, PolicyValue] = field(default_factory=dict)
    party: str = ""


@dataclass(frozen=True, slots=True)
class PolicyUnset:
    """Rules taken back: the default holds again; of a `party` the house's answer does."""

    names: tuple[str, ...]
    party: str = ""


@dataclass(frozen=True, slots=True)
class ApiKeyAdd:
    """A key of our REST interface: `hash` is the SHA-256 (hex) of the key that was shown once."""

    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    valid_until: datetime | None = None


Action = (
    StationAdd
    | StationBlock
    | StationUnblock
    | LocationAdd
    | TokenAdd
    | TokenBlock
    | TokenUnblock
    | PartyAdd
    | TariffAdd
    | PolicySet
    | PolicyUnset
    | ApiKeyAdd
    | SessionRerate
)


def read(payload: bytes | Mapping[str, Any], at: datetime | None = None) -> Action:
    """An action from its JSON bytes or object. `at` is the receive time of its log entry (UTC).

    Raises `ActionError`, one sentence that names the field, what was expected and what came.
    """
    fields = Fields.of(payload)
    name = fields.text("action")
    if name not in ACTIONS:
        known = " ".join(ACTIONS)
        raise ActionError(f"action: expected one of {known}, got {name!r}")
    action = ACTIONS[name](fields, at)
    fields.finish()
    return action


def write(action: Action) -> bytes:
    """The canonical JSON bytes (RFC 8785) that stand in the log."""
    return canonical(to_object(action))


def to_object(action: Action) -> dict[str, Any]:
    """The JSON object of an action, with `"action"`; empty optional fields are left out."""
    name, body = _WRITERS[type(action)](action)
    return {"action": name} | {key: value for key, value in body.items() if value not in ("", None)}


def _read_station_add(fields: Fields, _at: datetime | None) -> StationAdd:
    station = Station(
        id=fields.text("id", limit=48),
        location_id=fields.text("location_id", limit=36),
        evses=tuple(_read_evse(evse) for evse in fields.objects("evses")),
    )
    if len({evse.ocpp_evse for evse in station.evses}) != len(station.evses):
        raise ActionError(f"station {station.id}: two EVSEs have the same ocpp_evse number")
    return StationAdd(
        station=station,
        protocols=fields.texts("protocols", among=PROTOCOLS),
        password_hash=fields.text("password_hash", default=""),
        status=fields.text("status", default="accepted", among=("accepted", "pending")),
    )


def _read_evse(fields: Fields) -> EVSE:
    evse = EVSE(
        uid=fields.text("uid", limit=36),
        evse_id=fields.text("evse_id", limit=48),
        ocpp_evse=fields.integer("ocpp_evse", least=1),
        connectors=tuple(_read_connector(one) for one in fields.objects("connectors")),
    )
    fields.finish()
    return evse


def _read_connector(fields: Fields) -> Connector:
    connector = Connector(
        id=fields.integer("id", least=1),
        standard=fields.text("standard"),
        format=fields.text("format", among=("SOCKET", "CABLE")),
        power_type=fields.text(
            "power_type", among=("AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC")
        ),
        max_voltage=fields.integer("max_voltage", least=1),
        max_amperage=fields.integer("max_amperage", least=1),
        max_power_kw=fields.decimal("max_power_kw"),
    )
    fields.finish()
    return connector


def _write_station_add(action: StationAdd) -> tuple[str, dict[str, Any]]:
    station = action.station
    body: dict[str, Any] = {
        "id": station.id,
        "location_id": station.location_id,
        "evses": [_evse_object(evse) for evse in station.evses],
        "password_hash": action.password_hash,
        "status": action.status,
    }
    if action.protocols:
        body["protocols"] = list(action.protocols)
    return "station.add", body


def _evse_object(evse: EVSE) -> dict[str, Any]:
    return {
        "uid": evse.uid,
        "evse_id": evse.evse_id,
        "ocpp_evse": evse.ocpp_evse,
        "connectors": [
            {
                "id": one.id,
                "standard": one.standard,
                "format": one.format,
                "power_type": one.power_type,
                "max_voltage": one.max_voltage,
                "max_amperage": one.max_amperage,
                "max_power_kw": f"{one.max_power_kw:f}",
            }
            for one in evse.connectors
        ],
    }


def _read_location_add(fields: Fields, at: datetime | None) -> LocationAdd:
    return LocationAdd(
        Location(
            country_code=fields.text("country_code", exactly=2),
            party_id=fields.text("party_id", exactly=3),
            id=fields.text("id", limit=36),
            name=fields.text("name", limit=255, default=""),
            address=fields.text("address", limit=45),
            city=fields.text("city", limit=45),
            postal_code=fields.text("postal_code", limit=10, default=""),
            country=fields.text("country", exactly=3),
            latitude=fields.text("latitude", limit=10),
            longitude=fields.text("longitude", limit=11),
            time_zone=fields.zone("time_zone"),
            last_updated=at or _EPOCH,
        )
    )


def _write_location_add(action: LocationAdd) -> tuple[str, dict[str, Any]]:
    place = action.location
    return "location.add", {
        "country_code": place.country_code,
        "party_id": place.party_id,
        "id": place.id,
        "name": place.name,
        "address": place.address,
        "city": place.city,
        "postal_code": place.postal_code,
        "country": place.country,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "time_zone": place.time_zone,
    }


def _read_token_add(fields: Fields, at: datetime | None) -> TokenAdd:
    token = Token(
        uid=fields.text("uid", limit=255),
        type=fields.text(
            "type", default="RFID", among=("RFID", "APP_USER", "AD_HOC_USER", "EMAID", "OTHER")
        ),
        party=fields.code("party"),
        contract_id=fields.text("contract_id", limit=36),
        valid_until=fields.instant("valid_until", optional=True),
        group_id=fields.text("group_id", default="", limit=36),
        known_from=at,
    )
    return TokenAdd(token, visual_number=fields.text("visual_number", default="", limit=64))


def _write_token_add(action: TokenAdd) -> tuple[str, dict[str, Any]]:
    token = action.token
    return "token.add", {
        "uid": token.uid,
        "type": token.type,
        "party": token.party,
        "contract_id": token.contract_id,
        "valid_until": instant_text(token.valid_until),
        "group_id": token.group_id,
        "visual_number": action.visual_number,
    }


_PARTY_TEXTS = ("address", "postal_code", "city", "country", "vat_number", "email", "iban")


def _read_party_add(fields: Fields, _at: datetime | None) -> PartyAdd:
    party = Party(
        country_code=fields.text("country_code", exactly=2),
        party_id=fields.text("party_id", exactly=3),
        role=Role(fields.text("role", among=tuple(Role))),
        name=fields.text("name", limit=255),
        currency=fields.text("currency", exactly=3, default="EUR"),
        time_zone=fields.zone("time_zone", default="Europe/Amsterdam"),
        payment_days=fields.integer("payment_days", default=14),
        **{name: fields.text(name, default="", limit=255) for name in _PARTY_TEXTS},
    )
    policy = fields.nested("token_policy", optional=True)
    return PartyAdd(
        party=party,
        ocpi_token_hash=fields.text("ocpi_token_hash", default=""),
        token_policy=None if policy is None else _read_token_policy(policy),
        ocpi_token_encoding=fields.text(
            "ocpi_token_encoding", among=("", "base64", "raw"), default=""
        ),
    )


def _read_token_policy(fields: Fields) -> TokenPolicy:
    policy = TokenPolicy(allow=fields.texts("allow"), deny=fields.texts("deny"))
    fields.finish()
    return policy


def _write_party_add(action: PartyAdd) -> tuple[str, dict[str, Any]]:
    party = action.party
    body: dict[str, Any] = {
        "country_code": party.country_code,
        "party_id": party.party_id,
        "role": party.role.value,
        "name": party.name,
        "currency": party.currency,
        "time_zone": party.time_zone,
        "payment_days": party.payment_days,
        "ocpi_token_hash": action.ocpi_token_hash,
    } | {name: getattr(party, name) for name in _PARTY_TEXTS}
    if action.ocpi_token_encoding:
        body["ocpi_token_encoding"] = action.ocpi_token_encoding
    if action.token_policy is not None:
        policy = action.token_policy
        body["token_policy"] = {"allow": list(policy.allow), "deny": list(policy.deny)}
    return "party.add", body


def _read_tariff_add(fields: Fields, _at: datetime | None) -> TariffAdd:
    valid_from = fields.instant("valid_from")
    assert valid_from is not None
    return TariffAdd(
        tariff=tariff_object(fields),
        ocpi_version=fields.text("ocpi_version", among=OCPI_VERSIONS),
        valid_from=valid_from,
        parties=fields.texts("parties"),
        stations=fields.texts("stations"),
        locations=fields.texts("locations"),
    )


def _write_tariff_add(action: TariffAdd) -> tuple[str, dict[str, Any]]:
    return "tariff.add", {
        "ocpi_version": action.ocpi_version,
        "tariff": dict(action.tariff),
        "valid_from": instant_text(action.valid_from),
        "parties": list(action.parties),
        "stations": list(action.stations),
        "locations": list(action.locations),
    }


def _read_policy_set(fields: Fields, _at: datetime | None) -> PolicySet:
    party = fields.code("party", default="")
    values: dict[str, PolicyValue] = {}
    for name, value in fields.rest().items():
        if not isinstance(value, int | str):
            raise ActionError(f"policy {name}: expected a text, whole number or yes/no: {value!r}")
        if name.endswith("_s") and (isinstance(value, bool | str) or value < 0):
            raise ActionError(f"policy {name}: expected whole seconds, 0 or more, got {value!r}")
        if name in CHOICES and not is_decision(name, value):
            choices = " ".join(CHOICES[name])
            raise ActionError(f"policy {name}: expected one of {choices}, got {value!r}")
        if party and name not in CHOICES:
            raise ActionError(f"policy {name}: not a policy of pricing, so not one for {party}")
        values[name] = value
    if not values:
        raise ActionError("policy.set: expected at least one policy, such as settle_s")
    return PolicySet(values, party)


def _write_policy_set(action: PolicySet) -> tuple[str, dict[str, Any]]:
    return "policy.set", {"party": action.party} | dict(action.values)


def _read_policy_unset(fields: Fields, _at: datetime | None) -> PolicyUnset:
    party, names = fields.code("party", default=""), fields.texts("names")
    if not names:
        raise ActionError("policy.unset: expected at least one name, such as settle_s")
    return PolicyUnset(names, party)


def _write_policy_unset(action: PolicyUnset) -> tuple[str, dict[str, Any]]:
    return "policy.unset", {"party": action.party, "names": list(action.names)}


def _read_api_key_add(fields: Fields, _at: datetime | None) -> ApiKeyAdd:
    return ApiKeyAdd(
        id=fields.text("id", limit=64),
        name=fields.text("name", limit=255),
        hash=fields.text("hash"),
        scopes=fields.texts("scopes"),
        valid_until=fields.instant("valid_until", optional=True),
    )


def _write_api_key_add(action: ApiKeyAdd) -> tuple[str, dict[str, Any]]:
    return "api_key.add", {
        "id": action.id,
        "name": action.name,
        "hash": action.hash,
        "scopes": list(action.scopes),
        "valid_until": instant_text(action.valid_until),
    }


ACTIONS: Mapping[str, Callable[[Fields, datetime | None], Action]] = {
    "station.add": _read_station_add,
    "station.block": lambda fields, _: StationBlock(fields.text("id")),
    "station.unblock": lambda fields, _: StationUnblock(fields.text("id")),
    "location.add": _read_location_add,
    "token.add": _read_token_add,
    "token.block": lambda fields, _: TokenBlock(fields.text("uid")),
    "token.unblock": lambda fields, _: TokenUnblock(fields.text("uid")),
    "party.add": _read_party_add,
    "tariff.add": _read_tariff_add,
    "policy.set": _read_policy_set,
    "policy.unset": _read_policy_unset,
    "api_key.add": _read_api_key_add,
    NAME: read_rerate,
}
"""Every action's name and its reader."""

_WRITERS: Mapping[type, Callable[[Any], tuple[str, dict[str, Any]]]] = {
    StationAdd: _write_station_add,
    StationBlock: lambda action: ("station.block", {"id": action.id}),
    StationUnblock: lambda action: ("station.unblock", {"id": action.id}),
    LocationAdd: _write_location_add,
    TokenAdd: _write_token_add,
    TokenBlock: lambda action: ("token.block", {"uid": action.uid}),
    TokenUnblock: lambda action: ("token.unblock", {"uid": action.uid}),
    PartyAdd: _write_party_add,
    TariffAdd: _write_tariff_add,
    PolicySet: _write_policy_set,
    PolicyUnset: _write_policy_unset,
    ApiKeyAdd: _write_api_key_add,
    SessionRerate: write_rerate,
}
