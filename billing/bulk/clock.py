"""Clocks of sites in whole microseconds: which offset from UTC counts from when.

Knows the changes of a zone within a span. Refuses to know tariffs. Read off `zoneinfo`, so that the
same data decides here and in `billing.price`.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STEP = timedelta(hours=12)


class Part(NamedTuple):
    """A stretch of one local day under one offset: local microseconds of the day, [from, until)."""

    offset_us: int
    from_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Clock:
    """Offsets from UTC, each from its instant on: parallel tuples, the first from long ago."""

    from_us: tuple[int, ...]
    offset_us: tuple[int, ...]

    def offset_at(self, at_us: int) -> int:
        """The offset in force at an instant (microseconds since 1970, UTC)."""
        return self.offset_us[max(0, bisect_right(self.from_us, at_us) - 1)]

    def parts(self, day: int) -> Iterator[Part]:
        """The stretches of a local day (days since 1970) in order of time: two where it changes."""
        midnight = day * DAY_US
        ends = (*self.from_us[1:], None)
        for opened, closed, offset in zip(self.from_us, ends, self.offset_us, strict=True):
            low = max(0, opened + offset - midnight)
            high = DAY_US if closed is None else min(DAY_US, closed + offset - midnight)
            if low < high:
                yield Part(offset, low, high)


def micros(at: datetime) -> int:
    """An instant as microseconds since 1970, UTC."""
    return (at - EPOCH) // _MICROSECOND


def instant(at_us: int) -> datetime:
    """Microseconds since 1970 as the UTC instant."""
    return EPOCH + timedelta(microseconds=at_us)


def fixed(offset_us: int) -> Clock:
    """A clock that is never set."""
    return Clock((-(2**62),), (offset_us,))


def clock_of(zone: tzinfo, first_us: int, last_us: int) -> Clock:
    """The clock of a zone, right for every instant from `first_us` to `last_us`."""
    seen, end = instant(first_us) - _STEP, instant(last_us) + _STEP
    found = [(-(2**62), _offset(zone, seen))]
    while seen < end:
        nearest = min(seen + _STEP, end)
        if _offset(zone, nearest) != found[-1][1]:
            change = _change(zone, seen, nearest)
            found.append((micros(change), _offset(zone, change)))
        seen = nearest
    return Clock(tuple(at for at, _ in found), tuple(offset for _, offset in found))


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The first instant, a whole second, whose offset is not that of `before`."""
    old = _offset(zone, before)
    low, high = micros(before) // SECOND_US, -(-micros(after) // SECOND_US)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, instant(middle * SECOND_US)) == old:
            low = middle
        else:
            high = middle
    return instant(high * SECOND_US)


def _offset(zone: tzinfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None, "a zone always knows its offset"
    return offset // _MICROSECOND
