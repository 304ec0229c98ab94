"""When a dimension costs nothing because no element applies: hours, days, energies left out.

OCPI 2.2.1 mod_tariffs, Tariff.elements: a dimension without a matching component is free of charge.
Padding with zero prices is no gap. Judged within the tariff's own validity.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal

from billing.lint.finding import Finding, limits_at
from billing.lint.grid import Box, Grid, Undecided
from billing.lint.subject import Part, Subject
from billing.lint.whole import chosen
from billing.restriction import MIDNIGHT, sentence
from billing.tariff import DayOfWeek, Dimension, Restrictions

_DAY = timedelta(days=1)
_MOST_TOLD = 6
_MOST_MERGED = 60


def gaps(subject: Subject) -> Iterator[Finding]:
    """`dimension_not_exhaustive`, `partly_free`, `dynamic_without_fallback`."""
    if not (subject.limits or subject.doubts) or not subject.legible:
        return
    priced: dict[Dimension, list[Part]] = {}
    for part in subject.parts:
        if part.limits.reservation is None:
            priced.setdefault(part.rule.dimension, []).append(part)
    for dimension, own in priced.items():
        if any(part.rule.price for part in own) and not _always(subject, own):
            yield from _gaps(subject, dimension, own)


def _always(subject: Subject, own: list[Part]) -> bool:
    """Whether one of the components always applies, or may: of its restrictions nothing is known.
    Where one element prices everything, one before it may come first all the same.
    """
    if any(part.element not in subject.widest for part in own):
        return True
    first = subject.policy.element_choice == "per_dimension"
    free = (part.element in subject.boxes and part.element not in subject.limits for part in own)
    return first and any(free)


def _gaps(subject: Subject, dimension: Dimension, own: list[Part]) -> Iterator[Finding]:
    grid = subject.grid
    try:
        reached = subject.widest
        if subject.policy.element_choice == "per_element":
            reached = chosen(subject)
        elements = {part.element: reached.get(part.element, []) for part in own}
        left = grid.cover([_expected(subject)], elements.items(), grid.steady).left
    except Undecided:
        return
    if not left:
        return
    pieces = _merged(left)
    told = [_words(grid, piece) for piece in pieces[:_MOST_TOLD]]
    more = len(pieces) - len(told)
    text = f"{dimension} is free: " + "; ".join(told) + (f"; and {more} more" if more > 0 else "")
    suggestion = f"end with an element without restrictions that prices {dimension}"
    yield Finding(_code(subject, dimension, left), "/elements", text, suggestion)
    last = _last_day(subject, own)
    if last is not None and _expires(subject, last):
        yield Finding(
            "dynamic_without_fallback",
            "/elements",
            f"every element with {dimension} ends; from {last} on it is free",
            "add a last element without dates as a fallback",
        )


def _code(subject: Subject, dimension: Dimension, left: list[Box]) -> str:
    """A time or a fee that only begins later is a grace period; energy without price is not."""
    axes = [axis for axis in (subject.grid.calendar, subject.grid.clock) if axis]
    whole = _expected(subject)[: len(axes)]
    always = all(box[: len(axes)] == whole for box in left)
    grace = always and dimension is not Dimension.ENERGY
    return "partly_free" if grace else "dimension_not_exhaustive"


def _expected(subject: Subject) -> Box:
    """What the tariff should price: any usual session on a day wholly inside its validity."""
    return subject.grid.usual(*subject.valid_days(_DAY))


def _last_day(subject: Subject, own: list[Part]) -> date | None:
    """The day after which nothing prices the dimension; None where something goes on for ever."""
    ends = [
        part.limits.end_date if subject.sure(limits_at(part.element, "end_date")) else None
        for part in own
    ]
    return max((end for end in ends if end is not None), default=None) if None not in ends else None


def _expires(subject: Subject, last: date) -> bool:
    _, end = subject.valid_days(_DAY)
    return end is None or last < end


def _merged(left: list[Box]) -> list[Box]:
    """Boxes that differ on one axis only are one box."""
    found = list(left)
    if len(found) > _MOST_MERGED:
        return found
    place = 0
    while place < len(found):
        for other in range(place + 1, len(found)):
            both = _joined(found[place], found[other])
            if both is not None:
                found[place] = both
                del found[other]
                place = -1
                break
        place += 1
    return found


def _joined(one: Box, other: Box) -> Box | None:
    differ = [at for at, (own, its) in enumerate(zip(one, other, strict=True)) if own != its]
    if len(differ) != 1:
        return None
    at = differ[0]
    return (*one[:at], one[at] | other[at], *one[at + 1 :])


def _words(grid: Grid, box: Box) -> str:
    """`Sat Sun 20:00-24:00 below 3 kWh`: a part of all sessions."""
    cells = iter(box)
    parts: list[str] = []
    if grid.calendar:
        days = next(cells)
        if days != grid.calendar.full:
            parts.append(" and ".join(_days(*one) for one in grid.calendar.days(days)))
    if grid.clock:
        hours = next(cells)
        if hours != grid.clock.full:
            parts.append(" and ".join(_hours(*one) for one in grid.clock.spans(hours)))
    for axis, unit in ((grid.kwh, "kWh"), (grid.duration, "s")):
        if axis:
            values = next(cells)
            if values != axis.positive:
                parts.append(" and ".join(_bounds(*one, unit) for one in axis.bounds(values)))
    for extremes, unit in ((grid.power, "kW"), (grid.current, "A")):
        if extremes:
            values = next(cells) & next(cells)
            if values != extremes.values.positive:
                own = extremes.values.bounds(values)
                parts.append(" and ".join(_bounds(*one, unit) for one in own))
    return " ".join(parts) or "always"


def _days(first: date | None, last: date | None, weekdays: frozenset[int]) -> str:
    days = frozenset(DayOfWeek(day) for day in weekdays)
    named = sentence(Restrictions(day_of_week=days)) if len(days) < 7 else ""
    if first is None and last is None:
        return named
    if last is None:
        dates = f"from {first} on"
    elif first is None:
        dates = f"before {last}"
    elif first + _DAY == last:
        dates = f"on {first}"
    else:
        dates = f"from {first} to {last - _DAY}"
    return f"{named} {dates}".strip()


def _hours(start: time, end: time) -> str:
    return f"{_clock(start)}-{'24:00' if end == MIDNIGHT else _clock(end)}"


def _clock(value: time) -> str:
    return value.isoformat("auto" if value.second else "minutes")


def _bounds(low: Decimal | int | None, high: Decimal | int | None, unit: str) -> str:
    if high is None:
        return f"from {low} {unit}"
    return f"from {low} to {high} {unit}" if low else f"below {high} {unit}"
