"""Meter values as every version nests them: buckets with a stamp, samples within.

Walks whatever shape came; `Sampled` of the version at hand says what a single sample holds.
OCPP 1.6 §7.33 MeterValue, OCPP 2.0.1 part 2 §2.27 MeterValueType.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.events import MeterReading, Stamp
from billing.finding import Source
from ingest.protocols.ocpp.label import Label
from ingest.protocols.ocpp.mould import new_reading
from ingest.protocols.ocpp.scalars import Flags, milli, shown
from ingest.protocols.ocpp.stamps import flag as stamp_flag
from ingest.protocols.ocpp.stamps import read_stamp


@dataclass(slots=True)
class Place:
    """What all readings of one message share."""

    source: Source
    received_at: datetime
    station: str
    carrier: str
    evse: int | None
    connector: int | None
    transaction: str


@dataclass(slots=True)
class Sampled:
    """One sample: its label, the number as sent, and a signed value's exact text."""

    label: Label
    text: str
    value: Decimal | None
    signed: str = ""


_MOST_AMPERE = 3_000
"""What the largest connector carries (megawatt charging); milliamperes sent as A lie above."""
_MOST_OF_A_PHASE = 500
"""Only alternating current has phases: no outlet or cable of it carries a fourth of this."""

ReadSample = Callable[[dict[str, Any], Flags], Sampled]


def readings(
    place: Place, meter_value: object, read: ReadSample, flags: Flags, *, name: str = "meterValue"
) -> list[MeterReading]:
    """All samples of a message in the order they came; `flags` gets what belongs to none of them.

    Empty lists and "" are no readings, an object stands for a list of one.
    """
    found: list[MeterReading] = []
    for bucket in _items(meter_value, flags, name):
        stamp = read_stamp(bucket.get("timestamp"))
        mark = stamp_flag(stamp)
        for sample in _items(bucket.get("sampledValue"), flags, "sampledValue"):
            own: Flags = [mark] if mark else []
            found.append(_reading(place, len(found), stamp, read(sample, own), own))
    return found


def _items(value: object, flags: Flags, name: str) -> list[dict[str, Any]]:
    """The objects of a list that may be missing, empty, an object itself, or hold strangers."""
    if isinstance(value, list) and value:
        for item in value:
            if type(item) is not dict:
                flags.append(("not_object", f"{name}: expected an object, came {shown(item)}"))
        return [item for item in value if type(item) is dict]
    if isinstance(value, list):
        flags.append((f"{name.lower()}_empty", f"{name}: came an empty list: no reading"))
        return []
    if isinstance(value, dict):
        flags.append((f"{name.lower()}_not_array", f"{name}: expected a list, came an object"))
        return [value]
    came = "nothing" if value is None else shown(value)
    rule = "absent" if value is None else "not_array"
    flags.append((f"{name.lower()}_{rule}", f"{name}: expected a list, came {came}"))
    return []


def most_ampere(phase: str) -> int:
    """The most that any connector carries, of one phase or ("") in all, A."""
    return _MOST_OF_A_PHASE if phase else _MOST_AMPERE


def _ampere(value: Decimal, exponent: int, most: int, flags: Flags) -> Decimal | None:
    """Current in A, exact to 0.001. One that no connector carries is another unit's number."""
    found = milli(value, exponent, flags)
    if found is None or abs(found) <= most:
        return found
    flags.append(("value_out_of_range", f"value: {shown(value)} is no current of a connector"))
    return None


def _reading(
    place: Place, position: int, stamp: Stamp, sampled: Sampled, flags: Flags
) -> MeterReading:
    what, value = sampled.label, sampled.value
    wh = watt = ampere = None
    if value is not None:
        if what.wh is not None:
            wh = milli(value, what.wh, flags)
        elif what.watt is not None:
            watt = milli(value, what.watt, flags)
        elif what.ampere is not None:
            ampere = _ampere(value, what.ampere, most_ampere(what.phase), flags)
    return new_reading(
        place.source,
        position,
        place.received_at,
        place.station,
        place.carrier,
        stamp,
        place.evse,
        place.connector,
        place.transaction,
        what.measurand,
        what.phase,
        what.location,
        what.context,
        what.unit,
        sampled.text,
        value,
        wh,
        watt,
        ampere,
        sampled.signed,
        (*flags, *what.flags) if flags or what.flags else (),
    )
