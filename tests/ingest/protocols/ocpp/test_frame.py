"""Frames: any text is read, none raises, and what is written reads back to the digit."""

import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.protocols.errors import LocalProtocolError
from ingest.protocols.ocpp.frame import (
    CALL,
    CALLERROR,
    CALLRESULT,
    MAX_DEPTH,
    SEND,
    read_frame,
    write_call,
    write_error,
    write_result,
)


def rules(text: str) -> list[str]:
    return [rule for rule, _ in read_frame(text).problems]


def test_a_plain_call() -> None:
    frame = read_frame('[2,"19223201","Heartbeat",{}]')
    assert (frame.type, frame.message_id, frame.action, frame.payload, frame.problems) == (
        CALL,
        "19223201",
        "Heartbeat",
        {},
        (),
    )


def test_numbers_are_exact() -> None:
    frame = read_frame('[2,"1","X",{"a":0.1,"b":9223372036854775807,"c":26008.333}]')
    assert frame.payload == {
        "a": Decimal("0.1"),
        "b": 9223372036854775807,
        "c": Decimal("26008.333"),
    }
    assert not any(isinstance(value, float) for value in frame.payload.values())


@pytest.mark.parametrize(
    ("text", "kind", "message_id", "action", "found"),
    [
        ('[2,"1","Heartbeat"]', 2, "1", "Heartbeat", ["frame_too_short"]),
        ('[2,"1","Heartbeat",null]', 2, "1", "Heartbeat", ["null_payload"]),
        ('[2,"1","Heartbeat",[]]', 2, "1", "Heartbeat", ["payload_not_object"]),
        ('[2,"1","Heartbeat",{},{}]', 2, "1", "Heartbeat", ["frame_too_long"]),
        ('[2,17,"Heartbeat",{}]', 2, "17", "Heartbeat", ["msgid_numeric"]),
        (
            '[2,28240181849166013077,"Heartbeat",{}]',
            2,
            "28240181849166013077",
            "Heartbeat",
            ["msgid_numeric"],
        ),
        ('[2,"","Heartbeat",{}]', 2, "", "Heartbeat", ["msgid_missing"]),
        ('[2,null,"Heartbeat",{}]', 2, "", "Heartbeat", ["msgid_missing"]),
        (f'[2,"{"x" * 37}","Heartbeat",{{}}]', 2, "x" * 37, "Heartbeat", ["msgid_too_long"]),
        ('[2,"1",null,{}]', 2, "1", "", ["action_not_text"]),
        ('["2","1","Heartbeat",{}]', 2, "1", "Heartbeat", ["message_type_not_integer"]),
        ('[1,"1","StartTransaction",{}]', None, "1", "StartTransaction", ["unknown_message_type"]),
        ('[true,"1","X",{}]', None, "1", "X", ["unknown_message_type"]),
        ('[7,"1","X",{}]', None, "1", "X", ["unknown_message_type"]),
        ("[]", None, "", "", ["frame_too_short"]),
        ("[2]", None, "", "", ["frame_too_short"]),
        ("{}", None, "", "", ["not_array"]),
        ("null", None, "", "", ["not_array"]),
        ("17", None, "", "", ["not_array"]),
        ('"text"', None, "", "", ["not_array"]),
        ("", None, "", "", ["not_json"]),
        ("hello", None, "", "", ["not_json"]),
        ('[2,"1","StopTransaction",{"transactionId":,}]', 2, "1", "StopTransaction", ["not_json"]),
        ('[2, 17, "MeterValues", {"a":[,1]}]', 2, "17", "MeterValues", ["not_json"]),
        ('[3,"f6",{"configurationKey":[]', 3, "f6", "", ["not_json"]),
        ('[2,"1","X",{"a":NaN}]', 2, "1", "X", ["not_json"]),
        ('[2,"1","X",{"a":1e99999999999999999999}]', 2, "1", "X", ["not_json"]),
        ('[2,"1","X",{}]}', 2, "1", "X", ["not_json"]),
    ],
)
def test_broken_frames(
    text: str, kind: int | None, message_id: str, action: str, found: list[str]
) -> None:
    frame = read_frame(text)
    assert (frame.type, frame.message_id, frame.action) == (kind, message_id, action)
    assert [rule for rule, _ in frame.problems] == found
    assert frame.payload == {}
    assert frame.text == text


def test_a_pretty_printed_frame_is_a_frame() -> None:
    frame = read_frame('[\n  2,\n  "1",\n  "X",\n  {\n    "a": 1\n  }\n]\n')
    assert (frame.type, frame.payload, frame.problems) == (CALL, {"a": 1}, ())


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('\ufeff[2,"1","X",{"a":1}]', {"a": 1}),
        ('[2,"1","X",{"a":1}]\x00', {"a": 1}),
        ('[2,"1","X",{"a":"x\x10\ny"}]', {"a": "x\x10\ny"}),
        ('[2,"1","X",{"a":"\\ud83d"}]', {"a": "\ufffd"}),
    ],
)
def test_slips_that_leave_no_doubt_are_read_and_told(text: str, payload: object) -> None:
    frame = read_frame(text)
    assert (frame.payload, rules(text)) == (payload, ["not_strict_json"])
    frame.payload["a"].__str__().encode()


