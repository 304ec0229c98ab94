"""Restrictions by themselves: bounds that exclude each other, empty days, holes of a minute.

OCPI 2.2.1 mod_tariffs, TariffRestrictions: lower bounds are inclusive, upper bounds exclusive; an
end_time before start_time wraps over midnight and is no error.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from billing.lint.finding import Finding, limits_at
from billing.lint.subject import Subject
from billing.policy import PricingPolicy
from billing.restriction import MIDNIGHT, sentence, window
from billing.tariff import DayOfWeek, Dimension, ReservationRestriction, Restrictions

_PAIRS = (
    ("min_kwh", "max_kwh"),
    ("min_current", "max_current"),
    ("min_power", "max_power"),
    ("min_duration", "max_duration"),
)
_ONE_DAY = timedelta(days=1)


def bounds(subject: Subject) -> Iterator[Finding]:
    """Findings about each element's restrictions, one element at a time."""
    if not subject.limits:
        return
    starts = {limits.start_time for limits in subject.limits.values()}
    for number, limits in subject.limits.items():
        yield from _numeric(number, limits)
        yield from _dates(number, limits, subject.policy)
        yield from _window(number, limits, subject.policy)
        if window(limits, subject.policy)[1] == limits.end_time:
            yield from _early_end(number, limits, starts)
    yield from _reservations(subject)


def _numeric(number: int, limits: Restrictions) -> Iterator[Finding]:
    for low_name, high_name in _PAIRS:
        low, high = getattr(limits, low_name), getattr(limits, high_name)
        if high is not None and high <= 0:
            yield Finding(
                "max_restriction_zero",
                limits_at(number, high_name),
                f"{high_name} is {high}: the element never applies",
                f"leave {high_name} out, or give the bound that is meant",
            )
        elif low is not None and high is not None and low >= high:
            yield Finding(
                "impossible_restriction",
                limits_at(number, low_name),
                f"from {low_name} {low} to below {high_name} {high}: nothing is in between",
                f"{low_name} must be below {high_name}",
            )


def _dates(number: int, limits: Restrictions, policy: PricingPolicy) -> Iterator[Finding]:
    start, end = limits.start_date, limits.end_date
    if start is None or end is None:
        return
    if start == end and policy.empty_date_window == "same_day":
        return
    if start == end:
        yield Finding(
            "empty_date_window",
            limits_at(number, "end_date"),
            f"from {start} to {end}, which is exclusive, is no day: the element never applies",
            f"for the one day: end_date {_next_day(start)}",
        )
    elif start > end:
        yield Finding(
            "impossible_restriction",
            limits_at(number, "end_date"),
            f"end_date {end} is before start_date {start}: the element never applies",
            "exchange the dates",
        )
    elif limits.day_of_week and (end - start).days < 7:
        days = {(start + timedelta(days=step)).weekday() for step in range((end - start).days)}
        if not days & {int(day) for day in limits.day_of_week}:
            yield Finding(
                "impossible_restriction",
                limits_at(number, "day_of_week"),
                f"no such weekday lies between {start} and {end}: the element never applies",
                "name a weekday within the dates, or leave day_of_week out",
            )


def _next_day(day: date) -> str:
    return "a day later" if day == date.max else (day + _ONE_DAY).isoformat()


def _window(number: int, limits: Restrictions, policy: PricingPolicy) -> Iterator[Finding]:
    start, end = limits.start_time, limits.end_time
    if start is None or end is None:
        return
    if start == end and start != MIDNIGHT and policy.equal_window == "never":
        text = f"start_time and end_time are both {_clock(start)}: read as never"
        yield Finding(
            "impossible_restriction", limits_at(number, "start_time"), text, "leave both out"
        )
    elif start == end:
        yield Finding(
            "whole_day_window",
            limits_at(number, "start_time"),
            f"start_time and end_time are both {_clock(start)}: read as the whole day",
            "leave both out",
        )
    elif MIDNIGHT < end < start and limits.day_of_week and policy.wrap_weekday == "instant":
        yield Finding(
            "wrapped_window_days",
            limits_at(number, "day_of_week"),
            _wrapped(limits.day_of_week, start, end),
            "for the whole night name the next day too, or use two elements",
        )


def _wrapped(days: frozenset[DayOfWeek], start: time, end: time) -> str:
    names = sentence(Restrictions(day_of_week=days))
    return (
        f"on {names} it applies 00:00-{_clock(end)} and {_clock(start)}-24:00 of the same day; "
        "the morning after belongs to the next day"
    )


def _early_end(number: int, limits: Restrictions, starts: set[time | None]) -> Iterator[Finding]:
    """23:59, 19:59:59, or a minute before another window starts: the end is exclusive."""
    end = limits.end_time
    assert end is not None, "a window that ends early has an end"
    for step in (timedelta(seconds=1), timedelta(minutes=1)):
        meant = _later(end, step)
        rounds_up = meant == MIDNIGHT or (step.seconds == 1 and meant.second == 0)
        if rounds_up or (meant in starts and end not in starts):
            until = "24:00" if meant == MIDNIGHT else _clock(meant)
            yield Finding(
                "day_end_gap",
                limits_at(number, "end_time"),
                f"end_time is exclusive: {_clock(end)}-{until} falls out of the window",
                f"end_time {_clock(meant)}",
            )
            return


@lru_cache(maxsize=4_096)
def _later(clock: time, step: timedelta) -> time:
    """The clock a step later; a day has few times that tariffs name."""
    return (datetime.combine(date.min, clock) + step).time()


def _reservations(subject: Subject) -> Iterator[Finding]:
    for part in subject.parts:
        kind = part.limits.reservation
        if kind in _SESSION or part.rule.dimension in (Dimension.FLAT, Dimension.TIME):
            continue
        assert kind is not None
        yield Finding(
            "reservation_dimension",
            part.at("type"),
            f"{part.rule.dimension} in an element for {kind}: only FLAT and TIME are charged there",
            "price it in an element without a reservation restriction",
        )


_SESSION = (None, ReservationRestriction.BOOKING_OVERTIME)
"""What is priced as a session is: overtime goes on charging."""


def _clock(value: time) -> str:
    return value.isoformat("auto" if value.second else "minutes")
