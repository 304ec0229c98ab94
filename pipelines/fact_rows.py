"""Facts as rows and rows as facts: `transaction_event` and `meter_reading`, field for field.

`MeterReading.value` is not restored: its text is kept, and the core works with Wh and W.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from billing.events import EventKind, Fact, MeterReading, Stamp, StampQuality, TransactionEvent
from billing.finding import Source
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
        "flags": [
            [{"rule": rule, "message": message} for rule, message in fact.flags]
            for fact, _ in facts
        ],
    }
    for name in fields:
        columns[name] = [getattr(fact, name) for fact, _ in facts]
    if "kind" in columns:
        columns["kind"] = [kind.value for kind in columns["kind"]]
    return pl.DataFrame(columns, schema_overrides=schema).select(schema.names()).cast(schema)


def read_events(rows: pl.DataFrame) -> Iterator[tuple[TransactionEvent, int]]:
    """The events of `transaction_event` rows, in the rows' order."""
    names = [*_HEAD, *_EVENT_FIELDS]
    for row in rows.select(names).iter_rows():
        head, rest = row[: len(_HEAD)], dict(zip(_EVENT_FIELDS, row[len(_HEAD) :], strict=True))
        origin, index, received_at, received_ns, text, at, quality, flags = head
        rest["kind"] = EventKind(rest["kind"])
        yield (
            TransactionEvent(
                source=Source(origin, index),
                received_at=_utc(received_at),
                stamp=_stamp(text, at, quality),
                flags=_flags(flags),
                **rest,
            ),
            received_ns,
        )


def read_readings(rows: pl.DataFrame) -> Iterator[tuple[MeterReading, int]]:
    """The readings of `meter_reading` rows, in the rows' order; `value` is None."""
    names = [*_HEAD, *_READING_FIELDS]
    for (
        origin,
        index,
        received_at,
        received_ns,
        text,
        at,
        quality,
        flags,
        position,
        station,
        carrier,
        evse,
        connector,
        transaction,
        measurand,
        phase,
        location,
        context,
        unit,
        value_text,
        wh,
        watt,
        signed,
    ) in rows.select(names).iter_rows():
        yield (
            MeterReading(
                Source(origin, index),
                position,
                _utc(received_at),
                station,
                carrier,
                _stamp(text, at, quality),
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
                signed,
                _flags(flags),
            ),
            received_ns,
        )


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


def _utc(at: datetime) -> datetime:
    """The engine's own zone object replaced by the standard one, which pickles and compares."""
    return at.replace(tzinfo=UTC)


def _stamp(text: str, at: datetime | None, quality: str) -> Stamp:
    return Stamp(text, None if at is None else at.replace(tzinfo=UTC), _QUALITIES[quality])


def _flags(flags: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((flag["rule"], flag["message"]) for flag in flags) if flags else ()
