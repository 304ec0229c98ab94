"""What an attacker without the key can do to a whole log folder, and what the audit says of it.

Each attack is tried on a copy, with nothing but the public key at hand.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest
import rfc8785
from typer.testing import CliRunner

from pipelines.derive import tick
from pipelines.finished import heads
from warehouse.clock import SimulatedClock
from warehouse.log import LogWriter, create_key, origins
from warehouse.log.segment import scan, write_records
from wattproof.cli import app

START_NS = 1_790_000_000_000_000_000
Attack = Callable[[Path], object]
ROLLED_BACK_TO = 30


class Network:
    """A log of two origins whose heads the books tell of, twice: a run, an invoice."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.signer = create_key(data)
        self.clock = SimulatedClock(START_NS)

    def hears(self, origin: str, count: int) -> None:
        with self.opened(origin) as log:
            for _ in range(count):
                self.clock.start_ns += 10**9
                log.append(b'[2,"%d","Heartbeat",{}]' % log.size, kind="message")

    def books(self, kind: str, **said: object) -> None:
        heads = [reader.checkpoint() for reader in origins(self.data / "log")]
        points = {one.origin: [one.size, str(one).rsplit(" ", 1)[1]] for one in heads if one}
        with self.opened("books") as log:
            log.append(orjson.dumps({"checkpoints": points} | said), kind=kind)

    def ticks(self, origin: str) -> None:
        readers = origins(self.data / "log")
        with self.opened(origin) as log:
            said = {"action": "tick", "checkpoints": heads(readers, besides=origin)}
            log.append(rfc8785.dumps(said), kind="tick")

    def opened(self, origin: str) -> LogWriter:
        folder = self.data / "log" / origin
        return LogWriter.open(folder, origin=origin, signer=self.signer, clock=self.clock)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network = Network(tmp_path_factory.mktemp("whole"))
    network.hears("operator", 3)
    network.hears("ingest-1", ROLLED_BACK_TO)
    network.books("run", action="run.finished", watermark="1")
    network.hears("ingest-1", 20)
    network.books("decision", action="invoice.issued", number="NLWPF-I2026-000001")
    network.books("decision", action="period.closed")
    return network.data


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    """The log folder and the public key, carried elsewhere."""
    shutil.copytree(whole / "log", tmp_path / "log")
    shutil.copy(whole / "keys" / "log.pub", tmp_path / "log.pub")
    return tmp_path / "log"


def audit(log: Path) -> tuple[int, list[dict[str, Any]]]:
    key = next(folder / "log.pub" for folder in log.parents if (folder / "log.pub").exists())
    words = ["audit", "verify", str(log), "--public-key", str(key), "--json"]
    result = CliRunner().invoke(app, words)
    assert "Traceback" not in result.output
    found: list[dict[str, Any]] = orjson.loads(result.stdout)
    return result.exit_code, found


def roll_back(folder: Path, size: int) -> None:
    """Put an older, rightly signed checkpoint in place and take away all that came later."""
    kept = folder / "checkpoints"
    shutil.copy(kept / str(size), folder / "checkpoint")
    for path in kept.iterdir():
        if int(path.name) > size:
            path.unlink()
    (folder / "closed").unlink()
    ends = [record.end for record in scan((folder / "payload" / "0").read_bytes())]
    os.truncate(folder / "payload" / "0", ends[size - 1])


def swap_payloads(folder: Path) -> None:
    """Exchange the salted payloads of entries 4 and 5, with checksums that fit."""
    path = folder / "payload" / "0"
    records = list(scan(path.read_bytes()))
    salted = [record.salt + record.stored for record in records]
    salted[4], salted[5] = salted[5], salted[4]
    path.write_bytes(write_records([record.leaf for record in records], salted))


