"""Signed notes, checkpoints and proofs as C2SP has them, and our own key."""

import stat
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from warehouse.log import (
    LogReader,
    NoteInvalid,
    ProofInvalid,
    Signer,
    Verifier,
    create_key,
    load,
    load_verifier,
)
from warehouse.log import checkpoint as checkpoints
from warehouse.log.note import open_note
from warehouse.log.proof import parse, verify_proof

C2SP_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
C2SP_NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6T"
    "fXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)


def test_the_example_of_the_specification_verifies() -> None:
    verifier = Verifier.parse(C2SP_KEY)
    assert open_note(C2SP_NOTE, verifier) == "This is an example message.\n"
    assert verifier.line == C2SP_KEY


@pytest.mark.parametrize(
    "note",
    [
        C2SP_NOTE.replace("example message", "exbmple message"),
        C2SP_NOTE.replace("Uw2QOkn8", "Uw2QOkn9"),
        C2SP_NOTE.replace("\n\n", "\n"),
        C2SP_NOTE.replace("\n", "\r\n"),
        C2SP_NOTE.removesuffix("\n"),
        C2SP_NOTE.replace("—", "-"),
        C2SP_NOTE.replace("aQM=", "aQN="),
        C2SP_NOTE.replace("This", "\tThis"),
        C2SP_NOTE + "\n",
        C2SP_NOTE + "— example.com/foo\n",
        "",
        "\n\n",
        "x" * 2_000_000,
    ],
)
def test_a_note_that_is_not_the_signed_one_is_refused(note: str) -> None:
    with pytest.raises(NoteInvalid):
        open_note(note, Verifier.parse(C2SP_KEY))


def test_unknown_signatures_are_ignored_and_a_known_bad_one_fails_the_note(
    signer: Signer,
) -> None:
    other = Signer("other.example/key", b"\x01" * 32)
    note = signer.sign("text\n")
    line = other.sign("text\n").removeprefix("text\n\n")
    forged = other.sign("something else\n").partition("\n\n")[2]
    assert open_note(note + line, signer.verifier) == "text\n"
    assert open_note(note + forged, signer.verifier) == "text\n"
    assert open_note(line.join(["text\n\n", note.partition("\n\n")[2]]), signer.verifier)
    with pytest.raises(NoteInvalid, match="is wrong"):
        open_note(note + forged, signer.verifier, other.verifier)
    with pytest.raises(NoteInvalid, match="no signature by"):
        open_note(note, other.verifier)
    with pytest.raises(NoteInvalid, match="no signature by"):
        open_note(note)
    same_name = Signer("wattproof", b"\x02" * 32)
    with pytest.raises(NoteInvalid, match="no signature by"):
        open_note(note, same_name.verifier)


def test_the_text_of_a_note_may_hold_empty_lines(signer: Signer) -> None:
    assert open_note(signer.sign("one\n\ntwo\n"), signer.verifier) == "one\n\ntwo\n"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "example.com/foo",
        C2SP_KEY.replace("530d903a", "530d903b"),
        C2SP_KEY.replace("+Aeky", "+Beky"),
        C2SP_KEY.replace("example.com/foo", "example com/foo"),
        C2SP_KEY[:-4],
    ],
)
def test_a_key_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(NoteInvalid):
        Verifier.parse(line)


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made = create_key(tmp_path)
    private = tmp_path / "keys" / "log.key"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert create_key(tmp_path).verifier == made.verifier == load(tmp_path).verifier
    assert load_verifier(tmp_path) == made.verifier
    assert sorted(path.name for path in private.parent.iterdir()) == ["log.key", "log.pub"]
    private.write_text(b64encode(b"short").decode())
    with pytest.raises(NoteInvalid, match="5 bytes of key"):
        load(tmp_path)


def test_first_starts_at_the_same_moment_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        keys = {signer.verifier for signer in pool.map(create_key, [tmp_path] * 8)}
    assert len(keys) == 1


def test_a_checkpoint_reads_as_it_was_signed(signer: Signer) -> None:
    signed = checkpoints.sign("ingest-1", 4711, b"\x05" * 32, signer)
    assert signed.note.splitlines()[:2] == ["wattproof/ingest-1", "4711"]
    assert checkpoints.parse(signed.note, signer.verifier) == signed


@pytest.mark.parametrize(
    "text",
    [
        "wattproof/a\n1\n",
        "example.com/log\n1\nAAAA\n",
        "wattproof/a\n01\n" + b64encode(b"\0" * 32).decode() + "\n",
        "wattproof/a\n-1\n" + b64encode(b"\0" * 32).decode() + "\n",
        "wattproof/a\n1\n" + b64encode(b"\0" * 31).decode() + "\n",
        "wattproof/a\n1\nnot base64\n",
        "\n1\n" + b64encode(b"\0" * 32).decode() + "\n",
    ],
)
def test_a_checkpoint_that_is_none_is_refused_though_signed(signer: Signer, text: str) -> None:
    with pytest.raises(NoteInvalid):
        checkpoints.parse(signer.sign(text), signer.verifier)


def test_every_entry_of_a_log_proves_itself_offline(
    grow: Callable[..., Path], signer: Signer
) -> None:
    reader = LogReader(grow(300))
    for index in (*range(0, 300, 23), 255, 256, 299):
        text, leaf = reader.proof_text(index), reader.leaf(index)
        head = verify_proof(text, leaf, [signer.verifier])
        assert (head.origin, head.size) == ("ingest-1", 300)
        assert parse(text).index == index
        assert parse(text).extra == leaf
        assert parse(text).text == text
        with pytest.raises(ProofInvalid):
            verify_proof(text, leaf + b" ", [signer.verifier])
        with pytest.raises(ProofInvalid):
            verify_proof(
                text.replace(f"index {index}", f"index {index ^ 1}"), leaf, [signer.verifier]
            )


def test_a_bent_proof_is_refused(grow: Callable[..., Path], signer: Signer) -> None:
    reader = LogReader(grow(300))
    text, leaf = reader.proof_text(123), reader.leaf(123)
    other = Signer("wattproof", b"\x09" * 32)
    lines = text.split("\n")
    bent = [
        "",
        "c2sp.org/tlog-proof@v1",
        "c2sp.org/tlog-proof@v1\n\n",
        text.replace("@v1", "@v2"),
        text.replace("index 123", "index 0123"),
        text.replace("index 123", "index 300"),
        text.replace("extra ", "extra !"),
        text.replace("\n300\n", "\n299\n"),
        "\n".join([*lines[:3], *lines[4:]]),
        "\n".join([*lines[:4], lines[3], *lines[4:]]),
        "\n".join([*lines[:3], lines[3][:-4], *lines[4:]]),
    ]
    for each in bent:
        with pytest.raises(ProofInvalid):
            verify_proof(each, leaf, [signer.verifier])
    for keys in ([], [other.verifier]):
        with pytest.raises(ProofInvalid):
            verify_proof(text, leaf, keys)
