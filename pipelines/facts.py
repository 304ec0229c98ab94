"""Messages to facts: rows of `transaction_event` and `meter_reading`, and findings about frames."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from billing.finding import Finding, Source
from ingest.protocols.ocpp.facts import read
from ingest.protocols.ocpp.message import Message
from pipelines.fact_rows import Received, write_events, write_readings
from pipelines.plain import Shapes, plain
from pipelines.session_rows import write_findings
from pipelines.shards import warm
from pipelines.stretch import Stretch
from warehouse.lake import TABLES, Piece
from warehouse.lake.abreast import abreast

_AT_ONCE = 65_536
_ISSUED = pl.col("payload").str.contains('"transactionId"', literal=True)
_NEEDED = (pl.col("direction") != "out") | (pl.col("kind") != "message") | _ISSUED
"""Of what we sent, only transaction ids that we issued are facts."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows of `transaction_event`, `meter_reading` and `finding` that frames alone give."""

    events: pl.DataFrame
    readings: pl.DataFrame
    findings: pl.DataFrame


def facts(stretch: Stretch) -> Iterator[Facts]:
    """What the messages of a stretch say, in parts, each in the tables' order."""
    shapes = Shapes()

    def work(piece: Piece) -> Facts:
        return read_rows(stretch.lake.read_piece("message", piece, _COLUMNS, _NEEDED), shapes)

    pieces = list(stretch.lake.pieces("message", stretch.days, _AT_ONCE))
    warm(stretch, (len(pieces) - 1) * _AT_ONCE)
    return abreast(work, pieces, stretch.workers)


def read_rows(messages: pl.DataFrame, shapes: Shapes) -> Facts:
    """The facts of rows of `message`: plain ones by columns, the rest by the protocol's reader."""
    easy = plain(messages, shapes)
    rest = read_carefully(easy.rest)
    return Facts(
        _in_order(pl.concat([easy.events, rest.events]), "transaction_event"),
        _in_order(pl.concat([easy.readings, rest.readings]), "meter_reading"),
        rest.findings,
    )


def _in_order(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """Rows by day and key; one origin's, which rise in time, by their numbers alone."""
    if rows["origin"].n_unique() > 1:
        return rows.sort("day", *TABLES[table].order)
    place = pl.col("index")
    if "position" in rows.columns:
        place = place * (rows["position"].max() or 0) + place + pl.col("position")
    return rows.sort(place)


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
    for row in rows.select(_SAID).iter_rows():
        origin, index, received_at, station, protocol, direction, connection, kind, text, ns = row
        at = received_at.replace(tzinfo=UTC)
        source = Source(origin, index)
        yield Message(source, at, station, protocol, direction, connection, kind, text), ns


_SAID = (
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
_COLUMNS = ("day", *_SAID, "message_type", "message_id", "action")
