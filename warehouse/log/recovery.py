"""What a log's files hold when it is opened: after a clean close by its mark, else by reading.

The mark `closed` is believed only where it fits the files exactly, and is taken away (durably)
before anything else happens: it cannot outlive the state it describes. Without it the segment the
checkpoint ends in is read again, record by record; what is torn behind the last whole record is
set aside in `cut/`, never destroyed.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from warehouse.log import checkpoint as checkpoints
from warehouse.log import disk
from warehouse.log.checkpoint import Checkpoint
from warehouse.log.entry import Entry, decode
from warehouse.log.errors import EntryInvalid, LogDamaged, NoteInvalid
from warehouse.log.merkle import WIDTH, TileTree, leaf_hash
from warehouse.log.note import Verifier
from warehouse.log.segment import SEGMENT, map_file, read_record, segment_path
from warehouse.log.tiles import TileReader

MARK = "closed"


@dataclass(frozen=True, slots=True)
class State:
    """Where writing goes on.

    `tree` covers the entries before `tail`; `bundle` are the leaves of its unfinished entry bundle;
    `tail` are durable leaves whose tiles are (or may be) missing.
    """

    tree: TileTree
    bundle: list[bytes]
    tail: list[bytes]
    end: int
    last: Entry | None
    checkpoint: Checkpoint | None
    clean: bool
    cut_bytes: int = 0

    @property
    def size(self) -> int:
        """Entries that are durable."""
        return self.tree.size + len(self.tail)


@dataclass(slots=True)
class _Tail:
    """What reading a segment again has found so far."""

    tree: TileTree
    leaves: list[bytes] = field(default_factory=list)
    end: int = 0
    last: Entry | None = None


def recover(folder: Path, origin: str, verifier: Verifier) -> State:
    """Read the state of a log and make it whole. Raises LogDamaged, OSError.

    Called by the one writer only, under its lock.
    """
    head = _signed_head(folder, origin, verifier)
    fresh = head is None and not (folder / "payload").exists()
    for name in ("payload", "tile", "checkpoints"):
        disk.make_folder(folder / name)
    state = _closed_state(folder, head)
    mark = folder / MARK
    if mark.exists():
        mark.unlink()
        disk.sync_folder(folder)
    if fresh:
        return State(TileTree(), [], [], 0, None, None, clean=True)
    return state or _read_again(folder, head)


def write_mark(folder: Path, head: Checkpoint, end: int) -> None:
    """Say that the log was closed in this very state."""
    disk.replace(folder / MARK, _mark(head, end))


def _mark(head: Checkpoint, end: int) -> bytes:
    return orjson.dumps({"bytes": end, "note": head.note}) + b"\n"


def _signed_head(folder: Path, origin: str, verifier: Verifier) -> Checkpoint | None:
    path = folder / "checkpoint"
    if not path.exists():
        return None
    try:
        head = checkpoints.read(path, verifier)
    except NoteInvalid as error:
        raise LogDamaged(f"{path}: {error}") from None
    if head.origin != origin:
        raise LogDamaged(f"{path} is the checkpoint of {head.origin}, not of {origin}")
    return head


def _last_segment(size: int) -> int:
    """The segment the next record after a log of `size` entries may find its forerunner in."""
    return max(0, size - 1) // SEGMENT


def _closed_state(folder: Path, head: Checkpoint | None) -> State | None:
    """The state after a clean close, or None where the mark does not fit the files."""
    mark = folder / MARK
    if head is None or not mark.exists():
        return None
    number = _last_segment(head.size)
    path = segment_path(folder, number)
    end = path.stat().st_size if path.exists() else 0
    if mark.read_bytes() != _mark(head, end) or segment_path(folder, number + 1).exists():
        return None
    try:
        return _from_tiles(folder, head, end)
    except (LogDamaged, EntryInvalid):
        return None


def _from_tiles(folder: Path, head: Checkpoint, end: int) -> State:
    tiles = TileReader(folder, head.size)
    tree = tiles.tree()
    if tree.root() != head.root:
        raise LogDamaged("the tiles do not lead to the signed root")
    if head.size == 0:
        return State(tree, [], [], end, None, head, clean=True)
    leaves = tiles.leaves((head.size - 1) // WIDTH)
    if leaf_hash(leaves[-1]) != tiles.subtree(0, head.size - 1):
        raise LogDamaged("the last entry bundle is not the one in the tiles")
    bundle = leaves if head.size % WIDTH else []
    return State(tree, bundle, [], end, decode(leaves[-1]), head, clean=True)


def _read_again(folder: Path, head: Checkpoint | None) -> State:
    """Rebuild from the segment in which the checkpoint ends: its tiles are synced when it is full.

    Everything before it is taken from the tiles above (level 2 and higher), which are durable.
    """
    covered = head.size if head else 0
    number = _last_segment(covered)
    start = number * SEGMENT
    tiles = TileReader(folder, covered)
    tail = _Tail(tiles.tree(start))
    cut = 0
    while True:
        cut += _read_segment(folder, number, tail, start)
        following = segment_path(folder, number + 1)
        if not following.exists():
            break
        if start + len(tail.leaves) < (number + 1) * SEGMENT:
            whole = start + len(tail.leaves)
            raise LogDamaged(
                f"{segment_path(folder, number)} ends at entry {whole}, yet {following} exists"
            )
        number += 1
        tail.end = 0
    _check_against(head, tail)
    return State(
        tiles.tree(start), [], tail.leaves, tail.end, tail.last, head, clean=False, cut_bytes=cut
    )


def _read_segment(folder: Path, number: int, tail: _Tail, start: int) -> int:
    """Take the whole records of one segment; returns how many torn bytes were cut behind them."""
    path = segment_path(folder, number)
    if not path.exists():
        return 0
    data = map_file(path)
    record = read_record(data, 0)
    while record is not None:
        index = start + len(tail.leaves)
        entry = _decode_at(record.leaf, index, path)
        tail.leaves.append(record.leaf)
        tail.last, tail.end = entry, record.end
        record = read_record(data, tail.end) if index + 1 < (number + 1) * SEGMENT else None
    length = len(data)
    if tail.end < length:
        _set_aside(folder, start + len(tail.leaves), data[tail.end :])
    _cut(path, tail.end)
    return length - tail.end


def _decode_at(leaf: bytes, index: int, path: Path) -> Entry:
    try:
        entry = decode(leaf)
    except EntryInvalid as error:
        raise LogDamaged(f"{path}: entry {index}: {error}") from None
    if entry.index != index:
        raise LogDamaged(f"{path}: entry {index} was expected, entry {entry.index} came")
    return entry


def _set_aside(folder: Path, index: int, torn: bytes) -> None:
    """Keep the torn bytes: they were never answered, yet they are somebody's words."""
    disk.make_folder(folder / "cut")
    number = 0
    while (path := folder / "cut" / f"{index}-{number}").exists():
        number += 1
    disk.replace(path, torn)


def _cut(path: Path, end: int) -> None:
    """Cut the file to `end` and sync it: what a killed process wrote may not be on the disk yet."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, end)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    disk.sync_folder(path.parent)


def _check_against(head: Checkpoint | None, tail: _Tail) -> None:
    """The records must lead to the root that was signed."""
    if head is None:
        return
    missing = head.size - tail.tree.size
    if len(tail.leaves) < missing:
        whole = tail.tree.size + len(tail.leaves)
        raise LogDamaged(f"the checkpoint covers {head.size} entries, only {whole} are whole")
    tail.tree.extend([leaf_hash(leaf) for leaf in tail.leaves[:missing]])
    if tail.tree.root() != head.root:
        raise LogDamaged(f"the entries up to {head.size} do not lead to the signed root")
