"""MeterValues and the samples inside StopTransaction. OCPP 1.6 §4.7, §7.43 SampledValue."""

from decimal import Decimal
from typing import Any

from billing.events import Fact
from ingest.protocols.ocpp.label import hashable, label_16
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.samples import Place, Sampled, readings
from ingest.protocols.ocpp.scalars import Flags, number, shown, transaction, whole

_LARGEST_ISSUED = 2**31
"""Transaction ids are 32-bit in practice: a larger one was not issued by any central system."""


def meter_values(message: Message, payload: dict[str, Any], flags: Flags) -> list[Fact]:
    """One reading per sample; without transactionId the fold attaches it by connector and time."""
    connector = whole(payload.get("connectorId"), flags, "connectorId")
    if connector is None:
        flags.append(("connector_absent", "expected a connectorId, came none"))
    number_text = transaction(payload.get("transactionId"), flags)
    placeholder(number_text, flags)
    place = Place(
        message.source,
        message.received_at,
        message.station,
        "MeterValues",
        connector,
        connector,
        number_text,
    )
    return [*readings(place, payload.get("meterValue"), read_sample, flags)]


def placeholder(text: str, flags: Flags) -> None:
    """A transaction id that stands for none: 0, a negative one, or one beyond 32 bits."""
    if text and (text[0] == "-" or text == "0" or len(text) > 9) and text.lstrip("-").isdecimal():
        value = int(text[:40])
        if not 0 < value < _LARGEST_ISSUED:
            flags.append(("tx_id_placeholder", f"transactionId {text[:40]} stands for none"))


def read_sample(sample: dict[str, Any], flags: Flags) -> Sampled:
    """A sample: its value is a text by specification, a JSON number in the field.

    `format` SignedData makes the value a signed text that is kept to the byte and has no number.
    """
    get = sample.get
    parts = (get("measurand"), get("phase"), get("location"), get("context"), get("unit"))
    try:
        what = label_16(*parts)
    except TypeError:
        what = label_16(*map(hashable, parts))
    value = get("value")
    if type(value) is str:
        if _is_signed(get("format"), value, flags):
            return Sampled(what, "", None, value)
        return Sampled(what, value, number(value, flags))
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        flags.append(("value_not_text", f"value: expected a text, came the number {value}"))
    return Sampled(what, "" if value is None else str(value)[:2000], number(value, flags))


def _is_signed(form: object, value: str, flags: Flags) -> bool:
    if form is None or form == "Raw":
        signed = value[:5] == "OCMF|"
        if signed:
            flags.append(("signed_unmarked", "expected format SignedData beside an OCMF text"))
        return signed
    if form == "SignedData":
        return True
    spelled = str(form).strip().lower()
    flags.append(("enum_spelling", f"format: came {shown(form)}"))
    return spelled == "signeddata"
