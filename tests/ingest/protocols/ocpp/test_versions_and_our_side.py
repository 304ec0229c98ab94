"""The other version on a socket, what we send ourselves, connections, and severities."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from billing.events import EventKind, MeterReading, TransactionEvent
from billing.finding import Severity
from billing.rules import SEVERITIES
from ingest.protocols.ocpp.facts import facts, read
from ingest.protocols.ocpp.severity import SEVERITY
from tests.ingest.protocols.ocpp.said import (
    T,
    call,
    message,
    rules,
)


@dataclass
class Shape:
    action: str
    payload: dict[str, Any]
    kind: str
    protocols: tuple[str, str] = field(default=("ocpp1.6", "ocpp2.0.1"))


BUCKET = [{"timestamp": T, "sampledValue": [{"value": "1"}]}]
BUCKET_201 = [{"timestamp": T, "sampledValue": [{"value": 1}]}]


@pytest.mark.parametrize(
    "shape",
    [
        Shape(
            "StartTransaction",
            {"connectorId": 1, "idTag": "A1", "meterStart": 5, "timestamp": T},
            "started",
        ),
        Shape("StopTransaction", {"transactionId": 1, "meterStop": 5, "timestamp": T}, "ended"),
        Shape("MeterValues", {"connectorId": 1, "meterValue": BUCKET}, "MeterValues"),
        Shape(
            "StatusNotification",
            {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": T},
            "status",
        ),
        Shape("BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}, "booted"),
        Shape(
            "TransactionEvent",
            {
                "eventType": "Ended",
                "timestamp": T,
                "triggerReason": "EVDeparted",
                "seqNo": 1,
                "transactionInfo": {"transactionId": "x"},
            },
            "ended",
            ("ocpp2.0.1", "ocpp1.6"),
        ),
        Shape(
            "MeterValues",
            {"evseId": 1, "meterValue": BUCKET_201},
            "MeterValues",
            ("ocpp2.0.1", "ocpp1.6"),
        ),
        Shape(
            "StatusNotification",
            {"evseId": 1, "connectorId": 1, "connectorStatus": "Occupied", "timestamp": T},
            "status",
            ("ocpp2.0.1", "ocpp1.6"),
        ),
        Shape(
            "BootNotification",
            {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}},
            "booted",
            ("ocpp2.0.1", "ocpp1.6"),
        ),
    ],
    ids=lambda shape: f"{shape.action} of {shape.protocols[0]}",
)
def test_fault_98_a_message_of_the_other_version(shape: Shape) -> None:
    own, other = shape.protocols
    (regular,) = call(shape.action, shape.payload, own)
    (fallback,) = call(shape.action, shape.payload, other)
    assert regular.flags == ()
    assert rules(fallback) == ["other_version_shape"]
    for fact in (regular, fallback):
        assert shape.kind == (fact.carrier if isinstance(fact, MeterReading) else fact.kind)
    assert regular.stamp == fallback.stamp
    assert (regular.evse, regular.connector) == (fallback.evse, fallback.connector)


def test_ocpp_21_reads_as_201() -> None:
    payload = {
        "eventType": "Updated",
        "timestamp": T,
        "triggerReason": "TariffChanged",
        "seqNo": 1,
        "transactionInfo": {"transactionId": "x", "chargingState": "SuspendedEV"},
        "costDetails": {},
    }
    (fact,) = call("TransactionEvent", payload, "ocpp2.1")
    assert isinstance(fact, TransactionEvent)
    assert (fact.kind, fact.charging_state, fact.trigger, fact.flags) == (
        EventKind.UPDATED,
        "SuspendedEV",
        "TariffChanged",
        (),
    )


def test_our_start_answer_is_a_fact() -> None:
    text = '[3,"m1",{"transactionId":1003,"idTagInfo":{"status":"Accepted"}}]'
    (fact,) = facts(message(text, direction="out"))
    assert isinstance(fact, TransactionEvent)
    assert (fact.kind, fact.transaction, fact.message_id, fact.status, fact.connection) == (
        EventKind.START_ANSWERED,
        "1003",
        "m1",
        "Accepted",
        "c1",
    )


@pytest.mark.parametrize(
    "text",
    [
        '[3,"1",{}]',
        '[3,"1",{"idTagInfo":{"status":"Accepted"}}]',
        '[2,"1","RemoteStopTransaction",{"transactionId":1}]',
        '[2,"1","X",{"transactionId":1,"idTagInfo":{}}]',
        '[3,"1",{"transactionId":1,"idTagInfo":"Accepted"}]',
        "not a frame",
    ],
)
def test_nothing_else_that_we_send_is_a_fact(text: str) -> None:
    assert read(message(text, direction="out")).facts == ()
    assert read(message(text, direction="out")).findings == ()


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"event": "opened", "remote": "x"}, EventKind.CONNECTED),
        ({"event": "closed", "reason": "1001 going away"}, EventKind.DISCONNECTED),
        ({"action": "connection.opened"}, EventKind.CONNECTED),
    ],
)
def test_connections(entry: dict[str, str], kind: EventKind) -> None:
    (fact,) = facts(message(json.dumps(entry), kind="connection", direction=""))
    assert isinstance(fact, TransactionEvent)
    assert (fact.kind, fact.message_id, fact.reason) == (kind, "", entry.get("reason", ""))


def test_a_refused_connection_is_no_fact() -> None:
    assert facts(message('{"event":"refused"}', kind="connection")) == ()
    assert facts(message("garbage", kind="connection")) == ()


def test_the_reckoning_gives_each_flag_the_severity_that_reading_means() -> None:
    """A flag becomes a finding in `billing`, where a rule without a name is INFO."""
    only_findings = {
        "clock_set",
        "frame_too_short",
        "not_array",
        "not_json",
        "payload_empty",
        "payload_not_object",
        "too_deep",
        "unknown_action",
        "unknown_message_type",
    }
    for rule, severity in SEVERITY.items():
        if rule not in only_findings:
            assert SEVERITIES.get(rule, Severity.INFO) is severity, rule


@pytest.mark.parametrize("protocol", ["ocpi2.1.1", "ocpi2.2.1", "ocpi2.3.0", "oicp2.3"])
def test_what_partners_ask_is_no_frame(protocol: str) -> None:
    asked = message('{"action":"http.request","method":"GET"}', protocol=protocol)
    assert read(asked) == ((), ())
    assert read(message("{not json")).findings
