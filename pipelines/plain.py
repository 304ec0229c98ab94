"""Plain messages read at speed: what nearly every frame of a healthy fleet is.

A healthy fleet says the same few shapes all day. Frames of a known shape are read by columns; the
rows are those that the protocol's own reader gives. Whatever is not plain beyond doubt is left to
that reader, which forgives and flags.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from pipelines.fact_rows import EVENT, READING
from pipelines.shape import HOLES, Shape, learn

Key = tuple[str, str, int, str]

_HEAD = ["row", "day", "origin", "index", "received_at", "received_ns", "station", "protocol",
         "connection", "message_id"]  # fmt: skip
_PATIENCE = 8
"""So many frames in a row whose shapes help little, and the rest of their kind is left."""


@dataclass(frozen=True, slots=True)
class Plain:
    """Rows of `transaction_event` and `meter_reading`, and the messages that were not plain."""

    events: pl.DataFrame
    readings: pl.DataFrame
    rest: pl.DataFrame


@dataclass(slots=True)
class Shapes:
    """The shapes known so far. Which are known changes no result, only how soon it is there."""

    worth: int = 30
    """Frames below which learning a shape costs more than reading each with care."""
    known: dict[Key, list[Shape]] = field(default_factory=dict)


@dataclass(slots=True)
class _Found:
    """Facts as columns, by shape, and the rows they came from."""

    events: list[pl.DataFrame] = field(default_factory=list)
    readings: list[pl.DataFrame] = field(default_factory=list)
    taken: list[pl.Series] = field(default_factory=list)


def plain(messages: pl.DataFrame, shapes: Shapes) -> Plain:
    """Read what is plain of rows of `message`; `rest` is all else, in order."""
    numbered = messages.with_row_index("row")
    kinds = ["protocol", "direction", "message_type", "action"]
    found = _Found()
    frames = numbered.filter(pl.col("kind") == "message").select(*_HEAD, *kinds[1:], "payload")
    for key, rows in frames.partition_by(kinds, as_dict=True, maintain_order=True).items():
        if key in HOLES:
            _take_all(key, rows.select(*_HEAD, "payload"), shapes, found)
    taken = pl.concat([pl.Series("row", [], dtype=pl.UInt32), *found.taken])
    rest = numbered.filter(~pl.col("row").is_in(taken.implode())).drop("row")
    return Plain(
        pl.concat([pl.DataFrame(schema=EVENT), *found.events]),
        pl.concat([pl.DataFrame(schema=READING), *found.readings]),
        rest,
    )


def _take_all(key: Key, rows: pl.DataFrame, shapes: Shapes, found: _Found) -> None:
    """Take the frames of one kind, by shapes that are known and shapes that are learned."""
    known = shapes.known.setdefault(key, [])
    for shape in tuple(known):
        if rows.height:
            rows = _take(shape, rows, found)
    misses = 0
    while rows.height >= shapes.worth and misses < _PATIENCE:
        learned = learn(key, rows["payload"][0])
        if learned is None:
            rows = rows[1:]
            misses += 1
            continue
        before = rows.height
        rows = _take(learned, rows, found)
        if before - rows.height < shapes.worth:
            misses += 1  # not kept: what no two frames share would be tried on all to come
        else:
            known.append(learned)
            misses = 0


def _take(shape: Shape, rows: pl.DataFrame, found: _Found) -> pl.DataFrame:
    """Take the frames that have a shape; those that have not are returned."""
    values = shape.values(rows)
    good = values.filter("good")
    found.taken.append(good["row"])
    _collect(found.events, good, shape.events, EVENT)
    _collect(found.readings, good, shape.readings, READING)
    if values.height == rows.height:
        return rows.clear()
    return rows.filter(~pl.col("row").is_in(values["row"].implode()))


def _collect(
    frames: list[pl.DataFrame],
    good: pl.DataFrame,
    facts: Sequence[Mapping[str, pl.Expr]],
    schema: pl.Schema,
) -> None:
    frames += [good.select(columns.get(name, pl.col(name)) for name in schema) for columns in facts]
