"""However a tree was grown, taken and given back: it is the one grown at once."""

from hypothesis import given
from hypothesis import strategies as st

from warehouse.log.growth import Filled, Growth
from warehouse.log.merkle import TileTree, leaf_hashes

LEAVES = [b"leaf %d" % number for number in range(1_500)]


@given(
    before=st.integers(0, 600),
    waiting=st.integers(0, 300),
    steps=st.lists(st.sampled_from(("add", "grow", "take", "refused")), max_size=12),
    sizes=st.lists(st.integers(0, 300), min_size=12, max_size=12),
)
def test_any_way_of_growing_gives_the_same_tree(
    before: int, waiting: int, steps: list[str], sizes: list[int]
) -> None:
    start = TileTree()
    start.extend(leaf_hashes(LEAVES[:before]))
    size = before + waiting
    growth = Growth(start, LEAVES[before:size])
    filled: Filled = []
    leaves: list[bytes] = []
    for step, count in zip([*steps, "take"], [*sizes, 0], strict=False):
        if step == "add":
            growth.add(LEAVES[size : size + count])
            size = min(size + count, len(LEAVES))
        elif step == "grow":
            growth.grow()
        else:
            taken = growth.take()
            assert taken.tree.size == size
            if step == "refused":
                growth.give_back(taken)
            else:
                filled += taken.filled
                leaves += taken.leaves
    whole = TileTree()
    whole.extend(leaf_hashes(LEAVES[:before]))
    assert start.levels == whole.levels
    assert filled == whole.extend(leaf_hashes(LEAVES[before:size]))
    assert leaves == LEAVES[before:size]
    assert growth.take().tree.root() == whole.root()
