"""What a restriction can look at, each cut into cells in which nothing can change.

A set of cells is a whole number, one bit per cell, so that sets meet by `&`. Knows the clock, the
calendar and numeric bounds exactly as `billing.restriction` tests them; refuses to sample.
"""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, time
from decimal import Decimal

from billing.policy import PricingPolicy
from billing.restriction import MIDNIGHT, window
from billing.tariff import Restrictions

ALL_DAYS = frozenset(range(7))


def span(start: int, end: int) -> int:
    """The cells from `start` up to, not including, `end`; none where they are in the wrong order.

    >>> bin(span(1, 3))
    '0b110'
    """
    return (1 << end) - (1 << start) if end > start else 0


class Clock:
    """The local day, cut at the edges of all windows."""

    def __init__(self, limits: Iterable[Restrictions], policy: PricingPolicy) -> None:
        self.policy = policy
        edges = {edge for one in limits for edge in window(one, policy)}
        self.cuts = sorted(edges | {MIDNIGHT})
        self.full = span(0, len(self.cuts))
        self._place = {cut: place for place, cut in enumerate(self.cuts)}

    def cells(self, limits: Restrictions) -> int:
        """Where the daily window is open; one that wraps has two parts."""
        start, end = self.edges(limits)
        if start == end:
            open_all_day = start == 0 or self.policy.equal_window == "whole_day"
            return self.full if open_all_day else 0
        last = end or len(self.cuts)
        return span(start, last) if start < last else self.full & ~span(last, start)

    def edges(self, limits: Restrictions) -> tuple[int, int]:
        """The cells the window starts and ends at; an end of 0 is the day's end."""
        start, end = window(limits, self.policy)
        return self._place[start], self._place[end]

    def spans(self, cells: int) -> list[tuple[time, time]]:
        """The windows of a set of cells; an end of 00:00 is the day's end."""
        cuts = [*self.cuts, MIDNIGHT]
        return [(cuts[start], cuts[end]) for start, end in runs(cells)]


class Calendar:
    """All days, cut at the dates named; where weekdays are named, each kind of day apart."""

    def __init__(self, limits: Iterable[Restrictions], policy: PricingPolicy) -> None:
        self.policy = policy
        self.by_weekday = False
        edges = {1}
        for one in limits:
            self.by_weekday = self.by_weekday or bool(one.day_of_week)
            edges.update(edge for edge in self._edges(one) if edge is not None)
        self.cuts = sorted(edges)
        self._place = {cut: place for place, cut in enumerate(self.cuts)}
        self.first_cell: list[int] = []
        self.kinds: list[tuple[int, int]] = []
        self._weekday = [0] * 7
        for number, first in enumerate(self.cuts):
            self.first_cell.append(len(self.kinds))
            end = self.cuts[number + 1] if number + 1 < len(self.cuts) else first + 7
            for ordinal in range(first, min(end, first + 7) if self.by_weekday else first + 1):
                weekday = (ordinal - 1) % 7
                self._weekday[weekday] |= 1 << len(self.kinds)
                self.kinds.append((number, weekday))
        self.first_cell.append(len(self.kinds))
        self.full = span(0, len(self.kinds))

    def cells(self, limits: Restrictions, days: frozenset[int]) -> int:
        """The dates from start_date up to, not including, end_date, on these weekdays."""
        first, last = self._edges(limits)
        found = self.full if first is last is None else self.between(first, last)
        if not days:
            return found
        wanted = 0
        for day in days:
            wanted |= self._weekday[day]
        return found & wanted

    def between(self, first: int | None, last: int | None) -> int:
        """The cells of the dates from `first` up to `last` (ordinals); those cut are included."""
        start = 0 if first is None else bisect_left(self.cuts, first)
        end = len(self.cuts) if last is None else bisect_left(self.cuts, last)
        return span(self.first_cell[start], self.first_cell[end])

    def inside(self, first: int, last: int) -> int:
        """The cells that have a day from `first` up to `last` (ordinals)."""
        found = 0
        for place, (number, weekday) in enumerate(self.kinds):
            start = max(self.cuts[number], first)
            end = min(self.cuts[number + 1], last) if number + 1 < len(self.cuts) else last
            wait = (weekday - start + 1) % 7 if self.by_weekday else 0
            if start + wait < end:
                found |= 1 << place
        return found

    def days(self, cells: int) -> list[tuple[date | None, date | None, frozenset[int]]]:
        """(from, up to, weekdays) of a set of cells, neighbours joined; None: without bound."""
        found: list[tuple[int, int, frozenset[int]]] = []
        for number in range(len(self.cuts)):
            own = range(self.first_cell[number], self.first_cell[number + 1])
            here = frozenset(self.kinds[place][1] for place in own if cells >> place & 1)
            if not here:
                continue
            days = ALL_DAYS if len(here) == len(own) else here
            if found and found[-1][1] == number and found[-1][2] == days:
                found[-1] = (found[-1][0], number + 1, days)
            else:
                found.append((number, number + 1, days))
        last = len(self.cuts)
        return [
            (
                date.fromordinal(self.cuts[start]) if start else None,
                date.fromordinal(self.cuts[end]) if end < last else None,
                days,
            )
            for start, end, days in found
        ]

    def _edges(self, limits: Restrictions) -> tuple[int | None, int | None]:
        start, end = limits.start_date, limits.end_date
        first = None if start is None else start.toordinal()
        last = None if end is None else end.toordinal()
        if first is not None and first == last and self.policy.empty_date_window == "same_day":
            last = first + 1
        return first, last


