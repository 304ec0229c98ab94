"""StartTransaction, StopTransaction and our answer to the first. OCPP 1.6 §4.8, §4.10."""

from typing import Any

from billing.events import EventKind, Fact
from ingest.protocols.ocpp import tokens
from ingest.protocols.ocpp.frame import Frame
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.mould import event_of
from ingest.protocols.ocpp.samples import Place, readings
from ingest.protocols.ocpp.scalars import (
    Flags,
    energy,
    member,
    shown,
    spellings,
    text,
    transaction,
    whole,
)
from ingest.protocols.ocpp.stamps import ABSENT, flag, read_stamp
from ingest.protocols.ocpp.v16.meter_values import placeholder, read_sample

MAX_ID_TAG = 20
REASONS = spellings("""
    DeAuthorized EmergencyStop EVDisconnected HardReset Local Other PowerLoss Reboot Remote
    SoftReset UnlockCommand
""")


def start_transaction(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """A start: the charger does not know the transaction id yet."""
    payload = frame.payload
    stamp = read_stamp(payload.get("timestamp"))
    _mark(flag(stamp), flags)
    connector = whole(payload.get("connectorId"), flags, "connectorId")
    if connector is None:
        flags.append(("connector_absent", "expected a connectorId, came none"))
    return [
        event_of(
            message,
            frame.message_id,
            EventKind.STARTED,
            stamp,
            evse=connector,
            connector=connector,
            id_token=_id_tag(payload, flags, required=True),
            meter_wh=energy(payload.get("meterStart"), flags, "meterStart"),
            reservation=_reservation(payload.get("reservationId"), flags),
        )
    ]


def start_answered(message: Message, frame: Frame) -> list[Fact]:
    """Our StartTransaction.conf, known by its shape: the id we issued, the verdict on the tag."""
    info = frame.payload.get("idTagInfo")
    if "transactionId" not in frame.payload or not isinstance(info, dict):
        return []
    return [
        event_of(
            message,
            frame.message_id,
            EventKind.START_ANSWERED,
            ABSENT,
            transaction=transaction(frame.payload["transactionId"], []),
            status=text(info.get("status"), [], "status"),
        )
    ]


def stop_transaction(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """A stop, then the samples it carries. It names no connector: the start does."""
    payload = frame.payload
    stamp = read_stamp(payload.get("timestamp"))
    _mark(flag(stamp), flags)
    number_text = _stopped(payload, flags)
    reason = text(payload.get("reason"), flags, "reason")
    event = event_of(
        message,
        frame.message_id,
        EventKind.ENDED,
        stamp,
        transaction=number_text,
        id_token=_id_tag(payload, flags, required=False),
        meter_wh=energy(payload.get("meterStop"), flags, "meterStop"),
        reason=member(reason, REASONS, flags, "reason") if reason else "",
    )
    place = Place(
        message.source,
        message.received_at,
        message.station,
        "StopTransaction",
        None,
        None,
        number_text,
    )
    data = payload.get("transactionData")
    if data is None:
        return [event]
    return [event, *readings(place, data, read_sample, flags, name="transactionData")]


def _stopped(payload: dict[str, Any], flags: Flags) -> str:
    """The id a stop names; 0 and −1 are what starts get that were never answered."""
    number_text = transaction(payload.get("transactionId"), flags)
    if not number_text:
        flags.append(("tx_id_absent", "expected a transactionId, came none"))
    else:
        placeholder(number_text, flags)
    return number_text


def _id_tag(payload: dict[str, Any], flags: Flags, *, required: bool) -> str:
    """As received; only `tokens.normal_form` compares it."""
    value = payload.get("idTag")
    if value is None:
        if required:
            flags.append(("id_token_absent", "expected an idTag, came none: token unknown"))
        return ""
    if type(value) is not str:
        flags.append(("id_token_not_text", f"expected a text, came {shown(value)}"))
        return str(value)[:200]
    flags.extend(tokens.oddities(value, MAX_ID_TAG))
    return value


def _reservation(value: object, flags: Flags) -> str:
    """0 and words for nothing are no reservation."""
    found = (
        text(value, flags, "reservationId") if isinstance(value, str) else transaction(value, [])
    )
    if found == "0":
        flags.append(("reservation_zero", "reservationId 0: read as none"))
        return ""
    return found


def _mark(found: tuple[str, str] | None, flags: Flags) -> None:
    if found:
        flags.append(found)
