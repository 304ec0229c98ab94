"""Messages to facts: rows of `transaction_event` and `meter_reading`, and findings about frames."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from billing.finding import Finding, Source
from ingest.protocols.ocpp.facts import read
from ingest.protocols.ocpp.message import Message
from pipelines.fact_rows import Received, write_events, write_readings
from pipelines.plain import plain
from pipelines.session_rows import write_findings
from pipelines.shards import share
from pipelines.stretch import Stretch

_AT_ONCE = 100_000
_ISSUED = pl.col("payload").str.contains('"transactionId"', literal=True)
_NEEDED = (pl.col("direction") != "out") | (pl.col("kind") != "message") | _ISSUED
"""Of what we sent, only transaction ids that we issued are facts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of `transaction_event`, `meter_reading` and `finding` that frames alone give."""

    events: pl.DataFrame
    readings: pl.DataFrame
    findings: pl.DataFrame


def facts(stretch: Stretch) -> Facts:
    """What the messages of a stretch say, read by as many processes as the stretch may use."""
    first, last = stretch.days[0], stretch.days[-1]
    weights = dict(stretch.lake.sql("message_weights", first=first, last=last).iter_rows())
    parts = share(_read_stations, stretch, weights)
    return Facts(
        pl.concat([part.events for part in parts]),
        pl.concat([part.readings for part in parts]),
        pl.concat([part.findings for part in parts]),
    )


def _read_stations(stretch: Stretch, stations: frozenset[str]) -> Facts:
    mine = pl.col("station").is_in(sorted(stations)) & _NEEDED
    rows = stretch.lake.read("message", stretch.days, where=mine)
    parts = [read_rows(part) for part in rows.iter_slices(_AT_ONCE)]
    return Facts(
        pl.concat([write_events(()), *(part.events for part in parts)]),
        pl.concat([write_readings(()), *(part.readings for part in parts)]),
        pl.concat([write_findings(()), *(part.findings for part in parts)]),
    )


def read_rows(messages: pl.DataFrame) -> Facts:
    """The facts of rows of `message`: plain ones by columns, the rest by the protocol's reader."""
    easy = plain(messages)
    rest = read_carefully(easy.rest)
    return Facts(
        pl.concat([easy.events, rest.events]),
        pl.concat([easy.readings, rest.readings]),
        rest.findings,
    )


def read_carefully(messages: pl.DataFrame) -> Facts:
    """The facts of rows of `message`, each read by the protocol's own reader."""
    told: list[Received] = []
    found: list[tuple[Finding, datetime]] = []
    for message, received_ns in _messages(messages):
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
