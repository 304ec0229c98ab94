"""Short frames for the readers' tests: regular ones, to be spoilt in one respect each."""

import json
from datetime import UTC, datetime
from typing import Any

from billing.events import EventKind, Fact, MeterReading, TransactionEvent
from billing.finding import Source
from ingest.protocols.ocpp.facts import facts
from ingest.protocols.ocpp.message import Message

T = "2026-11-21T10:00:00Z"


def message(text: str, protocol: str = "ocpp1.6", **changes: Any) -> Message:
    parts: dict[str, Any] = {
        "source": Source("ingest-1", 7),
        "received_at": datetime(2026, 11, 21, 10, 0, 1, tzinfo=UTC),
        "station": "CP1",
        "protocol": protocol,
        "direction": "in",
        "connection": "c1",
        "kind": "message",
        "text": text,
    }
    return Message(**(parts | changes))


def call(action: str, payload: object, protocol: str = "ocpp1.6") -> tuple[Fact, ...]:
    return facts(message(json.dumps([2, "m1", action, payload]), protocol))


def start(**changes: Any) -> TransactionEvent:
    payload = {"connectorId": 1, "idTag": "04AABBCC", "meterStart": 5, "timestamp": T}
    (fact,) = call("StartTransaction", changed(payload, changes))
    assert isinstance(fact, TransactionEvent)
    assert fact.kind is EventKind.STARTED
    return fact


def stop(**changes: Any) -> TransactionEvent:
    payload = {"transactionId": 7, "meterStop": 9, "timestamp": T}
    fact = call("StopTransaction", changed(payload, changes))[0]
    assert isinstance(fact, TransactionEvent)
    assert fact.kind is EventKind.ENDED
    return fact


def sample(**changes: Any) -> MeterReading:
    payload = changed({"value": "12"}, changes)
    meter_value = [{"timestamp": T, "sampledValue": [payload]}]
    (fact,) = call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": meter_value})
    assert isinstance(fact, MeterReading)
    return fact


def sample_201(**changes: Any) -> MeterReading:
    payload = changed({"value": 12}, changes)
    meter_value = [{"timestamp": T, "sampledValue": [payload]}]
    (fact,) = call("MeterValues", {"evseId": 1, "meterValue": meter_value}, "ocpp2.0.1")
    assert isinstance(fact, MeterReading)
    return fact


def event(**changes: Any) -> TransactionEvent:
    payload = {
        "eventType": "Started",
        "timestamp": T,
        "triggerReason": "Authorized",
        "seqNo": 0,
        "transactionInfo": {"transactionId": "tx-1"},
        "evse": {"id": 1, "connectorId": 1},
        "idToken": {"idToken": "04AABBCC", "type": "ISO14443"},
    }
    fact = call("TransactionEvent", changed(payload, changes), "ocpp2.0.1")[0]
    assert isinstance(fact, TransactionEvent)
    return fact


def changed(payload: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """None takes a field away."""
    merged = payload | changes
    return {name: value for name, value in merged.items() if value is not None}


def rules(fact: Fact) -> list[str]:
    return [rule for rule, _ in fact.flags]
