"""What the origins vouch for: each run and invoice in the books, and the ticks of idle origins,
name the heads of the origins beside them.

An origin that was cut back to an older, rightly signed checkpoint contradicts nothing within its
own folder; it contradicts the others. Needs the copied folders and the public key, nothing else.
"""

import os
import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from warehouse.log import (
    LogError,
    LogReader,
    Problem,
    Record,
    Verification,
    Verifier,
    Witness,
    verify,
)
from warehouse.log.segment import SEGMENT, map_file, segment_path

BOOKS = "books"
TICK = "tick"
TOLD_BY = frozenset(("run.finished", "invoice.issued", TICK))
"""Actions that carry `checkpoints`: origin -> [size, root in base64]; not every tick does."""
_TICK = re.compile(rb'"kind":"tick","len":([0-9]{1,10}),"n":([0-9]{1,18}),"peer":')
_TICK_BEGINS = b'"kind":"tick","len":'
_BARE_BYTES = len(b'{"action":"tick"}')
"""A tick of this length says nothing else: those of a live service, many thousands."""

Follow = Callable[[str], Callable[[int, int], None]]
"""Given an origin's name, what is to be told (entries done, entries in all) of it."""


@dataclass(slots=True)
class Told:
    """What was told: heads by origin, each under the first entry that tells of it; and, by the
    origin that should have told, what could not be read."""

    heads: dict[str, dict[tuple[int, bytes], Witness]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    problems: dict[str, list[Problem]] = field(default_factory=lambda: defaultdict(list))

    def of(self, origin: str) -> list[Witness]:
        """The heads of one origin."""
        return list(self.heads.get(origin, {}).values())


def verify_all(
    folders: Sequence[Path],
    verifier: Verifier,
    *,
    older: Sequence[str] = (),
    whole: bool = True,
    follow: Follow = lambda _: lambda _done, _total: None,
) -> list[Verification]:
    """Verify origins, and hold each against what it and those that lie beside it tell of it.

    `whole`: `folders` are all origins of a log, so one that is told of and not there is found
    missing; so it is where `books` is among them.
    """
    log = folders[0].parent
    told = read_told(log)
    names = {folder.name for folder in folders}
    found = [
        verify(
            folder,
            verifier,
            older=older,
            witnesses=told.of(folder.name),
            progress=follow(folder.name),
        )
        for folder in folders
    ]
    found = [_with(one, told.problems.get(one.origin, ())) for one in found]
    elsewhere = [each for name, many in told.problems.items() if name not in names for each in many]
    found[0] = _with(found[0], [each._replace(position=None) for each in elsewhere])
    if whole or BOOKS in names:
        found += [
            verify(log / origin, verifier, witnesses=told.of(origin))
            for origin in sorted(told.heads.keys() - names)
        ]
    return found


def _with(one: Verification, problems: Sequence[Problem]) -> Verification:
    return replace(one, problems=(*one.problems, *problems)) if problems else one


def read_told(log: Path) -> Told:
    """All heads that the origins in `log` tell of: the books by runs and invoices, all by ticks.

    Whether an origin can be believed is for `verify` to say; one that breaks off is read as far as
    it goes, and the place is a problem.
    """
    told = Told()
    for reader in _beside(log):
        read = _of_books(reader) if reader.origin == BOOKS else _ticks(reader)
        for record in _as_far_as_it_goes(read, reader.origin, told):
            _take(record, reader.origin, told)
    return told


def _beside(log: Path) -> Iterator[LogReader]:
    """The origins in a folder; a copy may lie among folders that nobody may look into."""
    for folder in sorted(log.iterdir()):
        if os.path.isdir(folder / "payload"):  # noqa: PTH112 - Path.is_dir may be refused
            yield LogReader(folder)


def _of_books(reader: LogReader) -> Iterator[Record]:
    return (each for each in reader.records() if each.entry.kind in ("run", "decision", TICK))


def _ticks(reader: LogReader) -> Iterator[Record]:
    """The ticks that say more than that time went by, without reading what lies between them.

    The bytes sought may stand in a payload too, and whoever sent that may have put any index
    there: what is believed is the entry that stands at that index.
    """
    size, begins = reader.size, set[int]()
    for number in range(-(-size // SEGMENT)):
        path = segment_path(reader.folder, number)
        data = map_file(path) if path.exists() else b""
        at = data.find(_TICK_BEGINS)
        while at >= 0:
            found = _TICK.match(data, at)
            if found and int(found[1]) != _BARE_BYTES:
                begins.add(int(found[2]))
            at = data.find(_TICK_BEGINS, at + 1)
    for index in sorted(each for each in begins if each < size):
        record = next(reader.records(index, index + 1))
        if record.entry.kind == TICK:
            yield record


def _as_far_as_it_goes(records: Iterator[Record], origin: str, told: Told) -> Iterator[Record]:
    done = 0
    try:
        for record in records:
            yield record
            done = record.entry.index + 1
    except LogError as error:
        message = f"the heads that {origin} tells of are known up to entry {done} only: {error}"
        told.problems[origin].append(Problem(done, f"{_code(origin)}_unreadable", message))


def _take(record: Record, origin: str, told: Told) -> None:
    index = record.entry.index
    try:
        said = orjson.loads(record.payload)
        action = said["action"]
        if action not in TOLD_BY or (action == TICK and "checkpoints" not in said):
            return
        source = f"entry {index} of {origin} ({action}{_number(said)})"
        for named, (size, root) in said["checkpoints"].items():
            witness = Witness(int(size), b64decode(root, validate=True), source)
            told.heads[named].setdefault((witness.size, witness.root), witness)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"entry {index} of {origin} tells of no heads that can be read: {error!r}"
        told.problems[origin].append(Problem(index, f"{_code(origin)}_unreadable", message))


def _code(origin: str) -> str:
    return BOOKS if origin == BOOKS else "ticks"


def _number(said: dict[str, object]) -> str:
    return f" {said['number']}" if "number" in said else ""
