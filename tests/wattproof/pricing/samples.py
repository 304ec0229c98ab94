"""CDRs as partners write them, in every version: what the tests of pricing are written in."""

from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

ZONE = "Europe/Amsterdam"
VERSIONS = ("2.1.1", "2.2.1", "2.3.0")

Volumes = dict[str, Any]


def utc(local: str) -> str:
    """A local time of Amsterdam as OCPI writes it: `2026-10-05T22:40`."""
    at = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def tariff(*elements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A 2.2.1 tariff of the elements given (see `element`)."""
    whole = {
        "country_code": "NL",
        "party_id": "WPF",
        "id": "T1",
        "currency": "EUR",
        "elements": list(elements),
        "last_updated": "2026-10-01T00:00:00Z",
    }
    return whole | fields


def element(*parts: str, **restrictions: Any) -> dict[str, Any]:
    """`element("ENERGY 0.39 21 500", min_kwh=9)`: dimension, price, vat (- for none), step."""
    components = []
    for part in parts:
        dimension, price, vat, step = part.split()
        component = {"type": dimension, "price": Decimal(price), "step_size": int(step)}
        components.append(component if vat == "-" else component | {"vat": Decimal(vat)})
    found: dict[str, Any] = {"price_components": components}
    return found | {"restrictions": restrictions} if restrictions else found


def cdr(
    version: str,
    periods: list[tuple[str, Volumes]],
    end: str,
    *tariffs: dict[str, Any],
    **fields: Any,
) -> dict[str, Any]:
    """A whole CDR of a version; periods as (local start, {dimension: volume}), all by the first
    tariff. Its total_cost says 9.99: no price may look at it.
    """
    named = tariffs[0]["id"] if tariffs else "T1"
    volumes = [
        {
            "start_date_time": utc(start),
            "dimensions": [{"type": name, "volume": value} for name, value in what.items()],
        }
        | ({} if version == "2.1.1" else {"tariff_id": named})
        for start, what in periods
    ]
    shared = {
        "id": "CDR-1",
        "start_date_time": utc(periods[0][0]),
        "auth_method": "WHITELIST",
        "currency": tariffs[0]["currency"] if tariffs else "EUR",
        "tariffs": list(tariffs),
        "charging_periods": volumes,
        "total_energy": sum((Decimal(str(v.get("ENERGY", 0))) for _, v in periods), Decimal(0)),
        "total_time": Decimal(3),
        "last_updated": "2026-10-06T08:00:00Z",
    }
    return shared | deepcopy(_OWN[version]) | {_END[version]: utc(end)} | fields


_END = {"2.1.1": "stop_date_time", "2.2.1": "end_date_time", "2.3.0": "end_date_time"}
_PLACE = {
    "id": "AMS-1",
    "address": "Zuidplein 20",
    "city": "Amsterdam",
    "postal_code": "1077 XV",
    "country": "NLD",
    "coordinates": {"latitude": "52.338900", "longitude": "4.873100"},
}
_CONNECTOR = {
    "connector_id": "1",
    "connector_standard": "IEC_62196_T2",
    "connector_format": "SOCKET",
    "connector_power_type": "AC_3_PHASE",
}
_LATER = {
    "country_code": "NL",
    "party_id": "WPF",
    "cdr_token": {
        "country_code": "NL",
        "party_id": "ABC",
        "uid": "04A1B2",
        "type": "RFID",
        "contract_id": "NL-ABC-C12345678-X",
    },
    "cdr_location": _PLACE | {"evse_uid": "E1", "evse_id": "NL*WPF*E1"} | _CONNECTOR,
}
_OWN: dict[str, dict[str, Any]] = {
    "2.1.1": {
        "auth_id": "NL-ABC-C12345678-X",
        "total_cost": Decimal("9.99"),
        "location": _PLACE
        | {
            "type": "ON_STREET",
            "time_zone": ZONE,
            "last_updated": "2026-01-01T00:00:00Z",
            "evses": [
                {
                    "uid": "E1",
                    "status": "AVAILABLE",
                    "last_updated": "2026-01-01T00:00:00Z",
                    "connectors": [
                        {
                            "id": "1",
                            "standard": "IEC_62196_T2",
                            "format": "SOCKET",
                            "power_type": "AC_3_PHASE",
                            "voltage": 400,
                            "amperage": 32,
                            "last_updated": "2026-01-01T00:00:00Z",
                        }
                    ],
                }
            ],
        },
    },
    "2.2.1": _LATER | {"total_cost": {"excl_vat": Decimal("9.99")}},
    "2.3.0": _LATER | {"total_cost": {"before_taxes": Decimal("9.99"), "taxes": []}},
}

EVENING = tariff(
    element("ENERGY 0.39 21 500", "FLAT 0.50 21 1", start_time="07:00", end_time="23:00"),
    element("ENERGY 0.22 21 500"),
    element("PARKING_TIME 3.50 21 900", min_duration=3600, day_of_week=["MONDAY", "TUESDAY"]),
)


def evening(version: str = "2.2.1", **fields: Any) -> dict[str, Any]:
    """A Monday evening: energy at two prices, then parking; 8.93 before tax, 10.80 with it."""
    own = deepcopy(EVENING) | ({"tax_included": "NO"} if version == "2.3.0" else {})
    return cdr(
        version,
        [
            ("2026-10-05T22:40", {"ENERGY": Decimal("3.133"), "TIME": Decimal("0.3333")}),
            ("2026-10-05T23:00", {"ENERGY": Decimal("12.4"), "TIME": Decimal("1.5")}),
            ("2026-10-06T00:30", {"PARKING_TIME": Decimal("1.1667")}),
        ],
        "2026-10-06T01:40",
        own,
        **fields,
    )
