"""One entry of the log: its fields, its canonical bytes (the Merkle leaf) and its commitment.

The leaf never holds the payload, only `SHA-256(salt ‖ payload)`: a payload may be of any size, may
be encrypted and its key destroyed, while every proof over the leaf stays valid.
"""

from binascii import b2a_base64
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

import orjson

from warehouse.log.errors import EntryInvalid

VERSION = 1
SALT_BYTES = 16
LEAF_LIMIT = 1024
"""A leaf is shorter than this many bytes (tlog-tiles would allow 65,535)."""
KINDS = frozenset(
    ("message", "connection", "command", "operator", "decision", "run", "gap", "clock", "tick")
)
DIRECTIONS = frozenset(("", "in", "out"))
LEAF_KEYS = ["at", "c", "conn", "d", "k", "kind", "len", "n", "peer", "pr", "seq", "v"]


class Entry(NamedTuple):
    """The header of one log entry: everything the leaf says.

    `received_ns` is UTC nanoseconds since the epoch, strictly rising within an origin; `counter` is
    gapless within `connection`; `length` is that of the payload in bytes; `commitment` is base64.
    """

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody asks of an entry
    received_ns: int
    kind: str
    protocol: str
    direction: str
    peer: str
    connection: str
    counter: int
    length: int
    key_id: str
    commitment: str

    @property
    def received_at(self) -> datetime:
        """`received_ns` as a UTC-aware datetime, cut (not rounded) to the microsecond."""
        seconds, nanoseconds = divmod(self.received_ns, 1_000_000_000)
        moment = datetime.fromtimestamp(seconds, UTC)
        return moment.replace(microsecond=nanoseconds // 1000)


class Record(NamedTuple):
    """An entry with its payload, exactly the bytes as sent or received."""

    entry: Entry
    payload: bytes


def commit_payload(salted: bytes) -> str:
    """Base64 of SHA-256(salt ‖ payload): binds the payload without showing it."""
    return b2a_base64(sha256(salted).digest(), newline=False).decode("ascii")


def commitments(salted: Iterable[bytes]) -> list[str]:
    """`commit_payload` of each, in bulk."""
    return [b2a_base64(sha256(each).digest(), newline=False).decode("ascii") for each in salted]


def encode(entry: Entry) -> bytes:
    """The leaf: RFC 8785 canonical JSON, under 1 KiB.

    Keys stand in canonical order here already, and orjson writes strings and integers as RFC 8785
    demands. Raises EntryInvalid.
    """
    index, at, kind, protocol, direction, peer, connection, counter, length, key, commitment = entry
    if kind not in KINDS:
        raise EntryInvalid(f"kind {kind!r} is none of {', '.join(sorted(KINDS))}")
    if direction not in DIRECTIONS:
        raise EntryInvalid(f"direction {direction!r} is neither 'in', 'out' nor empty")
    try:
        leaf = orjson.dumps(
            {
                "at": str(at),
                "c": commitment,
                "conn": connection,
                "d": direction,
                "k": key,
                "kind": kind,
                "len": length,
                "n": index,
                "peer": peer,
                "pr": protocol,
                "seq": counter,
                "v": VERSION,
            }
        )
    except orjson.JSONEncodeError as error:
        raise EntryInvalid(f"peer {peer!r} or another field is no text: {error}") from None
    if len(leaf) >= LEAF_LIMIT:
        raise EntryInvalid(f"the entry takes {len(leaf)} bytes, the limit is {LEAF_LIMIT - 1}")
    return leaf


class Said(NamedTuple):
    """How a leaf says what the entries of one connection and direction have in common."""

    middle: bytes
    """What `encode` writes between commitment and length."""
    tail: bytes
    """What `encode` writes between index and counter."""


def say(
    kind: str, protocol: str = "", direction: str = "", peer: str = "", connection: str = ""
) -> Said:
    """Everything of an unencrypted payload's leaf but its numbers. Raises EntryInvalid.

    Within a JSON string each quote follows a backslash, so the marks cut nowhere else.
    """
    fields = (kind, protocol, direction, peer, connection)
    whole = encode(Entry(0, 0, *fields, 0, 0, "", ""))
    head, mark, rest = whole.partition(b',"len":0,"n":0')
    assert mark
    said = Said(head.removeprefix(b'{"at":"0","c":"'), rest.removesuffix(b'0,"v":1}'))
    longest = len(write_leaves([(said, _SALT, 2**63, 2**63)], 2**63)[0]) + len("1073741824")
    if longest >= LEAF_LIMIT:
        raise EntryInvalid(f"entries would take {longest} bytes, the limit is {LEAF_LIMIT - 1}")
    return said


Queued = tuple[Said, bytes, int, int]
"""What becomes an entry: what repeats, salt ‖ payload, received_ns, counter."""
_SALT = bytes(SALT_BYTES)


def write_leaves(queued: Iterable[Queued], first: int) -> list[bytes]:
    """The leaves of unencrypted payloads from index `first` on: `encode` for the busiest path."""
    return [
        b'{"at":"%d","c":"%b%b,"len":%d,"n":%d%b%d,"v":1}'
        % (
            received_ns,
            b2a_base64(sha256(salted).digest(), newline=False),
            middle,
            len(salted) - SALT_BYTES,
            index,
            tail,
            counter,
        )
        for index, ((middle, tail), salted, received_ns, counter) in enumerate(queued, first)
    ]


def decode(leaf: bytes) -> Entry:
    """The entry a leaf says. Raises EntryInvalid when it is not exactly what `encode` writes."""
    try:
        fields = orjson.loads(leaf)
        entry = Entry(
            index=fields["n"],
            received_ns=int(fields["at"]),
            kind=fields["kind"],
            protocol=fields["pr"],
            direction=fields["d"],
            peer=fields["peer"],
            connection=fields["conn"],
            counter=fields["seq"],
            length=fields["len"],
            key_id=fields["k"],
            commitment=fields["c"],
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise EntryInvalid(f"no entry: {leaf[:80]!r} ({error})") from None
    if not all(map(isinstance, entry, Entry.__annotations__.values())):
        raise EntryInvalid(f"no entry: {leaf[:80]!r} holds a value of the wrong type")
    if encode(entry) != leaf:
        raise EntryInvalid(f"entry {entry.index} is not in canonical form")
    return entry
