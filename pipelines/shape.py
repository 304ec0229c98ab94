"""A shape: what frames have in common that differ in nothing but numbers, stamps and names.

A shape is learned from one frame. The places where such frames differ are filled twice with values
of our own and read by the protocol's reader: what stands in its facts both times is the same for
every frame of the shape, what changed tells which place it comes from. So no rule of reading is
repeated here; only which values are beyond doubt is known, and a frame with any other is left.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from billing.finding import Source
from ingest.protocols.ocpp import tokens
from ingest.protocols.ocpp.facts import Reading, read
from ingest.protocols.ocpp.message import Message
from ingest.protocols.ocpp.samples import most_ampere
from pipelines.fact_rows import EVENT, READING, write_events, write_readings
from warehouse.lake.tables import ENERGY


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that varies: how one beyond doubt is written, and two of them by number."""

    pattern: str
    first: str
    second: str
    longest: int = 0
    """Of a token: its version's limit."""


_QUOTED = r'"([^"\\\x00-\x1f]+)"'
STAMP = Hole(
    r'"(20[1-9][0-9]-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]'
    r'(?:\.[0-9]{3})?Z)"',
    '"2031-02-03T04:{:02}:06Z"',
    '"2032-03-04T05:{:02}:07.125Z"',
)
NUMBER = Hole(r"((?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?)", "1{:02}.5", "2{:02}.250")
NUMBER_TEXT = Hole(r'"([0-9]{1,12}(?:\.[0-9]{1,6})?)"', '"1{:02}.5"', '"2{:02}.250"')
WHOLE = Hole(r"(0|[1-9][0-9]{0,8})", "10{:02}", "20{:02}")
REGISTER = Hole(r"(0|[1-9][0-9]{0,11})", "10{:02}", "20{:02}")
ISSUED = Hole(r"([1-9][0-9]{0,8})", "10{:02}", "20{:02}")
NAME = Hole(_QUOTED, '"tx-{:02}"', '"5f1c-{:02}"')
ID_TAG = Hole(_QUOTED, '"CARD{:02}"', '"TAG{:02}"', 20)
ID_TOKEN = Hole(_QUOTED, '"CARD{:02}"', '"TAG{:02}"', 36)

_STATUS = {"connectorId": WHOLE, "evseId": WHOLE, "timestamp": STAMP}
_16: Mapping[str, Mapping[str, Hole]] = {
    "MeterValues": {
        "connectorId": WHOLE, "transactionId": ISSUED, "timestamp": STAMP, "value": NUMBER_TEXT,
    },
    "StartTransaction": {
        "connectorId": WHOLE, "idTag": ID_TAG, "meterStart": REGISTER, "timestamp": STAMP,
    },
    "StopTransaction": {
        "transactionId": ISSUED, "idTag": ID_TAG, "meterStop": REGISTER, "timestamp": STAMP,
        "value": NUMBER_TEXT,
    },
    "StatusNotification": _STATUS,
    "Heartbeat": {},
}  # fmt: skip
_201: Mapping[str, Mapping[str, Hole]] = {
    "TransactionEvent": {
        "timestamp": STAMP, "transactionId": NAME, "seqNo": WHOLE, "id": WHOLE,
        "connectorId": WHOLE, "idToken": ID_TOKEN, "value": NUMBER,
    },
    "MeterValues": {"evseId": WHOLE, "timestamp": STAMP, "value": NUMBER},
    "StatusNotification": _STATUS,
    "Heartbeat": {},
}  # fmt: skip
HOLES: Mapping[tuple[str, str, int, str], Mapping[str, Hole]] = {
    **{("ocpp1.6", "in", 2, action): holes for action, holes in _16.items()},
    **{
        (protocol, "in", 2, action): holes
        for protocol in ("ocpp2.0.1", "ocpp2.1")
        for action, holes in _201.items()
    },
    ("ocpp1.6", "out", 3, ""): {"transactionId": ISSUED},
}
"""(protocol, direction, message type, action) -> which fields of such a frame may vary."""

