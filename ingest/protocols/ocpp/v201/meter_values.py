"""MeterValues and the samples inside TransactionEvent. OCPP 2.0.1 part 2 §1.32, §2.43.

SampledValueType: a JSON number, a unit object with a power-of-ten multiplier, and beside them a
signed value of its own.
"""

import json
from decimal import Decimal
from typing import Any

from billing.events import Fact
from ingest.protocols.ocpp.label import hashable, label_201
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.samples import Place, Sampled, readings
from ingest.protocols.ocpp.scalars import Flags, number, shown, whole


def meter_values(message: Message, payload: dict[str, Any], flags: Flags) -> list[Fact]:
    """One reading per sample; the message names an EVSE and no transaction."""
    evse = whole(payload.get("evseId"), flags, "evseId")
    if evse is None:
        flags.append(("connector_absent", "expected an evseId, came none"))
    place = Place(
        message.source, message.received_at, message.station, "MeterValues", evse, None, ""
    )
    return [*readings(place, payload.get("meterValue"), read_sample, flags)]


def read_sample(sample: dict[str, Any], flags: Flags) -> Sampled:
    """A sample: its value is a JSON number by specification, a text in the field."""
    get = sample.get
    unit = get("unitOfMeasure")
    multiplier = None
    if type(unit) is dict:
        multiplier = unit.get("multiplier")
        unit = unit.get("unit")
    elif unit is not None:
        flags.append(("unit_not_object", f"unitOfMeasure: expected an object, came {shown(unit)}"))
    elif "unit" in sample:
        unit = get("unit")
        flags.append(("other_version_shape", "a sample with OCPP 1.6's `unit`"))
    parts = (get("measurand"), get("phase"), get("location"), get("context"), unit, multiplier)
    try:
        what = label_201(*parts)
    except TypeError:
        what = label_201(*map(hashable, parts))
    signed = get("signedMeterValue")
    value = get("value")
    if type(value) is str:
        flags.append(("value_not_number", f"value: expected a number, came {shown(value)}"))
    return Sampled(
        what,
        "" if value is None else str(value)[:2000],
        number(value, flags),
        "" if signed is None else _signed(signed),
    )


def _signed(value: object) -> str:
    """The signedMeterValue object as compact JSON in the order it came; a bare text as it is.

    The texts within (`signedMeterData`, `publicKey` …) are the charger's own to the byte.
    """
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_digits)


def _digits(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else None
