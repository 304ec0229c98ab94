"""Where a note belongs, in words: `element 2 of the tariff (energy)` for a JSON pointer.

Knows the pointers of a CDR's periods and tariffs. Refuses to name what a reader of a bill cannot
find there: such a pointer has no words, and stands where engineers look.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from billing.explain.figures import Figures
from billing.tariff import Dimension, Tariff

_PERIOD = re.compile(r"/charging_periods/(\d+)(?:/|$)")
_ELEMENT = re.compile(r"/tariffs/(\d+)/elements/(\d+)(?:/price_components/(\d+))?(?:/|$)")


def place(
    pointer: str, tariffs: Sequence[Tariff], starts: Mapping[int, datetime], figures: Figures
) -> str:
    """The words for a JSON pointer; "" where a reader knows no such place.

    `starts` are the instants at which periods begin, by ordinal.
    """
    found = _PERIOD.match(pointer)
    if found is not None and int(found[1]) in starts:
        return period(int(found[1]), starts, figures)
    found = _ELEMENT.match(pointer)
    if found is None or int(found[1]) >= len(tariffs):
        return ""
    tariff, number = tariffs[int(found[1])], int(found[2])
    several = {"tariff": tariff.id} if len(tariffs) > 1 else {}
    return _element(tariff, number, found[3], figures, several)


def period(ordinal: int, starts: Mapping[int, datetime], figures: Figures) -> str:
    """`period 1, at 22:40`."""
    phrases = figures.language.phrases
    at = phrases["at"].format(time=figures.time_of(starts[ordinal]))
    return phrases["period"].format(number=ordinal + 1, at=at)


def _element(
    tariff: Tariff, number: int, component: str | None, figures: Figures, several: dict[str, str]
) -> str:
    phrases = figures.language.phrases
    words = phrases["place_element_of" if several else "place_element"].format(
        element=number + 1, **several
    )
    dimension = _dimension(tariff, number, component)
    if dimension is None:
        return words
    return phrases["place_price"].format(place=words, what=phrases[f"what_{dimension.lower()}"])


def _dimension(tariff: Tariff, number: int, component: str | None) -> Dimension | None:
    """What a component prices; None where the tariff as read has no such place."""
    if component is None or number >= len(tariff.elements):
        return None
    parts = tariff.elements[number].components
    return parts[int(component)].dimension if int(component) < len(parts) else None
