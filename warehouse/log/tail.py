"""What stands behind the last signed entry: durable, and vouched for by a checksum only.

A live writer signs a moment later, a crashed one when it is opened again; so neither entries there
nor a torn end is wrong. What no writer ever leaves there is.
"""

from pathlib import Path
from typing import NamedTuple

from warehouse.log.entry import decode
from warehouse.log.errors import EntryInvalid
from warehouse.log.segment import (
    FRAME,
    RECORD,
    SEGMENT,
    Buffer,
    RawRecord,
    map_file,
    read_record,
    segment_path,
)


class Tail(NamedTuple):
    """`entries` that are whole, bytes behind them that are not, and what cannot be ("": nothing).

    A bit flipped here makes the entry and all behind it torn bytes.
    """

    entries: int = 0
    torn_bytes: int = 0
    strange: str = ""


def read_tail(folder: Path, size: int) -> Tail:
    """What follows the first `size` entries of the log in `folder`."""
    number, due = size // SEGMENT, size
    while True:
        following = segment_path(folder, number + 1).exists()
        data = _mapped(folder, number)
        at = _skip(data, due % SEGMENT)
        while due < (number + 1) * SEGMENT and (record := read_record(data, at)) is not None:
            if strange := _strange(record, due, number):
                return Tail(due - size, len(data) - at, strange)
            at, due = record.end, due + 1
        if due < (number + 1) * SEGMENT or not following:
            break
        number += 1
    stray = f"payload/{number + 1} follows payload/{number}, which is not full" if following else ""
    return Tail(due - size, max(0, len(data) - at), stray)


def _mapped(folder: Path, number: int) -> Buffer:
    try:
        return map_file(segment_path(folder, number))
    except FileNotFoundError:
        return b""


def _skip(data: Buffer, count: int) -> int:
    """The offset behind the first `count` records; the end where they do not lead there."""
    at = 0
    for _ in range(count):
        if at + RECORD.size > len(data):
            return len(data)
        at += FRAME.size + RECORD.unpack_from(data, at)[0]
    return at


def _strange(record: RawRecord, due: int, number: int) -> str:
    try:
        index = decode(record.leaf).index
    except EntryInvalid as error:
        return f"payload/{number} behind the signed entries: {error}"
    if index != due:
        return f"payload/{number} holds entry {index} where entry {due} is due"
    return ""
