"""The tree over committed entries, grown ahead of the checkpoint that will sign it.

Hashing is nearly all the work of a checkpoint, and it holds the interpreter. Done a little after
each commit, no checkpoint makes anybody wait. It knows no file; what was taken to be written and
could not be comes back.
"""

import threading
from collections.abc import Sequence
from typing import NamedTuple

from warehouse.log.merkle import TileTree, leaf_hashes

Filled = list[tuple[int, int, list[bytes]]]
"""Tiles that are full, as `TileTree.extend` gives them."""


class Grown(NamedTuple):
    """The tree as it stands, and what was added since the last time somebody asked."""

    tree: TileTree
    filled: Filled
    leaves: list[bytes]


class Growth:
    """Threads may share it: `add` is cheap, and `grow` does the hashing."""

    def __init__(self, tree: TileTree, leaves: Sequence[bytes]) -> None:
        """`leaves` are due behind `tree`."""
        self._tree = tree.copy()
        self._waiting = list(leaves)
        self._leaves: list[bytes] = []
        self._filled: Filled = []
        self._growing = threading.Lock()
        self._adding = threading.Lock()

    def add(self, leaves: Sequence[bytes]) -> None:
        """These leaves come next."""
        with self._adding:
            self._waiting += leaves

    def grow(self) -> int:
        """Hash what was added; returns how many leaves wait to be taken."""
        with self._growing:
            self._grow()
            return len(self._leaves)

    def take(self) -> Grown:
        """Everything added until now, hashed; the next `take` gives what comes after it."""
        with self._growing:
            self._grow()
            taken = Grown(self._tree.copy(), self._filled, self._leaves)
            self._filled, self._leaves = [], []
        return taken

    def give_back(self, taken: Grown) -> None:
        """It could not be written: the next `take` gives it again."""
        with self._growing:
            self._filled[:0] = taken.filled
            self._leaves[:0] = taken.leaves

    def _grow(self) -> None:
        with self._adding:
            leaves, self._waiting = self._waiting, []
        self._filled += self._tree.extend(leaf_hashes(leaves))
        self._leaves += leaves
