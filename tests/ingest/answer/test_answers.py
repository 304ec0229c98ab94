"""Answers, action by action: each is valid by its schema whatever was asked, and says the truth."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.answer.call import Call
from ingest.answer.reply import Reply, reply
from ingest.answer.table import ANSWERS
from ingest.answer.transactions import identity
from ingest.protocols.ocpp import schemas
from ingest.protocols.ocpp.actions import MONEY, known_actions
from ingest.view import REMEMBERED, View
from warehouse.registry import changes_of

NOW_NS = 1_790_000_000_123_000_000
V16, V201 = "ocpp1.6", "ocpp2.0.1"
EVERY = [(protocol, action) for protocol, table in ANSWERS.items() for action in table]


def view_of(*actions: dict[str, Any]) -> View:
    view = View()
    for action in actions:
        view.apply(changes_of(action, NOW_NS))
    return view


def token(uid: str, **fields: Any) -> dict[str, Any]:
    return {"action": "token.add", "uid": uid, "party": "NL-ABC", "contract_id": "C1", **fields}


STATION = {"action": "station.add", "id": "CP1", "location_id": "L1", "evses": []}
FLEET = (
    STATION,
    token("04A1B2C3"),
    token("04DEAD", valid_until="2020-01-01T00:00:00Z"),
    token("04B10C"),
    {"action": "token.block", "uid": "04B10C"},
    token("04FAA1", group_id="FLEET", valid_until="2030-01-01T00:00:00Z"),
    token("04FAA2", group_id="a group whose id is longer than twenty"),
    token("04DE41"),
    {
        "action": "party.add",
        "country_code": "NL",
        "party_id": "ABC",
        "role": "EMSP",
        "name": "Alpha",
        "token_policy": {"allow": ["04A110", "04DEAD"], "deny": ["04DE41", "04DE42"]},
    },
)


def ask(view: View, action: str, payload: Any, protocol: str = V16, message_id: Any = "1") -> Reply:
    return reply(json.dumps([2, message_id, action, payload]), "CP1", protocol, view, NOW_NS)


def told(view: View, action: str, payload: Any, protocol: str = V16) -> dict[str, Any]:
    """The answer's payload; what it changes is applied, as the service does."""
    answer = ask(view, action, payload, protocol)
    assert answer.text is not None
    frame = json.loads(answer.text)
    assert frame[:2] == [3, "1"], frame
    view.apply(answer.changes)
    assert schemas.problems(protocol, action, frame[2], response=True) == []
    result: dict[str, Any] = frame[2]
    return result


