"""Connections opened and closed, as the log's own entries tell them. They never move a session."""

from billing.events import EventKind, Fact
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.mould import event_of
from ingest.protocols.ocpp.scalars import Flags
from ingest.protocols.ocpp.stamps import ABSENT


def connection(message: Message, payload: dict[str, object], flags: Flags) -> list[Fact]:
    """From the entry's `event` (or `action`): `opened`, `closed`, or a word that ends so."""
    word = str(payload.get("event") or payload.get("action") or "")
    if word.endswith(("opened", "open")):
        kind = EventKind.CONNECTED
    elif word.endswith(("closed", "close")):
        kind = EventKind.DISCONNECTED
    else:
        return []
    reason = payload.get("reason")
    return [
        event_of(
            message,
            "",
            kind,
            ABSENT,
            reason=reason if isinstance(reason, str) else "",
            flags=tuple(flags),
        )
    ]
