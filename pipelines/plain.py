"""Plain meter messages read at speed: what nearly every frame of a healthy fleet is.

MeterValues of OCPP 1.6 and TransactionEvent of 2.0.1 that break no rule of reading. For these the
rows are the same that the protocol's own reader gives; whatever is not plain beyond doubt is left
to that reader, which forgives and flags. No fact is made here: values go into columns at once.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import polars as pl

from ingest.protocols.ocpp import tokens
from ingest.protocols.ocpp.label import Label, label_16, label_201
from ingest.protocols.ocpp.v201 import transactions as v201
from pipelines.fact_rows import EVENT, READING
from warehouse.lake.tables import ENERGY, FLAGS

_STAMP = re.compile(
    r"20[1-9]\d-[01]\d-[0-3]\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?Z", re.ASCII
)
_NUMBER = re.compile(r"\d{1,12}(?:\.\d{1,6})?", re.ASCII)
_VALUES = re.compile(r'"value"\s*:\s*([^,}\s]+)')
_DEEP = 90
"""A text with fewer brackets than this is not nested too deeply."""
_KINDS = {"Started": "started", "Updated": "updated", "Ended": "ended"}
_SCALES = {0: 1, 3: 1000}
"""Powers of ten that keep 6 decimals exact in 9: what plain units need."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Rows of `transaction_event` and `meter_reading`, and the messages that were not plain."""

    events: pl.DataFrame
    readings: pl.DataFrame
    rest: pl.DataFrame


def plain(messages: pl.DataFrame) -> Plain:
    """Read what is plain of rows of `message`; `rest` is all else, in order."""
    reader = _Reader()
    numbered = messages.with_row_index("row")
    calls = numbered.filter(
        (pl.col("kind") == "message")
        & (pl.col("direction") == "in")
        & (pl.col("message_type") == 2)
        & pl.col("message_id").str.len_chars().is_between(1, 36)
    )
    for protocol, action, read in (
        ("ocpp1.6", "MeterValues", reader.meter_values),
        ("ocpp2.0.1", "TransactionEvent", reader.transaction_event),
    ):
        own = (pl.col("protocol") == protocol) & (pl.col("action") == action)
        for row, text in calls.filter(own).select("row", "payload").iter_rows():
            read(row, text)
    return reader.result(numbered)


ReadLabel = Callable[..., Label]
ReadSample = Callable[[Mapping[str, Any]], tuple[int, Any]]


class _NotPlainError(Exception):
    """Something here needs the protocol's own reader."""