def test_a_whole_surrogate_pair_is_no_slip() -> None:
    frame = read_frame('[2,"1","X",{"a":"\\ud83d\\ude00"}]')
    assert (frame.payload, frame.problems) == ({"a": "😀"}, ())


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1_000, 100_000])
def test_nesting_is_bounded_by_a_number_not_by_the_stack(depth: int) -> None:
    text = f'[2,"1","StopTransaction",{{"a":{"[" * depth}{"]" * depth}}}]'
    frame = read_frame(text)
    assert (frame.type, frame.message_id, frame.action) == (CALL, "1", "StopTransaction")
    assert rules(text) == ["too_deep"]
    assert rules("[" * depth) == ["too_deep"]


def test_nesting_within_the_bound_is_read_and_brackets_in_texts_do_not_count() -> None:
    nested = "[" * 90 + "]" * 90
    assert rules(f'[2,"1","X",{{"a":{nested}}}]') == []
    assert rules(f'[2,"1","X",{{"a":"{"[{" * 5000}"}}]') == []


def test_a_megabyte_is_read() -> None:
    frame = read_frame(f'[2,"1","DataTransfer",{{"data":"{"x" * 1_000_000}"}}]')
    assert len(frame.payload["data"]) == 1_000_000
    assert rules('[2,"1","X",{"a":' + '"' * 500_000) == ["not_json"]


def test_errors_and_sends() -> None:
    error = read_frame('[4,"1","FormationViolation","Unable",{"a":1}]')
    assert (error.type, error.error_code, error.error_description, error.payload) == (
        CALLERROR,
        "FormationViolation",
        "Unable",
        {"a": 1},
    )
    assert read_frame('[5,"1","GenericError","",{}]').type == 5
    assert read_frame('[6,"1","NotifyPeriodicEventStream",{"id":1}]').type == SEND


def test_a_reply_echoes_the_id_as_it_was_written() -> None:
    assert write_result(read_frame('[2,17,"X",{}]').reply_id, {}) == "[3,17,{}]"
    assert write_result(read_frame('[2,"17","X",{}]').reply_id, {}) == '[3,"17",{}]'
    assert write_error(read_frame("{}").reply_id, "RpcFrameworkError") == (
        '[4,"-1","RpcFrameworkError","",{}]'
    )


def test_decimals_and_stamps_go_out_exactly() -> None:
    at = datetime(2026, 3, 1, 1, 2, 3, 456789, tzinfo=timezone(timedelta(hours=1)))
    text = write_call("1", "CostUpdated", {"totalCost": Decimal("12.340"), "at": at})
    assert text == '[2,"1","CostUpdated",{"totalCost":12.340,"at":"2026-03-01T00:02:03.456Z"}]'
    assert write_result("1", {"a": Decimal("1E+3")}) == '[3,"1",{"a":1000}]'


@pytest.mark.parametrize(
    "payload",
    [
        {"a": Decimal("NaN")},
        {"a": object()},
        {"a": datetime(2026, 1, 1)},  # noqa: DTZ001 - the missing zone is the point
        {"a": "\ud800"},
        {"a": 2**70},
    ],
)
def test_what_is_not_json_is_our_own_fault(payload: dict[str, object]) -> None:
    with pytest.raises(LocalProtocolError):
        write_result("1", payload)


def test_an_error_description_has_255_characters() -> None:
    assert len(read_frame(write_error("1", "X", "y" * 999)).error_description) == 255


numbers = st.integers(-(2**63), 2**64 - 1) | st.decimals(
    allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
payloads = st.dictionaries(texts, values, max_size=5)


@given(
    st.text(min_size=1, max_size=36, alphabet=st.characters(exclude_categories=["Cs"])), payloads
)
def test_what_is_written_reads_back(message_id: str, payload: dict[str, object]) -> None:
    call = read_frame(write_call(message_id, "X", payload))
    assert (call.type, call.message_id, call.payload) == (CALL, message_id, payload)
    result = read_frame(write_result(message_id, payload))
    assert (result.type, result.message_id, result.payload) == (CALLRESULT, message_id, payload)
    assert read_frame(write_error(message_id, "X", "", payload)).payload == payload


@given(st.text(max_size=200))
def test_no_text_raises(text: str) -> None:
    assert read_frame(text).text == text


@given(values, st.integers(0, 40), st.sampled_from(["", ",", '"', "]", "{", "\\", "\x00", "9"]))
def test_no_mangled_json_raises(value: object, at: int, mark: str) -> None:
    text = json.dumps([2, "1", "StopTransaction", {"a": value}], default=str)
    frame = read_frame(text[:at] + mark + text[at + 1 :])
    assert frame.type in (None, 2, 3, 4, 5, 6)
    assert isinstance(frame.message_id, str)
    assert isinstance(frame.payload, dict)
