"""Messages to facts: rows of `transaction_event` and `meter_reading`, and findings about frames."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from billing.finding import Finding, Source
from ingest.protocols.ocpp.facts import read
from ingest.protocols.ocpp.message import Message
from pipelines.fact_rows import Received, write_events, write_readings
from pipelines.session_rows import write_findings

_ISSUED = pl.col("payload").str.contains('"transactionId"', literal=True)
_NEEDED = (pl.col("direction") != "out") | (pl.col("kind") != "message") | _ISSUED
"""Of what we sent, only transaction ids that we issued are facts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of `transaction_event`, `meter_reading` and `finding` that frames alone give."""

    events: pl.DataFrame
    readings: pl.DataFrame
    findings: pl.DataFrame


def facts(messages: pl.DataFrame) -> Facts:
    """The facts of rows of `message`, each read by the protocol's own reader."""
    told: list[Received] = []
    found: list[tuple[Finding, datetime]] = []
    for message, received_ns in _messages(messages.filter(_NEEDED)):
        reading = read(message)
        told += [(fact, received_ns) for fact in reading.facts]
        found += [(finding, message.received_at) for finding in reading.findings]
    return Facts(write_events(told), write_readings(told), write_findings(found))


def _messages(rows: pl.DataFrame) -> Iterable[tuple[Message, int]]:
    for row in rows.select(_COLUMNS).iter_rows():
        origin, index, received_at, station, protocol, direction, connection, kind, text, ns = row
        at = received_at.replace(tzinfo=UTC)
        source = Source(origin, index)
        yield Message(source, at, station, protocol, direction, connection, kind, text), ns


_COLUMNS = (
    "origin",
    "index",
    "received_at",
    "station",
    "protocol",
    "direction",
    "connection",
    "kind",
    "payload",
    "received_ns",
)
