"""Frames as chargers really send them: always an answer where one is due, never one that loses."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.answer.reply import reply
from ingest.protocols.ocpp.actions import MONEY
from ingest.view import View
from warehouse.registry import changes_of

NOW_NS = 1_790_000_000_000_000_000
V16, V201 = "ocpp1.6", "ocpp2.0.1"


def view() -> View:
    made = View()
    station = {"action": "station.add", "id": "CP1", "location_id": "L", "evses": []}
    made.apply(changes_of(station, NOW_NS))
    return made


def answer(text: str, protocol: str = V16) -> Any:
    found = reply(text, "CP1", protocol, view(), NOW_NS).text
    return None if found is None else json.loads(found)


@pytest.mark.parametrize(
    ("text", "v16", "v201"),
    [
        ("no json", "FormationViolation", "RpcFrameworkError"),
        ("", "FormationViolation", "RpcFrameworkError"),
        ("{}", "FormationViolation", "RpcFrameworkError"),
        ("[]", "FormationViolation", "RpcFrameworkError"),
        ('[2,"7"]', "FormationViolation", "FormatViolation"),
        ('[2,"7","Heartbeat"]', "FormationViolation", "FormatViolation"),
        ('[2,"7","Heartbeat",[]]', "FormationViolation", "FormatViolation"),
        ('[2,"7","Heartbeat",{]', "FormationViolation", "FormatViolation"),
        ('[1,"7","Heartbeat",{}]', "ProtocolError", "MessageTypeNotSupported"),
        ('[6,"7","NotifyPeriodicEventStream",{}]', "ProtocolError", "MessageTypeNotSupported"),
        ('[2,"7","Reset",{"type":"Hard"}]', "NotSupported", "NotSupported"),
        ('[2,"7","MakeCoffee",{}]', "NotImplemented", "NotImplemented"),
        ('[2,"7","DataTransfer",{}]', "OccurenceConstraintViolation", None),
        ('[2,"7","DataTransfer",{"vendorId":5}]', "TypeConstraintViolation", None),
    ],
)
def test_what_is_refused_and_how_it_is_spelled(text: str, v16: str, v201: str | None) -> None:
    new = {"OccurenceConstraintViolation": "OccurrenceConstraintViolation"}
    for protocol, code in ((V16, v16), (V201, v201 or new.get(v16, v16))):
        frame = answer(text, protocol)
        assert frame[0] == 4, frame
        assert frame[2] == code
        assert frame[1] == ("7" if '"7"' in text else "-1")


@pytest.mark.parametrize("protocol", [V16, V201])
@pytest.mark.parametrize("action", sorted(MONEY))
@pytest.mark.parametrize(
    "rest",
    ["", ",null", ",[]", ",5", ',{"transactionId":,"idTag":"A"}', ",{}", ',{"meterStop":1.5}'],
)
def test_money_is_never_refused(protocol: str, action: str, rest: str) -> None:
    frame = answer(f'[2,"7","{action}"{rest}]', protocol)
    assert frame[:2] == [3, "7"]
    assert ("transactionId" in frame[2]) == (action == "StartTransaction")


@pytest.mark.parametrize(
    ("action", "payload"),
    [
        ("BootNotification", {"chargePointVendor": ""}),
        ("StatusNotification", {"connectorId": 1, "status": "Dancing", "errorCode": "Error"}),
        ("StatusNotification", {"info": "x" * 500}),
        ("FirmwareStatusNotification", {"status": "Whatever"}),
        ("DiagnosticsStatusNotification", {}),
        ("Heartbeat", None),
        ("Heartbeat", {"vendorX": 1}),
        ("DataTransfer", {"vendorId": "x" * 300, "more": 1}),
        ("SecurityEventNotification", {"type": "SettingSystemTime"}),
    ],
)
def test_oddities_are_let_pass_and_flagged(action: str, payload: Any) -> None:
    found = reply(json.dumps([2, "7", action, payload]), "CP1", V16, view(), NOW_NS)
    assert found.text is not None
    assert json.loads(found.text)[0] == 3
    if action != "SecurityEventNotification" or "timestamp" not in payload:
        assert found.flaws or payload == {"chargePointVendor": ""}


def test_the_id_comes_back_as_it_was_sent() -> None:
    assert answer('[2,17,"Heartbeat",{}]')[1] == 17
    assert answer('[2,"12345678901234567890","Heartbeat",{}]')[1] == "12345678901234567890"
    assert answer('[2,"","StopTransaction",{}]')[0] == 3


@pytest.mark.parametrize(
    "text",
    ['[3,"1",{}]', '[4,"1","NotSupported","",{}]', '[3,"1"', '[3,"1",5]'],
)
def test_replies_are_not_replied_to(text: str) -> None:
    assert answer(text) is None


def test_the_other_version_is_understood() -> None:
    start = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}
    assert answer(json.dumps([2, "1", "StartTransaction", start]), V201)[2]["transactionId"] == 1
    assert "idTagInfo" in answer('[2,"1","Authorize",{"idTag":"A"}]', V201)[2]
    asked = '[2,"1","Authorize",{"idToken":{"idToken":"A","type":"Local"}}]'
    assert "idTokenInfo" in answer(asked, V16)[2]
    event = {"eventType": "Ended", "transactionInfo": {"transactionId": "x"}}
    assert answer(json.dumps([2, "1", "TransactionEvent", event]), V16) == [3, "1", {}]
    assert answer('[2,"1","NotifyEvent",{}]', V16)[0] == 4


def test_broken_money_text_is_answered_by_what_can_be_mended() -> None:
    token = {"action": "token.add", "uid": "04A1", "party": "NL-ABC", "contract_id": "C"}
    made = view()
    made.apply(changes_of(token, NOW_NS))
    text = (
        '[2,"7","StartTransaction",{"connectorId":1,"idTag":"04A1","meterStart":,"timestamp":"T"}]'
    )
    found = reply(text, "CP1", V16, made, NOW_NS)
    assert found.text is not None
    assert json.loads(found.text)[2]["idTagInfo"]["status"] == "Accepted"
    assert "not_json" in found.flaws


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60) | st.text('[]{}",:23456789 aStopTrncMeVlu', max_size=80))
def test_any_text_gets_an_answer_or_is_one(text: str) -> None:
    for protocol in (V16, V201):
        found = reply(text, "CP1", protocol, view(), NOW_NS)
        assert found.text is not None or text.strip("\ufeff\x00 \t\r\n").startswith("[")
        assert found.text is None or json.loads(found.text)[0] in (3, 4)


def test_a_megabyte_is_a_frame_like_any_other() -> None:
    value = {"value": "1", "measurand": "Energy.Active.Import.Register"}
    one = {"timestamp": "2026-01-01T00:00:00Z", "sampledValue": [value] * 5}
    text = json.dumps([2, "7", "MeterValues", {"connectorId": 1, "meterValue": [one] * 3000}])
    assert len(text) > 900_000
    assert answer(text) == [3, "7", {}]


def test_the_same_call_gets_the_same_answer() -> None:
    text = '[2,"7","BootNotification",{"chargePointVendor":"V","chargePointModel":"M"}]'
    assert reply(text, "CP1", V16, view(), NOW_NS) == reply(text, "CP1", V16, view(), NOW_NS)
