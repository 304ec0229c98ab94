"""A segment as columns: entries by the ten thousand, without a Python object for any of them.

The bytes are cut where the records' heads say, and a leaf's fields where its canonical form has
them. What stands otherwise than `encode` writes it without escapes is read as JSON, all alike.
Nothing is verified here.
"""

from io import BytesIO

import arro3.core
import numpy as np
import polars as pl

from warehouse.log.segment import FRAME, PLAIN, RECORD, Buffer

Offsets = np.ndarray[tuple[int], np.dtype[np.int64]]

SCHEMA = {
    "index": pl.Int64(),
    "received_ns": pl.Int64(),
    "kind": pl.String(),
    "protocol": pl.String(),
    "direction": pl.String(),
    "peer": pl.String(),
    "connection": pl.String(),
    "counter": pl.Int64(),
    "payload": pl.Binary(),
}
_KEYS = {
    "n": pl.Int64(),
    "at": pl.String(),
    "kind": pl.String(),
    "pr": pl.String(),
    "d": pl.String(),
    "peer": pl.String(),
    "conn": pl.String(),
    "seq": pl.Int64(),
}
"""Where the columns stand in the leaf, in their order."""


def offsets(data: Buffer, count: int) -> Offsets | None:
    """Where the first `count` records begin, and where the last of them ends.

    Each leaf begins with the same bytes: these are sought, and believed where every record's
    length leads to the next. None where they do not, as when a payload holds these bytes too.
    """
    mark = np.frombuffer(b'{"at', "<u4")[0]
    found = [
        np.flatnonzero(np.frombuffer(data, "<u4", (len(data) - shift) // 4, shift) == mark) * 4
        + shift
        for shift in range(min(4, len(data)))
    ]
    if not found:
        return None
    begin = np.sort(np.concatenate(found))[:count] - RECORD.size
    if len(begin) < count or begin[0] != 0:
        return None
    octets = np.frombuffer(data, np.uint8)
    ends = begin + FRAME.size + _big_endian(octets, begin, 4)
    if ends[-1] > len(data) or not np.array_equal(ends[:-1], begin[1:]):
        return None
    return np.append(begin, ends[-1])


def frame(data: Buffer, bounds: Offsets, first: int) -> pl.DataFrame | None:
    """The records between `bounds`, numbered from `first`, as columns of `SCHEMA`.

    None where a payload is not stored as it is, or a leaf is not the entry due at its place.
    """
    octets = np.frombuffer(data, np.uint8)
    heads = bounds[:-1]
    if (octets[heads + RECORD.size - 2] != PLAIN).any():
        return None
    leaves_at = heads + RECORD.size
    salts_at = leaves_at + _big_endian(octets, heads + FRAME.size, 2)
    payloads_at = salts_at + octets[heads + RECORD.size - 1]
    cuts = np.stack([leaves_at, salts_at, payloads_at, bounds[1:]], axis=1).ravel()
    cuts = np.append(cuts, cuts[-1])
    parts = arro3.core.list_array(
        arro3.core.Array.from_numpy(cuts), arro3.core.Array.from_numpy(octets)
    )
    pieces = pl.Series(parts).cast(pl.Binary)
    index = pl.Series("index", np.arange(first, first + len(heads)))
    payload = pieces.gather_every(4, 2).alias("payload")
    leaves = pieces.gather_every(4, 0).alias("leaf")
    texts = leaves.cast(pl.String)
    found = _spelled(texts, index, payload)
    return _parsed(texts, index, payload) if found is None else found


_AT, _DIGITS, _REST = 7, 19, 77
"""`{"at":"`, then the digits of any time from 2001 to 2286; all up to the commitment's end."""
_FIELDS = (
    r'^","conn":"(?<connection>[^"\\]*)","d":"(?<direction>[a-z]*)","k":"","kind":"(?<kind>[a-z]+)"'
    r',"len":(?<length>[0-9]+),"n":(?<n>[0-9]+),"peer":"(?<peer>[^"\\]*)"'
    r',"pr":"(?<protocol>[^"\\]*)","seq":(?<counter>[0-9]+),"v":1\}$'
)


def _spelled(leaves: pl.Series, index: pl.Series, payload: pl.Series) -> pl.DataFrame | None:
    """The fields of leaves without escapes, cut out; None where a leaf is written otherwise."""
    fields = leaves.str.slice(_REST).str.extract_groups(_FIELDS).struct.unnest()
    fields = fields.with_columns(
        pl.col("length", "n", "counter").cast(pl.Int64, strict=False),
        received_ns=leaves.str.slice(_AT, _DIGITS).cast(pl.Int64, strict=False),
    )
    due = (fields["n"] == index) & (fields["length"] == payload.bin.size())
    if sum(fields.null_count().row(0)) or not due.all():
        return None
    return fields.with_columns(index, payload).select(*SCHEMA)


def _parsed(leaves: pl.Series, index: pl.Series, payload: pl.Series) -> pl.DataFrame | None:
    """The fields of any leaves, read as JSON."""
    rows = leaves.str.join("\n")[0].encode()
    parsed = pl.read_ndjson(BytesIO(rows), schema=_KEYS)
    if not parsed["n"].equals(index):
        return None
    parsed.columns = list(SCHEMA)[:-1]
    return parsed.with_columns(pl.col("received_ns").cast(pl.Int64), payload)


def _big_endian(
    octets: np.ndarray[tuple[int], np.dtype[np.uint8]], at: Offsets, width: int
) -> Offsets:
    """The unsigned numbers of `width` bytes that stand at each offset."""
    value = np.zeros(len(at), np.int64)
    for position in range(width):
        value = value * 256 + octets[at + position]
    return value
