"""Proofs a stranger can check offline: `.tlog-proof` text (C2SP tlog-proof).

It knows index, path and checkpoint; the leaf itself travels beside the proof, or as its `extra`,
which nothing authenticates until the leaf hash leads to the signed root.
"""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.log import checkpoint as checkpoints
from warehouse.log.checkpoint import Checkpoint
from warehouse.log.errors import NoteInvalid, ProofInvalid
from warehouse.log.merkle import leaf_hash, verify_inclusion
from warehouse.log.note import Verifier

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """An inclusion proof: where an entry stands, the path to the root, and the signed note."""

    index: int
    path: tuple[bytes, ...]
    note: str
    extra: bytes | None = None

    @property
    def text(self) -> str:
        """The content of a `.tlog-proof` file."""
        lines = [HEADER]
        if self.extra is not None:
            lines.append(f"extra {b64encode(self.extra).decode('ascii')}")
        lines.append(f"index {self.index}")
        lines += [b64encode(node).decode("ascii") for node in self.path]
        return "\n".join(lines) + "\n\n" + self.note


def parse(text: str) -> Proof:
    """Read a `.tlog-proof`; nothing in it is verified yet. Raises ProofInvalid."""
    head, separator, note = text.partition("\n\n")
    lines = head.split("\n")
    if not separator or lines.pop(0) != HEADER:
        raise ProofInvalid(f"a proof begins with {HEADER} and holds a checkpoint")
    extra = None
    if lines and lines[0].startswith("extra "):
        extra = _decode(lines.pop(0).removeprefix("extra "))
    name, _, index = lines.pop(0).partition(" ") if lines else ("", "", "")
    if name != "index" or not (index.isascii() and index.isdecimal()) or str(int(index)) != index:
        raise ProofInvalid("a proof names the index of its entry")
    path = [_decode(line) for line in lines]
    if len(path) > 63 or any(len(node) != 32 for node in path):
        raise ProofInvalid("an inclusion path holds at most 63 hashes of 32 bytes")
    return Proof(int(index), tuple(path), note, extra)


def verify_proof(text: str, leaf: bytes, verifiers: Sequence[Verifier]) -> Checkpoint:
    """The signed checkpoint that `text` proves `leaf` to be under.

    The caller compares the checkpoint's origin with the one it means. Raises ProofInvalid.
    """
    proof = parse(text)
    try:
        head = checkpoints.parse(proof.note, *verifiers)
    except NoteInvalid as error:
        raise ProofInvalid(f"the checkpoint in the proof: {error}") from None
    if not verifiers:
        raise ProofInvalid("no key to verify the checkpoint with")
    if verify_inclusion(proof.index, head.size, leaf_hash(leaf), proof.path) != head.root:
        raise ProofInvalid(f"entry {proof.index} does not lead to the signed root")
    return head


def _decode(encoded: str) -> bytes:
    try:
        data = b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        data = b""
    if b64encode(data).decode("ascii") != encoded:
        raise ProofInvalid(f"no base64: {encoded[:60]!r}")
    return data
