"""Verifies a log offline: only the folder and the public key, nothing of the running system.

Everything is derived again from the entries — hashes, tiles, roots — and held against what is
stored and what was signed, now and in every older checkpoint. It says what is wrong and where the
first bad entry is; it repairs nothing.
"""

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from warehouse.log import checkpoint as checkpoints
from warehouse.log.checkpoint import Checkpoint
from warehouse.log.errors import NoteInvalid
from warehouse.log.merkle import WIDTH, Frontier, TileTree
from warehouse.log.note import Verifier
from warehouse.log.segment import SEGMENT
from warehouse.log.stretch import Mark, Problem, Stretch, check_stretch, miscounted, ran_back
from warehouse.log.tail import Tail, read_tail
from warehouse.log.tiles import tile_path, tile_width

PARALLEL_FROM = 4 * SEGMENT
"""Below this many entries a second process costs more than it saves."""

Progress = Callable[[int, int], None]


class Witness(NamedTuple):
    """A head of an origin as somebody saw it: `source` says who, as in "entry 7 of books"."""

    size: int
    root: bytes
    source: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The result: no problems means that every entry is the one that was signed.

    `problems`: first bad entry first, those about the log as a whole last. `entries` and `payloads`
    count what was checked, `sealed` the payloads whose key is not at hand; `older` how many older
    checkpoints the log was found to extend, `witnessed` how many heads that were told of elsewhere.
    `tail` is what stands behind the signed entries: durable, proven by nothing yet.
    """

    origin: str
    checkpoint: Checkpoint | None
    problems: tuple[Problem, ...]
    entries: int = 0
    payloads: int = 0
    sealed: int = 0
    older: int = 0
    gaps: tuple[Mark, ...] = ()
    clocks: tuple[Mark, ...] = ()
    witnessed: int = 0
    tail: Tail = Tail()  # noqa: RUF009 - a tuple

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    @property
    def first_bad_index(self) -> int | None:
        """The first entry that is wrong, or None."""
        return self.problems[0].position if self.problems else None


@dataclass(slots=True)
class _Case:
    """What is being verified, and what was found."""

    folder: Path
    origin: str
    verifier: Verifier
    problems: list[Problem] = field(default_factory=list)
    disputed: list[int] = field(default_factory=list)

    def add(self, position: int | None, code: str, message: str) -> None:
        self.problems.append(Problem(position, code, message))


def verify(
    folder: Path,
    verifier: Verifier,
    *,
    older: Iterable[str] = (),
    witnesses: Iterable[Witness] = (),
    progress: Progress | None = None,
    origin: str | None = None,
    workers: int | None = None,
) -> Verification:
    """Check every entry, payload, tile, root, signature and counter of one log.

    `older`: notes of checkpoints seen earlier (those of other origins are left aside); the copies
    in `checkpoints/` are always taken. `witnesses`: heads that other logs tell of; the entries must
    lead to each. `origin` defaults to the folder's name. `progress` is told (entries done, entries
    in all). `workers`: processes to use; by default one for a small log,
    else one per core.
    """
    case = _Case(folder, origin or folder.name, verifier)
    noted = _older_checkpoints(case, older)
    head = _signed_head(case)
    if head is None:
        head = max((each for each, _ in noted), key=lambda each: each.size, default=None)
    told = list(witnesses)
    if head is None:
        _nothing_left(case, told)
        return Verification(case.origin, None, tuple(case.problems))
    signed = [Witness(each.size, each.root, name) for each, name in noted]
    ancient = _not_rolled_back(case, head, [*signed, *told])
    roots, total = _check_entries(case, head, ancient, progress, workers)
    upheld = _check_roots(case, head, ancient, roots)
    tail = read_tail(folder, head.size)
    if tail.strange:
        case.add(head.size + tail.entries, "tail_strange", tail.strange)
    case.problems.sort(key=_by_position)
    return Verification(
        case.origin,
        head,
        tuple(case.problems),
        head.size,
        total.payloads,
        total.sealed,
        len(upheld.intersection(signed)),
        tuple(mark for mark in total.marks if mark.kind == "gap"),
        tuple(mark for mark in total.marks if mark.kind == "clock"),
        len(upheld.intersection(told)),
        tail,
    )


def _by_position(problem: Problem) -> tuple[bool, int]:
    return (problem.position is None, problem.position or 0)


def _signed_head(case: _Case) -> Checkpoint | None:
    """The newest checkpoint, or None (with a problem noted) where it cannot be believed."""
    try:
        head = checkpoints.read(case.folder / "checkpoint", case.verifier)
    except FileNotFoundError:
        case.add(None, "checkpoint_missing", f"{case.folder / 'checkpoint'} is missing")
        return None
    except NoteInvalid as error:
        case.add(None, "checkpoint_invalid", f"the checkpoint: {error}")
        return None
    if head.origin != case.origin:
        message = f"the checkpoint is one of {head.origin}, not of {case.origin}"
        case.add(None, "foreign_origin", message)
        return None
    return head


def _nothing_left(case: _Case, told: list[Witness]) -> None:
    """Say what should be there, where not even a checkpoint is."""
    if told:
        most = max(told, key=lambda each: each.size)
        message = f"nothing is left of {case.origin}, {most.source} vouches for {most.size} entries"
        case.problems.insert(0, Problem(None, "origin_missing", message))


def _older_checkpoints(case: _Case, older: Iterable[str]) -> list[tuple[Checkpoint, str]]:
    """All older checkpoints of this origin with a good signature, and where each was."""
    found: list[tuple[Checkpoint, str]] = []
    for name, note in _notes(case.folder, older):
        try:
            each = checkpoints.parse(note, case.verifier)
        except NoteInvalid as error:
            case.add(None, "older_invalid", f"{name}: {error}")
            continue
        if each.origin == case.origin:
            found.append((each, name))
        elif name.startswith("checkpoints/"):
            case.add(None, "foreign_origin", f"{name} is one of {each.origin}")
    return found


def _notes(folder: Path, older: Iterable[str]) -> Iterator[tuple[str, str]]:
    for number, note in enumerate(older):
        yield f"older checkpoint {number + 1}", note
    kept = folder / "checkpoints"
    if kept.is_dir():
        for path in sorted(kept.iterdir()):
            if path.suffix != ".tmp":
                yield f"checkpoints/{path.name}", path.read_bytes().decode("utf-8", "replace")


def _not_rolled_back(case: _Case, head: Checkpoint, noted: list[Witness]) -> list[Witness]:
    """Older heads in order of size; one beyond the newest shows that the log was cut."""
    beyond = [each for each in noted if each.size > head.size]
    if beyond:
        most = max(beyond, key=lambda each: each.size)
        message = (
            f"the log of {case.origin} ends at {head.size}, "
            f"{most.source} vouches for {most.size} entries"
        )
        case.add(head.size, "rolled_back", message)
    return sorted((each for each in noted if each.size <= head.size), key=lambda each: each.size)


@dataclass(slots=True)
class _Total:
    """What was counted over all stretches."""

    payloads: int = 0
    sealed: int = 0
    last_ns: int = 0
    marks: list[Mark] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)


def _check_entries(
    case: _Case,
    head: Checkpoint,
    ancient: list[Witness],
    progress: Progress | None,
    workers: int | None,
) -> tuple[dict[int, bytes], _Total]:
    """Check all stretches; returns the roots that follow from the entries, by size."""
    sizes = sorted({head.size, *(each.size for each in ancient)})
    edges = {size // WIDTH for size in sizes if size % WIDTH}
    total, roots = _Total(), {0: Frontier().root()}
    frontier, tree = Frontier(), TileTree()
    for stretch in _stretches(case.folder, head.size, edges, workers):
        _take(case, stretch, total)
        roots |= _roots_within(stretch, frontier, [s for s in sizes if s > stretch.start])
        filled = tree.extend(_pieces(bytes(stretch.roots)), level=1)
        for level, position, hashes in filled:
            _check_tile(case, level, position, b"".join(hashes), head.size)
        if progress is not None:
            progress(stretch.stop, head.size)
    for level, row in enumerate(tree.levels):
        if row:
            position = (head.size >> (8 * level)) // WIDTH
            _check_tile(case, level, position, b"".join(row), head.size)
    return roots, total


def _stretches(folder: Path, size: int, edges: set[int], workers: int | None) -> Iterator[Stretch]:
    """The stretches in order, checked by several processes where it pays."""
    count = -(-size // SEGMENT)
    if workers is None:
        workers = (os.cpu_count() or 1) if size >= PARALLEL_FROM else 1
    if workers < 2 or count < 2:
        for number in range(count):
            yield check_stretch(folder, number, size, edges)
        return
    context = multiprocessing.get_context("spawn")
    processes = min(workers, count)
    with ProcessPoolExecutor(processes, mp_context=context, initializer=gc.disable) as pool:
        yield from pool.map(
            check_stretch,
            [folder] * count,
            range(count),
            [size] * count,
            [_within(edges, number) for number in range(count)],
        )


def _within(edges: set[int], number: int) -> list[int]:
    per_segment = SEGMENT // WIDTH
    return [edge for edge in edges if edge // per_segment == number]


def _take(case: _Case, stretch: Stretch, total: _Total) -> None:
    """Add one stretch to the whole, and check what spans the border to the one before."""
    case.problems += stretch.problems
    case.disputed += stretch.disputed
    total.payloads += stretch.payloads
    total.sealed += stretch.sealed
    total.marks += stretch.marks
    if stretch.first_ns < total.last_ns and stretch.first_ns:
        case.add(stretch.start, "time_ran_back", ran_back(stretch.start))
    total.last_ns = max(total.last_ns, stretch.last_ns)
    for connection, (counter, position) in stretch.first_counts.items():
        last = total.counted.get(connection)
        if counter not in ((0, 1) if last is None else (last + 1,)):
            message = miscounted(connection, 0 if last is None else last + 1, counter)
            case.add(position, "counter_gap", message)
    total.counted |= stretch.last_counts


def _pieces(hashes: bytes) -> list[bytes]:
    return [hashes[at : at + 32] for at in range(0, len(hashes), 32)]


def _roots_within(stretch: Stretch, frontier: Frontier, sizes: list[int]) -> dict[int, bytes]:
    """Grow the frontier over one stretch; the roots at those of `sizes` that lie in it."""
    roots: dict[int, bytes] = {}
    wanted = [size for size in sizes if size <= stretch.stop]
    bundles = _pieces(bytes(stretch.roots))
    taken = 0
    for bundle in sorted({size // WIDTH for size in wanted}):
        upto = min(bundle - stretch.start // WIDTH, len(bundles))
        frontier.extend(bundles[taken:upto], height=8)
        taken = upto
        branch, at = frontier.copy(), 0
        hashes = _pieces(stretch.edges.get(bundle, b""))
        for size in (size for size in wanted if size // WIDTH == bundle):
            branch.extend(hashes[at : size % WIDTH])
            at = size % WIDTH
            roots[size] = branch.root()
    frontier.extend(bundles[taken:], height=8)
    return roots


def _check_tile(case: _Case, level: int, position: int, derived: bytes, size: int) -> None:
    """Hold a tile of level 1 or above against what follows from the level below."""
    width = tile_width(level, position, size)
    first = position * WIDTH << (8 * level)
    for each in (width, WIDTH):
        path = case.folder / tile_path(level, position, each)
        if path.is_file():
            break
    else:
        case.add(first, "tile_missing", f"tile {level}/{position} is missing")
        return
    stored = path.read_bytes()
    if len(stored) not in (32 * width, 32 * WIDTH):
        case.add(first, "tile_altered", f"tile {level}/{position} holds {len(stored)} bytes")
        return
    for number, (one, other) in enumerate(zip(_pieces(derived), _pieces(stored), strict=False)):
        if one != other and not _explained(case, first, number, level):
            index = (position * WIDTH + number) << (8 * level)
            message = f"hash {number} of tile {level}/{position} does not follow from the entries"
            case.add(index, "tile_altered", message)
            return


def _explained(case: _Case, first: int, number: int, level: int) -> bool:
    """Whether a wrong entry below is known to be the cause."""
    start = first + (number << (8 * level))
    stop = start + (1 << (8 * level))
    return any(
        problem.position is not None and start <= problem.position < stop
        for problem in case.problems
    ) or any(start <= index < stop for index in case.disputed)


def _check_roots(
    case: _Case, head: Checkpoint, ancient: list[Witness], roots: dict[int, bytes]
) -> set[Witness]:
    """Hold the derived roots against those signed and told of; returns the older ones upheld."""
    agrees = roots[head.size] == head.root
    code, word = ("tile_altered", "tile") if agrees else ("entry_altered", "entry")
    for index in case.disputed:
        case.add(index, code, f"{word} {index} is not what was signed")
    upheld = {each for each in ancient if roots[each.size] == each.root}
    safe = 0
    for each in ancient:
        if roots[each.size] != each.root:
            if not _found_between(case, safe, each.size):
                message = (
                    f"an entry from {safe} to {each.size - 1} is not the one signed earlier: "
                    f"{each.source} vouches for another root of {each.size} entries"
                )
                case.add(safe, "forked", message)
            break
        safe = each.size
    if not agrees and not _found_between(case, safe, head.size):
        message = f"the entries from {safe} to {head.size - 1} do not lead to the signed root"
        case.add(safe, "root_mismatch", message)
    return upheld


EXPLAINS = frozenset(
    (
        "entry_altered",
        "entry_malformed",
        "bundle_missing",
        "bundle_damaged",
        "index_wrong",
        "forked",
    )
)


def _found_between(case: _Case, start: int, stop: int) -> bool:
    """Whether a wrong entry is known that makes the root of `stop` entries differ."""
    return any(
        problem.code in EXPLAINS
        and problem.position is not None
        and start <= problem.position < stop
        for problem in case.problems
    )
