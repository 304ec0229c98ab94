"""What a message of the log says about charging: facts for the fold, findings for the rest.

Reads every version; where a charger speaks one version on another's socket, its messages are read
by their shape. Nothing raises: what was forgiven travels as flags on the message's first fact, and
a message that yields no fact yields findings instead.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from billing.events import Fact
from billing.finding import Finding
from ingest.protocols.ocpp.actions import MONEY, VERSIONS, known_actions
from ingest.protocols.ocpp.connection import connection
from ingest.protocols.ocpp.frame import CALL, CALLRESULT, SEND, Frame, read_frame
from ingest.protocols.ocpp.mend import mended_payload
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.scalars import Flags
from ingest.protocols.ocpp.severity import severity
from ingest.protocols.ocpp.v16 import meter_values as meter_values_16
from ingest.protocols.ocpp.v16 import status as status_16
from ingest.protocols.ocpp.v16 import transactions as transactions_16
from ingest.protocols.ocpp.v201 import meter_values as meter_values_201
from ingest.protocols.ocpp.v201 import status as status_201
from ingest.protocols.ocpp.v201 import transactions as transactions_201


class Reading(NamedTuple):
    """All that one message gives: `facts` in the order they stood in it, and `findings`."""

    facts: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()


NOTHING = Reading()
_OF_PARTNERS = ("ocpi", "oicp")


def read(message: Message) -> Reading:
    """Facts and findings of one log entry; never raises.

    A transaction event comes before the samples it carries; samples are numbered in order. What
    partners ask over HTTP (OCPI, OICP) says nothing about charging.
    """
    if message.protocol.startswith(_OF_PARTNERS):
        return NOTHING
    if message.direction == "out" and message.kind == "message":
        return _ours(message)
    if message.kind == "connection":
        return _entry(message)
    frame = read_frame(message.text)
    if frame.type not in (CALL, SEND):
        return Reading((), _findings(message, frame, list(frame.problems)))
    flags: Flags = list(frame.problems)
    found = _called(message, frame, flags)
    if not found:
        return Reading((), _findings(message, frame, flags)) if flags else NOTHING
    if flags:
        found[0] = replace(found[0], flags=(*flags, *found[0].flags))
    return Reading(tuple(found))


def facts(message: Message) -> tuple[Fact, ...]:
    """The facts alone."""
    return read(message).facts


def findings(message: Message) -> tuple[Finding, ...]:
    """What is wrong with a message that could not become a fact, or needs a word beside it.

    Severity is HOLD where a message that carries energy was lost: not JSON, no payload, a type
    that is no message type. What a human needs to repair it by hand is in the sentence.
    """
    return read(message).findings


FromCall = Callable[[Message, Frame, Flags], list[Fact]]


def _meter_values_16(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    return meter_values_16.meter_values(message, frame.payload, flags)


def _meter_values_201(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    return meter_values_201.meter_values(message, frame.payload, flags)


def _security_event(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """A clock that was set explains jumps of the stamps around it."""
    del message
    if frame.payload.get("type") == "SettingSystemTime":
        stamp = frame.payload.get("timestamp")
        flags.append(("clock_set", f"the charger's clock was set, now {str(stamp)[:60]}"))
    return []


@dataclass(frozen=True, slots=True)
class Reader:
    """How an action is read, its fields, and those among them that only this version has."""

    read: FromCall
    fields: frozenset[str]
    marks: frozenset[str] = frozenset()


def _reader(read_call: FromCall, fields: str, marks: str = "") -> Reader:
    return Reader(read_call, frozenset(fields.split()), frozenset(marks.split()))


_READERS: dict[str, dict[str, Reader]] = {
    "v16": {
        "StartTransaction": _reader(
            transactions_16.start_transaction,
            "connectorId idTag meterStart reservationId timestamp",
        ),
        "StopTransaction": _reader(
            transactions_16.stop_transaction,
            "idTag meterStop timestamp transactionId reason transactionData",
        ),
        "MeterValues": _reader(
            _meter_values_16, "connectorId transactionId meterValue", "connectorId transactionId"
        ),
        "StatusNotification": _reader(
            status_16.status_notification,
            "connectorId errorCode info status timestamp vendorId vendorErrorCode",
            "status errorCode",
        ),
        "BootNotification": _reader(
            status_16.boot_notification,
            "chargeBoxSerialNumber chargePointModel chargePointSerialNumber chargePointVendor"
            " firmwareVersion iccid imsi meterSerialNumber meterType",
            "chargePointVendor chargePointModel",
        ),
        "SecurityEventNotification": _reader(_security_event, "type timestamp techInfo"),
    },
    "v201": {
        "TransactionEvent": _reader(
            transactions_201.transaction_event,
            "eventType meterValue timestamp triggerReason seqNo offline numberOfPhasesUsed"
            " cableMaxCurrent reservationId transactionInfo evse idToken customData"
            " preconditioningStatus evseSleep costDetails",
        ),
        "MeterValues": _reader(_meter_values_201, "evseId meterValue customData", "evseId"),
        "StatusNotification": _reader(
            status_201.status_notification,
            "timestamp connectorStatus evseId connectorId customData",
            "evseId connectorStatus",
        ),
        "BootNotification": _reader(
            status_201.boot_notification, "chargingStation reason customData", "chargingStation"
        ),
        "SecurityEventNotification": _reader(_security_event, "type timestamp techInfo customData"),
    },
}
_OTHER = {"v16": "v201", "v201": "v16"}


def _called(message: Message, frame: Frame, flags: Flags) -> list[Fact]:
    """The facts of a call; `flags` gets what is wrong with the message as a whole."""
    spoken = VERSIONS.get(message.protocol, "v16")
    version = "v16" if spoken == "v16" else "v201"
    action, payload = frame.action, frame.payload
    if not payload and frame.problems:
        return []
    if not payload and action in MONEY:
        flags.append(("payload_empty", f"expected a {action}, came an empty object"))
        return []
    reader = _READERS[version].get(action)
    other = None
    if reader is None or (reader.marks and reader.marks.isdisjoint(payload)):
        other = _READERS[_OTHER[version]].get(action)
    if other and (reader is None or not other.marks.isdisjoint(payload)):
        said = "OCPP 1.6" if version != "v16" else "OCPP 2.0.1"
        flags.append(
            ("other_version_shape", f"a {action} of {said} on a {message.protocol} socket")
        )
        reader = other
    if reader:
        strange = payload.keys() - reader.fields
        if strange:
            names = ", ".join(sorted(strange))[:200]
            flags.append(("unknown_property", f"{action} has no {names}: kept in the log, unread"))
        return reader.read(message, frame, flags)
    if action not in known_actions(spoken).from_charger and not frame.problems:
        came = action[:60] or "nothing"
        flags.append(("unknown_action", f"expected an action of {message.protocol}, came {came}"))
    return []


def _ours(message: Message) -> Reading:
    """Of what we sent, only the transaction ids we issued are facts."""
    if '"transactionId"' not in message.text or '"idTagInfo"' not in message.text:
        return NOTHING
    frame = read_frame(message.text)
    if frame.type != CALLRESULT:
        return NOTHING
    return Reading(tuple(transactions_16.start_answered(message, frame)))


def _entry(message: Message) -> Reading:
    frame = read_frame(f'[{CALLRESULT},"0",{message.text}]')
    return Reading(tuple(connection(message, frame.payload, list(frame.problems))))


_LOSES = frozenset(
    {
        "frame_too_short",
        "not_json",
        "null_payload",
        "payload_empty",
        "payload_not_object",
        "too_deep",
        "unknown_message_type",
    }
)


def _findings(message: Message, frame: Frame, flags: Flags) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            message.source,
            rule,
            severity(rule, money_lost=frame.action in MONEY and rule in _LOSES),
            text + (_evidence(frame) if rule == "not_json" else ""),
            message.station,
        )
        for rule, text in dict(flags).items()
    )


def _evidence(frame: Frame) -> str:
    """What the frame was about and what it would say once mended, for whoever decides."""
    said = f"; a {frame.action}" if frame.action else ""
    payload = mended_payload(frame.text)
    return f"{said}; mended it might read {str(payload)[:400]}" if payload else said
