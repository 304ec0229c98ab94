"""The tree agrees with RFC 9162, written down a second time as the recursion it defines."""

import random
from functools import cache
from hashlib import sha256

import pytest

from warehouse.log.errors import ProofInvalid
from warehouse.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    TileTree,
    consistency_path,
    inclusion_path,
    leaf_hash,
    perfect_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [b"entry %d" % number for number in range(2001)]


def halves(start: int, stop: int) -> int:
    """Where MTH splits D[start:stop]: k, the largest power of two smaller than its length."""
    k = 1
    while k * 2 < stop - start:
        k *= 2
    return start + k


@cache
def mth(start: int, stop: int) -> bytes:
    """RFC 9162 §2.1.1, word by word."""
    if start == stop:
        return sha256(b"").digest()
    if stop - start == 1:
        return sha256(b"\x00" + LEAVES[start]).digest()
    middle = halves(start, stop)
    return sha256(b"\x01" + mth(start, middle) + mth(middle, stop)).digest()


def path(index: int, start: int, stop: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1, word by word."""
    if stop - start == 1:
        return []
    middle = halves(start, stop)
    if start + index < middle:
        return [*path(index, start, middle), mth(middle, stop)]
    return [*path(start + index - middle, middle, stop), mth(start, middle)]


def subproof(older: int, start: int, stop: int, *, known: bool) -> list[bytes]:
    """RFC 9162 §2.1.4.1, word by word."""
    if older == stop - start:
        return [] if known else [mth(start, stop)]
    middle = halves(start, stop)
    if older <= middle - start:
        return [*subproof(older, start, middle, known=known), mth(middle, stop)]
    return [*subproof(older - (middle - start), middle, stop, known=False), mth(start, middle)]


@cache
def subtree(height: int, position: int) -> bytes:
    start = position << height
    return perfect_root([leaf_hash(leaf) for leaf in LEAVES[start : start + (1 << height)]])


def test_every_root_up_to_2000_is_the_one_of_the_rfc() -> None:
    tree, frontier = TileTree(), Frontier()
    for size in range(2001):
        assert tree.size == size
        expected = mth(0, size)
        assert tree.root() == expected if size % 16 < 2 else True
        assert frontier.root() == expected
        filled = tree.extend([leaf_hash(LEAVES[size])])
        frontier.extend([leaf_hash(LEAVES[size])])
        assert [level for level, _, _ in filled] == ([0] if (size + 1) % 256 == 0 else [])


def test_growing_in_strides_gives_the_same_tree_and_the_same_tiles() -> None:
    chance = random.Random(7)
    whole = TileTree()
    tiles = {tile[:2]: tile[2] for tile in whole.extend([leaf_hash(leaf) for leaf in LEAVES])}
    tree, seen = TileTree(), {}
    at = 0
    while at < len(LEAVES):
        stride = chance.randrange(0, 700)
        seen |= {
            tile[:2]: tile[2]
            for tile in tree.extend([leaf_hash(leaf) for leaf in LEAVES[at : at + stride]])
        }
        at = min(len(LEAVES), at + stride)
        assert tree.root() == mth(0, at)
    assert seen == tiles
    assert set(tiles) == {(0, number) for number in range(7)}


def test_the_empty_tree() -> None:
    assert TileTree().root() == Frontier().root() == EMPTY_ROOT == sha256(b"").digest()


@pytest.mark.parametrize("sizes", [range(1, 70), range(250, 2001, 83), [256, 512, 1024, 2000]])
def test_inclusion_paths_are_those_of_the_rfc_and_verify(sizes: list[int]) -> None:
    for size in sizes:
        step = 1 if size < 70 else 37
        for index in {*range(0, size, step), size - 1, size // 2}:
            found = inclusion_path(index, size, subtree)
            assert found == path(index, 0, size)
            assert verify_inclusion(index, size, leaf_hash(LEAVES[index]), found) == mth(0, size)


@pytest.mark.parametrize("sizes", [range(70), range(250, 2001, 191), [256, 512, 1024, 2000]])
def test_consistency_paths_are_those_of_the_rfc_and_verify(sizes: list[int]) -> None:
    for newer in sizes:
        for older in {*range(0, newer + 1, 1 if newer < 70 else 53), newer}:
            found = consistency_path(older, newer, subtree)
            if 0 < older < newer:
                assert found == subproof(older, 0, newer, known=True)
            verify_consistency(older, newer, mth(0, older), mth(0, newer), found)


def test_every_proof_of_a_log_that_grows_to_a_hundred() -> None:
    for newer in range(1, 101):
        for older in range(1, newer + 1):
            found = consistency_path(older, newer, subtree)
            verify_consistency(older, newer, mth(0, older), mth(0, newer), found)


def leads(index: int, size: int, leaf: bytes, proof: list[bytes], root: bytes) -> bool:
    try:
        return verify_inclusion(index, size, leaf, proof) == root
    except ProofInvalid:
        return False


def test_no_other_leaf_place_or_path_leads_to_the_root() -> None:
    chance = random.Random(9162)
    for size in range(2, 300, 7):
        index = chance.randrange(size)
        leaf, root = leaf_hash(LEAVES[index]), mth(0, size)
        proof = inclusion_path(index, size, subtree)
        assert leads(index, size, leaf, proof, root)
        assert not leads(index, size, leaf_hash(b"other"), proof, root)
        assert not leads(index, size, leaf, [*proof, leaf], root)
        assert not leads(index, size, leaf, proof[:-1], root)
        assert not leads(size, size, leaf, proof, root)
        assert not leads(-1, size, leaf, proof, root)
        for other in {0, size - 1, size // 2} - {index}:
            assert not leads(other, size, leaf, proof, root)
        for at in range(len(proof)):
            bent = [*proof]
            bent[at] = sha256(bent[at]).digest()
            assert not leads(index, size, leaf, bent, root)


def test_a_malicious_consistency_proof_convinces_nobody() -> None:
    chance = random.Random(2)
    for newer in range(2, 300, 7):
        older = chance.randrange(1, newer)
        proof = consistency_path(older, newer, subtree)
        good = (mth(0, older), mth(0, newer))
        wrong = sha256(b"another history").digest()
        attempts = [
            (older, newer, wrong, good[1], proof),
            (older, newer, good[0], wrong, proof),
            (newer, older, good[0], good[1], proof),
            (older, newer, *good, [*proof, wrong]),
            (older, newer, *good, proof[:-1]),
            (older, newer, *good, []),
            (older, newer, *good, [wrong, *proof[1:]]),
            (older, older, *good, []),
            (0, newer, *good, []),
        ]
        for attempt in attempts:
            with pytest.raises(ProofInvalid):
                verify_consistency(*attempt)


def test_nothing_is_proved_about_entries_that_are_not_there() -> None:
    with pytest.raises(ProofInvalid):
        inclusion_path(5, 5, subtree)
    with pytest.raises(ProofInvalid):
        consistency_path(6, 5, subtree)
