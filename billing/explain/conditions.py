"""When a tariff element applies, in words: TariffRestrictions in the reader's language.

Knows what each restriction means under the policy in force. Refuses to test them: they are words.
"""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from billing.explain.figures import Figures
from billing.policy import PricingPolicy
from billing.restriction import MIDNIGHT, window
from billing.tariff import Restrictions

_ONE_DAY = timedelta(days=1)


def conditions(limits: Restrictions, figures: Figures, policy: PricingPolicy) -> str:
    """All restrictions of an element as one phrase; "" where it has none.

    `from Monday to Friday, between 09:00 and 18:00 and once 20 kWh have been charged`.
    """
    words = [
        "" if limits.reservation is None else _phrase(figures, limits.reservation.lower()),
        _days(limits, figures),
        _clock(limits, figures, policy),
        _dates(limits, figures, policy),
        _bounds(figures, "kwh", _unit(figures, limits.min_kwh, limits.max_kwh, "kWh")),
        _bounds(figures, "duration", _durations(figures, limits)),
        _bounds(figures, "power", _unit(figures, limits.min_power, limits.max_power, "kW")),
        _bounds(figures, "current", _unit(figures, limits.min_current, limits.max_current, "A")),
    ]
    return figures.listed([word for word in words if word])


def _phrase(figures: Figures, key: str, **places: str) -> str:
    return figures.language.phrases[key].format(**places)


def _days(limits: Restrictions, figures: Figures) -> str:
    numbers = sorted(int(day) for day in limits.day_of_week)
    language = figures.language
    if not numbers:
        return ""
    if len(numbers) > 2 and all(after - before == 1 for before, after in pairwise(numbers)):
        first, last = numbers[0], numbers[-1]
        return _phrase(
            figures,
            "days_range",
            first=language.on_days[first],
            last=language.on_days[last],
            first_day=language.weekdays[first],
            last_day=language.weekdays[last],
        )
    days = figures.listed([language.on_days[number] for number in numbers])
    return _phrase(figures, "days", days=days)


def _clock(limits: Restrictions, figures: Figures, policy: PricingPolicy) -> str:
    if limits.start_time is None and limits.end_time is None:
        return ""
    start, end = window(limits, policy)
    if start == end:
        whole_day = start == MIDNIGHT or policy.equal_window == "whole_day"
        return _phrase(figures, "clock_all_day" if whole_day else "clock_never")
    places = {"start": figures.clock(start), "end": figures.clock(end)}
    if end == MIDNIGHT:
        return _phrase(figures, "clock_from", start=places["start"])
    if start == MIDNIGHT:
        return _phrase(figures, "clock_until", end=places["end"])
    return _phrase(figures, "clock_between" if start < end else "clock_wraps", **places)


def _dates(limits: Restrictions, figures: Figures, policy: PricingPolicy) -> str:
    """OCPI's end date is exclusive; in words the last day is named."""
    start, end = limits.start_date, limits.end_date
    if start is not None and start == end and policy.empty_date_window == "never":
        return _phrase(figures, "date_empty", start=figures.day(start))
    last = None if end is None or end == date.min else end - _ONE_DAY
    if start is not None and last is not None:
        if last <= start:
            return _phrase(figures, "date_on", date=figures.day(start))
        return _phrase(figures, "date_between", start=figures.day(start), end=figures.day(last))
    if start is not None:
        return _phrase(figures, "date_from", start=figures.day(start))
    return "" if last is None else _phrase(figures, "date_until", end=figures.day(last))


def _unit(
    figures: Figures, low: Decimal | None, high: Decimal | None, unit: str
) -> tuple[str | None, str | None]:
    return (
        None if low is None else figures.unit(low, unit),
        None if high is None else figures.unit(high, unit),
    )


def _durations(figures: Figures, limits: Restrictions) -> tuple[str | None, str | None]:
    low, high = limits.min_duration, limits.max_duration
    return (
        None if low is None else figures.duration(Decimal(low)),
        None if high is None else figures.duration(Decimal(high)),
    )


def _bounds(figures: Figures, kind: str, bounds: tuple[str | None, str | None]) -> str:
    low, high = bounds
    if low is None:
        return "" if high is None else _phrase(figures, f"{kind}_below", high=high)
    if high is None:
        return _phrase(figures, f"{kind}_from", low=low)
    return _phrase(figures, f"{kind}_between", low=low, high=high)
