"""signed_data of a CDR: signed meter values as the charger sent them, byte for byte, or not at all.

Only plain OCMF texts are written (`OCMF|payload|signature`); nothing is cut, re-spaced or decoded.
OCPI 2.2.1 mod_cdrs, SignedData, SignedValue: texts of at most 5,000 characters.
"""

import json

from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.wire import Wire

_LONGEST = 5000


def write_signed(values: tuple[str, ...]) -> Wire | None:
    """SignedData of the OCMF texts among `values`; None where there is none."""
    records = [value for value in values if value.startswith("OCMF|") and len(value) <= _LONGEST]
    if not records:
        return None
    return {"encoding_method": "OCMF", "signed_values": [_write_value(text) for text in records]}


def read_signed(cdr: Reader) -> tuple[str, ...]:
    """The signed texts of a CDR."""
    signed = cdr.nested("signed_data")
    if signed is None:
        return ()
    signed.text("encoding_method")
    values = signed.objects("signed_values", required=True)
    return tuple(value.text("signed_data") for value in values)


def _write_value(text: str) -> Wire:
    payload = text.removeprefix("OCMF|").rpartition("|")[0]
    return {"nature": _nature(payload), "plain_data": payload or text, "signed_data": text}


def _nature(payload: str) -> str:
    """Start, End or Intermediate, by the readings' TX; a record that holds both ends is the End."""
    try:
        readings = json.loads(payload).get("RD", [])
        kinds = {str(reading.get("TX", ""))[:1] for reading in readings}
    except (ValueError, AttributeError, TypeError):
        return "Intermediate"
    if kinds & set("ELRAP"):
        return "End"
    return "Start" if "B" in kinds else "Intermediate"
