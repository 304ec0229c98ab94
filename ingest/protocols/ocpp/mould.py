"""The facts of a message, cast quickly (`billing.mould`)."""

from typing import Any

from billing.events import EventKind, MeterReading, Stamp, TransactionEvent
from billing.mould import mould
from ingest.protocols.ocpp.message import Message

new_event = mould(TransactionEvent)
new_reading = mould(MeterReading)
new_stamp = mould(Stamp)


def event_of(
    message: Message,
    message_id: str,
    kind: EventKind,
    stamp: Stamp,
    **said: Any,  # noqa: ANN401 - the fields of TransactionEvent that the message fills
) -> TransactionEvent:
    """The event that a message tells of: who, when and on which connection, and what it `said`."""
    return new_event(
        source=message.source,
        received_at=message.received_at,
        station=message.station,
        protocol=message.protocol,
        connection=message.connection,
        message_id=message_id,
        kind=kind,
        stamp=stamp,
        **said,
    )