@dataclass(slots=True)
class _Reader:
    """Columns that grow with each plain message. A message is taken whole or not at all."""

    known: dict[tuple[Any, ...], int] = field(default_factory=dict)
    """The words of a sample -> position in `labels`."""
    labels: list[Label] = field(default_factory=list)
    readings: list[tuple[Any, ...]] = field(default_factory=list)
    """As `_READING_COLUMNS`."""
    events: list[tuple[Any, ...]] = field(default_factory=list)
    """As `_EVENT_COLUMNS`."""

    def meter_values(self, row: int, text: str) -> None:
        """OCPP 1.6: values are texts, the transaction is a number."""
        try:
            body = _payload(text)
            connector = _small(body.get("connectorId"))
            number = body.get("transactionId")
            if number is not None and not _small(number) > 0:
                return
            transaction = "" if number is None else str(number)
            place = (connector, connector, transaction)
            found = self._samples(body.get("meterValue"), self._sample_16)
        except _NotPlainError:
            return
        self.readings += [(row, "MeterValues", n, *place, *one) for n, one in enumerate(found)]

    def transaction_event(self, row: int, text: str) -> None:
        """OCPP 2.0.1: values are numbers, kept as they were written."""
        try:
            body = _payload(text)
            event = _event(body)
            values = body.get("meterValue")
            found: list[tuple[Any, ...]] = []
            if values is not None:
                found = self._samples(values, self._sample_201)
                found = _as_written(found, _VALUES.findall(text))
        except _NotPlainError:
            return
        self.events.append((row, *event))
        place = (event[2], event[3], event[4])
        self.readings += [(row, "TransactionEvent", n, *place, *one) for n, one in enumerate(found)]

    def _samples(self, buckets: object, read: ReadSample) -> list[tuple[Any, ...]]:
        """(stamp, label number, value) of every sample."""
        if type(buckets) is not list or not buckets:
            raise _NotPlainError
        found = []
        for bucket in buckets:
            if type(bucket) is not dict:
                raise _NotPlainError
            stamp, samples = bucket.get("timestamp"), bucket.get("sampledValue")
            if type(stamp) is not str or not _STAMP.fullmatch(stamp):
                raise _NotPlainError
            if type(samples) is not list or not samples:
                raise _NotPlainError
            for sample in samples:
                if type(sample) is not dict:
                    raise _NotPlainError
                found.append((stamp, *read(sample)))
        return found

    def _sample_16(self, sample: Mapping[str, Any]) -> tuple[int, str]:
        value = sample.get("value")
        if type(value) is not str or not _NUMBER.fullmatch(value):
            raise _NotPlainError
        if sample.get("format") not in (None, "Raw"):
            raise _NotPlainError
        get = sample.get
        parts = (get("measurand"), get("phase"), get("location"), get("context"), get("unit"))
        return self._label(label_16, parts), value

    def _sample_201(self, sample: Mapping[str, Any]) -> tuple[int, Any]:
        if "signedMeterValue" in sample or "unit" in sample:
            raise _NotPlainError
        get = sample.get
        unit: Any = get("unitOfMeasure")
        multiplier = None
        if type(unit) is dict:
            unit, multiplier = unit.get("unit"), unit.get("multiplier")
        elif unit is not None:
            raise _NotPlainError
        parts = (get("measurand"), get("phase"), get("location"), get("context"), unit, multiplier)
        return self._label(label_201, parts), get("value")

    def _label(self, read: ReadLabel, parts: tuple[Any, ...]) -> int:
        """The number of what a sample's words mean: a fleet says few different things."""
        try:
            return self.known[parts]
        except KeyError:
            found = read(*parts)
        except TypeError:  # a list or object where a word belongs
            raise _NotPlainError from None
        scaled = (power for power in (found.wh, found.watt) if power is not None)
        if found.flags or any(power not in _SCALES for power in scaled):
            raise _NotPlainError
        self.known[parts] = len(self.labels)
        self.labels.append(found)
        return self.known[parts]

    def result(self, numbered: pl.DataFrame) -> Plain:
        """What was read, as rows; a message with a number that must be rounded is put back."""
        readings = _reading_columns(self.readings, self.labels)
        events = pl.DataFrame(self.events, schema=_EVENT_COLUMNS, orient="row").with_columns(
            stamp_at=_instant("stamp_text")
        )
        doubtful = pl.concat(
            [
                readings.filter(~pl.col("good")).select("row"),
                events.filter(pl.col("stamp_at").is_null()).select("row"),
            ]
        ).unique()
        readings = readings.join(doubtful, on="row", how="anti", maintain_order="left")
        events = events.join(doubtful, on="row", how="anti", maintain_order="left")
        taken = pl.concat([readings.select("row"), events.select("row")]).unique()
        rest = numbered.join(taken, on="row", how="anti", maintain_order="left").drop("row")
        return Plain(_event_rows(events, numbered), _reading_rows(readings, numbered), rest)


def _payload(text: str) -> dict[str, Any]:
    """The payload of a call, where the whole frame is exact JSON without escapes."""
    if "\\" in text or text[0] != "[" or text[-1] != "]":
        raise _NotPlainError
    if text.count("[") + text.count("{") > _DEEP:
        raise _NotPlainError
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _NotPlainError from None
    if len(frame) != 4 or type(frame[3]) is not dict or frame[0] != 2 or type(frame[0]) is not int:
        raise _NotPlainError
    payload: dict[str, Any] = frame[3]
    return payload


