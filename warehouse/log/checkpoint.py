"""Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log as a signed note."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from pathlib import Path

from warehouse.log.errors import NoteInvalid
from warehouse.log.note import Signer, Verifier, open_note, split_note

PREFIX = "wattproof/"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log at one size. `origin` is without the prefix; `note` is the signed text."""

    origin: str
    size: int
    root: bytes
    note: str

    def __str__(self) -> str:
        """Origin, size and the root in base64, on one line."""
        return f"{PREFIX}{self.origin} {self.size} {b64encode(self.root).decode('ascii')}"


def sign(origin: str, size: int, root: bytes, signer: Signer) -> Checkpoint:
    """A checkpoint with the log's own signature."""
    encoded = b64encode(root).decode("ascii")
    return Checkpoint(origin, size, root, signer.sign(f"{PREFIX}{origin}\n{size}\n{encoded}\n"))


def parse(note: str, *verifiers: Verifier) -> Checkpoint:
    """Read a checkpoint; with verifiers one of them must have signed it. Raises NoteInvalid."""
    text = open_note(note, *verifiers) if verifiers else split_note(note)[0]
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise NoteInvalid("a checkpoint says origin, size and root, each on a line")
    origin, size, encoded = lines[:3]
    if not origin.startswith(PREFIX):
        raise NoteInvalid(f"origin {origin!r} is none of Wattproof's ({PREFIX}…)")
    if not (size.isascii() and size.isdecimal()) or str(int(size)) != size:
        raise NoteInvalid(f"no tree size: {size[:40]!r}")
    try:
        root = b64decode(encoded, validate=True)
    except (Base64Error, ValueError):
        root = b""
    if len(root) != 32 or b64encode(root).decode("ascii") != encoded:
        raise NoteInvalid(f"no root hash: {encoded[:60]!r}")
    return Checkpoint(origin.removeprefix(PREFIX), int(size), root, note)


def read(path: Path, *verifiers: Verifier) -> Checkpoint:
    """The checkpoint in a file. Raises NoteInvalid, FileNotFoundError."""
    try:
        return parse(path.read_bytes().decode("utf-8"), *verifiers)
    except UnicodeDecodeError as error:
        raise NoteInvalid(f"{path} is no UTF-8 text: {error.reason}") from None
