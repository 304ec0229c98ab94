"""One segment's worth of a log, checked entry by entry; runs alone, in a process of its own.

Three voices say what an entry is: its bundle, its record in the payload segment and its hash in
the tile. The fast way compares whole bundles of 256; only where they disagree does the slow way
ask each entry who stands alone. Nothing here knows the signed root: disputes it cannot settle are
handed up.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

import orjson

from warehouse.log.entry import (
    DIRECTIONS,
    KINDS,
    LEAF_KEYS,
    LEAF_LIMIT,
    SALT_BYTES,
    VERSION,
    commit_payload,
    commitments,
    decode,
)
from warehouse.log.errors import EntryInvalid, LogDamaged
from warehouse.log.merkle import WIDTH, leaf_hash, leaf_hashes, perfect_root
from warehouse.log.segment import (
    FRAME,
    PLAIN,
    RECORD,
    SEGMENT,
    Buffer,
    map_file,
    read_record,
    segment_path,
)
from warehouse.log.tiles import ENTRIES, split_bundle, tile_path

MARKED = frozenset(("gap", "clock"))
EACH_COUNTS = ("counter_gap", "time_ran_back")
NOWHERE = b"\x00" * 32


class Problem(NamedTuple):
    """One thing that is wrong: a stable code, a sentence, and the first entry it concerns.

    `position` is the entry's index, None where the log as a whole is meant.
    """

    position: int | None
    code: str
    message: str


class Mark(NamedTuple):
    """A `gap` or `clock` entry: what the log says about its own completeness and time."""

    position: int
    received_ns: int
    kind: str
    facts: dict[str, Any]


@dataclass(slots=True)
class Stretch:
    """The findings over entries [start, stop)."""

    start: int
    stop: int
    roots: bytearray = field(default_factory=bytearray)
    """The hash of each full bundle, joined."""
    edges: dict[int, bytes] = field(default_factory=dict)
    """Leaf hashes, joined, of the bundles that were asked for and of an unfinished one."""
    problems: list[Problem] = field(default_factory=list)
    disputed: list[int] = field(default_factory=list)
    """Entries whose bundle and record agree with each other and not with the tile."""
    first_counts: dict[str, tuple[int, int]] = field(default_factory=dict)
    """What each connection counted first here, and at which entry."""
    last_counts: dict[str, int] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)
    payloads: int = 0
    sealed: int = 0
    first_ns: int = 0
    last_ns: int = 0

    def add(self, position: int, code: str, message: str) -> None:
        """Note a problem; of files that disagree the first entry in each bundle is enough."""
        if code in EACH_COUNTS:
            self.problems.append(Problem(position, code, message))
            return
        bundle = position // WIDTH
        for known in reversed(self.problems):
            if known.position is not None and known.position // WIDTH != bundle:
                break
            if known.code == code:
                return
        self.problems.append(Problem(position, code, message))


class _Bundle(NamedTuple):
    """What bundle and tile say about up to 256 entries; empty where a file cannot be used."""

    first: int
    width: int
    leaves: list[bytes]
    hashes: bytes


class _Records(NamedTuple):
    """The records of one bundle: leaves, and salt ‖ payload; fewer where one is not whole."""

    leaves: list[bytes]
    salted: list[bytes]
    end: int


def check_stretch(folder: Path, number: int, size: int, edges: Iterable[int]) -> Stretch:
    """Check the entries of segment `number` in a log of `size` entries.

    `edges`: the bundles whose leaf hashes are wanted.
    """
    start = number * SEGMENT
    stretch = Stretch(start, min(size, start + SEGMENT))
    wanted = set(edges)
    path = segment_path(folder, number)
    try:
        data: Buffer = map_file(path)
    except OSError:
        data = b""
        stretch.add(start, "segment_missing", f"payload/{number} is missing")
    at = 0
    for position in range(start // WIDTH, -(-stretch.stop // WIDTH)):
        width = min(WIDTH, stretch.stop - position * WIDTH)
        hashes = _tile(folder, position, width)
        leaves = _read_bundle(folder, stretch, position, hashes)
        bundle = _Bundle(position * WIDTH, width, leaves, hashes)
        records = _read_records(data, at, width)
        if _check_fast(stretch, bundle, records):
            at = records.end
        else:
            hashes, at = _check_slowly(stretch, bundle, data, at)
        if width == WIDTH:
            stretch.roots += perfect_root(_pieces(hashes))
        if width < WIDTH or position in wanted:
            stretch.edges[position] = hashes
    return stretch


def _pieces(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def _first_existing(folder: Path, level: int | str, position: int, width: int) -> bytes | None:
    for each in (width, WIDTH):
        try:
            return (folder / tile_path(level, position, each)).read_bytes()
        except OSError:
            continue
    return None


def _tile(folder: Path, position: int, width: int) -> bytes:
    """The stored leaf hashes of a bundle; empty where they are missing or cut short."""
    data = _first_existing(folder, 0, position, width) or b""
    return data[: 32 * width] if len(data) in (32 * width, 32 * WIDTH) else b""


def _read_bundle(folder: Path, stretch: Stretch, position: int, hashes: bytes) -> list[bytes]:
    """The leaves of a bundle; none where it is missing or does not hold as many as are due."""
    first = position * WIDTH
    width = min(WIDTH, stretch.stop - first)
    data = _first_existing(folder, ENTRIES, position, width)
    if data is None:
        stretch.add(first, "bundle_missing", f"entry bundle {position} is missing")
        return []
    try:
        leaves = split_bundle(data)
    except LogDamaged as error:
        strange = _first_strange(hashes, width, _whole_leaves(data))
        stretch.add(first + strange, "bundle_damaged", str(error))
        return []
    if len(leaves) not in (width, WIDTH):
        strange = _first_strange(hashes, width, leaves)
        message = f"entry bundle {position} holds {len(leaves)} entries where {width} are due"
        stretch.add(first + strange, "bundle_damaged", message)
        return []
    return leaves[:width]


def _whole_leaves(data: bytes) -> list[bytes]:
    """As many leaves as a damaged bundle still gives."""
    leaves: list[bytes] = []
    at = 0
    while at + 2 <= len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        leaves.append(data[at + 2 : end])
        at = end
    return leaves


def _first_strange(hashes: bytes, width: int, leaves: list[bytes]) -> int:
    """Which leaf is the first that its tile does not know."""
    for number, (leaf, known) in enumerate(zip(leaves, _pieces(hashes), strict=False)):
        if leaf_hash(leaf) != known:
            return number
    return min(len(leaves), width - 1)


def _read_records(data: Buffer, at: int, count: int) -> _Records:
    """Up to `count` whole records with plainly stored payloads from offset `at` on."""
    leaves: list[bytes] = []
    salted: list[bytes] = []
    unpack, head, frame, limit = RECORD.unpack_from, RECORD.size, FRAME.size, len(data)
    for _ in range(count):
        if at + head > limit:
            break
        length, crc, leaf_length, form, salt_length = unpack(data, at)
        end = at + frame + length
        salt_at = at + head + leaf_length
        if form or salt_length != SALT_BYTES or salt_at + SALT_BYTES > end or end > limit:
            break
        if crc32(data[at + frame : end]) != crc:
            break
        leaves.append(data[at + head : salt_at])
        salted.append(data[salt_at:end])
        at = end
    return _Records(leaves, salted, at)


LEAF_FIELDS = itemgetter(
    *("n", "c", "len", "k", "v", "at", "conn", "seq", "kind", "d", "peer", "pr")
)


def _check_fast(stretch: Stretch, bundle: _Bundle, records: _Records) -> bool:
    """Whether all three voices agree on every entry of a bundle; False asks for the slow way."""
    leaves, first, width = bundle.leaves, bundle.first, bundle.width
    if not leaves or leaves != records.leaves:
        return False
    if b"".join(leaf_hashes(leaves)) != bundle.hashes:
        return False
    joined = b"[" + b",".join(leaves) + b"]"
    try:
        rows = orjson.loads(joined)
        if orjson.dumps(rows, option=orjson.OPT_SORT_KEYS) != joined:
            return False
        columns = zip(*map(LEAF_FIELDS, rows), strict=True)
        numbers, committed, lengths, keys, versions, ats, connections, counters, *rest = columns
        kinds, directions, peers, protocols = rest
        times = list(map(int, ats))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return False
    if (
        numbers != tuple(range(first, first + width))
        or list(committed) != commitments(records.salted)
        or lengths != tuple([len(each) - SALT_BYTES for each in records.salted])
        or any(keys)
        or {*map(type, numbers), *map(type, lengths), *map(type, counters)} != {int}
        or {*map(type, connections), *map(type, peers), *map(type, protocols)} != {str}
        or list(map(str, times)) != list(ats)
        or max(map(len, leaves)) >= LEAF_LIMIT
        or {*versions} != {VERSION}
        or {*map(len, rows)} != {len(LEAF_KEYS)}
        or not KINDS.issuperset(kinds)
        or not DIRECTIONS.issuperset(directions)
    ):
        return False
    stretch.payloads += width
    _check_times(stretch, first, times)
    _check_counters(stretch, first, connections, counters)
    if not MARKED.isdisjoint(kinds):
        for number, kind in enumerate(kinds):
            if kind in MARKED:
                payload = records.salted[number][SALT_BYTES:]
                _mark(stretch, first + number, times[number], kind, payload)
    return True


def _check_times(stretch: Stretch, first: int, times: list[int]) -> None:
    if not stretch.first_ns:
        stretch.first_ns = times[0]
    previous = stretch.last_ns
    if times[0] < previous or times != sorted(times):
        for number, moment in enumerate(times):
            if moment < previous:
                stretch.add(first + number, "time_ran_back", ran_back(first + number))
            previous = moment
    stretch.last_ns = times[-1]


def ran_back(position: int) -> str:
    """The sentence of `time_ran_back`."""
    return f"entry {position} was received before the entry in front of it"


def _check_counters(
    stretch: Stretch, first: int, connections: Sequence[str], counters: Sequence[int]
) -> None:
    last = stretch.last_counts
    for number, (connection, counter) in enumerate(zip(connections, counters, strict=True)):
        if not connection:
            continue
        known = last.get(connection)
        if known is None:
            stretch.first_counts[connection] = (counter, first + number)
        elif counter != known + 1:
            message = miscounted(connection, known + 1, counter)
            stretch.add(first + number, "counter_gap", message)
        last[connection] = counter


def miscounted(connection: str, expected: int, came: int) -> str:
    """The sentence of `counter_gap`."""
    return f"connection {connection} counts {came} where {expected} was due"


def _mark(stretch: Stretch, position: int, received_ns: int, kind: str, payload: bytes) -> None:
    try:
        facts = orjson.loads(payload)
    except orjson.JSONDecodeError:
        facts = None
    if isinstance(facts, dict):
        stretch.marks.append(Mark(position, received_ns, kind, facts))
    else:
        stretch.add(position, "mark_unreadable", f"the {kind} entry {position} says nothing")


def _check_slowly(stretch: Stretch, bundle: _Bundle, data: Buffer, at: int) -> tuple[bytes, int]:
    """Ask entry by entry who is wrong; returns the leaf hashes to go on with and the offset."""
    _, width, leaves, _ = bundle
    tile, first = _pieces(bundle.hashes), bundle.first
    if not tile:
        message = f"tile 0/{first // WIDTH} is missing or has a wrong size"
        stretch.add(first, "tile_missing", message)
    hashes: list[bytes] = []
    for number in range(width):
        index = first + number
        known = tile[number] if tile else None
        bundled = leaves[number] if leaves else None
        at, record = _record_at(stretch, data, at, index, bundled)
        leaf = _settle(stretch, index, known, bundled, record[0] if record else None)
        hashes.append(leaf_hash(leaf) if leaf is not None else known or NOWHERE)
        if leaf is not None:
            _check_entry(stretch, index, leaf, record)
    return b"".join(hashes), at


_Found = tuple[bytes, bytes, int, bool]
"""A record as found: leaf, salt and payload, form, and whether it is whole."""


def _record_at(
    stretch: Stretch, data: Buffer, at: int, index: int, leaf: bytes | None
) -> tuple[int, _Found | None]:
    """The record at `at` and the offset of the next; led by the bundle's leaf past a broken frame.

    Without a record that can be trusted the reading of this segment ends.
    """
    expected = _expected_length(leaf)
    raw = read_record(data, at)
    if raw is not None and len(raw.salt) == SALT_BYTES:
        return raw.end, (raw.leaf, raw.salt + raw.stored, raw.form, True)
    if not data:
        return at, None
    if expected is None or at + expected > len(data):
        stretch.add(index, "segment_damaged", f"the payload segment breaks off at entry {index}")
        return len(data), None
    leaf_at = at + RECORD.size
    salt_at = leaf_at + len(leaf or b"")
    end = at + expected
    return end, (data[leaf_at:salt_at], data[salt_at:end], PLAIN, False)


def _expected_length(leaf: bytes | None) -> int | None:
    """How long the record of a leaf is when its payload is stored as it is."""
    if leaf is None:
        return None
    try:
        entry = decode(leaf)
    except EntryInvalid:
        return None
    if entry.key_id:
        return None
    return RECORD.size + len(leaf) + SALT_BYTES + entry.length


def _settle(
    stretch: Stretch, index: int, known: bytes | None, bundled: bytes | None, stored: bytes | None
) -> bytes | None:
    """Which of bundle and record to believe, by the tile's hash; notes who stands alone."""
    if bundled is not None and known in (None, leaf_hash(bundled)):
        if stored is not None and stored != bundled:
            stretch.add(
                index, "record_altered", f"record {index} holds another entry than was hashed"
            )
        return bundled
    if stored is not None and known is not None and leaf_hash(stored) == known:
        if bundled is not None:
            stretch.add(
                index, "entry_altered", f"entry {index} in its bundle is not what was hashed"
            )
        return stored
    if bundled is not None and stored is not None and bundled != stored:
        stretch.add(index, "entry_altered", f"entry {index}: bundle, record and tile all differ")
        return bundled
    leaf = stored if bundled is None else bundled
    if leaf is not None and known is not None:
        stretch.disputed.append(index)
    return leaf


def _check_entry(stretch: Stretch, index: int, leaf: bytes, record: _Found | None) -> None:
    try:
        entry = decode(leaf)
    except EntryInvalid as error:
        stretch.add(index, "entry_malformed", str(error))
        return
    if entry.index != index:
        stretch.add(index, "index_wrong", f"entry {entry.index} stands in the place of {index}")
    _check_times(stretch, index, [entry.received_ns])
    _check_counters(stretch, index, [entry.connection], [entry.counter])
    if record is None:
        return
    _, salted, form, whole = record
    if entry.key_id:
        stretch.sealed += 1
        return
    if form != PLAIN:
        stretch.add(index, "form_unknown", f"payload {index} is stored in the unknown form {form}")
        return
    if commit_payload(salted) != entry.commitment or len(salted) - SALT_BYTES != entry.length:
        stretch.add(index, "payload_altered", f"payload {index} is not the one committed to")
        return
    if not whole:
        stretch.add(index, "record_damaged", f"the frame of record {index} is not the one written")
    stretch.payloads += 1
    if entry.kind in MARKED:
        _mark(stretch, index, entry.received_ns, entry.kind, salted[SALT_BYTES:])
