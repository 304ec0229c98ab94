"""The common call, answered with as little as can be: whole, known, and valid by its schema.

`reply` is the authority and repeats these answers from the log; whatever is odd is left to it.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import orjson

from ingest.answer.call import EMPTY, Call
from ingest.answer.table import ANSWERS, NOTED, Answerer
from ingest.protocols.ocpp.frame import CALL, MAX_MESSAGE_ID, result_bytes
from ingest.protocols.ocpp.schemas import validity
from ingest.view import View
from warehouse.registry import Change

Answered = tuple[bytes, tuple[Change, ...]]
"""The frame to send, and what it changes."""


def plain_reply(
    payload: bytes, station: str, protocol: str, view: View, now_ns: int
) -> Answered | None:
    """What `reply` answers to a call without any flaw; None where there may be one."""
    try:
        kind, message_id, action, said = orjson.loads(payload)
        known = _known(protocol)[action]
        if (
            type(kind) is not int
            or kind != CALL
            or type(message_id) is not str
            or not 0 < len(message_id) <= MAX_MESSAGE_ID
            or type(said) is not dict
            or not known.is_valid(said)
        ):
            return None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if known.is_noted:
        return result_bytes(message_id, EMPTY.payload), EMPTY.changes
    call = Call(station, protocol, message_id, action, said, payload.decode())
    answer = known.answerer(call, view, now_ns)
    return result_bytes(message_id, answer.payload), answer.changes


class _Known(NamedTuple):
    """An action that has an answer: its schema, that answer, and whether it is always `EMPTY`."""

    is_valid: Callable[[Any], bool]
    answerer: Answerer
    is_noted: bool


class _Actions(dict[str, _Known]):
    """The actions of one version, each schema compiled when it is first called for."""

    def __init__(self, protocol: str) -> None:
        super().__init__()
        self._protocol = protocol

    def __missing__(self, action: str) -> _Known:
        answerer = ANSWERS[self._protocol][action]
        known = _Known(validity(self._protocol, action), answerer, action in NOTED)
        self[action] = known
        return known


@cache
def _known(protocol: str) -> _Actions:
    return _Actions(protocol)
