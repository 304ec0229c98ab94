"""Faults of meter values: energy, types, shapes, signed texts. Numbers as in the fault list."""

import json
from decimal import Decimal
from typing import Any

import pytest

from billing.events import EventKind, MeterReading, TransactionEvent
from billing.finding import Severity
from ingest.protocols.ocpp.facts import facts, read
from tests.ingest.protocols.ocpp.said import (
    T,
    call,
    changed,
    event,
    message,
    rules,
    sample,
    sample_201,
    start,
    stop,
)

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


@pytest.mark.parametrize(
    ("changes", "ampere", "flags"),
    [
        ({}, "16.500", []),
        ({"phase": "L2"}, "16.500", []),
        ({"phase": "L3-N"}, "16.500", []),
        ({"phase": "N"}, None, []),
        ({"phase": "L1-L2"}, None, []),
        ({"measurand": "Current.Export"}, None, []),
        ({"measurand": "Current.Offered"}, None, []),
        ({"unit": None}, "16.500", []),
        ({"unit": "mA", "value": "16500"}, "16.500", []),
        ({"unit": "a"}, "16.500", ["enum_spelling"]),
        ({"unit": "W"}, None, ["unit_mismatch"]),
        ({"value": "-0.2"}, "-0.200", []),
        ({"value": "NaN"}, None, ["value_unreadable"]),
        ({"value": "3000"}, "3000.000", []),
        ({"value": "16500"}, None, ["value_out_of_range"]),
        ({"value": "500", "phase": "L1"}, "500.000", []),
        ({"value": "500.001", "phase": "L1"}, None, ["value_out_of_range"]),
        ({"value": "-2000", "phase": "L2-N"}, None, ["value_out_of_range"]),
        ({"value": "2000", "phase": "N"}, None, []),
    ],
)
def test_currents(changes: dict[str, Any], ampere: str | None, flags: list[str]) -> None:
    """In A whatever the label says, where they add up to what flows into the vehicle."""
    fact = sample(**{"value": "16.5", "measurand": "Current.Import", "unit": "A"} | changes)
    assert (fact.wh, fact.watt) == (None, None)
    assert (None if fact.ampere is None else str(fact.ampere)) == ampere
    assert rules(fact) == flags


@pytest.mark.parametrize(
    ("unit", "value", "ampere"),
    [
        (None, Decimal("16.5"), "16.500"),
        ({"unit": "A"}, Decimal("16.5"), "16.500"),
        ({"unit": "A", "multiplier": -3}, 16500, "16.500"),
        ({"unit": "mA", "multiplier": 3}, 16, "16.000"),
        ({"unit": "A", "multiplier": 3}, 16, None),
        ({"unit": "A", "multiplier": 99}, 16, None),
        ({"unit": "V"}, 230, None),
    ],
)
def test_currents_of_2_0_1(unit: Any, value: Any, ampere: str | None) -> None:
    fact = sample_201(value=str(value), measurand="Current.Import", phase="L1", unitOfMeasure=unit)
    assert (None if fact.ampere is None else str(fact.ampere)) == ampere


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
    payload = changed({where: 1}, {"meterValue": meter_value})
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
    assert (hertz.unit, hertz.value, rules(hertz)) == ("Hz", Decimal(12), ["unknown_enum"])
    free = sample_201(measurand="Frequency", unitOfMeasure={"unit": "Hz"})
    assert (free.unit, free.flags) == ("Hz", ())
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
