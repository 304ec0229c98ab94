"""When a tariff element applies: TariffRestrictions, read at the instant a period starts.

Knows the local clock, the calendar and the thresholds. Refuses to know prices. OCPI 2.2.1
mod_tariffs, TariffRestrictions: all that are set must hold; lower bounds are inclusive, upper
bounds exclusive.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing.mould import mould
from billing.policy import PricingPolicy
from billing.tariff import DayOfWeek, Restrictions

MIDNIGHT = time(0)
DAY = timedelta(days=1)


@dataclass(slots=True)
class Moment:
    """Everything a restriction can see: the start of a period, and its extremes.

    `kwh` was delivered before it, `elapsed` has passed since the origin of durations. `codes`
    collects what a reader must know about how a restriction was decided (`unknown_bound`, …).
    """

    at: datetime
    zone: tzinfo
    kwh: Decimal
    elapsed: timedelta
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    codes: set[str] = field(default_factory=set)
    _local: datetime | None = None

    @property
    def local(self) -> datetime:
        """The clock and the calendar on the site's wall."""
        if self._local is None:
            self._local = self.at.astimezone(self.zone)
        return self._local


new_moment = mould(Moment)

Test = Callable[[Moment], bool]


def site_clock(zone: ZoneInfo, start_at: datetime, policy: PricingPolicy) -> tzinfo:
    """The clock that restrictions follow in a session from `start_at` on: policy dst_clock."""
    if policy.dst_clock == "offset_at_start":
        return timezone(_offset(zone, start_at))
    return zone


def tests(limits: Restrictions, policy: PricingPolicy) -> tuple[Test, ...]:
    """One test per restriction that is set; the element applies when all of them hold."""
    found: list[Test] = []
    if limits.start_time is not None or limits.end_time is not None:
        found.append(_clock(limits, policy))
    if limits.start_date is not None or limits.end_date is not None:
        found.append(_dates(limits.start_date, limits.end_date, policy))
    if limits.day_of_week:
        found.append(_weekdays(limits, policy))
    if limits.min_kwh is not None or limits.max_kwh is not None:
        found.append(_energy(limits.min_kwh, limits.max_kwh))
    if limits.min_duration is not None or limits.max_duration is not None:
        found.append(_duration(limits.min_duration, limits.max_duration))
    if limits.min_power is not None or limits.max_power is not None:
        found.append(_power(limits.min_power, limits.max_power, policy))
    if limits.min_current is not None or limits.max_current is not None:
        found.append(_current(limits.min_current, limits.max_current, policy))
    return tuple(found)


def window(limits: Restrictions, policy: PricingPolicy) -> tuple[time, time]:
    """(start, end) of the daily window by the local clock; an end of 00:00 is the day's end."""
    start = limits.start_time or MIDNIGHT
    end = limits.end_time or MIDNIGHT
    if policy.day_end_2359 == "as_2400" and end.replace(second=0) == time(23, 59):
        end = MIDNIGHT
    if policy.time_with_seconds == "whole_minute" and end.second == _LAST_SECOND:
        end = (datetime.combine(date.min, end) + timedelta(seconds=1)).time()
    return start, end


_LAST_SECOND = 59


def _clock(limits: Restrictions, policy: PricingPolicy) -> Test:
    start, end = window(limits, policy)
    if start == end:
        whole_day = start == MIDNIGHT or policy.equal_window == "whole_day"
        return lambda _: whole_day
    if end == MIDNIGHT:
        return lambda moment: moment.local.time() >= start
    if start < end:
        return lambda moment: start <= moment.local.time() < end
    return lambda moment: not end <= moment.local.time() < start


def _dates(start: date | None, end: date | None, policy: PricingPolicy) -> Test:
    if start is not None and start == end and policy.empty_date_window == "same_day":
        return lambda moment: moment.local.date() == start
    first, last = start or date.min, end or date.max
    return lambda moment: first <= moment.local.date() < last


def _weekdays(limits: Restrictions, policy: PricingPolicy) -> Test:
    days = frozenset(int(day) for day in limits.day_of_week)
    start, end = window(limits, policy)
    if policy.wrap_weekday == "instant" or not MIDNIGHT < end < start:
        return lambda moment: moment.local.weekday() in days

    def on_day_of_window(moment: Moment) -> bool:
        opened = moment.local - DAY if moment.local.time() < end else moment.local
        return opened.weekday() in days

    return on_day_of_window


def _energy(low: Decimal | None, high: Decimal | None) -> Test:
    return lambda moment: (low is None or moment.kwh >= low) and (high is None or moment.kwh < high)


def _duration(low: int | None, high: int | None) -> Test:
    least, most = (None if edge is None else duration(edge) for edge in (low, high))
    return lambda moment: (
        (least is None or moment.elapsed >= least) and (most is None or moment.elapsed < most)
    )


@lru_cache(maxsize=4_096)
def duration(seconds: int) -> timedelta:
    """A threshold of duration; one beyond all sessions is as good as never."""
    return timedelta(seconds=min(seconds, _NEVER))


