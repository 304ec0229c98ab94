"""When a tariff's prices differ by the clock: each window of a week, and each dated exception.

Two instants are in the same window where every stop that starts at either would meet the same
components, whatever its power, length and energy. Knows no money.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise, product

from billing.restriction import DAY, Moment, duration
from billing.schedule import Phase, Schedule
from billing.tariff import Dimension

State = tuple[tuple[int, int] | None, ...]
"""(element, component) that applies, per dimension and situation; None: free."""

_WEEK = 7
_MOST_DATES = 60
_LONGEST = 60
OTHER_TIMES = "other times"
_MOST_SITUATIONS = 200
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Window:
    """`label` in local time (`Mon-Fri 08:00-20:00`), and an instant at which it begins (UTC)."""

    label: str
    start_at: datetime


@dataclass(frozen=True, slots=True)
class _Span:
    start_at: datetime
    end_at: datetime
    state: State


def windows(schedule: Schedule, monday: date, powers_kw: Sequence[Decimal]) -> tuple[Window, ...]:
    """Every window of the week from `monday`, then those of the tariff's dates beyond it."""
    spans = list(_spans(schedule, monday, _WEEK, powers_kw))
    by_state: dict[State, list[_Span]] = {}
    for span in spans:
        by_state.setdefault(span.state, []).append(span)
    found = [_weekly(those, schedule.zone, monday) for those in by_state.values()]
    for day in _dates(schedule, monday):
        for span in _spans(schedule, day, 1, powers_kw):
            if span.state not in by_state:
                by_state[span.state] = [span]
                found.append(Window(_dated(span, schedule.zone), span.start_at))
    return _plainly(found)


def _plainly(found: list[Window]) -> tuple[Window, ...]:
    """The one window whose hours take a paragraph is simply all that the others leave."""
    wordy = [one for one in found if len(one.label) > _LONGEST]
    if len(wordy) != 1 or len(found) < 2:
        return tuple(found)
    return tuple(Window(OTHER_TIMES, one.start_at) if one in wordy else one for one in found)


def _dates(schedule: Schedule, monday: date) -> list[date]:
    """Days on which an element may switch by date, not in the week itself; each first day, and the
    last of a range, at most sixty.
    """
    found: set[date] = set()
    for element in schedule.tariff.elements:
        limits = element.restrictions
        if limits.start_date is not None:
            found.add(limits.start_date)
        if limits.end_date is not None:
            found.update({limits.end_date - DAY, limits.end_date})
    week = {monday + timedelta(days=number) for number in range(_WEEK)}
    return sorted(found - week)[:_MOST_DATES]


def _spans(
    schedule: Schedule, first: date, days: int, powers_kw: Sequence[Decimal]
) -> Iterator[_Span]:
    """The days cut at each clock edge, neighbours of the same state joined."""
    zone = schedule.zone
    start, end = _midnight(first, zone), _midnight(first + timedelta(days=days), zone)
    midnights = [_midnight(first + timedelta(days=number), zone) for number in range(1, days)]
    edges = sorted({start, *schedule.clock_edges(start, end), *midnights})
    last: _Span | None = None
    for at, until in zip(edges, [*edges[1:], end], strict=True):
        state = _state(schedule, at, powers_kw)
        if last is not None and last.state == state:
            last = _Span(last.start_at, until, state)
            continue
        if last is not None:
            yield last
        last = _Span(at, until, state)
    if last is not None:
        yield last


def _state(schedule: Schedule, at: datetime, powers_kw: Sequence[Decimal]) -> State:
    limits = schedule.thresholds
    kwhs = [Decimal(0), *limits.kwh]
    lengths = [timedelta(), *(duration(seconds) for seconds in limits.seconds)]
    powers = [*powers_kw, *limits.power]
    found: list[tuple[int, int] | None] = []
    for kwh, elapsed, kw in list(product(kwhs, lengths, powers))[:_MOST_SITUATIONS]:
        moment = Moment(at, schedule.zone, kwh, elapsed, kw, kw)
        for dimension in Dimension:
            choice = schedule.find(Phase.SESSION, dimension, moment)
            found.append(None if choice is None else (choice.element, choice.component))
    return tuple(found)


def _weekly(spans: list[_Span], zone: tzinfo, monday: date) -> Window:
    """One window: when in the week it is open, and its first beginning that is no cut week's."""
    opening = _midnight(monday, zone)
    own = [span for span in spans if span.start_at != opening] or spans
    return Window(_label(spans, zone, monday), own[0].start_at)


def _label(spans: list[_Span], zone: tzinfo, monday: date) -> str:
    """`always`, `daily 22:00-06:00`, `Mon-Fri 08:00-20:00; Sat Sun all day`."""
    opening, closing = _midnight(monday, zone), _midnight(monday + timedelta(days=_WEEK), zone)
    if len(spans) == 1 and (spans[0].start_at, spans[0].end_at) == (opening, closing):
        return "always"
    nightly = _by_day(_whole(spans, opening, closing), zone)
    daily = _by_day([part for span in spans for part in _by_midnight(span, zone)], zone)
    return min(nightly, daily, key=len)


def _by_day(spans: list[_Span], zone: tzinfo) -> str:
    """Days with the same hours told together; a span longer than a day is told day by day."""
    days: dict[int, list[str]] = {}
    for span in spans:
        parts = [span] if span.end_at - span.start_at <= DAY else _by_midnight(span, zone)
        for part in parts:
            start, end = part.start_at.astimezone(zone), part.end_at.astimezone(zone)
            days.setdefault(start.weekday(), []).append(_clocks(start, end))
    by_text: dict[str, list[int]] = {}
    for number, texts in sorted(days.items()):
        by_text.setdefault(", ".join(texts), []).append(number)
    return "; ".join(f"{_days(numbers)} {text}" for text, numbers in by_text.items())


def _whole(spans: list[_Span], opening: datetime, closing: datetime) -> list[_Span]:
    """The spans with the one that the week's end cuts in two joined again, as of the week's end."""
    if len(spans) > 1 and spans[0].start_at == opening and spans[-1].end_at == closing:
        joined = spans[-1].end_at + (spans[0].end_at - opening)
        return [*spans[1:-1], _Span(spans[-1].start_at, joined, spans[-1].state)]
    return spans


def _by_midnight(span: _Span, zone: tzinfo) -> list[_Span]:
    """The span cut at each local midnight within."""
    first = span.start_at.astimezone(zone).date()
    nights = [_midnight(first + timedelta(days=number), zone) for number in range(1, _WEEK + 2)]
    edges = [span.start_at, *(at for at in nights if span.start_at < at < span.end_at), span.end_at]
    return [_Span(at, until, span.state) for at, until in pairwise(edges)]


def _clocks(start: datetime, end: datetime) -> str:
    until = "24:00" if end.time() == time() else f"{end:%H:%M}"
    text = f"{start:%H:%M}-{until}"
    return "all day" if text == "00:00-24:00" else text


def _days(numbers: list[int]) -> str:
    if len(numbers) == _WEEK:
        return "daily"
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{_DAYS[numbers[0]]}-{_DAYS[numbers[-1]]}"
    return " ".join(_DAYS[number] for number in numbers)


def _dated(span: _Span, zone: tzinfo) -> str:
    start, end = span.start_at.astimezone(zone), span.end_at.astimezone(zone)
    return f"{start:%Y-%m-%d} {_clocks(start, end)}"


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