def leave_a_tail(log: Path, bit: int | None) -> None:
    """Two entries that are durable and not signed; one bit of the first flipped."""
    folder = log / "ingest-1"
    path = folder / "payload" / "0"
    data = bytearray(path.read_bytes())
    size = len(data)
    *_, last = scan(bytes(data))
    for index in (50, 51):
        leaf = last.leaf.replace(b'"n":49', b'"n":%d' % index)
        salted = last.salt + last.stored
        data += write_records([leaf], [salted])
    if bit is not None:
        data[size + 200] ^= 1 << bit
    path.write_bytes(data)
    (folder / "closed").unlink()


@dataclass(frozen=True)
class Case:
    name: str
    attack: Attack
    code: str
    index: int | None
    words: str


INVOICE = "entry 1 of books (invoice.issued NLWPF-I2026-000001) vouches for 50 entries"
CASES = [
    Case(
        "rolled back",
        lambda log: roll_back(log / "ingest-1", ROLLED_BACK_TO),
        "rolled_back",
        ROLLED_BACK_TO,
        f"the log of ingest-1 ends at 30, {INVOICE}",
    ),
    Case(
        "origin deleted",
        lambda log: shutil.rmtree(log / "ingest-1"),
        "origin_missing",
        None,
        f"nothing is left of ingest-1, {INVOICE}",
    ),
    Case(
        "payloads swapped",
        lambda log: swap_payloads(log / "ingest-1"),
        "payload_altered",
        4,
        "payload 4 is not the one committed to",
    ),
    Case(
        "segment duplicated",
        lambda log: shutil.copy(log / "ingest-1/payload/0", log / "ingest-1/payload/1"),
        "tail_strange",
        50,
        "payload/1 follows payload/0, which is not full",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_attack_without_the_key_is_seen_and_told(copy: Path, case: Case) -> None:
    assert audit(copy)[0] == 0
    case.attack(copy)
    code, found = audit(copy)
    assert code == 1
    bad = {one["origin"]: one["problems"] for one in found if not one["ok"]}
    assert list(bad) == ["ingest-1"]
    first = bad["ingest-1"][0]
    assert first == {"index": case.index, "code": case.code, "message": case.words}


def test_the_origin_alone_is_held_against_the_books_beside_it(copy: Path) -> None:
    roll_back(copy / "ingest-1", ROLLED_BACK_TO)
    code, (found,) = audit(copy / "ingest-1")
    assert (code, found["first_bad_index"]) == (1, ROLLED_BACK_TO)


def test_what_is_written_on_after_a_rollback_does_not_cover_it_up(copy: Path, whole: Path) -> None:
    """The service goes on, signing in good faith, past the size that the books tell of."""
    roll_back(copy / "ingest-1", ROLLED_BACK_TO)
    shutil.copytree(whole / "keys", copy.parent / "keys")
    Network(copy.parent).hears("ingest-1", 100)
    code, found = audit(copy)
    (first, *_) = next(one["problems"] for one in found if one["origin"] == "ingest-1")
    assert (code, first["code"], first["index"]) == (1, "forked", ROLLED_BACK_TO)
    assert "an entry from 30 to 49 is not the one signed earlier" in first["message"]
    assert "entry 1 of books" in first["message"]


def test_heads_that_hold_are_counted(copy: Path) -> None:
    code, found = audit(copy)
    counted = {one["origin"]: one["told_by_origins"] for one in found}
    assert (code, counted) == (0, {"books": 1, "ingest-1": 2, "operator": 1})


@pytest.mark.parametrize(("bit", "entries"), [(None, 2), (3, 0)])
def test_what_is_not_signed_yet_is_told_and_no_problem(
    copy: Path, bit: int | None, entries: int
) -> None:
    leave_a_tail(copy, bit)
    code, found = audit(copy)
    (one,) = [one for one in found if one["origin"] == "ingest-1"]
    assert (code, one["unsigned_entries"], one["torn_bytes"] > 0) == (0, entries, bit is not None)
    words = ["audit", "verify", str(copy), "--public-key", str(copy.parent / "log.pub")]
    assert f"not signed yet: {entries} entries, then" in CliRunner().invoke(app, words).stdout


@pytest.mark.parametrize(
    "points", [{"ingest-1": [1]}, {"ingest-1": [1, "no root"]}, {"ingest-1": ["x", "AA=="]}, [], 5]
)
def test_books_that_tell_of_no_heads_are_a_problem(tmp_path: Path, points: object) -> None:
    network = Network(tmp_path)
    with network.opened("books") as log:
        said = {"action": "run.finished", "checkpoints": points}
        log.append(orjson.dumps(said), kind="run")
    shutil.copy(tmp_path / "keys" / "log.pub", tmp_path / "log.pub")
    code, (found,) = audit(tmp_path / "log")
    assert (code, found["problems"][0]["code"]) == (1, "books_unreadable")


def test_damaged_books_are_told_and_do_not_hide_the_rest(copy: Path) -> None:
    path = copy / "books" / "payload" / "0"
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    code, (alone,) = audit(copy / "ingest-1")
    assert (code, [one["code"] for one in alone["problems"]]) == (1, ["books_unreadable"])
    roll_back(copy / "ingest-1", ROLLED_BACK_TO)
    code, found = audit(copy)
    assert (code, [one["origin"] for one in found if not one["ok"]]) == (1, ["books", "ingest-1"])


@pytest.fixture
def ticked(copy: Path, whole: Path) -> Path:
    """The same log after two more ticks of an idle operator, bare ticks and a mischievous frame."""
    shutil.copytree(whole / "keys", copy.parent / "keys")
    network = Network(copy.parent)
    network.ticks("operator")
    with network.opened("ingest-1") as log:
        log.append(b'{"action":"tick"}', kind="tick")
        log.append(b'"kind":"tick","len":90,"n":3,"peer":', kind="message")
        log.append(b'"kind":"tick","len":90,"n":999999,"peer":', kind="message")
    return copy


def test_an_idle_origin_misses_the_books_that_were_deleted(ticked: Path) -> None:
    assert audit(ticked)[0] == 0
    shutil.rmtree(ticked / "books")
    code, found = audit(ticked)
    (missing,) = [one for one in found if not one["ok"]]
    assert (code, missing["origin"]) == (1, "books")
    assert missing["problems"][0] == {
        "index": None,
        "code": "origin_missing",
        "message": "nothing is left of books, entry 3 of operator (tick) vouches for 3 entries",
    }


def test_books_that_were_cut_back_are_seen_by_a_tick(ticked: Path) -> None:
    roll_back(ticked / "books", 1)
    code, found = audit(ticked)
    (cut,) = [one for one in found if not one["ok"]]
    assert (code, cut["origin"], cut["first_bad_index"]) == (1, "books", 1)
    assert "entry 3 of operator (tick) vouches for 3 entries" in cut["problems"][0]["message"]
    code, (alone,) = audit(ticked / "operator")
    assert (code, alone["problems"]) == (0, [])


def test_a_tick_that_tells_nonsense_is_a_problem_of_its_origin(tmp_path: Path) -> None:
    network = Network(tmp_path)
    with network.opened("operator") as log:
        log.append(b'{"action":"tick","checkpoints":5}', kind="tick")
    shutil.copy(tmp_path / "keys" / "log.pub", tmp_path / "log.pub")
    code, (found,) = audit(tmp_path / "log")
    assert (code, found["problems"][0]["code"]) == (1, "ticks_unreadable")


def test_derivation_lets_idle_origins_tell_of_each_other(copy: Path, whole: Path) -> None:
    shutil.copytree(whole / "keys", copy.parent / "keys")
    tick(copy.parent)
    shutil.rmtree(copy / "books")
    code, found = audit(copy)
    assert (code, [one["origin"] for one in found if not one["ok"]]) == (1, ["books"])
