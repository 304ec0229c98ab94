"""TransactionEvent. OCPP 2.0.1 part 2 §1.60: the charger names its transaction itself."""

from typing import Any

from billing.events import EventKind, Fact
from ingest.protocols.ocpp import tokens
from ingest.protocols.ocpp.frame import Frame
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.mould import event_of
from ingest.protocols.ocpp.samples import Place, readings
from ingest.protocols.ocpp.scalars import (
    Flags,
    member,
    object_of,
    shown,
    spellings,
    text,
    transaction,
    whole,
)
from ingest.protocols.ocpp.stamps import flag, read_stamp
from ingest.protocols.ocpp.v201.meter_values import read_sample

MAX_ID_TOKEN = 36
_KINDS = {
    "Started": EventKind.STARTED,
    "Updated": EventKind.UPDATED,
    "Ended": EventKind.ENDED,
}
_KIND_SPELLINGS = spellings("Started Updated Ended")
CHARGING_STATES = spellings("Charging EVConnected SuspendedEV SuspendedEVSE Idle")
REASONS = spellings("""
    DeAuthorized EmergencyStop EnergyLimitReached EVDisconnected GroundFault ImmediateReset Local
    LocalOutOfCredit MasterPass Other OvercurrentFault PowerLoss PowerQuality Reboot Remote
    SOCLimitReached StoppedByEV TimeLimitReached Timeout ReqEnergyTransferRejected MaxCostReached
    CostLimitReached
""")
TRIGGERS = spellings("""
    Authorized CablePluggedIn ChargingRateChanged ChargingStateChanged Deauthorized
    EnergyLimitReached EVCommunicationLost EVConnectTimeout MeterValueClock MeterValuePeriodic
    TimeLimitReached Trigger UnlockCommand StopAuthorized EVDeparted EVDetected RemoteStop
    RemoteStart AbnormalCondition SignedDataReceived ResetCommand CostLimitReached
    LimitSet OperationModeChanged RunningCost SoCLimitReached TariffChanged TariffNotAccepted
    TxResumed
""")
TOKEN_TYPES = spellings("""
    Central eMAID ISO14443 ISO15693 KeyCode Local MacAddress NoAuthorization DirectPayment EVCCID
    VIN
""")


def transaction_event(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """A start, an update or an end, then the samples it carries."""
    payload = frame.payload
    stamp = read_stamp(payload.get("timestamp"))
    mark = flag(stamp)
    if mark:
        flags.append(mark)
    info = object_of(payload.get("transactionInfo"), flags, "transactionInfo")
    number_text = transaction(info.get("transactionId"), flags)
    if not number_text:
        flags.append(("tx_id_absent", "expected a transactionId, came none"))
    evse, connector = _evse(payload.get("evse"), flags)
    token, token_type = _id_token(payload.get("idToken"), flags)
    event = event_of(
        message,
        frame.message_id,
        _kind(payload.get("eventType"), flags),
        stamp,
        evse=evse,
        connector=connector,
        transaction=number_text,
        id_token=token,
        id_token_type=token_type,
        reason=_member(info, "stoppedReason", REASONS, flags),
        charging_state=_member(info, "chargingState", CHARGING_STATES, flags),
        trigger=_member(payload, "triggerReason", TRIGGERS, flags),
        offline=_offline(payload.get("offline"), flags),
        seq_no=whole(payload.get("seqNo"), flags, "seqNo"),
        reservation=_reservation(payload.get("reservationId"), flags),
    )
    values = payload.get("meterValue")
    if values is None:
        return [event]
    place = Place(
        message.source,
        message.received_at,
        message.station,
        "TransactionEvent",
        evse,
        connector,
        number_text,
    )
    return [event, *readings(place, values, read_sample, flags)]


def _kind(value: object, flags: Flags) -> EventKind:
    """An event of an unknown type is an update that holds its session: it may have been an end."""
    word = _KIND_SPELLINGS.get(value.strip().lower()) if isinstance(value, str) else None
    if word is None:
        came = "nothing" if value is None else shown(value)
        flags.append(
            ("event_type_unknown", f"eventType: expected Started, Updated or Ended, came {came}")
        )
        return EventKind.UPDATED
    if word != value:
        flags.append(("enum_spelling", f"eventType: {shown(value)} read as {word}"))
    return _KINDS[word]


def _evse(value: object, flags: Flags) -> tuple[int | None, int | None]:
    """(EVSE, connector); a connector may be missing, and so may the whole object after a start."""
    if value is None:
        return None, None
    if not isinstance(value, dict):
        flags.append(("not_object", f"evse: expected an object, came {shown(value)}"))
        return whole(value, flags, "evse"), None
    return whole(value.get("id"), flags, "evse.id"), whole(
        value.get("connectorId"), flags, "evse.connectorId"
    )


def _id_token(value: object, flags: Flags) -> tuple[str, str]:
    """(token as received, its type)."""
    if value is None:
        return "", ""
    if not isinstance(value, dict):
        flags.append(("not_object", f"idToken: expected an object, came {shown(value)}"))
        return str(value)[:200], ""
    kind = _member(value, "type", TOKEN_TYPES, flags)
    token = value.get("idToken")
    if not isinstance(token, str):
        flags.append(("id_token_not_text", f"idToken: expected a text, came {shown(token)}"))
        return "" if token is None else str(token)[:200], kind
    if token or kind != "NoAuthorization":
        flags.extend(tokens.oddities(token, MAX_ID_TOKEN))
    return token, kind


def _member(fields: dict[str, Any], name: str, known: dict[str, str], flags: Flags) -> str:
    word = text(fields.get(name), flags, name)
    return member(word, known, flags, name) if word else ""


def _offline(value: object, flags: Flags) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    flags.append(("not_boolean", f"offline: expected true or false, came {shown(value)}"))
    return str(value).strip().lower() in {"true", "1"}


def _reservation(value: object, flags: Flags) -> str:
    """0 is no reservation."""
    found = "" if value is None else transaction(value, flags)
    if found == "0":
        flags.append(("reservation_zero", "reservationId 0: read as none"))
        return ""
    return found
