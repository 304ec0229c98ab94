"""From a frame's text to its answer's text: read, choose, answer, write. Pure and total.

Messages that carry money are always answered with a CALLRESULT (a CALLERROR makes a charger repeat
them for ever or drop the session). The rest follows OCPP-J: CALLERROR with the version's codes.
"""

import re
from dataclasses import dataclass

import orjson

from ingest.answer.call import Answer, Call, Payload, Refusal
from ingest.answer.table import ANSWERS, PATIENT, V16, V201, Answerer
from ingest.protocols.ocpp import frame as wire
from ingest.protocols.ocpp import schemas
from ingest.protocols.ocpp.actions import MONEY, known_actions
from ingest.protocols.ocpp.error_codes import ErrorCode, spelled
from ingest.protocols.ocpp.mend import mended_payload
from ingest.view import View
from warehouse.registry import Change


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent (None: nothing is due, the frame was itself a reply) and what it changes.

    `flaws` says what was wrong with the frame or its payload; the answer did not need it.
    """

    text: str | None
    changes: tuple[Change, ...] = ()
    flaws: tuple[str, ...] = ()
    action: str = ""


_A_REPLY = re.compile(r"[\s\ufeff\x00]*\[\s*[345]\b")
"""A cut or broken reply: nobody waits for an answer to it."""


def reply(text: str, station: str, protocol: str, view: View, now_ns: int) -> Reply:
    """The answer to one frame of a station that speaks `protocol` (`ocpp1.6`, `ocpp2.0.1`).

    A money message in broken JSON is answered by what can be mended of it; its facts are derived
    from the text alone. A frame whose id can't be read is answered with id `-1` (OCPP 2.0.1 part 4
    §4.2.3). OCPP 1.6 says nothing of that; the same is done, so that no charger waits on silence.
    """
    frame = _plain_call(text) or wire.read_frame(text)
    if frame.type in (wire.CALLRESULT, wire.CALLERROR, wire.CALLRESULTERROR):
        return Reply(None, flaws=_rules(frame))
    if frame.type is None and _A_REPLY.match(text):
        return Reply(None, flaws=_rules(frame))
    if frame.type != wire.CALL:
        return _refused(frame, protocol, _not_a_call(frame))
    spoken = _spoken(protocol, frame.action, frame.payload)
    answerer = ANSWERS[spoken].get(frame.action)
    if answerer is None:
        refusal = _broken(frame) or _not_answered(protocol, frame.action)
        return _refused(frame, protocol, refusal)
    return _answered(frame, answerer, (station, protocol, spoken), view, now_ns)


def _plain_call(text: str) -> wire.Frame | None:
    """A call with nothing odd about its frame, read in a tenth of the time; None for all else.

    Its decimals are floats: an answer copies no number of the call but whole ones. What a message
    is worth is read by `ingest.protocols` from the text, exactly.
    """
    try:
        array = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if type(array) is not list or len(array) != 4:
        return None
    kind, message_id, action, payload = array
    if (
        type(kind) is int
        and kind == wire.CALL
        and type(message_id) is type(action) is str
        and 0 < len(message_id) <= wire.MAX_MESSAGE_ID
        and type(payload) is dict
    ):
        return wire.Frame(kind, message_id, action, payload, text, (), message_id)
    return None


def _answered(
    frame: wire.Frame,
    answerer: Answerer,
    speaker: tuple[str, str, str],
    view: View,
    now_ns: int,
) -> Reply:
    station, protocol, spoken = speaker
    money = frame.action in MONEY
    if frame.problems and not money:
        refusal = _broken(frame)
        if refusal is not None:
            return _refused(frame, protocol, refusal)
    breaches = schemas.problems(spoken, frame.action, frame.payload)
    if breaches and not money and frame.action not in PATIENT:
        refusal = _breach(breaches)
        if refusal is not None:
            return _refused(frame, protocol, refusal)
    payload = frame.payload
    if not payload and frame.problems:
        payload = mended_payload(frame.text) or {}
    call = Call(station, spoken, frame.message_id, frame.action, payload, frame.text)
    answer: Answer = answerer(call, view, now_ns)
    flaws = (*_rules(frame), *breaches) if breaches or frame.problems else ()
    sent = wire.write_result(frame.reply_id, answer.payload)
    return Reply(sent, answer.changes, flaws, frame.action)


def _spoken(protocol: str, action: str, payload: Payload) -> str:
    """The version a message is shaped like: the handshake's, unless it can only be the other.

    Some chargers keep sending 1.6 messages on an ocpp2.0.1 socket, or the reverse.
    """
    other = V16 if protocol == V201 else V201
    if action not in ANSWERS[protocol]:
        known = action in known_actions(protocol)
        return other if not known and action in ANSWERS[other] else protocol
    telltale = _TELLTALE.get(action)
    if telltale is None or telltale[protocol] in payload or telltale[other] not in payload:
        return protocol
    return other


_TELLTALE = {
    "Authorize": {V16: "idTag", V201: "idToken"},
    "BootNotification": {V16: "chargePointVendor", V201: "chargingStation"},
    "StatusNotification": {V16: "status", V201: "connectorStatus"},
    "MeterValues": {V16: "connectorId", V201: "evseId"},
}
"""A field that only this version's message has."""


def _not_a_call(frame: wire.Frame) -> Refusal:
    rules = _rules(frame)
    if frame.type == wire.SEND or "unknown_message_type" in rules:
        return Refusal(ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "expected message type 2, 3 or 4")
    return Refusal(ErrorCode.RPC_FRAMEWORK_ERROR, _sentence(frame))


def _not_answered(protocol: str, action: str) -> Refusal:
    if action in known_actions(protocol):
        return Refusal(ErrorCode.NOT_SUPPORTED, f"{action} is sent by a CSMS, not to one")
    return Refusal(ErrorCode.NOT_IMPLEMENTED, f"{action[:50] or 'no action'} is not known")


_FATAL = frozenset({"not_json", "too_deep", "frame_too_short", "payload_not_object"})


def _broken(frame: wire.Frame) -> Refusal | None:
    """A call whose payload can't be read. Oddities that leave its meaning clear are let pass."""
    rules = _rules(frame)
    if "msgid_missing" in rules:
        return Refusal(ErrorCode.RPC_FRAMEWORK_ERROR, _sentence(frame))
    if _FATAL.isdisjoint(rules):
        return None
    return Refusal(ErrorCode.FORMAT_VIOLATION, _sentence(frame))


def _breach(breaches: list[str]) -> Refusal | None:
    """The first breach that leaves nothing to answer: a field missing, or of another type.

    Texts that are too long, extra fields and unknown words are kept and let pass.
    """
    for sentence in breaches:
        if "is a required property" in sentence:
            return Refusal(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, sentence)
        if "is not of type" in sentence:
            return Refusal(ErrorCode.TYPE_CONSTRAINT_VIOLATION, sentence)
    return None


def _refused(frame: wire.Frame, protocol: str, refusal: Refusal) -> Reply:
    code = spelled(refusal.code, protocol)
    text = wire.write_error(frame.reply_id, code, refusal.description)
    return Reply(text, (), (*_rules(frame), code), frame.action)


def _rules(frame: wire.Frame) -> tuple[str, ...]:
    return tuple(rule for rule, _ in frame.problems)


def _sentence(frame: wire.Frame) -> str:
    return frame.problems[0][1] if frame.problems else "expected a CALL"