def _small(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**31:
        raise _NotPlainError
    return value


def _event(body: Mapping[str, Any]) -> tuple[Any, ...]:
    """The columns of `_EVENT_COLUMNS` after `row`."""
    stamp, info, evse = body.get("timestamp"), body.get("transactionInfo"), body.get("evse")
    kind, seq_no, offline = body.get("eventType"), body.get("seqNo"), body.get("offline")
    if type(stamp) is not str or not _STAMP.fullmatch(stamp):
        raise _NotPlainError
    if type(info) is not dict or type(kind) is not str or kind not in _KINDS:
        raise _NotPlainError
    transaction = info.get("transactionId")
    if type(transaction) is not str or not transaction or "reservationId" in body:
        raise _NotPlainError
    place: tuple[int | None, int | None] = (None, None)
    if evse is not None:
        if type(evse) is not dict or evse.get("id") is None:
            raise _NotPlainError
        connector = evse.get("connectorId")
        place = (_small(evse["id"]), None if connector is None else _small(connector))
    if offline is not None and type(offline) is not bool:
        raise _NotPlainError
    return (
        _KINDS[kind],
        stamp,
        *place,
        transaction,
        *_token(body.get("idToken")),
        _word(info.get("stoppedReason"), v201.REASONS),
        _word(info.get("chargingState"), v201.CHARGING_STATES),
        _word(body.get("triggerReason"), v201.TRIGGERS),
        bool(offline),
        None if seq_no is None else _small(seq_no),
    )


def _token(value: object) -> tuple[str, str]:
    if value is None:
        return "", ""
    if type(value) is not dict:
        raise _NotPlainError
    text = value.get("idToken")
    if type(text) is not str or not text or tokens.oddities(text, v201.MAX_ID_TOKEN):
        raise _NotPlainError
    return text, _word(value.get("type"), v201.TOKEN_TYPES)


def _word(value: object, known: Mapping[str, str]) -> str:
    """A word of a list in its own spelling, or nothing."""
    if value is None:
        return ""
    if type(value) is not str or known.get(value.lower()) != value:
        raise _NotPlainError
    return value


def _as_written(samples: list[tuple[Any, ...]], texts: Sequence[str]) -> list[tuple[Any, ...]]:
    """Samples with the digits of their values as they stand in the frame."""
    if len(texts) != len(samples):
        raise _NotPlainError
    found = []
    for (stamp, number, value), text in zip(samples, texts, strict=True):
        if not _NUMBER.fullmatch(text) or type(value) not in (int, float) or float(text) != value:
            raise _NotPlainError
        found.append((stamp, number, text))
    return found


_READING_COLUMNS = {
    "row": pl.UInt32,
    "carrier": pl.String,
    "position": pl.Int64,
    "evse": pl.Int64,
    "connector": pl.Int64,
    "transaction": pl.String,
    "stamp_text": pl.String,
    "label": pl.UInt32,
    "value_text": pl.String,
}
_EVENT_COLUMNS = {
    "row": pl.UInt32,
    "kind": pl.String,
    "stamp_text": pl.String,
    "evse": pl.Int64,
    "connector": pl.Int64,
    "transaction": pl.String,
    "id_token": pl.String,
    "id_token_type": pl.String,
    "reason": pl.String,
    "charging_state": pl.String,
    "trigger": pl.String,
    "offline": pl.Boolean,
    "seq_no": pl.Int64,
}


def _reading_columns(readings: list[tuple[Any, ...]], labels: Sequence[Label]) -> pl.DataFrame:
    """Readings with their labels spelled out; `good` where stamp and amount are exact."""
    rows = pl.DataFrame(readings, schema=_READING_COLUMNS, orient="row")
    words = ("measurand", "phase", "location", "context", "unit")
    spelled = pl.DataFrame(
        {
            "label": range(len(labels)),
            **{name: [getattr(one, name) for one in labels] for name in words},
            "as_wh": [_scale(one.wh) for one in labels],
            "as_watt": [_scale(one.watt) for one in labels],
        },
        schema={
            "label": pl.UInt32,
            **dict.fromkeys(words, pl.String),
            "as_wh": pl.Int64,
            "as_watt": pl.Int64,
        },
    )
    rows = rows.join(spelled, on="label", how="left", maintain_order="left")
    amount = pl.col("value_text").str.to_decimal(scale=9)
    rows = rows.with_columns(
        stamp_at=_instant("stamp_text"),
        exact_wh=amount * pl.col("as_wh"),
        exact_watt=amount * pl.col("as_watt"),
    ).with_columns(
        wh=pl.col("exact_wh").round(3).cast(ENERGY), watt=pl.col("exact_watt").round(3).cast(ENERGY)
    )
    kept = (pl.col("exact_wh") == pl.col("wh")).fill_null(value=True)
    kept &= (pl.col("exact_watt") == pl.col("watt")).fill_null(value=True)
    return rows.with_columns(good=kept & pl.col("stamp_at").is_not_null())


def _scale(power: int | None) -> int | None:
    return None if power is None else _SCALES[power]


def _instant(column: str) -> pl.Expr:
    form = "%Y-%m-%dT%H:%M:%S%.fZ"
    parsed = pl.col(column).str.to_datetime(form, time_unit="us", strict=False)
    return parsed.dt.replace_time_zone("UTC")


def _reading_rows(readings: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    head = ["row", "day", "origin", "index", "received_at", "received_ns", "station"]
    rows = readings.join(numbered.select(head), on="row", how="left", maintain_order="left")
    return rows.with_columns(
        stamp_quality=pl.lit("ok"), signed=pl.lit(""), flags=pl.lit([], dtype=FLAGS)
    ).select(READING.names())


def _event_rows(events: pl.DataFrame, numbered: pl.DataFrame) -> pl.DataFrame:
    head = [
        "row", "day", "origin", "index", "received_at", "received_ns", "station", "protocol",
        "connection", "message_id",
    ]  # fmt: skip
    rows = events.join(numbered.select(head), on="row", how="left", maintain_order="left")
    return rows.with_columns(
        stamp_quality=pl.lit("ok"),
        meter_wh=pl.lit(None, dtype=ENERGY),
        status=pl.lit(""),
        reservation=pl.lit(""),
        flags=pl.lit([], dtype=FLAGS),
    ).select(EVENT.names())
