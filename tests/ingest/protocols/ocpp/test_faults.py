"""The field's faults, one by one: what reading makes of each, and the flag it raises.

Frames are hand-made and short; each carries one fault. The numbers are those of the fault list.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from billing.events import EventKind, Fact, MeterReading, StampQuality, TransactionEvent
from billing.finding import Severity, Source
from billing.rules import SEVERITIES
from ingest.protocols.ocpp.facts import facts, findings, read
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.severity import SEVERITY

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
    (fact,) = call("StartTransaction", _changed(payload, changes))
    assert isinstance(fact, TransactionEvent)
    assert fact.kind is EventKind.STARTED
    return fact


def stop(**changes: Any) -> TransactionEvent:
    payload = {"transactionId": 7, "meterStop": 9, "timestamp": T}
    fact = call("StopTransaction", _changed(payload, changes))[0]
    assert isinstance(fact, TransactionEvent)
    assert fact.kind is EventKind.ENDED
    return fact


def sample(**changes: Any) -> MeterReading:
    payload = _changed({"value": "12"}, changes)
    meter_value = [{"timestamp": T, "sampledValue": [payload]}]
    (fact,) = call("MeterValues", {"connectorId": 1, "transactionId": 7, "meterValue": meter_value})
    assert isinstance(fact, MeterReading)
    return fact


def sample_201(**changes: Any) -> MeterReading:
    payload = _changed({"value": 12}, changes)
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
    fact = call("TransactionEvent", _changed(payload, changes), "ocpp2.0.1")[0]
    assert isinstance(fact, TransactionEvent)
    return fact


def _changed(payload: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """None takes a field away."""
    merged = payload | changes
    return {name: value for name, value in merged.items() if value is not None}


def rules(fact: Fact) -> list[str]:
    return [rule for rule, _ in fact.flags]


def test_regular_messages_carry_no_flag() -> None:
    for fact in (start(), stop(), sample(), sample_201(), event()):
        assert fact.flags == ()
        assert (fact.source, fact.station) == (Source("ingest-1", 7), "CP1")


# --- A: identity ------------------------------------------------------------------------------


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


# --- B: flow ----------------------------------------------------------------------------------


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


# --- C: energy --------------------------------------------------------------------------------

REGISTER = "Energy.Active.Import.Register"


@pytest.mark.parametrize(
    ("changes", "wh", "unit", "flags"),
    [
        ({}, Decimal(12), "Wh", []),
        ({"unit": "Wh"}, Decimal(12), "Wh", []),
        ({"unit": "kWh", "value": "0.505"}, Decimal(505), "kWh", []),
        ({"unit": "MWh", "value": "0.5"}, Decimal(500000), "MWh", []),
        ({"unit": "mWh", "value": "1500"}, Decimal("1.5"), "mWh", []),
        ({"unit": "kwh", "value": "1"}, Decimal(1000), "kWh", ["enum_spelling"]),
        ({"unit": "MWH", "value": "1"}, None, "MWH", ["unit_mismatch"]),
        ({"unit": "Hz"}, None, "Hz", ["unit_mismatch"]),
        ({"unit": "W"}, None, "W", ["unit_mismatch"]),
        ({"unit": ""}, Decimal(12), "Wh", []),
        (
            {"value": "0.30005000000000004", "unit": "kWh"},
            Decimal("300.05"),
            "kWh",
            ["float_noise"],
        ),
        ({"measurand": "energy.active.import.register"}, Decimal(12), "Wh", ["enum_spelling"]),
        ({"context": "Transaction.Begin"}, Decimal(12), "Wh", []),
    ],
)
def test_faults_48_to_51_61_units(
    changes: dict[str, Any], wh: Decimal | None, unit: str, flags: list[str]
) -> None:
    fact = sample(**changes)
    assert (fact.wh, fact.unit, fact.measurand) == (wh, unit, REGISTER)
    assert rules(fact) == flags


def test_fault_61_defaults_of_a_bare_value() -> None:
    fact = sample()
    assert (fact.measurand, fact.context, fact.location, fact.phase, fact.unit) == (
        REGISTER,
        "Sample.Periodic",
        "Outlet",
        "",
        "Wh",
    )
    assert (fact.carrier, fact.position, fact.watt, fact.signed) == ("MeterValues", 0, None, "")


@pytest.mark.parametrize(
    ("changes", "watt", "flags"),
    [
        ({"unit": "W", "value": "9451"}, Decimal(9451), []),
        ({"unit": "kW", "value": "9.451"}, Decimal(9451), []),
        ({"unit": "kw", "value": "1"}, Decimal(1000), ["enum_spelling"]),
        ({"value": "9451"}, None, ["unit_missing"]),
        ({"unit": "A"}, None, ["unit_mismatch"]),
    ],
)
def test_fault_50_power(changes: dict[str, Any], watt: Decimal | None, flags: list[str]) -> None:
    fact = sample(measurand="Power.Active.Import", **changes)
    assert (fact.watt, fact.wh, rules(fact)) == (watt, None, flags)


@pytest.mark.parametrize(
    ("unit", "value", "wh", "flags"),
    [
        ({"unit": "kWh"}, 14.5, Decimal(14500), []),
        ({"unit": "Wh", "multiplier": 3}, 14.5, Decimal(14500), []),
        ({"unit": "kWh", "multiplier": -3}, 14.5, Decimal("14.5"), []),
        ({"multiplier": 2}, 1, Decimal(100), []),
        ({"unit": "Wh", "multiplier": 99}, 1, None, ["multiplier_out_of_range"]),
        ({"unit": "Wh", "multiplier": "3"}, 1, Decimal(1000), ["number_spelling"]),
        ({}, 1, Decimal(1), []),
        ("kWh", 1, Decimal(1000), ["unit_not_object"]),
        (None, 1, Decimal(1), []),
    ],
)
def test_fault_57_units_of_201(
    unit: object, value: object, wh: Decimal | None, flags: list[str]
) -> None:
    fact = sample_201(unitOfMeasure=unit, value=value)
    assert (fact.wh, rules(fact)) == (wh, flags)
    assert (fact.evse, fact.connector, fact.transaction) == (1, None, "")


def test_fault_55_connector_zero_is_the_station() -> None:
    values = [{"timestamp": T, "sampledValue": [{"value": "1"}]}]
    (fact,) = call("MeterValues", {"connectorId": 0, "meterValue": values})
    assert (fact.evse, fact.connector, fact.flags) == (0, 0, ())


def test_fault_62_several_buckets_are_numbered_through() -> None:
    values = [
        {"timestamp": f"2026-11-21T10:0{minute}:00Z", "sampledValue": [{"value": "1"}] * 2}
        for minute in (3, 1)
    ]
    found = call("MeterValues", {"connectorId": 1, "meterValue": values})
    assert [fact.position for fact in found if isinstance(fact, MeterReading)] == [0, 1, 2, 3]
    assert [fact.stamp.text[15] for fact in found] == ["3", "3", "1", "1"]


def test_faults_63_86_vendor_data_is_no_fact() -> None:
    data = message('[2,"1","DataTransfer",{"vendorId":"x","data":"{\\"wh\\":{2191457,4005}}"}]')
    assert read(data).facts == read(data).findings == ()


def test_fault_64_a_meter_that_declares_itself_unfit() -> None:
    (fact,) = call(
        "BootNotification",
        {
            "chargePointVendor": "V",
            "chargePointModel": "M",
            "meterType": "Internal NON compliant",
        },
    )
    assert rules(fact) == ["meter_not_compliant"]


# --- D: clocks --------------------------------------------------------------------------------


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


# --- E: types and shapes ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text", "number", "flags"),
    [
        ("12.5", "12.5", Decimal("12.5"), []),
        (12.5, "12.5", Decimal("12.5"), ["value_not_text"]),
        (12, "12", Decimal(12), ["value_not_text"]),
        (" 0.0", " 0.0", Decimal(0), ["value_space"]),
        ("", "", None, ["value_empty"]),
        (" ", " ", None, ["value_empty"]),
        ("12,5", "12,5", Decimal("12.5"), ["decimal_comma"]),
        ("0,505", "0,505", Decimal("0.505"), ["decimal_comma"]),
        ("12,500", "12,500", Decimal("12.5"), ["decimal_comma_ambiguous"]),
        ("1.234,5", "1.234,5", None, ["value_unreadable"]),
        ("NaN", "NaN", None, ["value_unreadable"]),
        ("Infinity", "Infinity", None, ["value_unreadable"]),
        ("1_000", "1_000", None, ["value_unreadable"]),
        ("１２", "１２", None, ["value_unreadable"]),
        ("1e3", "1e3", Decimal(1000), []),
        ("+7", "+7", Decimal(7), []),
        ("1e300", "1e300", None, ["value_out_of_range"]),
        (None, "", None, ["value_absent"]),
        ({"a": 1}, "{'a': 1}", None, ["value_unreadable"]),
        (True, "True", None, ["value_unreadable"]),
    ],
)
def test_faults_76_77_values(
    value: object, text: str, number: Decimal | None, flags: list[str]
) -> None:
    fact = sample(value=value)
    assert (fact.value_text, fact.value, fact.wh, rules(fact)) == (text, number, number, flags)


def test_a_text_where_201_wants_a_number() -> None:
    fact = sample_201(value="12.5")
    assert (fact.wh, rules(fact)) == (Decimal("12.5"), ["value_not_number"])


def test_fault_78_an_object_for_a_list() -> None:
    bucket = {"timestamp": T, "sampledValue": {"value": "1"}}
    (fact,) = call("MeterValues", {"connectorId": 1, "meterValue": bucket})
    assert rules(fact) == ["metervalue_not_array", "sampledvalue_not_array"]


@pytest.mark.parametrize(
    ("meter_value", "rule"),
    [
        ([], "metervalue_empty"),
        ([{"timestamp": T, "sampledValue": []}], "sampledvalue_empty"),
        ([{"timestamp": T}], "sampledvalue_absent"),
        (None, "metervalue_absent"),
        ("x", "metervalue_not_array"),
        ([3], "not_object"),
        ([{"timestamp": T, "sampledValue": [None]}], "not_object"),
    ],
)
@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
def test_fault_78_empty_lists_are_nothing_but_told(
    meter_value: object, rule: str, protocol: str
) -> None:
    where = "connectorId" if protocol == "ocpp1.6" else "evseId"
    payload = _changed({where: 1}, {"meterValue": meter_value})
    reading = read(message(json.dumps([2, "1", "MeterValues", payload]), protocol))
    assert reading.facts == ()
    assert [finding.rule for finding in reading.findings] == [rule]


def test_fault_78_an_empty_transaction_data_is_a_flag_of_the_stop() -> None:
    assert rules(stop(transactionData=[])) == ["transactiondata_empty"]
    assert rules(event(meterValue=[])) == ["metervalue_empty"]


def test_fault_79_a_broken_money_message_is_held_with_its_evidence() -> None:
    text = f'[2,"1","StopTransaction",{{"transactionId":,"meterStop":12,"timestamp":"{T}"}}]'
    reading = read(message(text))
    (finding,) = reading.findings
    assert reading.facts == ()
    assert (finding.rule, finding.severity) == ("not_json", Severity.HOLD)
    assert "StopTransaction" in finding.message
    assert "'meterStop': 12" in finding.message
    assert finding.station == "CP1"


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ('[2,"1","Authorize",{"a":1 "b":2}]', "not_json", Severity.WARNING),
        ("hello", "not_json", Severity.WARNING),
        ("{}", "not_array", Severity.WARNING),
        ('[2,"1","StopTransaction"]', "frame_too_short", Severity.HOLD),
        ('[2,"1","StopTransaction",null]', "null_payload", Severity.HOLD),
        ('[2,"1","StopTransaction",{}]', "payload_empty", Severity.HOLD),
        ('[2,"1","MeterValues",[1]]', "payload_not_object", Severity.HOLD),
        ('[1,"1","StartTransaction",{"connectorId":1}]', "unknown_message_type", Severity.HOLD),
        (f'[2,"1","StartTransaction",{{"a":{"[" * 200}', "too_deep", Severity.HOLD),
        ('[2,"1","Heartbeat"]', "frame_too_short", Severity.WARNING),
        ('[2,"1","Heartbeat",null]', "null_payload", Severity.INFO),
        ('[2,"1","BootNotification",null]', "null_payload", Severity.INFO),
        ('[2,"1","MakeCoffee",{}]', "unknown_action", Severity.WARNING),
        ('[2,"1","RemoteStartTransaction",{}]', "unknown_action", Severity.WARNING),
        ('[3,"1"]', "frame_too_short", Severity.WARNING),
    ],
)
def test_faults_80_84_frames_that_become_no_fact(text: str, rule: str, severity: Severity) -> None:
    reading = read(message(text))
    assert reading.facts == ()
    assert [(found.rule, found.severity) for found in reading.findings] == [(rule, severity)]


def test_fault_81_strangers_are_kept() -> None:
    assert (sample(measurand="Foo.Bar").measurand, rules(sample(measurand="Foo.Bar"))) == (
        "Foo.Bar",
        ["unknown_enum"],
    )
    hertz = sample(measurand="Frequency", unit="Hz")
    assert (hertz.unit, hertz.value, hertz.flags) == ("Hz", Decimal(12), ())
    celcius = sample(measurand="Temperature", unit="Celcius")
    assert celcius.flags == ()
    assert (stop(reason="Tired").reason, rules(stop(reason="Tired"))) == ("Tired", ["unknown_enum"])
    assert stop(reason="evdisconnected").reason == "EVDisconnected"
    status = {"connectorId": 1, "errorCode": "Error", "status": "Faulted", "timestamp": T}
    (fact,) = call("StatusNotification", status)
    assert isinstance(fact, TransactionEvent)
    assert (fact.status, fact.reason, rules(fact)) == ("Faulted", "Error", ["unknown_enum"])
    odd = event(eventType="Paused")
    assert (odd.kind, rules(odd)) == (EventKind.UPDATED, ["event_type_unknown"])
    assert event(eventType="ENDED").kind is EventKind.ENDED


def test_fault_82_long_texts() -> None:
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available", "info": "x" * 80}
    assert [rules(fact) for fact in call("StatusNotification", status)] == [["text_too_long"]]
    boot = {"chargingStation": {"vendorName": "V", "model": "M", "serialNumber": "1" * 33}}
    found = call("BootNotification", boot | {"reason": "PowerUp"}, "ocpp2.0.1")
    assert [rules(fact) for fact in found] == [["text_too_long"]]


def test_fault_83_strangers_zeros_and_words_for_nothing() -> None:
    assert rules(start(vendorX=1)) == ["unknown_property"]
    assert (start(reservationId=0).reservation, rules(start(reservationId=0))) == (
        "",
        ["reservation_zero"],
    )
    assert start(reservationId=12).reservation == "12"
    assert (stop(reason="null").reason, rules(stop(reason="null"))) == ("", ["literal_null"])
    assert start(reservationId="none").reservation == ""


def test_fault_85_the_context_of_an_end_is_kept_as_it_came() -> None:
    data = [{"timestamp": T, "sampledValue": [{"value": "9", "context": "Sample.Periodic"}]}]
    payload = {"transactionId": 7, "meterStop": 9, "timestamp": T, "transactionData": data}
    event_fact, reading = call("StopTransaction", payload)
    assert isinstance(event_fact, TransactionEvent)
    assert isinstance(reading, MeterReading)
    assert (reading.carrier, reading.context) == ("StopTransaction", "Sample.Periodic")
    assert (reading.evse, reading.connector, reading.transaction) == (None, None, "7")


def test_fault_87_a_pretty_printed_frame() -> None:
    payload = {"connectorId": 1, "idTag": "A1", "meterStart": 5, "timestamp": T}
    (fact,) = facts(message(json.dumps([2, "1", "StartTransaction", payload], indent=4)))
    assert fact.flags == ()


# --- F: tokens --------------------------------------------------------------------------------


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


# --- G: version -------------------------------------------------------------------------------


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


# --- signed values: 102, 103 ------------------------------------------------------------------

OCMF = 'OCMF|{"FV":"1.0","RD":[{"TX":"B","RV":0.2596,"RU":"kWh"}]}|{"SD":"30\\n45"}'


@pytest.mark.parametrize(
    "text",
    [
        OCMF,
        OCMF.encode().hex(),
        json.dumps(
            {"signedMeterData": "T0NNRnw=", "publicKey": "MFkw\n", "encodingMethod": "OCMF"}
        ),
        " 12.5 ",
    ],
)
def test_fault_103_a_signed_value_of_16_is_kept_to_the_byte(text: str) -> None:
    fact = sample(value=text, format="SignedData", context="Transaction.End")
    assert (fact.signed, fact.value, fact.wh, fact.flags) == (text, None, None, ())
    assert fact.context == "Transaction.End"


def test_an_unmarked_signed_value_is_recognised() -> None:
    fact = sample(value=OCMF)
    assert (fact.signed, fact.wh, rules(fact)) == (OCMF, None, ["signed_unmarked"])
    assert sample(value=OCMF, format="signeddata").signed == OCMF
    assert rules(sample(format="raw")) == ["enum_spelling"]
    assert sample(format="Raw").flags == ()


def test_fault_103_a_signed_value_of_201_stands_beside_its_number() -> None:
    signed = {
        "signedMeterData": "T0NNRnw=",
        "signingMethod": "",
        "encodingMethod": "OCMF",
        "publicKey": "MFkw\n",
    }
    fact = sample_201(signedMeterValue=signed, value=0.34, unitOfMeasure={"unit": "kWh"})
    assert (fact.wh, fact.flags) == (Decimal(340), ())
    assert json.loads(fact.signed) == signed
    assert sample_201(signedMeterValue="OCMF|x").signed == "OCMF|x"


# --- our own side -----------------------------------------------------------------------------


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


# --- severities -------------------------------------------------------------------------------


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
