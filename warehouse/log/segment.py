"""Payload segments: the write-ahead log. 65,536 records to a file, appended, synced, never changed.

A record says everything an entry needs: its leaf, its salt, its payload as stored. It is framed by
a length and a CRC-32 so that a torn tail shows; what is *true* is said by the Merkle tree, not by
the CRC. Layout, big-endian:

    u32 bytes after the CRC · u32 CRC-32 of them · u16 leaf length · u8 form · u8 salt length
    leaf · salt · stored payload

`form` says how the payload is stored: 0 as it is; compressed and encrypted forms take numbers of
their own, and the leaf's key id says with which key. The commitment is over the payload itself.
"""

import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from warehouse.log import disk
from warehouse.log.entry import LEAF_LIMIT, SALT_BYTES
from warehouse.log.errors import LogDamaged

SEGMENT = 65_536
"""Records in a segment: its subtree is one hash of tile level 2."""
PLAIN = 0
FRAME = struct.Struct(">II")
HEAD = struct.Struct(">HBB")
RECORD = struct.Struct(">IIHBB")
PAYLOAD_LIMIT = 1 << 30

Buffer = bytes | mmap.mmap
"""The bytes of a segment: slices of it are copies."""


class RawRecord(NamedTuple):
    """A record as it stands in the file; `end` is the offset just behind it."""

    leaf: bytes
    form: int
    salt: bytes
    stored: bytes
    end: int


def segment_path(folder: Path, number: int) -> Path:
    """`payload/<k>`."""
    return folder / "payload" / str(number)


HEAD_CRCS = [crc32(HEAD.pack(length, PLAIN, SALT_BYTES)) for length in range(LEAF_LIMIT)]


def write_records(leaves: Iterable[bytes], salted: Iterable[bytes]) -> bytes:
    """The records of unencrypted payloads (each salt ‖ payload), one behind the other."""
    parts: list[bytes] = []
    pack, size = RECORD.pack, HEAD.size
    for leaf, each in zip(leaves, salted, strict=True):
        length = len(leaf)
        crc = crc32(each, crc32(leaf, HEAD_CRCS[length]))
        parts += (pack(size + length + len(each), crc, length, PLAIN, SALT_BYTES), leaf, each)
    return b"".join(parts)


def read_record(data: Buffer, at: int) -> RawRecord | None:
    """The record at offset `at`, or None when it is torn, cut or damaged there."""
    if at + RECORD.size > len(data):
        return None
    length, crc, leaf_length, form, salt_length = RECORD.unpack_from(data, at)
    start, end = at + FRAME.size, at + FRAME.size + length
    leaf_at = at + RECORD.size
    salt_at = leaf_at + leaf_length
    stored_at = salt_at + salt_length
    if end > len(data) or stored_at > end or crc32(data[start:end]) != crc:
        return None
    return RawRecord(
        data[leaf_at:salt_at],
        form,
        data[salt_at:stored_at],
        data[stored_at:end],
        end,
    )


def map_file(path: Path) -> Buffer:
    """The bytes of a file as they are now, mapped, not read."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def scan(data: Buffer) -> Iterator[RawRecord]:
    """Records from the start of a segment up to the first that is torn."""
    record = read_record(data, 0)
    while record is not None:
        yield record
        record = read_record(data, record.end)


def open_payload(form: int, key_id: str, stored: bytes) -> bytes:
    """The payload as sent or received. Raises LogDamaged for a form this version cannot open."""
    if form != PLAIN or key_id:
        raise LogDamaged(f"payload form {form} with key {key_id!r} cannot be opened here")
    return stored


class SegmentAppender:
    """The open segment of a log: bytes up to `end` are durable, what follows is in doubt.

    After a failed write or sync nothing the kernel says about the tail is believed: the file is
    opened anew, cut back to `end`, and the bytes are written again.
    """

    def __init__(self, folder: Path, number: int, end: int) -> None:
        self._folder = folder
        self.number = number
        self.end = end
        self._descriptor: int | None = None

    @property
    def path(self) -> Path:
        """The file written to."""
        return segment_path(self._folder, self.number)

    def append(self, data: bytes) -> None:
        """Write and sync. On OSError nothing of it counts, and the file is cut back if it can."""
        try:
            descriptor = self._open()
            disk.write_all(descriptor, data)
            os.fdatasync(descriptor)
        except BaseException:
            self._restore()
            raise
        self.end += len(data)

    def next(self) -> None:
        """Go on in the next, empty segment."""
        self.close()
        self.number += 1
        self.end = 0

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)

    def _open(self) -> int:
        if self._descriptor is not None:
            return self._descriptor
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        descriptor = os.open(self.path, flags, 0o644)
        self._descriptor = descriptor
        if os.fstat(descriptor).st_size != self.end:
            os.ftruncate(descriptor, self.end)
        disk.sync_folder(self.path.parent)
        return descriptor

    def _restore(self) -> None:
        """Best effort now; whatever is left over is cut before the next write in any case."""
        if self._descriptor is not None:
            with suppress(OSError):
                os.ftruncate(self._descriptor, self.end)
        with suppress(OSError):
            self.close()
