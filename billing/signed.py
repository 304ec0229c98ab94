"""Signed meter values, as far as they can be read without a key: collected, compared, never chosen.

OCMF (SAFE-eV): `OCMF|{payload}|{signature}`, also found as hex or base64, or inside a JSON string.
A signature is verified elsewhere; until then a signed pair only confirms or contradicts.
"""

import json
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from billing.dossier import Note
from billing.finding import Source
from billing.session import EnergyCandidate, EnergySource

_EXPORT = re.compile(r"\b0?2\.0?8\.")
"""OBIS of energy that the vehicle gave back."""

_UNITS = {"kWh": Decimal(1000), "Wh": Decimal(1)}


@dataclass(frozen=True, slots=True)
class SignedRegister:
    """One reading of an OCMF record: TX (B begin, C charging, E end …), Wh, and its resolution."""

    kind: str
    wh: Decimal
    step_wh: Decimal


def compare_signed(
    texts: Sequence[str], energy_wh: Decimal, source: Source
) -> tuple[list[EnergyCandidate], list[Note]]:
    """The signed candidate where begin and end can be read, and `signed_mismatch` where it differs.

    One resolution step of the signed register is allowed between the two.
    """
    if not texts:
        return [], []
    registers = [register for text in texts for register in read_ocmf(text)]
    begins = [register for register in registers if register.kind == "B"]
    ends = [register for register in registers if register.kind in ("E", "L", "R", "A", "P")]
    if not begins or not ends:
        return [], []
    begin, end = begins[0], ends[-1]
    signed = end.wh - begin.wh
    found = EnergyCandidate(EnergySource.SIGNED, signed, begin.wh, end.wh, (source,))
    if abs(signed - energy_wh) <= max(begin.step_wh, end.step_wh):
        return [found], []
    text = f"signed registers say {signed} Wh, unsigned ones {energy_wh} Wh"
    return [found], [Note("signed_mismatch", text, source)]


def read_ocmf(text: str) -> list[SignedRegister]:
    """The energy readings of an OCMF record, empty for anything that is none.

    A field that is absent repeats the reading before it (OCMF §RD).
    """
    plain = _plain(text)
    if plain is None:
        return []
    payload = _json(plain[len("OCMF|") :])
    rows = payload.get("RD") if isinstance(payload, dict) else None
    if not isinstance(rows, list):
        return []
    found: list[SignedRegister] = []
    known: dict[str, Any] = {}
    for row in rows:
        if not isinstance(row, dict):
            continue
        known = {**known, **{key: value for key, value in row.items() if key != "RV"}}
        register = _register(known, row.get("RV"))
        if register is not None:
            found.append(register)
    return found


def _register(known: dict[str, Any], value: Any) -> SignedRegister | None:  # noqa: ANN401 - JSON
    factor = _UNITS.get(str(known.get("RU", "")))
    if factor is None or isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    if _EXPORT.search(str(known.get("RI", ""))):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    step = Decimal(1).scaleb(min(exponent, 0)) * factor
    return SignedRegister(str(known.get("TX", "")), number * factor, step)


def _plain(text: str) -> str | None:
    """The OCMF text inside, by the encodings seen in the field; None where there is none."""
    text = text.strip()
    if text.startswith("OCMF|"):
        return text
    if text.startswith("{"):
        wrapped = _json(text)
        inner = wrapped.get("signedMeterData") if isinstance(wrapped, dict) else None
        return _plain(inner) if isinstance(inner, str) and not inner.startswith("{") else None
    for decode in (bytes.fromhex, b64decode):
        try:
            raw = decode(text).decode()
        except (ValueError, Base64Error):
            continue
        if raw.startswith("OCMF|"):
            return raw
    return None


def _json(text: str) -> Any:  # noqa: ANN401 - JSON
    """The JSON value at the beginning of `text`, numbers exact; None where there is none."""
    try:
        value, _ = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return value
