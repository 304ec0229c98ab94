"""A leaf is RFC 8785 canonical JSON whatever a peer calls itself, and reads back as it was."""

from base64 import b64decode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from warehouse.log.entry import (
    DIRECTIONS,
    KINDS,
    LEAF_KEYS,
    LEAF_LIMIT,
    Entry,
    commit_payload,
    decode,
    encode,
    say,
    write_leaves,
)
from warehouse.log.errors import EntryInvalid

PLAIN = Entry(
    7, 1_790_000_000_123_456_789, "message", "ocpp1.6", "in", "CP-1", "c-1", 3, 5, "", "x"
)


def canonical(entry: Entry) -> bytes:
    """The same leaf by another author's implementation of RFC 8785."""
    values = {
        "v": 1,
        "n": entry.index,
        "at": str(entry.received_ns),
        "kind": entry.kind,
        "pr": entry.protocol,
        "d": entry.direction,
        "peer": entry.peer,
        "conn": entry.connection,
        "seq": entry.counter,
        "len": entry.length,
        "k": entry.key_id,
        "c": entry.commitment,
    }
    assert sorted(values) == LEAF_KEYS
    return rfc8785.dumps(values)


@pytest.mark.parametrize(
    "peer",
    [
        "",
        "CP-0001",
        'a"b\\c/d',
        "\x00\x01\x08\x09\x0a\x0c\x0d\x1f\x7f\x80",
        "Ladesäule Größe 7",
        "充电桩",
        "\u2028\u2029\ufeff\u202e",
        "🔌⚡\U0010ffff",
        "%2F..%2F",
        "</script>",
    ],
)
def test_odd_peers_are_written_canonically(peer: str) -> None:
    entry = PLAIN._replace(peer=peer, connection=peer[::-1])
    assert encode(entry) == canonical(entry)
    assert decode(encode(entry)) == entry


@given(
    peer=st.text(max_size=60),
    connection=st.text(max_size=60),
    number=st.integers(0, 2**53 - 1),
    at=st.integers(0, 2**63 - 1),
)
def test_any_text_and_number_is_written_canonically(
    peer: str, connection: str, number: int, at: int
) -> None:
    entry = PLAIN._replace(
        peer=peer, connection=connection, index=number, counter=number, received_ns=at
    )
    assert encode(entry) == canonical(entry)
    assert decode(encode(entry)) == entry


@given(
    said=st.tuples(
        st.sampled_from(sorted(KINDS)),
        st.text(max_size=20),
        st.sampled_from(sorted(DIRECTIONS)),
        st.text(max_size=60)
        | st.sampled_from([',"len":0,"n":0', '0,"v":1}', '{"at":"0","c":"', "%d"]),
        st.text(max_size=60) | st.sampled_from([',"len":0,"n":0', "\\", '"', "%%b"]),
    ),
    numbers=st.tuples(st.integers(0, 2**53 - 1), st.integers(0, 2**63 - 1)),
    payload=st.binary(max_size=40),
)
def test_the_busy_path_writes_the_same_leaf(
    said: tuple[str, str, str, str, str], numbers: tuple[int, int], payload: bytes
) -> None:
    index, at = numbers
    salted = b"s" * 16 + payload
    (leaf,) = write_leaves([(say(*said), salted, at, index)], index)
    entry = Entry(index, at, *said, index, len(payload), "", commit_payload(salted))
    assert leaf == encode(entry) == canonical(entry)
    assert decode(leaf) == entry


@given(length=st.integers(700, 1_000), numbers=st.integers(0, 2**63 - 1))
def test_whoever_may_speak_never_says_too_much(length: int, numbers: int) -> None:
    try:
        said = say("message", peer="x" * length)
    except EntryInvalid:
        assert length > 760
        return
    (leaf,) = write_leaves([(said, bytes(16), numbers, numbers)], numbers)
    assert len(leaf) < LEAF_LIMIT


@dataclass
class Case:
    change: dict[str, object]
    says: str


@pytest.mark.parametrize(
    "case",
    [
        Case({"kind": "gossip"}, "gossip"),
        Case({"direction": "sideways"}, "sideways"),
        Case({"peer": "half a \ud800 surrogate"}, "no text"),
        Case({"peer": "x" * 1000}, "limit is 1023"),
    ],
)
def test_values_that_make_no_entry_are_refused(case: Case) -> None:
    with pytest.raises(EntryInvalid, match=case.says):
        encode(PLAIN._replace(**case.change))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"[]",
        b"7",
        b"{}",
        encode(PLAIN) + b" ",
        encode(PLAIN).replace(b'"v":1', b'"v":2'),
        encode(PLAIN).replace(b'{"at"', b'{ "at"'),
        encode(PLAIN).replace(b'"at":"17', b'"at":"017'),
        encode(PLAIN).replace(b'"n":7', b'"n":7.0'),
        encode(PLAIN).replace(b'"v":1', b'"v":1,"w":1'),
        encode(PLAIN).replace(b'"message"', b'"gossip"'),
        encode(PLAIN).replace(b'"peer":"CP-1"', b'"peer":7'),
        encode(PLAIN).replace(b"CP-1", b"\xff\xfe"),
    ],
)
def test_bytes_that_are_no_leaf_are_refused(leaf: bytes) -> None:
    with pytest.raises(EntryInvalid):
        decode(leaf)


def test_the_commitment_binds_salt_and_payload() -> None:
    salt, payload = b"s" * 16, b"the charger's own words"
    assert b64decode(commit_payload(salt + payload)) == sha256(salt + payload).digest()
    assert commit_payload(b"t" * 16 + payload) != commit_payload(salt + payload)


def test_received_at_is_utc_and_cut_to_the_microsecond() -> None:
    expected = datetime(2026, 9, 21, 14, 13, 20, 123456, UTC)
    assert PLAIN.received_at == expected
