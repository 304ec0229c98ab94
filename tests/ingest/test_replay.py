"""Answers replay from the log alone; an answer that differs is shown, and what was sent counts."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.answer.reply import reply
from ingest.connectivity import connection_changes
from ingest.fold import Fold
from ingest.view import View
from warehouse.log import Entry, Record
from warehouse.registry import Change, changes_of

FRAMES = Path(__file__).parents[2] / ".." / "shared" / "data" / "ocpp_field_frames.jsonl"
MONEY = {"StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"}
OPERATOR = [
    {"action": "station.add", "id": "CP0", "location_id": "L", "evses": []},
    {"action": "token.add", "uid": "04A1", "party": "NL-ABC"},
    {"action": "token.block", "uid": "04A1"},
]


def operator_changes(start: int, stop: int) -> Any:
    for action in OPERATOR[start:stop]:
        yield from changes_of(action, 1)


class Recorder:
    """What the service does, without sockets: entries in a list, changes in a view."""

    def __init__(self) -> None:
        self.view = View()
        self.records: list[Record] = []
        self.heard = 0

    def add(self, kind: str, payload: bytes, peer: str = "", way: str = "") -> Entry:
        protocol = "ocpp1.6" if peer else ""
        index = len(self.records)
        entry = Entry(index, 10 + index, kind, protocol, way, peer, f"c{peer}", 0, 0, "", "")
        self.records.append(Record(entry, payload))
        return entry

    def operator(self, stop: int) -> None:
        if stop > self.heard:
            marker = {"action": "registry.applied", "origin": "operator", "next": stop}
            self.add("operator", json.dumps(marker).encode())
            self.view.apply(operator_changes(self.heard, stop))
            self.heard = stop

    def connection(self, peer: str, event: str) -> None:
        said = {"event": event, "remote": "r"}
        entry = self.add("connection", json.dumps(said).encode(), peer)
        self.view.apply(connection_changes(said, entry, self.view))

    def call(self, peer: str, text: str) -> None:
        entry = self.add("message", text.encode(), peer, "in")
        answer = reply(text, peer, "ocpp1.6", self.view, entry.received_ns)
        if answer.text is not None:
            self.add("message", answer.text.encode(), peer, "out")
            self.view.apply(answer.changes)


def fold(records: Sequence[Record]) -> tuple[Fold, list[Any], list[Change]]:
    folded = Fold(View(), operator_changes)
    heard = [folded.hear(record) for record in records]
    return folded, [m for _, m in heard if m], [c for changes, _ in heard for c in changes]


def start(tag: str, meter: int) -> str:
    payload = {"connectorId": 1, "idTag": tag, "meterStart": meter, "timestamp": "T"}
    return json.dumps([2, "1", "StartTransaction", payload])


_PEER = st.sampled_from(["CP0", "CP1"])
_STEP = st.one_of(
    st.tuples(st.just("operator"), st.integers(1, 3)),
    st.tuples(st.just("opened"), _PEER),
    st.tuples(st.just("closed"), _PEER),
    st.tuples(
        st.just("call"),
        st.tuples(
            _PEER,
            st.builds(start, st.sampled_from(["04A1", "04:a1", "FF"]), st.integers(0, 3))
            | st.sampled_from(
                [
                    '[2,"2","Heartbeat",{}]',
                    '[2,"3","Authorize",{"idTag":"04A1"}]',
                    '[2,"4","BootNotification",{}]',
                    '[2,"5","StopTransaction",{"transactionId":1}]',
                    '[2,"6","StatusNotification",{"connectorId":1,"status":"Faulted"}]',
                    "no json",
                    '[3,"9",{}]',
                ]
            ),
        ),
    ),
)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(_STEP, max_size=30))
def test_every_answer_comes_out_again(steps: list[tuple[str, Any]]) -> None:
    recorder = Recorder()
    for kind, what in steps:
        if kind == "operator":
            recorder.operator(what)
        elif kind == "call":
            recorder.call(*what)
        else:
            recorder.connection(what, kind)
    folded, mismatches, _ = fold(recorder.records)
    assert mismatches == []
    assert folded.view.next_transaction() == recorder.view.next_transaction()
    for peer in ("CP0", "CP1"):
        assert folded.view.connection(peer) == recorder.view.connection(peer)
        assert folded.view.connector(peer, 1, 1) == recorder.view.connector(peer, 1, 1)


def test_an_answer_that_differs_is_shown_and_what_was_sent_counts() -> None:
    recorder = Recorder()
    recorder.call("CP0", start("04A1", 0))
    sent = recorder.records[1]
    told = sent.payload.replace(b'"transactionId":1', b'"transactionId":41')
    recorder.records[1] = Record(sent.entry, told)
    folded, mismatches, _ = fold(recorder.records)
    (mismatch,) = mismatches
    assert (mismatch.request_index, mismatch.index) == (0, 1)
    assert '"transactionId":41' in mismatch.logged
    assert '"transactionId":1' in mismatch.replayed
    assert folded.view.next_transaction() == 42
    again = reply(start("04A1", 0), "CP0", "ocpp1.6", folded.view, 99).text
    assert again is not None
    assert json.loads(again)[2]["transactionId"] == 41


def test_a_request_without_its_answer_changed_nothing() -> None:
    recorder = Recorder()
    recorder.call("CP0", start("04A1", 0))
    folded, mismatches, changes = fold(recorder.records[:1])
    assert (mismatches, changes) == ([], [])
    assert folded.view.next_transaction() == 1


@pytest.mark.skipif(not FRAMES.is_file(), reason="the field frames are not beside this checkout")
def test_no_frame_from_the_field_loses_money() -> None:
    frames = [json.loads(line) for line in FRAMES.read_text("utf-8").splitlines()]
    assert frames
    view = View()
    for number, one in enumerate(frames):
        text = one["raw"] if one["raw"] is not None else json.dumps(one["frame"])
        protocol = "ocpp2.0.1" if str(one["ocpp"]).startswith("2") else "ocpp1.6"
        answer = reply(text, "CP0", protocol, view, number)
        view.apply(answer.changes)
        legible = text.lstrip().startswith("[2") and one["action"] in MONEY
        if legible and one["action"] in text:
            assert answer.text is not None, text[:200]
            assert json.loads(answer.text)[0] == 3, (text[:200], answer.text)
