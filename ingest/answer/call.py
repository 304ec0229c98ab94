"""What an answer is made from and what it is: plain values, nothing that waits or remembers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from ingest.protocols.ocpp.error_codes import ErrorCode
from warehouse.registry import Change

Payload = Mapping[str, Any]


class Call(NamedTuple):
    """A CALL as it was read: `payload` is any JSON object, however wrong.

    `text` is the whole frame: it identifies a start that names nothing legible.
    """

    station: str
    protocol: str
    message_id: str
    action: str
    payload: Payload
    text: str = ""


class Answer(NamedTuple):
    """A CALLRESULT's payload, and what the registry holds from now on."""

    payload: Payload
    changes: tuple[Change, ...] = ()


class Refusal(NamedTuple):
    """A CALLERROR: its code in OCPP 2.0.1's spelling and a sentence."""

    code: ErrorCode
    description: str


EMPTY = Answer({})
"""The answer to a notification: it was received, and the log has it."""


def instant(at_ns: int) -> str:
    """UTC nanoseconds as OCPP writes an instant: RFC 3339 with milliseconds, `…Z`."""
    seconds, rest = divmod(at_ns, 1_000_000_000)
    return f"{_second(seconds)}.{rest // 1_000_000:03d}Z"


@lru_cache(maxsize=64)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def text(payload: Payload, name: str) -> str:
    """A field as text; "" where it is absent, null, an object or a list."""
    value = payload.get(name)
    if value is None or isinstance(value, dict | list):
        return ""
    return value if isinstance(value, str) else str(value)


def number(payload: Payload, name: str) -> int:
    """A small whole number such as a connector; 0 where there is none that makes sense."""
    value = payload.get(name)
    if isinstance(value, str) and value.strip().isdecimal() and len(value) < 10:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31:
        return value
    return 0


def nested(payload: Payload, name: str) -> Payload:
    """A nested object; empty where there is none."""
    value = payload.get(name)
    return value if isinstance(value, dict) else {}
