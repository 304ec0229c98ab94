"""Where elements apply, as boxes on a grid, and what of one box others leave over.

A box is a set of cells on each axis that the tariff uses; with all cells of all axes it is
everything a session can be. Nothing is sampled: in a cell every restriction holds or fails as one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from billing.lint.axes import Calendar, Clock, Extremes, Range
from billing.policy import PricingPolicy
from billing.tariff import Restrictions

Box = tuple[int, ...]

_TIMES = ("start_time", "end_time")
_DATES = ("start_date", "end_date", "day_of_week")
_KWH = ("min_kwh", "max_kwh")
_DURATION = ("min_duration", "max_duration")
_POWER = ("min_power", "max_power")
_CURRENT = ("min_current", "max_current")

_MOST_PARTS = 400
"""A box that others cut into more parts than this is left undecided."""


class Cover(NamedTuple):
    """What rivals do to a box: the parts `left`, and the rivals that take a part, in order."""

    left: list[Box]
    winners: list[int]


class Undecided(Exception):  # noqa: N818 - an answer, not a failure
    """The boxes cut each other into too many parts."""


class Grid:
    """The axes that a tariff's restrictions use; the others would be one cell wide."""

    def __init__(self, limits: Sequence[Restrictions], policy: PricingPolicy) -> None:
        self.policy = policy
        self.calendar = Calendar(limits, policy) if _uses(limits, _DATES) else None
        self.clock = Clock(limits, policy) if _uses(limits, _TIMES) else None
        self.kwh = _range(limits, _KWH, floor=False)
        self.duration = _range(limits, _DURATION, floor=True)
        self.power = _extremes(limits, _POWER, policy)
        self.current = _extremes(limits, _CURRENT, policy)
        self._pairs = self._pairs_of_axes()

    def boxes(self, limits: Restrictions) -> list[Box]:
        """Where an element applies: none, one, or two boxes (policy wrap_weekday=window_start)."""
        days = frozenset(int(day) for day in limits.day_of_week)
        opened = self.clock.cells(limits) if self.clock else 0
        if self.clock and days and self.policy.wrap_weekday == "window_start":
            start, end = self.clock.edges(limits)
            if 0 < end < start:
                after = opened & ((1 << end) - 1)
                next_days = frozenset((day + 1) % 7 for day in days)
                both = [(opened & ~after, days), (after, next_days)]
                return [box for part in both for box in self._box(limits, *part)]
        return self._box(limits, opened, days)

    def everything(self) -> Box:
        """The box of all cells."""
        return self.boxes(Restrictions())[0]

    def start(self) -> Box:
        """The box of all that a session can be at its very start: no energy, no time yet."""
        box = list(self.everything())
        at = sum(axis is not None for axis in (self.calendar, self.clock))
        for axis in (self.kwh, self.duration):
            if axis:
                box[at] = axis.positive & -axis.positive
                at += 1
        return tuple(box)

    def usual(self, first: date | None, last: date | None) -> Box:
        """What sessions usually are: energy and power of zero or more, on days from `first` up to
        `last` (None: without bound).
        """
        calendar = self.calendar
        days = []
        if calendar:
            unbounded = first is last is None
            start = calendar.cuts[0] if first is None else first.toordinal()
            end = calendar.cuts[-1] + 7 if last is None else last.toordinal()
            days = [calendar.full if unbounded else calendar.inside(start, end)]
        clock = [self.clock.full] if self.clock else []
        ranges = [one.positive for one in (self.kwh, self.duration) if one]
        extremes = [one for one in (self.power, self.current) if one]
        known = [one.values.positive for one in extremes for _ in ("least", "most")]
        return (*days, *clock, *ranges, *known)

    def possible(self, box: Box) -> bool:
        """Whether a session can be in the box at all."""
        return all(box) and all(axis.meet(box[at], box[at + 1]) for at, axis in self._pairs)

    def steady(self, box: Box) -> bool:
        """Whether a period of one power and one current can be in the box."""
        return all(box) and all(box[at] & box[at + 1] for at, _ in self._pairs)

    def cover(
        self,
        boxes: Iterable[Box],
        rivals: Iterable[tuple[int, Sequence[Box]]],
        can_be: Callable[[Box], bool] | None = None,
    ) -> Cover:
        """What is left of `boxes` after each rival (number, its boxes) in turn took its share.

        `can_be` says which boxes count: `possible`, unless another is given. Raises `Undecided`.
        """
        counts = can_be or self.possible
        left = [box for box in boxes if counts(box)]
        winners = []
        for number, taken in rivals:
            if not left:
                break
            took = False
            for box in taken:
                pieces, left = left, []
                for piece in pieces:
                    for own, its in zip(piece, box, strict=True):
                        if not own & its:  # apart on one axis: the usual case, so it stays short
                            left.append(piece)
                            break
                    else:
                        parts = self._parts(piece, box, counts)
                        took = took or parts is not None
                        left += [piece] if parts is None else parts
            if took:
                winners.append(number)
            if len(left) > _MOST_PARTS:
                raise Undecided
        return Cover(left, winners)

    def is_part(self, boxes: list[Box], of: list[Box]) -> bool:
        """Whether boxes lie within others and leave some of them over. Raises `Undecided`."""
        return not self.cover(boxes, [(0, of)]).left and len(self.cover(of, [(0, boxes)]).left) > 0

    @staticmethod
    def _parts(piece: Box, taken: Box, counts: Callable[[Box], bool]) -> list[Box] | None:
        """What is left of `piece` beside `taken`; None where no session can be in both."""
        common = tuple([own & its for own, its in zip(piece, taken, strict=True)])
        if not counts(common):
            return None
        return [part for part in _outside(piece, common) if counts(part)]

    def _box(self, limits: Restrictions, opened: int, days: frozenset[int]) -> list[Box]:
        box: list[int] = []
        if self.calendar:
            box.append(self.calendar.cells(limits, days))
        if self.clock:
            box.append(opened)
        if self.kwh:
            box.append(self.kwh.cells(limits.min_kwh, limits.max_kwh))
        if self.duration:
            box.append(self.duration.cells(limits.min_duration, limits.max_duration))
        if self.power:
            box.extend(self.power.cells(limits.min_power, limits.max_power))
        if self.current:
            box.extend(self.current.cells(limits.min_current, limits.max_current))
        found = tuple(box)
        return [found] if self.possible(found) else []

    def _pairs_of_axes(self) -> list[tuple[int, Extremes]]:
        at = sum(axis is not None for axis in (self.calendar, self.clock, self.kwh, self.duration))
        found = []
        for axis in (self.power, self.current):
            if axis:
                found.append((at, axis))
                at += 2
        return found


def _outside(piece: Box, common: Box) -> Iterator[Box]:
    """The parts of `piece` that are not in `common`, which lies within it."""
    for at, shared in enumerate(common):
        outside = piece[at] & ~shared
        if outside:
            yield (*common[:at], outside, *piece[at + 1 :])


def _uses(limits: Iterable[Restrictions], names: tuple[str, ...]) -> bool:
    return any(getattr(one, name) not in (None, frozenset()) for one in limits for name in names)


def _range(limits: Sequence[Restrictions], names: tuple[str, str], *, floor: bool) -> Range | None:
    bounds = [getattr(one, name) for one in limits for name in names]
    return Range(bounds, floor=floor) if any(b is not None for b in bounds) else None


def _extremes(
    limits: Sequence[Restrictions], names: tuple[str, str], policy: PricingPolicy
) -> Extremes | None:
    bounds = [getattr(one, name) for one in limits for name in names]
    return Extremes(bounds, policy) if any(b is not None for b in bounds) else None
