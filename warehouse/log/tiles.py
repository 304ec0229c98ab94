"""Tiles and entry bundles (C2SP tlog-tiles): where they lie, what they hold, how they are read.

A partial tile may be gone once the full one exists, so every read knows the tree size it is for
and falls back to the wider file.
"""

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from warehouse.log import disk
from warehouse.log.entry import LEAF_LIMIT
from warehouse.log.errors import LogDamaged
from warehouse.log.merkle import WIDTH, TileTree, perfect_root

LENGTHS = [length.to_bytes(2, "big") for length in range(LEAF_LIMIT)]
ENTRIES = "entries"
"""The pseudo-level of entry bundles."""


def tile_path(level: int | str, position: int, width: int = WIDTH) -> Path:
    """`tile/<L>/<N>[.p/<W>]`, with N in zero-padded groups of three: 1234067 → x001/x234/067."""
    assert 0 < width <= WIDTH
    folder, name = _place(level, position)
    return Path(folder, name) if width == WIDTH else Path(folder, name + ".p", str(width))


def _place(level: int | str, position: int) -> tuple[str, str]:
    """Folder and name of a full tile."""
    name, folder = f"{position % 1000:03d}", ""
    while position := position // 1000:
        folder = f"/x{position % 1000:03d}{folder}"
    return f"tile/{level}{folder}", name


def tile_width(level: int, position: int, size: int) -> int:
    """How many hashes tile `position` of `level` has in a log of `size` entries."""
    return max(0, min(WIDTH, (size >> (8 * level)) - position * WIDTH))


def join_bundle(leaves: Sequence[bytes]) -> bytes:
    """An entry bundle: each leaf behind its length as a 16-bit big-endian number."""
    return b"".join([part for leaf in leaves for part in (LENGTHS[len(leaf)], leaf)])


def split_bundle(data: bytes) -> list[bytes]:
    """The leaves of a bundle. Raises LogDamaged when the lengths do not add up."""
    leaves: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        start = at + 2
        at = start + (data[at] << 8 | data[start - 1]) if start <= end else end + 1
        leaves.append(data[start:at])
    if at != end:
        raise LogDamaged(f"the entry bundle ends within its entry {len(leaves) - 1}")
    return leaves


class TileReader:
    """Reads the tiles and bundles of one log as of a tree size."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._tiles: dict[tuple[int, int], bytes] = {}

    def hashes(self, level: int, position: int) -> bytes:
        """The hashes of one tile, joined. Raises LogDamaged when it is missing or too short."""
        if (level, position) not in self._tiles:
            width = tile_width(level, position, self._size)
            data = self._read(level, position, width)
            if len(data) < 32 * width:
                raise LogDamaged(
                    f"tile {level}/{position} holds {len(data)} bytes where {32 * width} are due"
                )
            self._tiles[level, position] = data[: 32 * width]
        return self._tiles[level, position]

    def leaves(self, position: int) -> list[bytes]:
        """The leaves of one entry bundle. Raises LogDamaged when it is missing or too short."""
        width = tile_width(0, position, self._size)
        leaves = split_bundle(self._read(ENTRIES, position, width))
        if len(leaves) < width:
            raise LogDamaged(
                f"entry bundle {position} holds {len(leaves)} entries where {width} are due"
            )
        return leaves[:width]

    def subtree(self, height: int, position: int) -> bytes:
        """The hash over entries [position·2^height, (position+1)·2^height), from tiles."""
        level, inner = divmod(height, 8)
        start = position << inner
        tile, offset = divmod(start, WIDTH)
        hashes = self.hashes(level, tile)[32 * offset : 32 * (offset + (1 << inner))]
        return perfect_root([hashes[at : at + 32] for at in range(0, len(hashes), 32)])

    def tree(self, size: int | None = None) -> TileTree:
        """The right edge of the tree at `size` (default: newest), from one tile of each level."""
        width = self._size if size is None else size
        assert 0 <= width <= self._size
        levels: list[list[bytes]] = []
        while width:
            position, count = divmod(width, WIDTH)
            row = self.hashes(len(levels), position)[: 32 * count] if count else b""
            levels.append([row[at : at + 32] for at in range(0, len(row), 32)])
            width = position
        return TileTree(levels)

    def _read(self, level: int | str, position: int, width: int) -> bytes:
        """The narrowest file that still holds `width` items.

        A log that lives may finish a tile and remove its partial files between two looks.
        """
        for each in (width, WIDTH):
            path = self._folder / tile_path(level, position, each)
            if path.is_file():
                return path.read_bytes()
        raise LogDamaged(f"{tile_path(level, position, width)} is missing")


class TileWriter:
    """Writes tiles and bundles, each as a whole, and remembers which are not yet on the disk.

    They can be derived again from the payload segments; so they are synced together when their
    segment is complete or the log is closed, not one by one while messages wait.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._unsynced: dict[str, set[str]] = {}
        """Each folder written to, with the names of the files in it."""
        self._doubted = False

    def write(self, level: int | str, position: int, width: int, data: bytes) -> None:
        """Put one tile or bundle in place; a full one takes its partial files away.

        No reader looks at a new file before a checkpoint covers it; one that stands there already
        is replaced as a whole.
        """
        inner, name = _place(level, position)
        folder = f"{self._folder}/{inner}"
        if width < WIDTH:
            folder, name = f"{folder}/{name}.p", str(width)
        if folder not in self._unsynced:
            Path(folder).mkdir(parents=True, exist_ok=True)
        path = f"{folder}/{name}"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:
            disk.replace(Path(path), data, durable=False)
        else:
            try:
                disk.write_all(descriptor, data)
            finally:
                os.close(descriptor)
        self._unsynced.setdefault(folder, set()).add(name)
        if width == WIDTH:
            self._drop_partial(path + ".p")

    def _drop_partial(self, folder: str) -> None:
        if not os.path.isdir(folder):  # noqa: PTH112 - a Path costs as much as the question
            return
        self._unsynced.pop(folder, None)
        shutil.rmtree(folder)

    def sync(self) -> None:
        """Make everything written so far durable, files first, then the names up to the log.

        After a sync that failed the kernel may drop what it held and report success the next time:
        then every file is written again first.
        """
        doubted, self._doubted = self._doubted, True
        for folder, names in sorted(self._unsynced.items()):
            for name in sorted(names):
                path = Path(folder, name)
                if doubted:
                    disk.replace(path, path.read_bytes(), durable=False)
                disk.sync_file(path)
        for above in sorted(_folders_above(self._unsynced, self._folder), reverse=True):
            disk.sync_folder(above)
        self._unsynced.clear()
        self._doubted = False


def _folders_above(folders: Iterable[str], top: Path) -> set[Path]:
    found: set[Path] = set()
    for each in folders:
        folder = Path(each)
        while folder != top.parent and folder not in found:
            found.add(folder)
            folder = folder.parent
    return found


Write = Callable[[int | str, int, int, bytes], None]
"""`TileWriter.write`: level, position, width, data."""


def write_full(write: Write, filled: Sequence[tuple[int, int, list[bytes]]]) -> None:
    """Write tiles that are full, as `TileTree.extend` gives them."""
    for level, position, hashes in filled:
        write(level, position, WIDTH, b"".join(hashes))


def write_unfinished(write: Write, before: int, tree: TileTree) -> None:
    """Write the unfinished tiles that have grown since a size `before`.

    A tile that is the same as before is not touched: it may be durable already.
    """
    for level, row in enumerate(tree.levels):
        if row and tree.size >> (8 * level) != before >> (8 * level):
            write(level, (tree.size >> (8 * level)) // WIDTH, len(row), b"".join(row))
