"""Entries of the log as rows: the OCPP header split out of each frame, the text kept verbatim.

The header of nearly every frame is read by one expression over the whole column; what it does not
recognise goes to the frame reader, which reads anything. Nothing below the header is looked at.
"""

from collections.abc import Iterator

import polars as pl

from ingest.protocols.ocpp.frame import read_frame
from pipelines.stretch import Span, Stretch, day_of, spans
from warehouse.lake import TABLES
from warehouse.lake.abreast import abreast

KINDS = frozenset({"message", "connection"})

_HEADER = (
    r"^\[\s*(?:"
    r'(?<call>[26])\s*,\s*"(?<call_id>[^"\\]*)"\s*,\s*"(?<action>[A-Za-z]+)"\s*,\s*\{'
    r'|(?<result>3)\s*,\s*"(?<result_id>[^"\\]*)"\s*,\s*\{'
    r'|(?<error>[45])\s*,\s*"(?<error_id>[^"\\]*)"\s*,\s*")'
)


def messages(stretch: Stretch) -> Iterator[pl.DataFrame]:
    """Rows of `message` for the days of a stretch, in parts, in the table's order.

    Raises LogDamaged.
    """
    return abreast(_rows, spans(stretch, KINDS), stretch.workers)


def _rows(span: Span) -> pl.DataFrame:
    return split(span.entries(KINDS)).select(TABLES["message"].schema.names())


def split(found: pl.DataFrame) -> pl.DataFrame:
    """Log columns -> columns of `message`."""
    framed = found.with_columns(
        day=pl.from_epoch(pl.col("received_ns") // 1_000_000_000, "s").dt.date(),
        received_at=(pl.col("received_ns") // 1000).cast(pl.Datetime("us", "UTC")),
        station=pl.col("peer"),
        payload=_text(found["payload"]),
    )
    parts = framed["payload"].str.extract_groups(_HEADER).struct.unnest()
    framed = framed.with_columns(
        message_type=pl.coalesce(parts["call"], parts["result"], parts["error"]).cast(pl.Int32),
        message_id=pl.coalesce(parts["call_id"], parts["result_id"], parts["error_id"]),
        action=parts["action"].fill_null(""),
    )
    odd = (framed["kind"] == "message") & framed["message_type"].is_null()
    return _read_odd(framed, odd) if odd.any() else _blank_connections(framed)


def _text(payload: pl.Series) -> pl.Series:
    """Bytes as text; what is not UTF-8 is shown escaped, and stays exact in the log."""
    try:
        return payload.cast(pl.String)
    except pl.exceptions.ComputeError:
        shown = [data.decode("utf-8", "backslashreplace") for data in payload]
        return pl.Series(payload.name, shown, dtype=pl.String)


def _read_odd(framed: pl.DataFrame, odd: pl.Series) -> pl.DataFrame:
    at = odd.arg_true()
    frames = [read_frame(text) for text in framed["payload"].gather(at)]
    types, ids, actions = framed["message_type"], framed["message_id"], framed["action"]
    return _blank_connections(
        framed.with_columns(
            message_type=types.scatter(at, [frame.type for frame in frames]),
            message_id=ids.scatter(at, [frame.message_id for frame in frames]),
            action=actions.scatter(at, [frame.action for frame in frames]),
        )
    )


def _blank_connections(framed: pl.DataFrame) -> pl.DataFrame:
    """A connection entry is no frame: it has no header."""
    is_message = pl.col("kind") == "message"
    return framed.with_columns(
        message_type=pl.when(is_message).then("message_type"),
        message_id=pl.when(is_message).then("message_id").fill_null(""),
        action=pl.when(is_message).then("action").fill_null(""),
    )


def log_clock(stretch: Stretch) -> pl.DataFrame:
    """Rows of `log_clock`: how far each day of the stretch is derived."""
    rows = [
        (day, stretch.end_of(day), stretch.is_complete(day))
        for day in stretch.days
        if day <= day_of(stretch.until_ns)
    ]
    return pl.DataFrame(rows, schema=TABLES["log_clock"].schema, orient="row")
