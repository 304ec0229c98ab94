"""The Merkle tree of RFC 6962 / RFC 9162 over SHA-256: roots, paths and their verification.

Pure arithmetic on hashes; it knows no file. Subtree hashes are asked for through a function, so
that the same code proves from tiles and from memory.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

from warehouse.log.errors import ProofInvalid

WIDTH = 256
"""Hashes in a full tile: a tile is a perfect subtree of height 8."""
EMPTY_ROOT = sha256(b"").digest()

Subtree = Callable[[int, int], bytes]
"""`subtree(height, position)`: hash over entries [position·2^height, (position+1)·2^height)."""


def leaf_hash(leaf: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x00 ‖ leaf)."""
    return sha256(b"\x00" + leaf).digest()


def leaf_hashes(leaves: Sequence[bytes]) -> list[bytes]:
    """`leaf_hash` of each, in bulk."""
    return [sha256(b"\x00" + leaf).digest() for leaf in leaves]


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 §2.1.1: SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """The root over a power of two of hashes."""
    assert hashes
    assert len(hashes) & (len(hashes) - 1) == 0, len(hashes)
    level = b"".join(hashes)
    while len(level) > 32:
        nodes = [sha256(b"\x01" + level[at : at + 64]).digest() for at in range(0, len(level), 64)]
        level = b"".join(nodes)
    return level


