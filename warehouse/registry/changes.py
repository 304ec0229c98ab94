"""What an operator action changes in the registry: pure, from JSON object to rows.

Knows the language of `docs/architecture.md`; opens nothing and decides nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal


class ActionInvalidError(ValueError):
    """An operator entry that names no known action, or lacks a field it needs."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row put (created or updated), updated where it is there, or dropped.

    `key` holds the key columns in the table's order; `values` only what changes.
    """

    table: str
    key: tuple[str | int, ...]
    values: Mapping[str, Any]
    mode: Literal["put", "update", "drop"] = "put"


def changes_of(action: Mapping[str, Any], at_ns: int) -> tuple[Change, ...]:
    """The rows an operator action of log time `at_ns` (UTC nanoseconds) puts.

    Unknown fields are ignored. Raises `ActionInvalidError`: unknown action, or a missing field.
    """
    name = action.get("action")
    read = _ACTIONS.get(str(name))
    if read is None:
        raise ActionInvalidError(f"expected a known action, got {name!r}")
    try:
        return read(action, at_ns)
    except KeyError as error:
        raise ActionInvalidError(f"{name}: field {error} is missing") from error
    except (TypeError, AttributeError) as error:
        raise ActionInvalidError(f"{name}: a field has the wrong type ({error})") from error


def _station_add(action: Mapping[str, Any], _at_ns: int) -> tuple[Change, ...]:
    values = {
        "location_id": str(action["location_id"]),
        "evses": list(action["evses"]),
        "protocols": list(action.get("protocols", ())),
        "password_hash": str(action.get("password_hash", "")),
        "status": str(action.get("status", "accepted")),
    }
    return (Change("station", (str(action["id"]),), values),)


def _station_status(status: str) -> Callable[[Mapping[str, Any], int], tuple[Change, ...]]:
    def read(action: Mapping[str, Any], _at_ns: int) -> tuple[Change, ...]:
        return (Change("station", (str(action["id"]),), {"status": status}, mode="update"),)

    return read


_PLACE = (
    "country_code",
    "party_id",
    "name",
    "address",
    "city",
    "postal_code",
    "country",
    "latitude",
    "longitude",
    "time_zone",
)


def _location_add(action: Mapping[str, Any], at_ns: int) -> tuple[Change, ...]:
    values: dict[str, Any] = {name: str(action.get(name, "")) for name in _PLACE}
    return (Change("location", (str(action["id"]),), values | {"updated_ns": at_ns}),)


def _token_add(action: Mapping[str, Any], at_ns: int) -> tuple[Change, ...]:
    values = {
        "type": str(action.get("type", "RFID")),
        "party": str(action["party"]),
        "contract_id": str(action.get("contract_id", "")),
        "valid": True,
        "valid_until": str(action.get("valid_until", "")),
        "group_id": str(action.get("group_id", "")),
        "visual_number": str(action.get("visual_number", "")),
        "updated_ns": at_ns,
    }
    return (Change("token", (str(action["uid"]),), values),)


def _token_valid(*, valid: bool) -> Callable[[Mapping[str, Any], int], tuple[Change, ...]]:
    def read(action: Mapping[str, Any], at_ns: int) -> tuple[Change, ...]:
        values = {"valid": valid, "updated_ns": at_ns}
        return (Change("token", (str(action["uid"]),), values, mode="update"),)

    return read


def _party_add(action: Mapping[str, Any], at_ns: int) -> tuple[Change, ...]:
    country, party = str(action["country_code"]), str(action["party_id"])
    details = {name: value for name, value in action.items() if name != "action"}
    values = {
        "country_code": country,
        "party_id": party,
        "role": str(action["role"]),
        "name": str(action["name"]),
        "details": details,
        "ocpi_token_hash": str(action.get("ocpi_token_hash", "")),
        "token_policy": dict(action.get("token_policy") or {}),
        "updated_ns": at_ns,
    }
    return (Change("party", (f"{country}-{party}",), values),)


def _tariff_add(action: Mapping[str, Any], at_ns: int) -> tuple[Change, ...]:
    values = {
        "ocpi_version": str(action["ocpi_version"]),
        "tariff": dict(action["tariff"]),
        "parties": list(action.get("parties", ())),
        "stations": list(action.get("stations", ())),
        "locations": list(action.get("locations", ())),
        "updated_ns": at_ns,
    }
    key = (str(action["tariff"]["id"]), str(action["valid_from"]))
    return (Change("tariff", key, values),)


def _policies(action: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """The table of policies that an action is about, and the head of its keys."""
    party = str(action.get("party", ""))
    return ("party_policy", (party,)) if party else ("policy", ())


def _policy_set(action: Mapping[str, Any], _at_ns: int) -> tuple[Change, ...]:
    table, head = _policies(action)
    return tuple(
        Change(table, (*head, name), {"value": value})
        for name, value in action.items()
        if name not in {"action", "party"}
    )


def _policy_unset(action: Mapping[str, Any], _at_ns: int) -> tuple[Change, ...]:
    table, head = _policies(action)
    return tuple(Change(table, (*head, str(name)), {}, "drop") for name in list(action["names"]))


def _api_key_add(action: Mapping[str, Any], _at_ns: int) -> tuple[Change, ...]:
    values = {
        "name": str(action["name"]),
        "hash": str(action["hash"]),
        "scopes": list(action.get("scopes", ())),
        "valid_until": str(action.get("valid_until", "")),
    }
    return (Change("api_key", (str(action["id"]),), values),)


def _no_row(_action: Mapping[str, Any], _at_ns: int) -> tuple[Change, ...]:
    """What only the derivation reads."""
    return ()


_ACTIONS: Mapping[str, Callable[[Mapping[str, Any], int], tuple[Change, ...]]] = {
    "station.add": _station_add,
    "station.block": _station_status("blocked"),
    "station.unblock": _station_status("accepted"),
    "location.add": _location_add,
    "token.add": _token_add,
    "token.block": _token_valid(valid=False),
    "token.unblock": _token_valid(valid=True),
    "party.add": _party_add,
    "tariff.add": _tariff_add,
    "policy.set": _policy_set,
    "policy.unset": _policy_unset,
    "api_key.add": _api_key_add,
    "session.rerate": _no_row,
}
