"""Faults of identity, flow, clocks and tokens: what reading makes of each, and its flag.

The numbers are those of the fault list.
"""

import json
from decimal import Decimal

import pytest

from billing.events import EventKind, StampQuality, TransactionEvent
from billing.finding import Severity, Source
from ingest.protocols.ocpp.facts import facts, findings
from tests.ingest.protocols.ocpp.said import (
    T,
    call,
    event,
    message,
    rules,
    sample,
    sample_201,
    start,
    stop,
)


def test_regular_messages_carry_no_flag() -> None:
    for fact in (start(), stop(), sample(), sample_201(), event()):
        assert fact.flags == ()
        assert (fact.source, fact.station) == (Source("ingest-1", 7), "CP1")


@pytest.mark.parametrize(
    ("raw", "text", "flags"),
    [
        ("7", "7", []),
        ("9223372036854775807", "9223372036854775807", ["tx_id_placeholder"]),
        ("9223372036854766666", "9223372036854766666", ["tx_id_placeholder"]),
        ("123456789012345678901234567890", "123456789012345678901234567890", ["tx_id_placeholder"]),
        ("0", "0", ["tx_id_placeholder"]),
        ("-1", "-1", ["tx_id_placeholder"]),
        ("2147483647", "2147483647", []),
        ('"58"', "58", []),
        ("58.0", "58", ["number_spelling"]),
        ("null", "", ["tx_id_absent"]),
        ("[1]", "[1]", ["not_text"]),
    ],
)
def test_faults_7_8_9_transaction_ids_are_text(raw: str, text: str, flags: list[str]) -> None:
    frame = f'[2,"8","StopTransaction",{{"transactionId":{raw},"meterStop":9,"timestamp":"{T}"}}]'
    (fact,) = facts(message(frame))
    assert (fact.transaction, rules(fact)) == (text, flags)


def test_fault_7_a_placeholder_on_a_reading_is_told_once_per_message() -> None:
    values = [{"timestamp": T, "sampledValue": [{"value": "1"}, {"value": "2"}]}]
    first, second = call(
        "MeterValues", {"connectorId": 1, "transactionId": -1, "meterValue": values}
    )
    assert (rules(first), rules(second)) == (["tx_id_placeholder"], [])
    assert first.transaction == second.transaction == "-1"


@pytest.mark.parametrize(
    ("raw", "text"), [("17", "17"), ("28240181849166013077", "28240181849166013077")]
)
def test_fault_6_numeric_message_ids(raw: str, text: str) -> None:
    payload = {"connectorId": 1, "idTag": "A", "meterStart": 5, "timestamp": T}
    (fact,) = facts(message(f'[2,{raw},"StartTransaction",{json.dumps(payload)}]'))
    assert isinstance(fact, TransactionEvent)
    assert (fact.message_id, rules(fact)) == (text, ["msgid_numeric"])


def test_faults_14_15_16_30_events_of_201() -> None:
    ended = event(
        eventType="Ended",
        evse=None,
        idToken=None,
        offline=True,
        transactionInfo={"transactionId": "0", "stoppedReason": "EVDisconnected"},
    )
    assert (ended.kind, ended.evse, ended.connector) == (EventKind.ENDED, None, None)
    assert (ended.offline, ended.seq_no, ended.transaction) == (True, 0, "0")
    assert (ended.reason, ended.flags) == ("EVDisconnected", ())
    without_connector = event(evse={"id": 1})
    assert (without_connector.evse, without_connector.connector) == (1, None)


@pytest.mark.parametrize(
    ("raw", "wh", "flags"),
    [
        (26008.333, Decimal("26008.333"), ["meter_fractional"]),
        (26008.0, Decimal(26008), []),
        ("26008", Decimal(26008), ["number_as_text"]),
        (-1, Decimal(-1), ["meter_stop_unknown"]),
        (None, None, ["value_absent"]),
        ("", None, ["value_empty"]),
        ("many", None, ["value_unreadable"]),
        (True, None, ["value_unreadable"]),
        (4296944685, Decimal(4296944685), []),
        (10**17, None, ["value_out_of_range"]),
    ],
)
def test_faults_24_42_60_meter_stop(raw: object, wh: Decimal | None, flags: list[str]) -> None:
    fact = stop(meterStop=raw)
    assert (fact.meter_wh, rules(fact)) == (wh, flags)


