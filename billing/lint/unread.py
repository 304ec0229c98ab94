"""Restrictions of which a part was not understood: where an element can apply at most.

All restrictions must hold, so that one nobody could read makes the element apply at fewer moments,
never at more: what is dead without it is dead with it. Refuses to bound what an element is for.
"""

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from billing.policy import PricingPolicy
from billing.tariff import Restrictions

_NAMES = frozenset(item.name for item in fields(Restrictions))
_WINDOW = frozenset({"start_time", "end_time"})


def names_at(place: str, pointers: Iterable[str]) -> frozenset[str] | None:
    """The restrictions below a pointer that the others point at; None where they point at more."""
    found = set()
    for pointer in pointers:
        if pointer.startswith(f"{place}/"):
            found.add(pointer.removeprefix(f"{place}/").partition("/")[0])
        elif pointer == place or place.startswith(f"{pointer}/"):
            return None
    return frozenset(found) if found <= _NAMES else None


def at_most(
    limits: Restrictions, unread: frozenset[str], policy: PricingPolicy
) -> Restrictions | None:
    """What surely restricts the element, without the fields `unread`; None where they may say that
    it is for a reservation. A window is read whole or not at all: half of one may wrap.
    """
    if "reservation" in unread:
        return None
    loose = unread
    if unread & _WINDOW:
        loose = loose | _WINDOW
        if policy.wrap_weekday == "window_start":
            loose = loose | {"day_of_week"}
    free: dict[str, Any] = {name: getattr(_FREE, name) for name in loose}
    return replace(limits, **free)


_FREE = Restrictions()