class Range:
    """A quantity, cut at its bounds and at zero; `floor` where it cannot be less than zero."""

    def __init__(self, bounds: Iterable[Decimal | int | None], *, floor: bool) -> None:
        self.cuts: list[Decimal | int] = sorted({*(b for b in bounds if b is not None), 0})
        self.floor = floor
        self.count = len(self.cuts) + 1
        self.full = span(0, self.count)
        self._place: dict[Decimal | int | None, int] = {
            cut: place + 1 for place, cut in enumerate(self.cuts)
        }
        self.positive = span(self._place[0], self.count)
        self.possible = self.positive if floor else self.full

    def cells(self, low: Decimal | int | None, high: Decimal | int | None) -> int:
        """The values from `low` up to, not including, `high`, of those that are possible."""
        start = 0 if low is None else self._place[low]
        end = self.count if high is None else self._place[high]
        return span(start, end) & self.possible

    def bounds(self, cells: int) -> list[tuple[Decimal | int | None, Decimal | int | None]]:
        """(from, below) of a set of cells; None: without bound."""
        return [
            (
                self.cuts[start - 1] if start else None,
                self.cuts[end - 1] if end < self.count else None,
            )
            for start, end in runs(cells)
        ]


class Extremes:
    """The least and the most of power or current within a period, each an axis of its own.

    The cell after the last value is `unknown`: the period does not say. Policies missing_bound and
    straddling_bound decide what can be met together.
    """

    def __init__(self, bounds: Iterable[Decimal | None], policy: PricingPolicy) -> None:
        self.values = Range(bounds, floor=False)
        self.unknown = 1 << self.values.count
        self.full = self.values.full | self.unknown
        self._known = self.values.full
        self._lenient = policy.missing_bound == "satisfied"
        self._apart = policy.missing_bound != "other_bound"
        self._highest = policy.straddling_bound == "highest"

    def cells(self, low: Decimal | None, high: Decimal | None) -> tuple[int, int]:
        """(least, most): where min_x and max_x hold."""
        return self._one(low, None), self._one(None, high)

    def meet(self, least: int, most: int) -> bool:
        """Whether a period can have its least and its most in these cells."""
        if least & most & self.unknown:
            return True
        low, high = least & self._known, most & self._known
        if self._apart and low and most & self.unknown:
            return True
        if self._apart and high and least & self.unknown and not self._highest:
            return True
        if not low or not high:
            return False
        if self._highest:
            return low & high != 0
        return (low & -low).bit_length() <= high.bit_length()

    def _one(self, low: Decimal | None, high: Decimal | None) -> int:
        if low is None and high is None:
            return self.full
        return self.values.cells(low, high) | (self.unknown if self._lenient else 0)


def runs(cells: int) -> list[tuple[int, int]]:
    """Neighbouring cells as (first, after the last).

    >>> runs(0b1101)
    [(0, 1), (2, 4)]
    """
    found, place = [], 0
    while cells:
        skip = (cells & -cells).bit_length() - 1
        cells >>= skip
        length = (~cells & (cells + 1)).bit_length() - 1
        found.append((place + skip, place + skip + length))
        cells >>= length
        place += skip + length
    return found