_NEVER = 10**12
"""Thirty thousand years, in seconds."""


def _power(low: Decimal | None, high: Decimal | None, policy: PricingPolicy) -> Test:
    return lambda moment: _between(
        (low, high), (moment.min_power, moment.max_power), policy, moment.codes
    )


def _current(low: Decimal | None, high: Decimal | None, policy: PricingPolicy) -> Test:
    return lambda moment: _between(
        (low, high), (moment.min_current, moment.max_current), policy, moment.codes
    )


def _between(
    limits: tuple[Decimal | None, Decimal | None],
    extremes: tuple[Decimal | None, Decimal | None],
    policy: PricingPolicy,
    codes: set[str],
) -> bool:
    """min_x looks at the period's MIN, max_x at its MAX; policies decide what is missing."""
    (low, high), (least, most) = limits, extremes
    if policy.straddling_bound == "highest" and most is not None:
        least = most
    if policy.missing_bound == "other_bound":
        least, most = (most if least is None else least), (least if most is None else most)
    if (low is not None and least is None) or (high is not None and most is None):
        codes.add("unknown_bound")
    if least is not None and most is not None:
        edges = [edge for edge in (low, high) if edge is not None]
        if any(least < edge <= most for edge in edges):
            codes.add("straddling_bound")
    unknown = policy.missing_bound == "satisfied"
    above = low is None or (unknown if least is None else least >= low)
    below = high is None or (unknown if most is None else most < high)
    return above and below


def clock_times(limits: Restrictions, policy: PricingPolicy) -> set[time]:
    """The times of the local day at which the element may switch on or off."""
    times: set[time] = set()
    if limits.start_time is not None or limits.end_time is not None:
        times.update(window(limits, policy))
    if limits.start_date is not None or limits.end_date is not None or limits.day_of_week:
        times.add(MIDNIGHT)
    return times


def clock_edges(
    times: tuple[time, ...], zone: tzinfo, start: datetime, end: datetime
) -> Iterator[datetime]:
    """The instants (UTC) strictly inside (start, end) at which the local clock shows one of `times`
    or jumps. On the days the clock changes a time may come twice, or never.
    """
    if not times:
        return
    for opened, closed, offset in _spans(zone, start, end):
        if opened > start:
            yield opened
        first, last = (opened + offset).replace(tzinfo=None), (closed + offset).replace(tzinfo=None)
        day = first.date()
        while day <= last.date():
            for clock in times:
                local = datetime.combine(day, clock)
                if first < local < last:
                    yield (local - offset).replace(tzinfo=UTC)
            day += DAY


def _spans(
    zone: tzinfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """(start, end) cut where the zone's offset changes, each part with its offset from UTC."""
    opened, offset = start, _offset(zone, start)
    seen = start
    while seen < end:
        nearest = min(seen + DAY, end)
        if _offset(zone, nearest) != offset:
            change = _change(zone, seen, nearest)
            if change < end:
                yield opened, change, offset
                opened, offset = change, _offset(zone, change)
        seen = nearest
    yield opened, end, offset


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The first whole second at which the offset is no longer that of `before`."""
    offset = _offset(zone, before)
    base, low, high = before.replace(microsecond=0), 0, int((after - before).total_seconds()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, base + timedelta(seconds=middle)) == offset:
            low = middle
        else:
            high = middle
    return base + timedelta(seconds=high)


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None, "a zone always knows its offset"
    return offset


_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def sentence(limits: Restrictions) -> str:
    """The restrictions in words, for a receipt: `Mon-Fri, 09:00-18:00, from 3600 s`."""
    parts = [
        _days(limits.day_of_week),
        _span(_clock_text(limits.start_time), _clock_text(limits.end_time)),
        _span(_date_text(limits.start_date), _date_text(limits.end_date)),
        _bounds(limits.min_kwh, limits.max_kwh, "kWh"),
        _bounds(limits.min_duration, limits.max_duration, "s"),
        _bounds(limits.min_power, limits.max_power, "kW"),
        _bounds(limits.min_current, limits.max_current, "A"),
        "" if limits.reservation is None else limits.reservation.lower().replace("_", " "),
    ]
    return ", ".join(part for part in parts if part) or "no restrictions"


def _days(days: frozenset[DayOfWeek]) -> str:
    if not days:
        return ""
    numbers = sorted(int(day) for day in days)
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{_DAY_NAMES[numbers[0]]}-{_DAY_NAMES[numbers[-1]]}"
    return " ".join(_DAY_NAMES[number] for number in numbers)


def _span(start: str, end: str) -> str:
    if start and end:
        return f"{start}-{end}"
    return f"from {start}" if start else f"until {end}" if end else ""


def _clock_text(value: time | None) -> str:
    return "" if value is None else value.isoformat("auto" if value.second else "minutes")


def _date_text(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def _bounds(low: object, high: object, unit: str) -> str:
    if low is None and high is None:
        return ""
    if high is None:
        return f"from {low} {unit}"
    if low is None:
        return f"below {high} {unit}"
    return f"{low} to {high} {unit}"
