"""Reads a log: records, columns, proofs. Never locks, never writes, never checks signatures.

It sees what the newest checkpoint covers, so that a reader beside a living writer sees a finished
state. Whether to believe it is `verify`'s question.
"""

import heapq
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from warehouse.log import checkpoint as checkpoints
from warehouse.log import merkle
from warehouse.log.checkpoint import Checkpoint
from warehouse.log.entry import Entry, Record, decode
from warehouse.log.errors import EntryInvalid, LogDamaged, NoteInvalid
from warehouse.log.proof import Proof
from warehouse.log.segment import (
    FRAME,
    PLAIN,
    RECORD,
    SEGMENT,
    Buffer,
    RawRecord,
    map_file,
    open_payload,
    read_record,
    segment_path,
)
from warehouse.log.tiles import TileReader

if TYPE_CHECKING:
    import polars as pl

    from warehouse.log import bulk

STEP = 512
"""Records decoded at a time where no library helps: few enough to stay in the cache."""


class LogReader:
    """One origin's log in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._maps: dict[int, Buffer] = {}
        self._offsets: dict[int, list[int]] = {}

    @property
    def origin(self) -> str:
        """The origin's name, which its folder bears."""
        return self.folder.name

    @property
    def size(self) -> int:
        """Entries under the newest checkpoint; 0 where there is none yet."""
        head = self.checkpoint()
        return head.size if head else 0

    def checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint, its signature unverified. Raises LogDamaged."""
        try:
            return checkpoints.read(self.folder / "checkpoint")
        except FileNotFoundError:
            return None
        except NoteInvalid as error:
            raise LogDamaged(f"{self.folder / 'checkpoint'}: {error}") from None

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """Records with index in [start, stop), in order. Raises LogDamaged."""
        stop = self._stop(stop)
        for number in range(start // SEGMENT, -(-stop // SEGMENT)):
            first = max(start, number * SEGMENT)
            last = min(stop, (number + 1) * SEGMENT)
            offsets = self._located(number, last - number * SEGMENT)
            for index in range(first, last):
                yield self._read(number, offsets[index - number * SEGMENT], index)

    def record(self, index: int) -> Record:
        """One record. Raises LogDamaged, IndexError when the log does not reach so far."""
        size = self.size
        if not 0 <= index < size:
            raise IndexError(f"{self.origin} holds {size} entries, none with index {index}")
        return next(self.records(index, index + 1))

    def raw(self, index: int) -> RawRecord:
        """One record as it is stored, with its leaf and salt. Raises LogDamaged, IndexError."""
        self.record(index)
        number, place = divmod(index, SEGMENT)
        found = read_record(self._maps[number], self._offsets[number][place])
        assert found is not None, "it was read a moment ago"
        return found

    def last_entry(self) -> Entry | None:
        """The newest entry, or None in an empty log."""
        size = self.size
        return decode(self.leaf(size - 1, size)) if size else None

    def leaf(self, index: int, size: int | None = None) -> bytes:
        """The canonical bytes of one entry, from its bundle. Raises LogDamaged."""
        tiles = TileReader(self.folder, self.size if size is None else size)
        return tiles.leaves(index // merkle.WIDTH)[index % merkle.WIDTH]

    def columns(self, start: int = 0, stop: int | None = None) -> dict[str, list[Any]]:
        """Entries [start, stop) as lists by name, without any library; see `frame`."""
        stop = self._stop(stop)
        columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        for first in range(start, stop, STEP):
            leaves, payloads = self._slices(first, min(stop, first + STEP))
            rows = orjson.loads(b"[" + b",".join(leaves) + b"]")
            for name, values in zip(
                COLUMNS, zip(*map(LEAF_FIELDS, rows), strict=True), strict=False
            ):
                columns[name] += map(int, values) if name == "received_ns" else values
            columns["payload"] += payloads
        return columns

    def frame(self, start: int = 0, stop: int | None = None) -> "pl.DataFrame":
        """Entries [start, stop) as a frame, the fast way in bulk.

        Columns: index, received_ns (Int64), kind, protocol, direction, peer, connection (String),
        counter (Int64), payload (Binary: the exact bytes). Raises LogDamaged.
        """
        import polars as pl  # noqa: PLC0415 - heavy; ingest reads no frames

        from warehouse.log.bulk import SCHEMA  # noqa: PLC0415 - as above

        return pl.concat([pl.DataFrame(schema=SCHEMA), *self.frames(start, stop)])

    def frames(self, start: int = 0, stop: int | None = None) -> "Iterator[pl.DataFrame]":
        """What `frame` gives, a segment at a time: a day of it need not fit into memory."""
        from warehouse.log import bulk  # noqa: PLC0415 - heavy; ingest reads no frames

        stop = self._stop(stop)
        for number in range(start // SEGMENT, -(-stop // SEGMENT)):
            skipped, count = max(start - number * SEGMENT, 0), min(stop - number * SEGMENT, SEGMENT)
            if skipped >= count:
                continue
            data, bounds = self._bounds(number, count)
            first = number * SEGMENT + skipped
            found = bulk.frame(data, bounds[skipped:], first)
            if found is None:
                raise LogDamaged(f"{self.origin}: the entries from {first} on cannot be read here")
            yield found

    def _bounds(self, number: int, count: int) -> "tuple[Buffer, bulk.Offsets]":
        """A segment, and where its first `count` records begin and the last one ends."""
        import numpy as np  # noqa: PLC0415 - heavy; ingest reads no frames

        from warehouse.log import bulk  # noqa: PLC0415 - as above

        path = segment_path(self.folder, number)
        try:
            data = map_file(path)
        except FileNotFoundError:
            raise LogDamaged(f"{path} is missing") from None
        found = bulk.offsets(data, count)
        if found is None:
            begin = self._located(number, count)[:count]
            end = begin[-1] + FRAME.size + RECORD.unpack_from(data, begin[-1])[0]
            found = np.array([*begin, end])
        return data, found

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """RFC 9162 inclusion path of an entry in the tree of `size` (default: newest)."""
        size = self.size if size is None else size
        return merkle.inclusion_path(index, size, TileReader(self.folder, self.size).subtree)

    def consistency_proof(self, older: int, newer: int) -> list[bytes]:
        """RFC 9162 consistency path between two sizes of this log."""
        return merkle.consistency_path(older, newer, TileReader(self.folder, self.size).subtree)

    def proof_text(self, index: int) -> str:
        """The `.tlog-proof` of one entry under the newest checkpoint; `extra` is its leaf."""
        head = self.checkpoint()
        if head is None or not 0 <= index < head.size:
            raise IndexError(f"{self.origin} has no signed entry {index}")
        tiles = TileReader(self.folder, head.size)
        path = merkle.inclusion_path(index, head.size, tiles.subtree)
        leaf = tiles.leaves(index // merkle.WIDTH)[index % merkle.WIDTH]
        return Proof(index, tuple(path), head.note, leaf).text

    def _stop(self, stop: int | None) -> int:
        size = self.size
        return size if stop is None else min(stop, size)

    def _read(self, number: int, offset: int, index: int) -> Record:
        raw = read_record(self._maps[number], offset)
        if raw is None:
            raise LogDamaged(f"{segment_path(self.folder, number)}: entry {index} is damaged")
        entry = decode(raw.leaf)
        if entry.index != index:
            raise LogDamaged(f"{self.origin}: entry {index} was expected, {entry.index} came")
        return Record(entry, open_payload(raw.form, entry.key_id, raw.stored))

    def _slices(self, start: int, stop: int) -> tuple[list[bytes], list[bytes]]:
        """Leaves and payloads of [start, stop), without decoding either."""
        leaves: list[bytes] = []
        payloads: list[bytes] = []
        unpack, head, frame = RECORD.unpack_from, RECORD.size, FRAME.size
        for number in range(start // SEGMENT, -(-stop // SEGMENT)):
            first, last = max(start - number * SEGMENT, 0), min(stop - number * SEGMENT, SEGMENT)
            offsets = self._located(number, last)[first:last]
            data = self._maps[number]
            for offset in offsets:
                length, _, leaf_length, form, salt_length = unpack(data, offset)
                if form != PLAIN:
                    raise LogDamaged(f"payload form {form} cannot be opened here")
                leaf_at = offset + head
                leaf_end = leaf_at + leaf_length
                leaves.append(data[leaf_at:leaf_end])
                payloads.append(data[leaf_end + salt_length : offset + frame + length])
        return leaves, payloads

    def _located(self, number: int, count: int) -> list[int]:
        """The offsets of at least the first `count` records of a segment, found by hopping."""
        offsets = self._offsets.setdefault(number, [])
        if len(offsets) >= count:
            return offsets
        path = segment_path(self.folder, number)
        try:
            data = self._maps[number] = map_file(path)
        except FileNotFoundError:
            raise LogDamaged(f"{path} is missing") from None
        at, end = 0, len(data)
        if offsets:
            at = offsets[-1] + FRAME.size + RECORD.unpack_from(data, offsets[-1])[0]
        while len(offsets) < count:
            if at + RECORD.size > end:
                raise LogDamaged(f"{path} ends before entry {number * SEGMENT + len(offsets)}")
            offsets.append(at)
            at += FRAME.size + RECORD.unpack_from(data, at)[0]
        if at > end:
            raise LogDamaged(f"{path} ends within entry {number * SEGMENT + len(offsets) - 1}")
        return offsets


COLUMNS = (
    *("index", "received_ns", "kind", "protocol", "direction", "peer", "connection", "counter"),
    "payload",
)
"""Columns of the bulk path; all but the payload come from the leaf."""
LEAF_KEYS = ("n", "at", "kind", "pr", "d", "peer", "conn", "seq")
"""Where they stand in the leaf, in the same order."""
LEAF_FIELDS = itemgetter(*LEAF_KEYS)


def origins(log_folder: Path) -> list[LogReader]:
    """A reader for each origin under `<data>/log`, in order of name."""
    if not log_folder.is_dir():
        return []
    folders = sorted(path for path in log_folder.iterdir() if (path / "payload").is_dir())
    return [LogReader(folder) for folder in folders]


def watermark(readers: Sequence[LogReader]) -> int:
    """The log clock: the least `received_ns` among the origins' last entries.

    Nothing at or before it can still arrive. 0 where an origin is empty or there is none. An
    origin that came to be beside `readers` since they were listed counts as well: its writer may
    have seen the others before they were read here.
    """
    last = [reader.last_entry() for reader in readers]
    known = {reader.folder for reader in readers}
    for parent in {folder.parent for folder in known}:
        last += [one.last_entry() for one in origins(parent) if one.folder not in known]
    return min((entry.received_ns if entry else 0 for entry in last), default=0)


def newest_beside(folder: Path) -> int:
    """The greatest `received_ns` that is signed in the origins beside the one in `folder`, or 0.

    No watermark used so far lies above it, once `folder` is an origin that `origins` lists. An
    origin that is damaged is left aside: each of the others' last entries is at or above the
    watermark, so one that can be read is enough. Raises LogDamaged where none can.
    """
    found: list[int] = []
    damage: LogDamaged | EntryInvalid | None = None
    for reader in origins(folder.parent):
        if reader.origin == folder.name:
            continue
        try:
            entry = reader.last_entry()
        except (LogDamaged, EntryInvalid) as error:
            damage = error
            continue
        if entry is not None:
            found.append(entry.received_ns)
    if damage is not None and not found:
        raise LogDamaged(f"no origin beside {folder} can be read: {damage}")
    return max(found, default=0)


def merge(readers: Sequence[LogReader], until_ns: int) -> Iterator[tuple[str, Record]]:
    """(origin, record) of all logs up to and including `until_ns`, in one order.

    The order is (received_ns, origin, index). Raises LogDamaged.
    """
    streams = [_until(reader, until_ns) for reader in readers]
    return heapq.merge(
        *streams, key=lambda pair: (pair[1].entry.received_ns, pair[0], pair[1].entry.index)
    )


def _until(reader: LogReader, until_ns: int) -> Iterator[tuple[str, Record]]:
    for record in reader.records():
        if record.entry.received_ns > until_ns:
            return
        yield reader.origin, record


def merge_frame(
    readers: Sequence[LogReader], until_ns: int, *, starts: dict[str, int] | None = None
) -> "pl.DataFrame":
    """What `merge` gives, as one frame with the columns of `LogReader.frame` after `origin`.

    `starts`: the index to begin at, per origin; 0 where none is given.
    """
    import polars as pl  # noqa: PLC0415 - heavy; ingest reads no frames

    begin = starts or {}
    frames = [
        reader.frame(begin.get(reader.origin, 0)).select(
            pl.lit(reader.origin).alias("origin"), pl.all()
        )
        for reader in readers
    ]
    if not frames:
        return pl.DataFrame()
    whole = pl.concat(frames).filter(pl.col("received_ns") <= until_ns)
    return whole.sort("received_ns", "origin", "index")
