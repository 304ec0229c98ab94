"""Facts as rows and rows as facts: `transaction_event` and `meter_reading`, field for field.

`MeterReading.value` is not restored: its text is kept, and the core works with Wh, W and A.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import polars as pl

from billing.events import EventKind, Fact, MeterReading, Stamp, StampQuality, TransactionEvent
from billing.finding import Source
from billing.mould import mould
from pipelines.columns import rows, series
from warehouse.lake import TABLES

EVENT = TABLES["transaction_event"].schema
READING = TABLES["meter_reading"].schema

_EVENT_FIELDS = (
    "station",
    "protocol",
    "connection",
    "message_id",
    "kind",
    "evse",
    "connector",
    "transaction",
    "id_token",
    "id_token_type",
    "meter_wh",
    "reason",
    "status",
    "charging_state",
    "trigger",
    "offline",
    "seq_no",
    "reservation",
)
_READING_FIELDS = (
    "position",
    "station",
    "carrier",
    "evse",
    "connector",
    "transaction",
    "measurand",
    "phase",
    "location",
    "context",
    "unit",
    "value_text",
    "wh",
    "watt",
    "ampere",
    "signed",
)

Received = tuple[Fact, int]
"""A fact and the receive time of its message in ns: order finer than a datetime tells."""


def write_events(facts: Iterable[Received]) -> pl.DataFrame:
    """Rows of `transaction_event` for the events among the facts."""
    events = [(fact, ns) for fact, ns in facts if isinstance(fact, TransactionEvent)]
    return _frame(events, _EVENT_FIELDS, EVENT)


def write_readings(facts: Iterable[Received]) -> pl.DataFrame:
    """Rows of `meter_reading` for the readings among the facts."""
    readings = [(fact, ns) for fact, ns in facts if isinstance(fact, MeterReading)]
    return _frame(readings, _READING_FIELDS, READING)


def _frame(
    facts: Sequence[tuple[Any, int]], fields: Sequence[str], schema: pl.Schema
) -> pl.DataFrame:
    columns: dict[str, list[Any]] = {
        "day": [fact.received_at.date() for fact, _ in facts],
        "origin": [fact.source.origin for fact, _ in facts],
        "index": [fact.source.index for fact, _ in facts],
        "received_at": [fact.received_at for fact, _ in facts],
        "received_ns": [ns for _, ns in facts],
        "stamp_text": [fact.stamp.text for fact, _ in facts],
        "stamp_at": [fact.stamp.at for fact, _ in facts],
        "stamp_quality": [fact.stamp.quality.value for fact, _ in facts],
        "flags": [fact.flags for fact, _ in facts],
    }
    for name in fields:
        columns[name] = [getattr(fact, name) for fact, _ in facts]
    if "kind" in columns:
        columns["kind"] = [kind.value for kind in columns["kind"]]
    return pl.DataFrame([series(name, columns[name], dtype) for name, dtype in schema.items()])


_cast_event = mould(TransactionEvent)
_cast_reading = mould(MeterReading)
_cast_stamp = mould(Stamp)


def read_events(frame: pl.DataFrame) -> Iterator[tuple[TransactionEvent, int]]:
    """The events of `transaction_event` rows, in the rows' order."""
    for row in rows(frame, [*_HEAD, *_EVENT_FIELDS]):
        origin, index, received_at, received_ns, text, at, quality, flags = row[: len(_HEAD)]
        rest = dict(zip(_EVENT_FIELDS, row[len(_HEAD) :], strict=True))
        rest["kind"] = EventKind(rest["kind"])
        event = _cast_event(
            source=Source(origin, index),
            received_at=received_at,
            stamp=_cast_stamp(text, at, _QUALITIES[quality]),
            flags=tuple(flags),
            **rest,
        )
        yield event, received_ns


def read_readings(frame: pl.DataFrame) -> Iterator[tuple[MeterReading, int]]:
    """The readings of `meter_reading` rows, in the rows' order; `value` is None."""
    for row in rows(frame, [*_HEAD, *_READING_FIELDS]):
        origin, index, received_at, received_ns, text, at, quality, flags, position = row[:9]
        station, carrier, evse, connector, transaction, measurand, phase = row[9:16]
        location, context, unit, value_text, wh, watt, ampere, signed = row[16:]
        reading = _cast_reading(
            Source(origin, index),
            position,
            received_at,
            station,
            carrier,
            _cast_stamp(text, at, _QUALITIES[quality]),
            evse,
            connector,
            transaction,
            measurand,
            phase,
            location,
            context,
            unit,
            value_text,
            None,
            wh,
            watt,
            ampere,
            signed,
            tuple(flags),
        )
        yield reading, received_ns


_HEAD = (
    "origin",
    "index",
    "received_at",
    "received_ns",
    "stamp_text",
    "stamp_at",
    "stamp_quality",
    "flags",
)
_QUALITIES = {quality.value: quality for quality in StampQuality}