_DEEP = 90
"""A text with fewer brackets than this is not nested too deeply."""
_LONG = 16_384
"""A longer text is no shape: all that stands between its holes goes into one pattern."""
_ID = re.compile(r'\[\s*[236]\s*,\s*"([^"\\\x00-\x1f]{1,36})"')
_ID_PATTERN = r'([^"\\\x00-\x1f]+)'
_IDS = ("first-id", "second-id")
_ENDS = re.compile(r"[\s,}\]]")
_SAID = {"day", "origin", "index", "received_at", "received_ns", "station", "protocol",
         "connection", "message_id"}  # fmt: skip
"""Columns that the message has, whatever it says."""
_FACTORS = (1, 1000)
_AT = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shape:
    """`pattern` fits every frame of the shape: its groups are the id, then `holes` in order."""

    pattern: str
    holes: tuple[Hole, ...]
    events: tuple[Mapping[str, pl.Expr], ...]
    readings: tuple[Mapping[str, pl.Expr], ...]
    """For each fact its columns, of the columns that `values` gives."""
    exact: tuple[pl.Expr, ...]
    """What must hold of those for the row to be beyond doubt."""

    def values(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows that fit, with a column for each hole; `good` where they are beyond doubt."""
        groups = rows["payload"].str.extract_groups(self.pattern).struct.unnest()
        found = rows.drop("payload").hstack(groups).filter(pl.col("1").is_not_null())
        found = found.with_columns(
            instant(_column(number)).alias(f"at{number}")
            for number, hole in enumerate(self.holes)
            if hole is STAMP
        )
        good = pl.col("1").str.len_chars() <= 36
        for number, hole in enumerate(self.holes):
            if hole is STAMP:
                good &= pl.col(f"at{number}").is_not_null()
            if hole.longest:
                good &= ~_column(number).is_in(_odd(found[str(number + 2)], hole.longest))
        for rule in self.exact:
            good &= rule
        return found.with_columns(good=good)


def _odd(texts: pl.Series, longest: int) -> list[str]:
    """The tokens among `texts` about which a reader has something to say."""
    return [text for text in texts.unique() if tokens.oddities(text, longest)]


def instant(text: pl.Expr) -> pl.Expr:
    """A stamp's text as UTC; null for a day that is in no calendar."""
    parsed = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", strict=False)
    return parsed.dt.replace_time_zone("UTC")


def learn(key: tuple[str, str, int, str], text: str) -> Shape | None:
    """The shape of a frame; None where its facts are not beyond doubt or not told by its holes."""
    found = _places(text, HOLES[key])
    if found is None:
        return None
    literals, holes = found
    both = tuple(_probe(key, literals, holes, number) for number in (0, 1))
    frames = [(write_events(facts), write_readings(facts)) for facts, _ in both]
    if any(reading.findings for _, reading in both):
        return None
    return _shape(literals, holes, frames)


def _places(text: str, holes: Mapping[str, Hole]) -> tuple[list[str], tuple[Hole, ...]] | None:
    """What stands before, between and after the id and the holes of a text, and the holes."""
    head = _ID.match(text) if len(text) <= _LONG else None
    if head is None or "\\" in text or text.count("[") + text.count("{") > _DEEP:
        return None
    literals, found = [text[: head.start(1)]], []
    last = head.end(1)
    for key in re.finditer(r'"([A-Za-z]+)"\s*:\s*', text):
        hole = holes.get(key[1])
        value = re.compile(hole.pattern).match(text, key.end()) if hole else None
        if hole is None or value is None or not _ENDS.match(text, value.end()):
            continue
        literals.append(text[last : value.start()])
        found.append(hole)
        last = value.end()
    return [*literals, text[last:]], tuple(found)


def _probe(
    key: tuple[str, str, int, str], literals: Sequence[str], holes: Sequence[Hole], which: int
) -> tuple[list[tuple[Any, int]], Reading]:
    """The facts of a frame with values of our own, each with a receive time, and its reading."""
    filled = [_IDS[which]] + [_value(hole, number, which) for number, hole in enumerate(holes)]
    text = "".join(a + b for a, b in zip(literals, [*filled, ""], strict=True))
    protocol, direction = key[:2]
    message = Message(Source("probe", 0), _AT, "S", protocol, direction, "C", "message", text)
    reading = read(message)
    return [(fact, 0) for fact in reading.facts], reading


def _value(hole: Hole, number: int, which: int) -> str:
    return (hole.second if which else hole.first).format(number)


def _shape(
    literals: Sequence[str],
    holes: tuple[Hole, ...],
    frames: Sequence[tuple[pl.DataFrame, pl.DataFrame]],
) -> Shape | None:
    (events, readings), (events_again, readings_again) = frames
    used: set[int] = set()
    exact: list[pl.Expr] = []
    facts: list[list[Mapping[str, pl.Expr]]] = []
    for once, again in ((events, events_again), (readings, readings_again)):
        if once.height != again.height or once["flags"].list.len().sum():
            return None
        facts.append([])
        for row in range(once.height):
            columns = _columns(once[row], again[row], holes, used, exact)
            if columns is None:
                return None
            facts[-1].append(columns)
    if any(facts) and len(used) < len(holes):
        return None
    patterns = [_ID_PATTERN, *(hole.pattern for hole in holes), ""]
    pattern = "".join(pl.escape_regex(a) + b for a, b in zip(literals, patterns, strict=True))
    return Shape(f"^{pattern}$", holes, tuple(facts[0]), tuple(facts[1]), tuple(exact))


def _columns(
    once: pl.DataFrame,
    again: pl.DataFrame,
    holes: Sequence[Hole],
    used: set[int],
    exact: list[pl.Expr],
) -> Mapping[str, pl.Expr] | None:
    """Where each column of one fact comes from; None where one comes from nowhere known."""
    columns: dict[str, pl.Expr] = {}
    for name in once.columns:
        if name in _SAID:
            continue
        values = once[name].item(), again[name].item()
        if once[name].equals(again[name], null_equal=True):
            columns[name] = pl.lit(once[name]).first().alias(name)
            continue
        for number, hole in enumerate(holes):
            texts = tuple(_value(hole, number, which).strip('"') for which in (0, 1))
            found = _from_hole(once.schema[name], values, texts, number)
            if found is not None:
                columns[name] = found[0].alias(name)
                exact += found[1]
                if name == "ampere":
                    exact.append(found[0] <= most_ampere(once["phase"].item()))
                used.add(number)
                break
        else:
            return None
    return columns


def _from_hole(
    dtype: pl.DataType, values: tuple[Any, ...], texts: tuple[str, ...], number: int
) -> tuple[pl.Expr, list[pl.Expr]] | None:
    """A column that holds what stands in a hole, and what must be true of it; else None."""
    column = _column(number)
    if dtype == pl.String and values == texts:
        return column, []
    if dtype == pl.Int64 and tuple(map(str, values)) == texts:
        return column.cast(pl.Int64), []
    if dtype == pl.Datetime and values == tuple(map(_read_instant, texts)):
        return pl.col(f"at{number}"), []
    if dtype.is_decimal() and all(map(_is_number, texts)):
        for factor in _FACTORS:
            if values == tuple(Decimal(text) * factor for text in texts):
                amount = column.str.to_decimal(scale=9) * factor
                rounded = amount.round(3).cast(ENERGY)
                return rounded, [(amount == rounded).fill_null(value=False)]
    return None


def _column(number: int) -> pl.Expr:
    """The text in a hole; the first group is the id."""
    return pl.col(str(number + 2))


def _read_instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9.]+", text) is not None


assert READING["wh"] == EVENT["meter_wh"] == ENERGY
