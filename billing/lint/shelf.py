"""Boxes that were put down one after the other, found again by where they touch another.

Of the hundred windows of a dynamic tariff a window meets one or two: only those are looked at. What
is given may be too much, never too little; what a box leaves of another is for the grid to say.
"""

from collections.abc import Iterator, Sequence

from billing.lint.grid import Box


class Shelf:
    """Numbers its entries, which are elements of one or two boxes, from 0.

    On each axis it knows which entries hold a cell, as a set of numbers, one bit each. Those that
    hold all cells of an axis stand apart, so that an axis nobody restricts costs nothing.
    """

    def __init__(self, everything: Box) -> None:
        self._everything = everything
        self._entries: list[Sequence[Box]] = []
        self._anywhere = [0] * len(everything)
        self._by_cell: list[dict[int, int]] = [{} for _ in everything]

    def put(self, boxes: Sequence[Box]) -> None:
        """One more entry."""
        own = 1 << len(self._entries)
        self._entries.append(boxes)
        for box in boxes:
            for axis, cells in enumerate(box):
                if cells == self._everything[axis]:
                    self._anywhere[axis] |= own
                    continue
                by_cell = self._by_cell[axis]
                for cell in _each(cells):
                    by_cell[cell] = by_cell.get(cell, 0) | own

    def touching(self, boxes: Sequence[Box]) -> Iterator[tuple[int, Sequence[Box]]]:
        """(number, its boxes) of every entry that shares cells with these on each axis, in order;
        of an entry of two boxes each axis may be another one's.
        """
        found = 0
        for box in boxes:
            found |= self._sharing(box)
        for number in _each(found):
            place = number.bit_length() - 1
            yield place, self._entries[place]

    def _sharing(self, box: Box) -> int:
        shared = (1 << len(self._entries)) - 1
        for axis, cells in enumerate(box):
            if cells == self._everything[axis]:
                continue
            by_cell = self._by_cell[axis]
            here = self._anywhere[axis]
            for cell in _each(cells):
                here |= by_cell.get(cell, 0)
            shared &= here
        return shared


def _each(members: int) -> Iterator[int]:
    """The members of a set, lowest first, each as a set of its own."""
    while members:
        one = members & -members
        yield one
        members ^= one
