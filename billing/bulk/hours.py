"""When an element is open by the local clock and calendar: hours of a day, and which days.

Knows windows, dates and weekdays. Refuses to know zones, energy and power. OCPI 2.2.1 mod_tariffs,
TariffRestrictions: an end before the start wraps past midnight, an end of 00:00 is the day's end.
"""

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, time
from typing import NamedTuple

from billing.bulk.clock import DAY_US, SECOND_US
from billing.policy import PricingPolicy
from billing.tariff import Restrictions, Tariff

_MINUTE_US = 60 * SECOND_US
_LAST_MINUTE_US = (23 * 60 + 59) * _MINUTE_US
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_THURSDAY = 3
"""The weekday of 1970-01-01."""

Span = tuple[int, int]


class Hours(NamedTuple):
    """The hours an element is open on a day: `late` before midnight, `early` after a wrap.

    `first` to `last` are days since 1970 (None: unbounded, end exclusive); `days` the weekdays
    (empty: all), which in the early hours are those of the day before where `opened_before`.
    """

    late: tuple[Span, ...]
    early: tuple[Span, ...]
    first: int | None
    last: int | None
    days: frozenset[int]
    opened_before: bool

    def on(self, day: int) -> tuple[Span, ...]:
        """The local microseconds, [from, until), in which a day since 1970 is open."""
        if self.first is not None and day < self.first:
            return ()
        if self.last is not None and day >= self.last:
            return ()
        before = day - 1 if self.opened_before else day
        early = self.early if not self.days or weekday(before) in self.days else ()
        late = self.late if not self.days or weekday(day) in self.days else ()
        return early + late


def weekday(day: int) -> int:
    """The weekday of a day since 1970; Monday is 0."""
    return (day + _THURSDAY) % 7


def hours_of(limits: Restrictions, policy: PricingPolicy) -> Hours | None:
    """What an element's restrictions say of clock and calendar; None: nothing."""
    clocked = limits.start_time is not None or limits.end_time is not None
    dated = limits.start_date is not None or limits.end_date is not None
    if not (clocked or dated or limits.day_of_week):
        return None
    start, end = _window(limits, policy)
    late: tuple[Span, ...] = ((start, DAY_US),)
    early: tuple[Span, ...] = ()
    if start == end:
        whole_day = start == 0 or policy.equal_window == "whole_day"
        late = ((0, DAY_US),) if whole_day else ()
    elif start < end:
        late = ((start, end),)
    elif end > 0:
        early = ((0, end),)
    first, last = _dates(limits, policy)
    return Hours(
        late=late,
        early=early,
        first=first,
        last=last,
        days=frozenset(int(day) for day in limits.day_of_week),
        opened_before=policy.wrap_weekday == "window_start",
    )


def _window(limits: Restrictions, policy: PricingPolicy) -> Span:
    start, end = _of_day(limits.start_time), _of_day(limits.end_time)
    if policy.day_end_2359 == "as_2400" and end in _last_minute(limits.end_time):
        end = 0
    seconds_59 = end // SECOND_US % 60 == 59
    if policy.time_with_seconds == "whole_minute" and seconds_59:
        end = (end + SECOND_US) % DAY_US
    return start, end


def _last_minute(end: time | None) -> range:
    """The ends that mean the day's last minute: 23:59, with whole seconds."""
    if end is None or end.microsecond:
        return range(0)
    return range(_LAST_MINUTE_US, _LAST_MINUTE_US + _MINUTE_US)


def _of_day(clock: time | None) -> int:
    if clock is None:
        return 0
    seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
    return seconds * SECOND_US + clock.microsecond


def _dates(limits: Restrictions, policy: PricingPolicy) -> tuple[int | None, int | None]:
    start, end = limits.start_date, limits.end_date
    first = None if start is None else start.toordinal() - _EPOCH_DAY
    last = None if end is None else end.toordinal() - _EPOCH_DAY
    if first is not None and first == last and policy.empty_date_window == "same_day":
        return first, first + 1
    return first, last


def clock_edges(tariff: Tariff, policy: PricingPolicy) -> tuple[int, ...]:
    """The local microseconds of a day at which an element of the tariff may open or close."""
    found: set[int] = set()
    for element in tariff.elements:
        limits = element.restrictions
        if limits.start_time is not None or limits.end_time is not None:
            found.update(_window(limits, policy))
        if limits.start_date is not None or limits.end_date is not None or limits.day_of_week:
            found.add(0)
    return tuple(sorted(found))


class Kinds:
    """The kinds of day that a number of hours can tell apart: by dates and, where used, weekday."""

    def __init__(self, hours: Iterable[Hours]) -> None:
        known = tuple(hours)
        self._edges = sorted(
            {edge for one in known for edge in (one.first, one.last) if edge is not None}
        )
        self._weekly = any(one.days for one in known)

    def of(self, day: int) -> tuple[int, int]:
        """Days of one kind are open alike."""
        return bisect_right(self._edges, day), weekday(day) if self._weekly else 0
