"""When a tariff's prices differ by the clock: each window of a week, in each season of its dates.

Two instants are in the same window where every stop that starts at either would meet the same
components, whatever its power, length and energy. Knows no money.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise, product

from billing.generate.season import WEEK, Season, dates, seasons
from billing.restriction import DAY, Moment, duration
from billing.schedule import Phase, Schedule
from billing.tariff import Dimension

State = tuple[tuple[int, int] | None, ...]
"""(element, component) that applies, per dimension and situation; None: free."""

_LONGEST = 60
OTHER_TIMES = "other times"
_ALWAYS = "always"
_MOST_SITUATIONS = 200
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Window:
    """`label` in local time (`Mon-Fri 08:00-20:00`, `25-26 Dec 2026, all day`), and an instant at
    which it begins (UTC).
    """

    label: str
    start_at: datetime


@dataclass(frozen=True, slots=True)
class _Span:
    start_at: datetime
    end_at: datetime
    state: State


def windows(schedule: Schedule, monday: date, powers_kw: Sequence[Decimal]) -> tuple[Window, ...]:
    """Every window of the week from `monday`, then those of the tariff's other seasons.

    One that holds from the first season to the last is told without dates.
    """
    every = seasons(schedule.tariff, monday, schedule.zone)
    by_state: dict[State, dict[Season, list[_Span]]] = {}
    for season in every:
        for span in _spans(schedule, season.sample, season.days, powers_kw):
            by_state.setdefault(span.state, {}).setdefault(season, []).append(span)
    ends = {every[0], every[-1]}
    hours = [_hours(schedule.zone, *next(iter(found.items()))) for found in by_state.values()]
    plain = _plainly([label for label, _ in hours])
    return tuple(
        Window(label if ends <= found.keys() else f"{dates(list(found))}, {_of_day(label)}", start)
        for found, label, (_, start) in zip(by_state.values(), plain, hours, strict=True)
    )


def _of_day(hours: str) -> str:
    return "all day" if hours == _ALWAYS else hours


def _plainly(labels: list[str]) -> list[str]:
    """The one window whose hours take a paragraph is simply all that the others leave."""
    wordy = [one for one in labels if len(one) > _LONGEST]
    if len(wordy) != 1 or len(labels) < 2:
        return labels
    return [OTHER_TIMES if one in wordy else one for one in labels]


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


def _hours(zone: tzinfo, season: Season, spans: list[_Span]) -> tuple[str, datetime]:
    """When in its season a window is open, and its first beginning that is no cut week's."""
    opening = _midnight(season.sample, zone)
    own = [span for span in spans if span.start_at != opening] or spans
    return _label(spans, zone, season), own[0].start_at


def _label(spans: list[_Span], zone: tzinfo, season: Season) -> str:
    """`always`, `daily 22:00-06:00`, `Mon-Fri 08:00-20:00; Sat Sun all day`."""
    opening = _midnight(season.sample, zone)
    closing = _midnight(season.sample + timedelta(days=season.days), zone)
    if len(spans) == 1 and (spans[0].start_at, spans[0].end_at) == (opening, closing):
        return _ALWAYS
    whole = _whole(spans, opening, closing) if season.days == WEEK else spans
    nightly = _by_day(whole, zone, season.days)
    parts = [part for span in spans for part in _by_midnight(span, zone)]
    return min(nightly, _by_day(parts, zone, season.days), key=len)


def _by_day(spans: list[_Span], zone: tzinfo, of: int) -> str:
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
    return "; ".join(f"{_days(numbers, of)}{text}" for text, numbers in by_text.items())


def _whole(spans: list[_Span], opening: datetime, closing: datetime) -> list[_Span]:
    """The spans with the one that the week's end cuts in two joined again, as of the week's end."""
    if len(spans) > 1 and spans[0].start_at == opening and spans[-1].end_at == closing:
        joined = spans[-1].end_at + (spans[0].end_at - opening)
        return [*spans[1:-1], _Span(spans[-1].start_at, joined, spans[-1].state)]
    return spans


def _by_midnight(span: _Span, zone: tzinfo) -> list[_Span]:
    """The span cut at each local midnight within."""
    first = span.start_at.astimezone(zone).date()
    nights = [_midnight(first + timedelta(days=number), zone) for number in range(1, WEEK + 2)]
    edges = [span.start_at, *(at for at in nights if span.start_at < at < span.end_at), span.end_at]
    return [_Span(at, until, span.state) for at, until in pairwise(edges)]


def _clocks(start: datetime, end: datetime) -> str:
    until = "24:00" if end.time() == time() else f"{end:%H:%M}"
    text = f"{start:%H:%M}-{until}"
    return "all day" if text == "00:00-24:00" else text


def _days(numbers: list[int], of: int) -> str:
    """`Mon-Fri `, with a space after it; nothing for all the days of a short season."""
    if len(numbers) == of:
        return "daily " if of == WEEK else ""
    if len(numbers) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{_DAYS[numbers[0]]}-{_DAYS[numbers[-1]]} "
    return " ".join(_DAYS[number] for number in numbers) + " "


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)