def test_fault_42_meter_start_unknown() -> None:
    assert rules(start(meterStart=-1)) == ["meter_start_unknown"]


def test_fault_25_a_long_tag_is_read() -> None:
    fact = stop(idTag="A" * 21)
    assert (fact.id_token, rules(fact)) == ("A" * 21, ["id_token_too_long"])


def test_fault_33_a_boot_without_vendor() -> None:
    (fact,) = call("BootNotification", {"chargePointVendor": "", "chargePointModel": "M"})
    assert isinstance(fact, TransactionEvent)
    assert (fact.kind, rules(fact)) == (EventKind.BOOTED, ["vendor_empty"])


@pytest.mark.parametrize(
    ("stamp", "quality", "rule"),
    [
        ("1970-01-01T00:00:00Z", StampQuality.EPOCH, "epoch_stamp"),
        ("0000-00-00T00:00:00.000Z", StampQuality.IMPOSSIBLE, "stamp_impossible"),
        ("2023-10-19T15:28:07", StampQuality.NO_ZONE, "no_zone"),
        ("2025-09-05T18:51:43+03", StampQuality.ODD_OFFSET, "odd_offset"),
        ("21/11/2026", StampQuality.IMPOSSIBLE, "stamp_impossible"),
        (None, StampQuality.ABSENT, "stamp_absent"),
    ],
)
def test_faults_67_to_73_stamps(stamp: str | None, quality: StampQuality, rule: str) -> None:
    for fact in (start(timestamp=stamp), stop(timestamp=stamp), event(timestamp=stamp)):
        assert (fact.stamp.quality, rules(fact)) == (quality, [rule])
        assert fact.stamp.text == (stamp or "")


def test_a_status_of_16_needs_no_stamp() -> None:
    payload = {"connectorId": 1, "errorCode": "NoError", "status": "Charging"}
    (fact,) = call("StatusNotification", payload)
    assert (fact.stamp.quality, fact.flags) == (StampQuality.ABSENT, ())


def test_fault_74_a_clock_that_was_set_is_recorded() -> None:
    payload = {"type": "SettingSystemTime", "timestamp": T}
    for protocol in ("ocpp1.6", "ocpp2.0.1"):
        text = json.dumps([2, "1", "SecurityEventNotification", payload])
        (finding,) = findings(message(text, protocol))
        assert (finding.rule, finding.severity) == ("clock_set", Severity.WARNING)
        assert T in finding.message


@pytest.mark.parametrize(
    ("tag", "kept", "flags"),
    [
        (" F6 CA 0C C5", " F6 CA 0C C5", ["id_token_space"]),
        ("20:69:C0:21", "20:69:C0:21", []),
        ("", "", ["token_empty"]),
        (None, "", ["id_token_absent"]),
        ("04AABB\u0010\u000e", "04AABB\u0010\u000e", ["id_token_control"]),
        ("00000000000000001234", "00000000000000001234", []),
        (1234, "1234", ["id_token_not_text"]),
    ],
)
def test_faults_88_to_92_tags(tag: object, kept: str, flags: list[str]) -> None:
    fact = start(idTag=tag)
    assert (fact.id_token, rules(fact)) == (kept, flags)


def test_fault_89_a_stop_needs_no_tag() -> None:
    assert stop(idTag=None).flags == ()
    assert event(idToken=None).flags == ()
    free = event(idToken={"idToken": "", "type": "NoAuthorization"})
    assert (free.id_token_type, free.flags) == ("NoAuthorization", ())


def test_fault_94_the_token_type_is_noted() -> None:
    assert event(idToken={"idToken": "A1", "type": "Local"}).id_token_type == "Local"
    assert rules(event(idToken={"idToken": "A1", "type": "Chip"})) == ["unknown_enum"]
    assert rules(event(idToken="A1")) == ["not_object"]
