"""The seasons of a tariff: stretches of days in which no date restriction begins or ends.

Knows dates and which week shows a season. Refuses to know hours and prices. OCPI 2.2.1 mod_tariffs,
TariffRestrictions.start_date, end_date (exclusive).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo
from itertools import pairwise

from billing.restriction import DAY
from billing.tariff import Tariff

WEEK = 7
_MOST = 60
_MOST_TOLD = 3
_LONG_AGO, _NEVER = date(1000, 1, 1), date(9000, 1, 1)
"""Dates beyond these are how some write that there is no such limit."""
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Season:
    """From `first` to `last`, both included (None: no date says when). `sample` and the `days` from
    it on show it: a week from a Monday, where it has one.
    """

    first: date | None
    last: date | None
    sample: date
    days: int


def seasons(tariff: Tariff, monday: date, zone: tzinfo) -> list[Season]:
    """The season of `monday` and those to come, by date: all in the tariff's own time, at most
    sixty. What is over is no price any more.
    """
    found = [one for one in _seasons(tariff, monday, zone) if (one.last or date.max) >= monday]
    return found if len(found) <= _MOST else [*found[: _MOST - 1], found[-1]]


def dates(found: Sequence[Season]) -> str:
    """`25-26 Dec 2026`, `until 31 May 2026`; several after each other, of many the first."""
    told = [_dates(one.first, one.last) for one in found[:_MOST_TOLD]]
    return ", ".join([*told, "…"] if len(found) > _MOST_TOLD else told)


def _seasons(tariff: Tariff, monday: date, zone: tzinfo) -> Iterator[Season]:
    opens = None if tariff.start_at is None else tariff.start_at.astimezone(zone).date()
    closes = None if tariff.end_at is None else tariff.end_at.astimezone(zone).date()
    after, until = max(opens or _LONG_AGO, _LONG_AGO), min(closes or _NEVER, _NEVER)
    limits = [one.restrictions for one in tariff.elements]
    named = {day for one in limits for day in (one.start_date, one.end_date) if day is not None}
    edges = sorted(day for day in named if after < day <= until)
    for first, end in pairwise([None, *edges, None]):
        yield _shown(first, None if end is None else end - DAY, monday)


def _shown(first: date | None, last: date | None, monday: date) -> Season:
    """A season with the days that show it: the week from `monday` where that lies within."""
    if first is None or first <= monday:
        start = monday
    else:
        start = first + timedelta(days=-first.weekday() % WEEK)
    latest = None if last is None else last - timedelta(days=WEEK - 1)
    if latest is not None and start > latest:
        start = latest - timedelta(days=latest.weekday())
    if first is None or start >= first:
        return Season(first, last, start, WEEK)
    assert last is not None, "without an end there is a week from a Monday"
    return Season(first, last, first, min(WEEK, (last - first).days + 1))


def _dates(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return f"from {_day(first)}" if first else f"until {_day(last)}" if last else ""
    if first == last:
        return _day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}-{_day(last)}"
    start = _day(first) if first.year != last.year else f"{first.day} {_MONTHS[first.month - 1]}"
    return f"{start} - {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
