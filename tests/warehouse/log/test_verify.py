"""Every attack on a log is seen, and the first bad entry is named."""

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import orjson
import pytest

from warehouse.clock import SystemClock
from warehouse.log import LogReader, LogWriter, Signer, verify
from warehouse.log import checkpoint as checkpoints
from warehouse.log.merkle import TileTree, leaf_hash
from warehouse.log.segment import read_record, scan, segment_path, write_records
from warehouse.log.tiles import join_bundle, split_bundle, tile_path

pytestmark = pytest.mark.usefixtures("small_segments")
SIZE = 600
Grow = Callable[..., Path]
Attack = Callable[[Path], object]


@pytest.fixture
def folder(grow: Grow) -> Path:
    """600 entries in three segments, with a checkpoint kept at 300."""
    return grow(SIZE, keep_at=(300,))


def flip(path: Path, at: int, bit: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(bytes(data))


def bundle_path(folder: Path, index: int) -> Path:
    width = min(256, SIZE - index // 256 * 256)
    return folder / tile_path("entries", index // 256, width)


def edit_bundle(folder: Path, index: int, edit: Callable[[list[bytes], int], object]) -> None:
    path = bundle_path(folder, index)
    leaves = split_bundle(path.read_bytes())
    edit(leaves, index % 256)
    path.write_bytes(join_bundle(leaves))


def record_at(folder: Path, index: int) -> tuple[Path, int, int]:
    """File, first and last offset of a record."""
    path = segment_path(folder, index // 256)
    ends = [record.end for record in scan(path.read_bytes())]
    number = index % 256
    return path, ends[number - 1] if number else 0, ends[number]


def redate(leaf: bytes) -> bytes:
    fields = orjson.loads(leaf)
    fields["at"] = str(int(fields["at"]) + 1)
    return orjson.dumps(fields)


def swap(leaves: list[bytes], at: int) -> None:
    leaves[at], leaves[at + 1] = leaves[at + 1], leaves[at]


def put(leaves: list[bytes], at: int, leaf: bytes) -> None:
    leaves[at] = leaf


def exchange(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def record_of(leaf: bytes, salted: bytes) -> bytes:
    return write_records([leaf], [salted])


def edit_record(folder: Path, index: int, leaf: bytes | None, payload: bytes | None) -> None:
    """Rewrite a record with a good CRC, as somebody would who knows the format."""
    path, start, end = record_at(folder, index)
    data = path.read_bytes()
    record = read_record(data, start)
    assert record is not None
    new = record_of(leaf or record.leaf, record.salt + (payload or record.stored))
    path.write_bytes(data[:start] + new + data[end:])


def edit_both(folder: Path, index: int) -> None:
    """Re-date an entry in its bundle and in its record alike."""
    leaf = redate(LogReader(folder).leaf(index))
    edit_bundle(folder, index, lambda leaves, at: put(leaves, at, leaf))
    edit_record(folder, index, leaf, None)


def edit_everywhere(folder: Path, index: int) -> None:
    """Re-date an entry and make every tile follow; only the signature cannot be made."""
    edit_both(folder, index)
    leaves = [
        record.leaf for part in range(3) for record in scan(segment_path(folder, part).read_bytes())
    ]
    tree = TileTree()
    for level, position, hashes in tree.extend([leaf_hash(leaf) for leaf in leaves]):
        (folder / tile_path(level, position)).write_bytes(b"".join(hashes))
    for level, row in enumerate(tree.levels):
        position = (SIZE >> 8 * level) // 256
        (folder / tile_path(level, position, len(row))).write_bytes(b"".join(row))


def cut_record(folder: Path, index: int) -> None:
    path, start, end = record_at(folder, index)
    data = path.read_bytes()
    path.write_bytes(data[:start] + data[end:])


@dataclass(frozen=True)
class Case:
    name: str
    attack: Attack
    code: str
    index: int | None


KEYLESS = [
    Case("bit of an entry", lambda f: flip(bundle_path(f, 100), 100 * 190), "entry_altered", -1),
    Case(
        "entry re-dated in its bundle",
        lambda f: edit_bundle(f, 300, lambda ls, at: put(ls, at, redate(ls[at]))),
        "entry_altered",
        300,
    ),
    Case(
        "entry removed",
        lambda f: edit_bundle(f, 300, lambda ls, at: ls.pop(at)),
        "bundle_damaged",
        300,
    ),
    Case(
        "last entry removed",
        lambda f: edit_bundle(f, 599, lambda ls, at: ls.pop(at)),
        "bundle_damaged",
        599,
    ),
    Case(
        "entry inserted",
        lambda f: edit_bundle(f, 17, lambda ls, at: ls.insert(at, ls[0])),
        "bundle_damaged",
        17,
    ),
    Case("two entries swapped", lambda f: edit_bundle(f, 400, swap), "entry_altered", 400),
    Case(
        "two bundles exchanged",
        lambda f: exchange(bundle_path(f, 0), bundle_path(f, 256)),
        "entry_altered",
        0,
    ),
    Case("bundle missing", lambda f: bundle_path(f, 256).unlink(), "bundle_missing", 256),
    Case(
        "bundle cut",
        lambda f: bundle_path(f, 256).write_bytes(bundle_path(f, 256).read_bytes()[:-7]),
        "bundle_damaged",
        511,
    ),
    Case("bundle emptied", lambda f: bundle_path(f, 256).write_bytes(b""), "bundle_damaged", 256),
    Case("bit of a tile", lambda f: flip(f / tile_path(0, 1), 32 * 44 + 5), "tile_altered", 300),
    Case(
        "bit of an unfinished tile", lambda f: flip(f / tile_path(0, 2, 88), 0), "tile_altered", 512
    ),
    Case("bit of a higher tile", lambda f: flip(f / tile_path(1, 0, 2), 32), "tile_altered", 256),
    Case("tile missing", lambda f: (f / tile_path(0, 1)).unlink(), "tile_missing", 256),
    Case("higher tile missing", lambda f: (f / tile_path(1, 0, 2)).unlink(), "tile_missing", 0),
    Case(
        "tile too short",
        lambda f: (f / tile_path(0, 1)).write_bytes(b"\0" * 32),
        "tile_missing",
        256,
    ),
    Case(
        "two tiles exchanged",
        lambda f: exchange(f / tile_path(0, 0), f / tile_path(0, 1)),
        "tile_altered",
        0,
    ),
    Case(
        "payload bit",
        lambda f: flip(record_at(f, 300)[0], record_at(f, 300)[2] - 1),
        "payload_altered",
        300,
    ),
    Case(
        "payload with a good CRC",
        lambda f: edit_record(f, 300, None, b'[2,"0","Heartbeat",{}]'),
        "payload_altered",
        300,
    ),
    Case(
        "payload of another length",
        lambda f: edit_record(f, 300, None, b"x"),
        "payload_altered",
        300,
    ),
    Case(
        "CRC of a record",
        lambda f: flip(record_at(f, 300)[0], record_at(f, 300)[1] + 5),
        "record_damaged",
        300,
    ),
    Case(
        "length of a record",
        lambda f: flip(record_at(f, 300)[0], record_at(f, 300)[1] + 3),
        "record_damaged",
        300,
    ),
    Case(
        "huge length of a record",
        lambda f: flip(record_at(f, 300)[0], record_at(f, 300)[1], 6),
        "record_damaged",
        300,
    ),
    Case(
        "record's own entry re-dated",
        lambda f: edit_record(f, 300, redate(LogReader(f).leaf(300)), None),
        "record_altered",
        300,
    ),
    Case("record removed", lambda f: cut_record(f, 300), "record_altered", 300),
    Case("segment missing", lambda f: segment_path(f, 1).unlink(), "segment_missing", 256),
    Case(
        "segment cut",
        lambda f: segment_path(f, 1).write_bytes(
            segment_path(f, 1).read_bytes()[: record_at(f, 300)[1] + 9]
        ),
        "segment_damaged",
        300,
    ),
    Case(
        "two segments exchanged",
        lambda f: exchange(segment_path(f, 0), segment_path(f, 1)),
        "record_altered",
        0,
    ),
    Case("entry re-dated in bundle and record", lambda f: edit_both(f, 300), "entry_altered", 300),
    Case("entry re-dated everywhere", lambda f: edit_everywhere(f, 400), "forked", 300),
    Case(
        "entry re-dated everywhere, no checkpoint kept",
        lambda f: (edit_everywhere(f, 400), shutil.rmtree(f / "checkpoints")),
        "root_mismatch",
        0,
    ),
    Case(
        "entry re-dated everywhere below the kept checkpoint",
        lambda f: edit_everywhere(f, 40),
        "forked",
        0,
    ),
    Case(
        "bit of the checkpoint's root",
        lambda f: flip(f / "checkpoint", 30),
        "checkpoint_invalid",
        None,
    ),
    Case(
        "bit of the checkpoint's size",
        lambda f: flip(f / "checkpoint", 19),
        "checkpoint_invalid",
        None,
    ),
    Case("bit of the signature", lambda f: flip(f / "checkpoint", 110), "checkpoint_invalid", None),
    Case("checkpoint missing", lambda f: (f / "checkpoint").unlink(), "checkpoint_missing", None),
    Case(
        "bit of a kept checkpoint",
        lambda f: flip(f / "checkpoints" / "300", 30),
        "older_invalid",
        None,
    ),
    Case(
        "rolled back to the kept checkpoint",
        lambda f: shutil.copy(f / "checkpoints" / "300", f / "checkpoint"),
        "rolled_back",
        300,
    ),
]


@pytest.mark.parametrize("case", KEYLESS, ids=lambda case: case.name)
def test_an_attack_without_the_key_is_seen(folder: Path, signer: Signer, case: Case) -> None:
    assert verify(folder, signer.verifier).problems == ()
    case.attack(folder)
    result = verify(folder, signer.verifier)
    assert not result.ok
    assert result.problems[0].code == case.code, result.problems
    if case.index != -1:
        assert result.first_bad_index == case.index, result.problems
    assert all("\n" not in problem.message for problem in result.problems)


def files_under_proof(folder: Path) -> list[Path]:
    """All files but the lock, the mark, and partial tiles of sizes gone by."""
    found = [
        path for path in folder.rglob("*") if path.is_file() and path.name not in ("lock", "closed")
    ]
    partial = [path for path in found if path.parent.name.endswith(".p")]
    newest = {
        path.parent: max(partial, key=lambda p, q=path: (p.parent == q.parent, int(p.name)))
        for path in partial
    }
    return sorted(path for path in found if newest.get(path.parent, path) == path)


def test_any_bit_flipped_in_any_file_is_seen_and_located(folder: Path, signer: Signer) -> None:
    chance = random.Random(5)
    for path in files_under_proof(folder):
        whole = path.read_bytes()
        owner = owners(folder, path)
        for _ in range(12):
            at, bit = chance.randrange(len(whole)), chance.randrange(8)
            flip(path, at, bit)
            result = verify(folder, signer.verifier)
            assert not result.ok, (path, at, bit)
            assert result.first_bad_index == owner(at), (path, at, bit, result.problems)
            path.write_bytes(whole)
    assert verify(folder, signer.verifier).ok


def owners(folder: Path, path: Path) -> Callable[[int], int | None]:
    """Which entry a byte of a file belongs to; None for the checkpoints."""
    name = path.relative_to(folder).parts
    if name[0] in ("checkpoint", "checkpoints"):
        return lambda _: None
    if name[:2] == ("tile", "1"):
        return lambda at: at // 32 * 256
    number = int((name[2] if name[0] == "tile" else name[1]).removesuffix(".p"))
    if name[:2] == ("tile", "0"):
        return lambda at: number * 256 + at // 32
    if name[0] == "payload":
        ends = [record.end for record in scan(path.read_bytes())]
    else:
        lengths = [2 + len(leaf) for leaf in split_bundle(path.read_bytes())]
        ends = list(accumulate(lengths))
    return lambda at: number * 256 + sum(end <= at for end in ends)


def test_a_key_holder_who_redates_below_an_older_checkpoint_makes_a_fork(
    grow: Grow, folder: Path, signer: Signer
) -> None:
    older = checkpoints.read(folder / "checkpoints" / "300")
    forged = grow(SIZE, name="forged", shift_ns=lambda index: 1 if index == 250 else 0)
    assert verify(forged, signer.verifier).ok
    result = verify(forged, signer.verifier, older=[older.note])
    assert [(each.position, each.code) for each in result.problems] == [(0, "forked")]
    assert "from 0 to 299" in result.problems[0].message
    above = grow(SIZE, name="above", shift_ns=lambda index: 1 if index == 301 else 0)
    assert verify(above, signer.verifier, older=[older.note]).ok, "the exposure window, by design"


@pytest.mark.parametrize("change", ["altered", "removed", "swapped", "truncated"])
def test_a_key_holder_who_rewrites_history_is_seen_by_whoever_kept_a_checkpoint(
    grow: Grow, folder: Path, signer: Signer, change: str
) -> None:
    def payload(index: int) -> bytes:
        order = {"removed": index + (index >= 99), "swapped": {99: 100, 100: 99}.get(index, index)}
        number = order.get(change, index)
        return b"free of charge" if (change, index) == ("altered", 99) else b"%d" % number

    honest = grow(SIZE, name="honest", keep_at=(100, 200), payload=lambda index: b"%d" % index)
    notes = [path.read_text() for path in (honest / "checkpoints").iterdir()]
    forged = grow(150 if change == "truncated" else SIZE, name="forged", payload=payload)
    assert verify(forged, signer.verifier).ok
    result = verify(forged, signer.verifier, older=notes)
    expected = ("rolled_back", 150) if change == "truncated" else ("forked", 0)
    assert (result.problems[0].code, result.first_bad_index) == expected


def test_the_fork_is_narrowed_down_by_the_checkpoints_that_still_hold(
    grow: Grow, signer: Signer
) -> None:
    honest = grow(SIZE, name="honest", keep_at=(100, 200, 280))
    notes = [path.read_text() for path in (honest / "checkpoints").iterdir()]
    forged = grow(SIZE, name="forged", shift_ns=lambda index: 1 if index == 222 else 0)
    result = verify(forged, signer.verifier, older=notes)
    assert result.first_bad_index == 200
    assert "from 200 to 279" in result.problems[0].message
    assert result.older == 3


def test_keys_and_origins(folder: Path, signer: Signer, tmp_path: Path) -> None:
    stranger = Signer("wattproof", b"\x01" * 32)
    assert verify(folder, stranger.verifier).problems[-1].code == "checkpoint_invalid"
    note = (folder / "checkpoint").read_text()
    witness = Signer("witness.example/w1", b"\x02" * 32)
    text = note.partition("\n\n")[0] + "\n"
    (folder / "checkpoint").write_text(note + witness.sign(text).removeprefix(text + "\n"))
    assert verify(folder, signer.verifier).ok, "an unknown signature is ignored"
    other = tmp_path / "ingest-2"
    LogWriter.open(other, origin="ingest-2", signer=signer, clock=SystemClock()).close()
    shutil.copy(other / "checkpoint", folder / "checkpoint")
    result = verify(folder, signer.verifier)
    assert [(each.position, each.code) for each in result.problems] == [(None, "foreign_origin")]
    assert result.entries == SIZE, "the newest kept checkpoint is verified against instead"


def test_a_copy_under_another_name_is_verified_by_saying_its_origin(
    folder: Path, signer: Signer, tmp_path: Path
) -> None:
    copy = tmp_path / "auditor" / "a copy"
    shutil.copytree(folder, copy)
    assert verify(copy, signer.verifier).problems[0].code == "foreign_origin"
    result = verify(copy, signer.verifier, origin="ingest-1")
    assert (result.ok, result.entries, result.payloads) == (True, SIZE, SIZE)


def test_progress_is_told_in_entries(folder: Path, signer: Signer) -> None:
    told: list[tuple[int, int]] = []
    verify(folder, signer.verifier, progress=lambda done, total: told.append((done, total)))
    assert told == [(256, SIZE), (512, SIZE), (SIZE, SIZE)]


def test_a_folder_that_is_no_log(tmp_path: Path, signer: Signer) -> None:
    result = verify(tmp_path / "nothing", signer.verifier)
    assert ([each.code for each in result.problems], result.checkpoint) == (
        ["checkpoint_missing"],
        None,
    )


def test_leaves_that_are_no_entries_are_seen_though_signed(folder: Path, signer: Signer) -> None:
    """A key holder may sign anything; the schema is checked all the same."""
    odd = [b'{"v":1}', b"not json", LogReader(folder).leaf(3)]
    data = b"".join(record_of(leaf, b"s" * 16) for leaf in odd)
    segment_path(folder, 0).write_bytes(data)
    tree = TileTree()
    tree.extend([leaf_hash(leaf) for leaf in odd])
    shutil.rmtree(folder / "checkpoints")
    path = folder / tile_path(0, 0, 3)
    path.parent.mkdir()
    path.write_bytes(b"".join(tree.levels[0]))
    bundle = folder / tile_path("entries", 0, 3)
    bundle.parent.mkdir()
    bundle.write_bytes(join_bundle(odd))
    head = checkpoints.sign("ingest-1", 3, tree.root(), signer)
    (folder / "checkpoint").write_text(head.note)
    codes = [(each.position, each.code) for each in verify(folder, signer.verifier).problems]
    assert (0, "entry_malformed") in codes
    assert (2, "index_wrong") in codes
