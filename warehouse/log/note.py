"""Signed notes (C2SP signed-note): Ed25519 signatures over text, key lines, and our own key.

It refuses to know what the text says. Unknown signatures are ignored, a bad one by a known key
fails the note.
"""

import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from warehouse.log import disk
from warehouse.log.errors import NoteInvalid, StoreUnavailable

ED25519 = b"\x01"
NOTE_LIMIT = 1_000_000
SIGNATURE_LIMIT = 100
KEY_NAME = "wattproof"


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key with its name: one verifier key line of C2SP signed-note."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, line: str) -> "Verifier":
        """Read `<name>+<hex key id>+<base64 type and key>`. Raises NoteInvalid."""
        parts = line.strip().split("+", 2)
        if len(parts) != 3 or not _is_key_name(parts[0]):
            raise NoteInvalid(f"no verifier key line: {line.strip()[:80]!r}")
        material = _decode(parts[2])
        if len(material) != 33 or material[:1] != ED25519:
            raise NoteInvalid(f"{parts[0]}: only Ed25519 verifier keys (type 0x01) are understood")
        verifier = cls(parts[0], material[1:])
        if parts[1] != verifier.key_id.hex():
            raise NoteInvalid(
                f"{parts[0]}: key id {parts[1]} does not fit the key {verifier.key_id.hex()}"
            )
        return verifier

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ LF ‖ type ‖ public key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def line(self) -> str:
        """The verifier key line, without a line end."""
        material = b64encode(ED25519 + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over the note text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A private Ed25519 key with its name; it never shows the key."""

    def __init__(self, name: str, seed: bytes) -> None:
        """`seed`: the 32 bytes of RFC 8032."""
        if not _is_key_name(name):
            raise NoteInvalid(f"no key name: {name!r}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._key.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note: `text`, an empty line and one signature line. `text` ends in a line end."""
        _check_text(text)
        signature = b64encode(self.verifier.key_id + self._key.sign(text.encode())).decode("ascii")
        return f"{text}\n— {self.verifier.name} {signature}\n"


def open_note(note: str, *verifiers: Verifier) -> str:
    """The text of a note that at least one of `verifiers` signed.

    Signatures by unknown keys are ignored. Raises NoteInvalid when the note is malformed, when a
    known key's signature is wrong, or when no known key signed it (C2SP signed-note).
    """
    text, signatures = split_note(note)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signed = False
    for name, key_id, signature in signatures:
        verifier = known.get((name, key_id))
        if verifier is None:
            continue
        if not verifier.verify(text, signature):
            raise NoteInvalid(f"the signature of {name}+{key_id.hex()} is wrong")
        signed = True
    if not signed:
        wanted = ", ".join(f"{each.name}+{each.key_id.hex()}" for each in verifiers)
        raise NoteInvalid(f"no signature by {wanted or 'a known key'}")
    return text


def split_note(note: str) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text and the signatures as (name, key id, bytes), unverified. Raises NoteInvalid."""
    if len(note) > NOTE_LIMIT:
        raise NoteInvalid(f"the note has {len(note)} characters, the limit is {NOTE_LIMIT}")
    text, separator, rest = note.rpartition("\n\n")
    if not separator or not rest.endswith("\n"):
        raise NoteInvalid("a note is text, an empty line and signature lines")
    text += "\n"
    _check_text(text)
    lines = rest.removesuffix("\n").split("\n")
    if len(lines) > SIGNATURE_LIMIT:
        raise NoteInvalid(f"{len(lines)} signatures, the limit is {SIGNATURE_LIMIT}")
    return text, [_read_signature(line) for line in lines]


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—" or not _is_key_name(name):
        raise NoteInvalid(f"no signature line: {line[:80]!r}")
    signature = _decode(encoded)
    if len(signature) < 5:
        raise NoteInvalid(f"the signature of {name} is too short")
    return name, signature[:4], signature[4:]


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise NoteInvalid("the text of a note ends in a line end")
    if any(ord(character) < 0x20 and character != "\n" for character in text):
        raise NoteInvalid("a note holds no control characters")


def _is_key_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(str.isspace, name)) and name.isprintable()


def _decode(encoded: str) -> bytes:
    """Base64 in its one canonical form: no padding bits left over, no stray characters."""
    try:
        data = b64decode(encoded, validate=True)
    except (Base64Error, ValueError) as error:
        raise NoteInvalid(f"no base64: {encoded[:40]!r} ({error})") from None
    if b64encode(data).decode("ascii") != encoded:
        raise NoteInvalid(f"no canonical base64: {encoded[:40]!r}")
    return data


def create_key(data: Path) -> Signer:
    """The key of a data folder, made on first use: `keys/log.key` (0600) and `keys/log.pub`.

    An existing key is never replaced. Raises StoreUnavailable, NoteInvalid.
    """
    folder = data / "keys"
    try:
        disk.make_folder(folder)
        if not (folder / "log.key").exists():
            _put_once(folder / "log.key", b64encode(os.urandom(32)) + b"\n", 0o600)
        signer = load(data)
        if not (folder / "log.pub").exists():
            _put_once(folder / "log.pub", f"{signer.verifier.line}\n".encode(), 0o644)
    except OSError as error:
        raise StoreUnavailable(f"{folder}: {error.strerror}") from error
    return signer


def _put_once(path: Path, data: bytes, mode: int) -> None:
    """Link a fully written file into place, so that two first starts agree on one key."""
    temporary = path.with_name(f"{path.name}.{os.urandom(8).hex()}")
    disk.replace(temporary, data, mode=mode)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink()
    disk.sync_folder(path.parent)


def load(data: Path) -> Signer:
    """The signer of a data folder. Raises NoteInvalid, FileNotFoundError when it has none yet."""
    path = data / "keys" / "log.key"
    seed = _decode(path.read_text("utf-8").strip())
    if len(seed) != 32:
        raise NoteInvalid(f"{path} holds {len(seed)} bytes of key where 32 are due")
    return Signer(KEY_NAME, seed)


def load_verifier(data: Path) -> Verifier:
    """The public key of a data folder. Raises NoteInvalid, FileNotFoundError."""
    return Verifier.parse((data / "keys" / "log.pub").read_text("utf-8"))
