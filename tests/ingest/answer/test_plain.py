"""The short way to an answer gives the long way's answer, or none at all, whatever comes."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.answer.plain import plain_reply
from ingest.answer.reply import reply
from ingest.answer.table import ANSWERS, V16, V201
from ingest.protocols.ocpp.actions import VERSIONS
from ingest.view import View
from warehouse.registry import changes_of

NOW_NS = 1_790_000_000_123_456_789
EVERY_ACTION = [(protocol, action) for protocol in ANSWERS for action in sorted(ANSWERS[protocol])]
ODD = st.sampled_from([None, "", "x" * 60, -1, 2**63, 1.5, True, [], {}, [{}], "Heartbeat", "é\0"])


def view() -> View:
    made = View()
    for action in (
        {"action": "station.add", "id": "CP1", "location_id": "L", "evses": []},
        {"action": "token.add", "uid": "04A1", "party": "NL-ABC", "contract_id": "C1"},
    ):
        made.apply(changes_of(action, NOW_NS))
    return made


def schema_of(protocol: str, action: str) -> dict[str, Any]:
    folder = files("ocpp") / VERSIONS[protocol] / "schemas"
    file = folder / f"{action}Request.json"
    file = file if file.is_file() else folder / f"{action}.json"
    found: dict[str, Any] = json.loads(file.read_text("utf-8-sig"))
    return found


def valid(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema, in the part of the language that OCPP's schemas speak."""
    if "$ref" in schema:
        return valid(root["definitions"][schema["$ref"].rpartition("/")[2]], root)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if schema.get("type") == "object":
        needed = set(schema.get("required", ()))
        parts = {name: valid(part, root) for name, part in schema.get("properties", {}).items()}
        return st.fixed_dictionaries(
            {name: part for name, part in parts.items() if name in needed},
            optional={name: part for name, part in parts.items() if name not in needed},
        )
    if schema.get("type") == "array":
        return st.lists(valid(schema["items"], root), min_size=1, max_size=2)
    most = schema.get("maxLength", 20)
    words = [word for word in ("04A1", "2026-11-21T10:00:00Z") if len(word) <= most]
    simple: dict[str | None, st.SearchStrategy[Any]] = {
        "string": st.text('04A1é😀"\\ \x7f', max_size=min(most, 8)) | st.sampled_from(words),
        "integer": st.integers(0, 9),
        "number": st.integers(0, 9) | st.sampled_from([0.1, 22.5]),
        "boolean": st.booleans(),
        None: ODD,
    }
    return simple[schema.get("type")]


@cache
def valid_payloads(protocol: str, action: str) -> st.SearchStrategy[Any]:
    schema = schema_of(protocol, action)
    return valid(schema, schema)


@st.composite
def payloads(draw: st.DrawFn, protocol: str, action: str) -> Any:
    """Mostly valid; now and then with a field too many, too few or of another kind."""
    schema = schema_of(protocol, action)
    payload = draw(valid_payloads(protocol, action))
    if draw(st.booleans()):
        name = draw(st.sampled_from([*schema.get("properties", {}), "customData", "extra"]))
        payload[name] = draw(ODD)
        if draw(st.booleans()):
            del payload[name]
    return payload


def agree(frame: bytes, protocol: str) -> bool:
    """Whether the short way answered; if so, as the long way does."""
    known = view()
    short = plain_reply(frame, "CP1", protocol, known, NOW_NS)
    if short is None:
        return False
    long = reply(frame.decode("utf-8", "replace"), "CP1", protocol, known, NOW_NS)
    assert (short[0].decode(), short[1], ()) == (long.text, long.changes, long.flaws)
    return True


@pytest.mark.parametrize(("protocol", "action"), EVERY_ACTION)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_every_action_is_answered_alike(protocol: str, action: str, data: st.DataObject) -> None:
    payload = data.draw(payloads(protocol, action))
    array = [2, data.draw(st.text(max_size=40)), action, payload]
    for spoken in (protocol, V16 if protocol == V201 else V201):
        agree(json.dumps(array).encode(), spoken)
        agree(json.dumps(array, ensure_ascii=False, indent=1).encode(), spoken)


@pytest.mark.parametrize(("protocol", "action"), EVERY_ACTION)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_valid_call_goes_the_short_way(protocol: str, action: str, data: st.DataObject) -> None:
    payload = data.draw(valid_payloads(protocol, action))
    assert agree(json.dumps([2, "7", action, payload]).encode(), protocol)


@given(
    frame=st.binary(max_size=60)
    | st.recursive(
        ODD | st.sampled_from([2, 3, "7", "MeterValues", {"idTag": "04A1"}]),
        lambda inner: st.lists(inner, max_size=5),
    ).map(lambda value: json.dumps(value).encode()),
    protocol=st.sampled_from([V16, V201]),
)
@example(frame=b'\xef\xbb\xbf[2,"7","Heartbeat",{}]', protocol=V16)
@example(frame=b'[2,"7","Heartbeat",{}]\x00', protocol=V16)
@example(frame=b'[2,"\xed\xa0\x80","Heartbeat",{}]', protocol=V16)
@example(frame=b'[2,"7\\ud83d","Heartbeat",{}]', protocol=V16)
@example(frame=b'[2,"7","Authorize",{"idTag":"A","idTag":"04A1"}]', protocol=V16)
@example(frame=b'[2.0,"7","Heartbeat",{}]', protocol=V16)
@example(frame=b'[true,"7","Heartbeat",{}]', protocol=V16)
@example(frame=b'[2,"7",["Heartbeat"],{}]', protocol=V16)
@example(frame=b'{"2":1,"7":2,"Heartbeat":3,"4":4}', protocol=V16)
@example(frame=b'[2,"7","Authorize",' + b"[" * 2_000 + b"]" * 2_000 + b"]", protocol=V16)
@example(frame=b'[2,"7","Heartbeat",{"a":' + b"[" * 900 + b"]" * 900 + b"}]", protocol=V16)
def test_anything_at_all_is_answered_alike(frame: bytes, protocol: str) -> None:
    agree(frame, protocol)
