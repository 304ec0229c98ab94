"""Connector states as stations report them: the newest report counts, an old one changes nothing.

A status never opens, closes or ends a session.
"""

from datetime import UTC, datetime

from ingest.answer.call import Call
from ingest.view import View
from warehouse.registry import Change

_MINUTE_NS = 60 * 1_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK_WAS_SET_NS = 1_262_304_000 * 1_000_000_000
"""2010: an earlier stamp comes from a clock that was never set."""


def report(
    call: Call, view: View, now_ns: int, key: tuple[int, int], values: dict[str, str]
) -> tuple[Change, ...]:
    """The connector (evse, connector) says this of itself, at its own time `values["stamp"]`."""
    before = view.connector(call.station, *key)
    if before is not None and _older(values["stamp"], before["stamp"], before["received_ns"]):
        return ()
    change = Change("connector_state", (call.station, *key), {**values, "received_ns": now_ns})
    return (change,)


def _older(stamp: str, known: str, known_received_ns: int) -> bool:
    """A queued report from before the known one. A known stamp from the future orders nothing."""
    at, known_at = _ns(stamp), _ns(known)
    if at is None or known_at is None or known_at > known_received_ns + 5 * _MINUTE_NS:
        return False
    return _CLOCK_WAS_SET_NS < at < known_at


def _ns(stamp: str) -> int | None:
    try:
        at = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    gone = at - _EPOCH
    return (gone.days * 86_400 + gone.seconds) * 1_000_000_000 + gone.microseconds * 1_000
