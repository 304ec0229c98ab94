"""What the books vouch for: each run and invoice names the heads of all origins it rested on.

An origin that was cut back to an older, rightly signed checkpoint contradicts nothing within its
own folder; it contradicts the books. Needs the copied folders and the public key, nothing else.
"""

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

BOOKS = "books"
TOLD_BY = frozenset(("run.finished", "invoice.issued"))
"""Actions of the books that carry `checkpoints`: origin -> [size, root in base64]."""

Follow = Callable[[str], Callable[[int, int], None]]
"""Given an origin's name, what is to be told (entries done, entries in all) of it."""


@dataclass(slots=True)
class Told:
    """What the books tell: heads by origin, each under the first entry that tells of it."""

    heads: dict[str, dict[tuple[int, bytes], Witness]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    problems: list[Problem] = field(default_factory=list)

    def of(self, origin: str) -> list[Witness]:
        """The heads of one origin."""
        return list(self.heads.get(origin, {}).values())


def verify_all(
    folders: Sequence[Path],
    verifier: Verifier,
    *,
    older: Sequence[str] = (),
    follow: Follow = lambda _: lambda _done, _total: None,
) -> list[Verification]:
    """Verify origins, and hold each against the books that lie with or beside them.

    An origin that the books tell of and that is not in the folder of `books` is found missing.
    """
    beside = folders[0].parent / BOOKS
    told = read_books(beside) if (beside / "payload").is_dir() else Told()
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
    if beside not in folders:
        found[0] = _with(found[0], [each._replace(position=None) for each in told.problems])
    else:
        found = [_with(one, told.problems) if one.origin == BOOKS else one for one in found]
        names = {folder.name for folder in folders}
        found += [
            verify(beside.parent / origin, verifier, witnesses=told.of(origin))
            for origin in sorted(told.heads.keys() - names)
        ]
    return found


def _with(one: Verification, problems: Sequence[Problem]) -> Verification:
    return replace(one, problems=(*one.problems, *problems)) if problems else one


def read_books(folder: Path) -> Told:
    """All heads that the books in `folder` tell of.

    Whether the books themselves can be believed is for `verify` to say; those that break off are
    read as far as they go, and the place is a problem.
    """
    told = Told()
    for record in _records(folder, told):
        if record.entry.kind in ("run", "decision"):
            _take(record, told)
    return told


def _records(folder: Path, told: Told) -> Iterator[Record]:
    done = 0
    try:
        for record in LogReader(folder).records():
            yield record
            done += 1
    except LogError as error:
        message = f"the heads that the books tell of are known up to entry {done} only: {error}"
        told.problems.append(Problem(done, "books_unreadable", message))


def _take(record: Record, told: Told) -> None:
    index = record.entry.index
    try:
        said = orjson.loads(record.payload)
        action = said["action"]
        if action not in TOLD_BY:
            return
        source = f"entry {index} of books ({action}{_number(said)})"
        for origin, (size, root) in said["checkpoints"].items():
            witness = Witness(int(size), b64decode(root, validate=True), source)
            told.heads[origin].setdefault((witness.size, witness.root), witness)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"entry {index} of books tells of no heads that can be read: {error!r}"
        told.problems.append(Problem(index, "books_unreadable", message))


def _number(said: dict[str, object]) -> str:
    return f" {said['number']}" if "number" in said else ""