def test_every_action_a_station_may_send_is_answered() -> None:
    for protocol, table in ANSWERS.items():
        assert set(table) == known_actions(protocol).from_charger


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["Started", "Ended", "NoAuthorization", "2026-01-01T00:00:00Z", "04A1B2C3"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
_FIELDS = """
    connectorId idTag timestamp meterStart transactionId status idToken type eventType evse id
    transactionInfo chargingStation certificate evseId connectorStatus reservationId
"""
_NAMES = st.sampled_from(_FIELDS.split())
_PAYLOAD = st.dictionaries(_NAMES, _JSON | st.dictionaries(_NAMES, _JSON, max_size=4), max_size=6)


@pytest.mark.parametrize(("protocol", "action"), EVERY)
@settings(max_examples=15, deadline=None)
@given(payload=_PAYLOAD | _JSON)
def test_whatever_is_asked_the_answer_is_valid(protocol: str, action: str, payload: Any) -> None:
    view = view_of(*FLEET)
    answer = ask(view, action, payload, protocol)
    assert answer.text is not None
    frame = json.loads(answer.text)
    view.apply(answer.changes)
    if frame[0] == 4:
        assert action not in MONEY
        assert frame[2] in ("FormationViolation", "FormatViolation") or "Constraint" in frame[2]
        return
    spoken = V16 if "idTagInfo" in frame[2] else protocol
    if "idTokenInfo" in frame[2]:
        spoken = V201
    assert schemas.problems(spoken, action, frame[2], response=True) == []


@pytest.mark.parametrize(
    ("id_tag", "v16", "v201"),
    [
        ("04A1B2C3", "Accepted", "Accepted"),
        (" 04:a1:b2:c3", "Accepted", "Accepted"),
        ("04DEAD", "Accepted", "Accepted"),  # expired, yet on its party's allow list
        ("04B10C", "Blocked", "Blocked"),
        ("04A110", "Accepted", "Accepted"),  # unknown, yet on the allow list
        ("04DE41", "Blocked", "Blocked"),
        ("04DE42", "Blocked", "Blocked"),
        ("04FFFF", "Invalid", "Unknown"),
        ("", "Invalid", "Unknown"),
        ("null\u0010", "Invalid", "Unknown"),
    ],
)
def test_how_tokens_stand(id_tag: str, v16: str, v201: str) -> None:
    view = view_of(*FLEET)
    old = told(view, "Authorize", {"idTag": id_tag})
    assert old["idTagInfo"]["status"] == v16
    id_token = {"idToken": {"idToken": id_tag, "type": "ISO14443"}}
    new = told(view, "Authorize", id_token, V201)
    assert new["idTokenInfo"]["status"] == v201


def test_an_expired_token_is_expired() -> None:
    view = view_of(STATION, token("04DEAD", valid_until="2020-01-01T00:00:00Z"))
    info = told(view, "Authorize", {"idTag": "04dead"})["idTagInfo"]
    assert info == {"status": "Expired", "expiryDate": "2020-01-01T00:00:00.000Z"}


def test_the_group_is_told_where_it_fits() -> None:
    view = view_of(*FLEET)
    info = told(view, "Authorize", {"idTag": "04FAA1"})["idTagInfo"]
    assert info["parentIdTag"] == "FLEET"
    assert info["expiryDate"] == "2030-01-01T00:00:00.000Z"
    assert "parentIdTag" not in told(view, "Authorize", {"idTag": "04FAA2"})["idTagInfo"]
    asked = {"idToken": {"idToken": "04FAA1", "type": "ISO14443"}}
    info = told(view, "Authorize", asked, V201)["idTokenInfo"]
    assert info["groupIdToken"] == {"idToken": "FLEET", "type": "Central"}
    assert info["cacheExpiryDateTime"] == "2030-01-01T00:00:00.000Z"


def test_a_contract_certificate_cannot_be_checked_and_is_refused() -> None:
    asked = {"idToken": {"idToken": "NLABCC1", "type": "eMAID"}, "certificate": "-----BEGIN"}
    answer = told(view_of(*FLEET), "Authorize", asked, V201)
    assert answer["certificateStatus"] == "NoCertificateAvailable"
    assert answer["idTokenInfo"]["status"] == "Invalid"


START = {
    "connectorId": 1,
    "idTag": "04A1B2C3",
    "meterStart": 5,
    "timestamp": "2026-10-01T10:00:00.123Z",
}


def test_the_same_start_gets_the_same_id_and_another_the_next() -> None:
    view = view_of(*FLEET)
    first = told(view, "StartTransaction", START)
    assert first == {"transactionId": 1, "idTagInfo": {"status": "Accepted"}}
    assert told(view, "StartTransaction", START)["transactionId"] == 1
    assert told(view, "StartTransaction", {**START, "vendorX": 1})["transactionId"] == 1
    for name, other in (
        ("connectorId", 2),
        ("idTag", "04FFFF"),
        ("meterStart", 6),
        ("timestamp", "2026-10-01T10:00:00.124Z"),
    ):
        before = view.next_transaction()
        assert told(view, "StartTransaction", {**START, name: other})["transactionId"] == before


@pytest.mark.parametrize("stamp", ["1970-01-01T00:00:00Z", "yesterday", None])
def test_a_start_of_an_unset_clock_repeats_only_what_has_not_ended(stamp: str | None) -> None:
    view = view_of(*FLEET)
    start = {name: value for name, value in {**START, "timestamp": stamp}.items() if value}
    stop = {"meterStop": 1, "timestamp": "1970-01-01T01:00:00Z"}

    def ask_for_id() -> int:
        text = json.dumps([2, "1", "StartTransaction", start])
        answer = reply(text, "CP1", V16, view, NOW_NS)
        view.apply(answer.changes)
        return int(json.loads(answer.text or "")[2]["transactionId"])

    assert [ask_for_id(), ask_for_id()] == [1, 1]
    told(view, "StopTransaction", {**stop, "transactionId": 1})
    assert [ask_for_id(), ask_for_id()] == [2, 2]
    told(view, "StopTransaction", {**stop, "transactionId": 1})
    assert ask_for_id() == 2
    told(view, "StopTransaction", {**stop, "transactionId": 2})
    assert ask_for_id() == 3


def test_a_dated_start_repeats_what_has_ended() -> None:
    view = view_of(*FLEET)
    told(view, "StartTransaction", START)
    told(view, "StopTransaction", {"transactionId": 1, "meterStop": 1, "timestamp": "T"})
    assert told(view, "StartTransaction", START)["transactionId"] == 1


def test_other_stations_have_their_own_starts() -> None:
    view = view_of(*FLEET)
    assert told(view, "StartTransaction", START)["transactionId"] == 1
    text = json.dumps([2, "1", "StartTransaction", START])
    other = reply(text, "CP2", V16, view, NOW_NS)
    assert other.text is not None
    assert json.loads(other.text)[2]["transactionId"] == 2


def test_memory_of_starts_is_bounded_and_forgets_the_oldest() -> None:
    view = view_of(*FLEET)
    for meter in range(REMEMBERED + 1):
        told(view, "StartTransaction", {**START, "meterStart": meter})
    assert told(view, "StartTransaction", {**START, "meterStart": 1})["transactionId"] == 2
    again = told(view, "StartTransaction", {**START, "meterStart": 0})
    assert again["transactionId"] == REMEMBERED + 2


def test_a_start_that_names_nothing_is_still_itself() -> None:
    one, two = (Call("CP1", V16, "1", "StartTransaction", {}, text) for text in ("a", "b"))
    assert identity(one) != identity(two)
    assert identity(one) == identity(Call("CP9", V16, "2", "StartTransaction", {}, "a"))


def test_a_stop_ends_and_answers_only_for_a_tag_that_was_given() -> None:
    view = view_of(*FLEET)
    told(view, "StartTransaction", START)
    stop = {"transactionId": 1, "meterStop": 900, "timestamp": "2026-10-01T11:00:00Z"}
    assert told(view, "StopTransaction", stop) == {}
    row = view.transaction("CP1", "1")
    assert row is not None
    assert row["ended_ns"] == NOW_NS
    assert told(view, "StopTransaction", {**stop, "idTag": "04FFFF"}) == {
        "idTagInfo": {"status": "Invalid"}
    }


@pytest.mark.parametrize("transaction", [0, -1, 9223372036854775807, "58", None])
def test_a_stop_of_nothing_known_is_accepted(transaction: Any) -> None:
    assert told(view_of(*FLEET), "StopTransaction", {"transactionId": transaction}) == {}


def test_one_charge_at_a_time_where_the_operator_wants_it() -> None:
    once = {"action": "policy.set", "refuse_concurrent": True}
    view = view_of(*FLEET, once)
    assert told(view, "StartTransaction", START)["idTagInfo"]["status"] == "Accepted"
    assert told(view, "StartTransaction", START)["idTagInfo"]["status"] == "Accepted"
    elsewhere = {**START, "connectorId": 2}
    assert told(view, "StartTransaction", elsewhere)["idTagInfo"]["status"] == "ConcurrentTx"
    told(view, "StopTransaction", {"transactionId": 1})
    told(view, "StopTransaction", {"transactionId": 2})
    assert told(view, "Authorize", {"idTag": "04A1B2C3"})["idTagInfo"]["status"] == "Accepted"


@pytest.mark.parametrize(
    ("status", "answered"), [("accepted", "Accepted"), ("pending", "Pending"), (None, "Pending")]
)
@pytest.mark.parametrize(
    ("protocol", "payload"),
    [
        (V16, {"chargePointVendor": "", "chargePointModel": "M"}),
        (V201, {"reason": "PowerUp", "chargingStation": {"vendorName": "V", "model": "M"}}),
        (V201, {"chargePointVendor": "1.6 shape", "chargePointModel": "M"}),
    ],
)
def test_boot(status: str | None, answered: str, protocol: str, payload: dict[str, Any]) -> None:
    view = view_of() if status is None else view_of({**STATION, "status": status})
    answer = told(view, "BootNotification", payload, protocol)
    assert answer["status"] == answered
    assert answer["currentTime"] == "2026-09-21T14:13:20.123Z"
    assert answer["interval"] == (300 if answered == "Accepted" else 60)
    row = view.station("CP1")
    assert (row is None) == (status is None)
    assert row is None or (row["model"], row["booted_ns"]) == ("M", NOW_NS)


def test_the_heartbeat_interval_is_a_policy() -> None:
    view = view_of(STATION, {"action": "policy.set", "heartbeat_interval_s": 42})
    assert told(view, "BootNotification", {})["interval"] == 42


def test_an_old_status_from_the_queue_changes_nothing() -> None:
    view = view_of(STATION)
    base = {"connectorId": 1, "errorCode": "NoError"}
    for status, stamp, expected in (
        ("Charging", "2026-09-21T14:00:00Z", "Charging"),
        ("Available", "2026-09-21T13:00:00Z", "Charging"),
        ("Finishing", "1970-01-01T00:00:00Z", "Finishing"),
        ("Faulted", "no date", "Faulted"),
    ):
        told(view, "StatusNotification", {**base, "status": status, "timestamp": stamp})
        row = view.connector("CP1", 1, 1)
        assert row is not None
        assert row["status"] == expected


def test_a_stamp_from_the_future_orders_nothing() -> None:
    view = view_of(STATION)
    for status, stamp in (("Charging", "2031-01-01T00:00:00Z"), ("Available", "2026-09-21T14:13Z")):
        payload = {"evseId": 1, "connectorId": 1, "connectorStatus": status, "timestamp": stamp}
        told(view, "StatusNotification", payload, V201)
    row = view.connector("CP1", 1, 1)
    assert row is not None
    assert row["status"] == "Available"


EVENT = {
    "eventType": "Started",
    "timestamp": "2026-10-01T10:00:00Z",
    "triggerReason": "Authorized",
    "seqNo": 0,
    "transactionInfo": {"transactionId": "uuid-1"},
    "evse": {"id": 2},
    "idToken": {"idToken": "04A1B2C3", "type": "ISO14443"},
}


def test_transaction_events_open_and_end() -> None:
    view = view_of(*FLEET)
    answer = told(view, "TransactionEvent", EVENT, V201)
    assert answer == {"idTokenInfo": {"status": "Accepted"}}
    row = view.transaction("CP1", "uuid-1")
    assert row is not None
    assert (row["connector"], row["ended_ns"]) == (2, 0)
    ended = {**EVENT, "eventType": "Ended", "seqNo": 1}
    del ended["idToken"]
    assert told(view, "TransactionEvent", ended, V201) == {}
    assert row["ended_ns"] == NOW_NS
    told(view, "TransactionEvent", EVENT, V201)
    assert row["ended_ns"] == NOW_NS, "a start that is re-sent late opens nothing again"


def test_a_start_button_refuses_nobody() -> None:
    event = {**EVENT, "idToken": {"idToken": "", "type": "NoAuthorization"}}
    answer = told(view_of(*FLEET), "TransactionEvent", event, V201)
    assert answer["idTokenInfo"]["status"] == "Accepted"


@pytest.mark.parametrize(
    ("protocol", "action", "payload", "status"),
    [
        (V16, "DataTransfer", {"vendorId": "X"}, "UnknownVendorId"),
        (V201, "DataTransfer", {"vendorId": "X"}, "UnknownVendorId"),
        (V16, "SignCertificate", {"csr": "x"}, "Rejected"),
        (V201, "SignCertificate", {"csr": "x"}, "Rejected"),
        (
            V201,
            "Get15118EVCertificate",
            {"iso15118SchemaVersion": "x", "action": "Install", "exiRequest": "x"},
            "Failed",
        ),
        (
            V201,
            "NotifyEVChargingNeeds",
            {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}},
            "Rejected",
        ),
    ],
)
def test_what_has_no_backend_is_refused_cleanly(
    protocol: str, action: str, payload: dict[str, Any], status: str
) -> None:
    assert told(view_of(STATION), action, payload, protocol)["status"] == status