def peaks(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the perfect subtrees that `hashes` splits into, largest first."""
    found: list[bytes] = []
    start = 0
    for height in range(len(hashes).bit_length() - 1, -1, -1):
        if len(hashes) >> height & 1:
            found.append(perfect_root(hashes[start : start + (1 << height)]))
            start += 1 << height
    return found


def fold_peaks(found: Sequence[bytes]) -> bytes:
    """The root over perfect subtrees of falling size; of none, the root of the empty tree."""
    if not found:
        return EMPTY_ROOT
    root = found[-1]
    for peak in reversed(found[:-1]):
        root = node_hash(peak, root)
    return root


class TileTree:
    """A growing tree as its right edge: the hashes of the unfinished tile of each level.

    `levels[L]` holds fewer than 256 hashes; a tile that fills is handed out and folded upwards.
    """

    def __init__(self, levels: Sequence[Sequence[bytes]] = ()) -> None:
        self.levels: list[list[bytes]] = [list(level) for level in levels]

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return sum(len(level) << (8 * number) for number, level in enumerate(self.levels))

    def copy(self) -> "TileTree":
        """An independent tree in the same state."""
        return TileTree(self.levels)

    def extend(
        self, hashes: Sequence[bytes], *, level: int = 0
    ) -> list[tuple[int, int, list[bytes]]]:
        """Append leaf hashes; return the tiles filled by them as (level, position, hashes).

        With `level` the hashes are those of full tiles just below it.
        """
        filled: list[tuple[int, int, list[bytes]]] = []
        while len(self.levels) < level:
            self.levels.append([])
        assert not any(self.levels[:level]), "a tile below is unfinished"
        self._extend(level, self.size >> (8 * level), hashes, filled)
        return filled

    def _extend(
        self,
        level: int,
        width: int,
        hashes: Sequence[bytes],
        filled: list[tuple[int, int, list[bytes]]],
    ) -> None:
        if len(self.levels) == level:
            self.levels.append([])
        row = [*self.levels[level], *hashes]
        whole = len(row) // WIDTH
        position = width // WIDTH
        upper: list[bytes] = []
        for number in range(whole):
            tile = row[number * WIDTH : (number + 1) * WIDTH]
            filled.append((level, position + number, tile))
            upper.append(perfect_root(tile))
        self.levels[level] = row[whole * WIDTH :]
        if upper:
            self._extend(level + 1, position, upper, filled)

    def root(self) -> bytes:
        """The root over all leaves."""
        found: list[bytes] = []
        for level in reversed(self.levels):
            found.extend(peaks(level))
        return fold_peaks(found)


class Frontier:
    """A growing tree as its perfect subtrees only: cheap to grow and to ask for its root."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    def copy(self) -> "Frontier":
        """An independent frontier in the same state."""
        other = Frontier()
        other._peaks = list(self._peaks)
        return other

    def extend(self, hashes: Sequence[bytes], *, height: int = 0) -> None:
        """Append the roots of perfect subtrees of `height`; none smaller may stand before them."""
        for each in hashes:
            peak, above = each, height
            while self._peaks and self._peaks[-1][0] == above:
                peak, above = node_hash(self._peaks.pop()[1], peak), above + 1
            assert not self._peaks or self._peaks[-1][0] > above
            self._peaks.append((above, peak))

    def root(self) -> bytes:
        """The root over everything appended."""
        return fold_peaks([peak for _, peak in self._peaks])


def range_root(start: int, stop: int, subtree: Subtree) -> bytes:
    """RFC 9162 MTH(D[start:stop]), where `start` is a multiple of the power of two below it."""
    found: list[bytes] = []
    while start < stop:
        height = (stop - start).bit_length() - 1
        assert start & ((1 << height) - 1) == 0, (start, stop)
        found.append(subtree(height, start >> height))
        start += 1 << height
    return fold_peaks(found)


def _split(size: int) -> int:
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_path(index: int, size: int, subtree: Subtree) -> list[bytes]:
    """RFC 9162 §2.1.3.1 PATH(index, D[0:size]), from the leaf's sibling up."""
    if not 0 <= index < size:
        raise ProofInvalid(f"entry {index} is not in a log of {size} entries")
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(range_root(middle, stop, subtree))
            stop = middle
        else:
            path.append(range_root(start, middle, subtree))
            start = middle
    return path[::-1]


def consistency_path(older: int, newer: int, subtree: Subtree) -> list[bytes]:
    """RFC 9162 §2.1.4.1 PROOF(older, D[0:newer]); empty where there is nothing to prove."""
    if not 0 <= older <= newer:
        raise ProofInvalid(f"a log of {newer} entries does not extend one of {older}")
    if older in (0, newer):
        return []
    path: list[bytes] = []
    start, stop, known = 0, newer, True
    while older != stop:
        middle = start + _split(stop - start)
        if older <= middle:
            path.append(range_root(middle, stop, subtree))
            stop = middle
        else:
            path.append(range_root(start, middle, subtree))
            start, known = middle, False
    if not known:
        path.append(range_root(start, stop, subtree))
    return path[::-1]


def verify_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """RFC 9162 §2.1.3.2: the root that `path` leads to from the leaf hash `leaf`.

    The caller compares it with a signed one. Raises ProofInvalid when the path has a wrong length.
    """
    if not 0 <= index < size:
        raise ProofInvalid(f"entry {index} is not in a log of {size} entries")
    node, last, root = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofInvalid("the inclusion path is too long")
        if node & 1 or node == last:
            root = node_hash(sibling, root)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            root = node_hash(root, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofInvalid("the inclusion path is too short")
    return root


def verify_consistency(
    older: int, newer: int, older_root: bytes, newer_root: bytes, path: Sequence[bytes]
) -> None:
    """RFC 9162 §2.1.4.2: raise ProofInvalid unless the newer tree extends the older one."""
    if not 0 <= older <= newer:
        raise ProofInvalid(f"a log of {newer} entries does not extend one of {older}")
    if older in (0, newer):
        expected = EMPTY_ROOT if older == 0 else newer_root
        if path or older_root != expected:
            raise ProofInvalid(f"the roots at size {older} differ")
        return
    first, second = _climb(older, newer, older_root, path)
    if first != older_root or second != newer_root:
        raise ProofInvalid(f"the log of {newer} entries does not extend the signed one of {older}")


def _climb(older: int, newer: int, older_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees that a consistency path leads to."""
    nodes = list(path)
    if older & (older - 1) == 0:
        nodes.insert(0, older_root)
    if not nodes:
        raise ProofInvalid("the consistency path is empty")
    node, last = older - 1, newer - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    first = second = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            raise ProofInvalid("the consistency path is too long")
        if node & 1 or node == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        node, last = node >> 1, last >> 1
    if last:
        raise ProofInvalid("the consistency path is too short")
    return first, second
