"""An ingest origin, folded: what its entries made of the registry, and whether answers repeat.

Recovery after a crash and `replay` both run this; a living service makes the same changes entry by
entry. A request changes something only once its answer stands in the log.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from ingest.answer.reply import Reply, reply
from ingest.connectivity import connection_changes, restart_changes
from ingest.view import View
from warehouse.log import Entry, Record
from warehouse.registry import Change

APPLIED = "registry.applied"
STARTED = "service.started"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """An answer in the log that the same request, registry and clock don't give again."""

    index: int
    request_index: int
    logged: str
    replayed: str


@dataclass(slots=True)
class Counts:
    """What was folded."""

    frames: int = 0
    answers: int = 0


class Fold:
    """Follows one ingest origin in log order and keeps `view` as the service had it.

    `operator_changes(from, to)` gives the changes of the operator log's entries in that range.
    """

    def __init__(
        self,
        view: View,
        operator_changes: Callable[[int, int], Iterator[Change]],
        *,
        operator_next: int = 0,
    ) -> None:
        self.view = view
        self.counts = Counts()
        self._operator_changes = operator_changes
        self._operator_next = operator_next
        self._asked: dict[str, tuple[int, Reply]] = {}

    def hear(self, record: Record) -> tuple[tuple[Change, ...], Mismatch | None]:
        """One entry: what it changed (the view has it already), and whether an answer differs."""
        entry, payload = record.entry, record.payload
        mismatch = None
        changes: tuple[Change, ...] = ()
        if entry.kind == "message" and entry.protocol.startswith("ocpp"):
            changes, mismatch = self._message(entry, payload)
        elif entry.kind == "connection":
            changes = connection_changes(_object(payload), entry, self.view)
            self._asked.pop(entry.connection, None)
        elif entry.kind == "operator":
            changes = self._marker(_object(payload), entry)
        self.view.apply(changes)
        return changes, mismatch

    def _message(self, entry: Entry, payload: bytes) -> tuple[tuple[Change, ...], Mismatch | None]:
        text = payload.decode("utf-8", "replace")
        if entry.direction == "in":
            self.counts.frames += 1
            answer = reply(text, entry.peer, entry.protocol, self.view, entry.received_ns)
            if answer.text is not None:
                self._asked[entry.connection] = (entry.index, answer)
            return (), None
        asked = self._asked.pop(entry.connection, None)
        if asked is None:
            return (), None
        self.counts.answers += 1
        request_index, answer = asked
        if answer.text == text:
            return answer.changes, None
        difference = Mismatch(entry.index, request_index, text, answer.text or "")
        return _as_logged(answer.changes, text), difference

    def _marker(self, marker: dict[str, Any], entry: Entry) -> tuple[Change, ...]:
        name, following = marker.get("action"), marker.get("next")
        if name not in (STARTED, APPLIED) or not isinstance(following, int):
            return ()
        start, self._operator_next = self._operator_next, max(self._operator_next, following)
        said = tuple(self._operator_changes(start, following)) if following > start else ()
        return (*said, *restart_changes(self.view, entry.received_ns)) if name == STARTED else said


def _as_logged(changes: tuple[Change, ...], text: str) -> tuple[Change, ...]:
    """The changes with the transaction id that was really given: what was sent counts."""
    answer = json.loads(text)
    payload = answer[2] if isinstance(answer, list) and len(answer) == 3 else None
    given = payload.get("transactionId") if isinstance(payload, dict) else None
    if not isinstance(given, int):
        return changes
    return tuple(_given(change, given) for change in changes)


def _given(change: Change, transaction: int) -> Change:
    if change.table == "sequence":
        following = max(int(change.values["next"]), transaction + 1)
        return replace(change, values={"next": following})
    if change.table == "ocpp_transaction" and change.mode == "put":
        return replace(change, key=(change.key[0], str(transaction)))
    return change


def _object(payload: bytes) -> dict[str, Any]:
    value = json.loads(payload)
    assert isinstance(value, dict), "entries in our own language are JSON objects"
    return value
