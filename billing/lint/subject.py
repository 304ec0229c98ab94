"""The tariff under lint: what of it was understood, when, and by which reading of OCPI.

Rules ask here what they may rest on, so that nothing is concluded from a value nobody could read.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from billing.lint.finding import component_at, limits_at
from billing.lint.grid import Box, Grid
from billing.lint.unread import at_most, names_at
from billing.policy import PricingPolicy
from billing.schedule import MEANT, Phase
from billing.tariff import PriceComponent, ReservationRestriction, Restrictions, Tariff


class Part(NamedTuple):
    """A price component with its place in the tariff, and the restrictions of its element."""

    element: int
    component: int
    rule: PriceComponent
    limits: Restrictions

    def at(self, name: str = "") -> str:
        """Its pointer, or that of one of its fields."""
        return component_at(self.element, self.component, name)


class Subject:
    """A tariff, the pointers of what could not be read (`doubts`), and what was decided.

    `now` is None where nobody says what time it is: then nothing is judged to be over.
    """

    def __init__(
        self, tariff: Tariff, doubts: frozenset[str], policy: PricingPolicy, now: datetime | None
    ) -> None:
        self.tariff = tariff
        self.doubts = doubts
        self.policy = policy
        self.now = now
        self.whole = self.sure("/elements")
        """Whether every element was understood: only then can something be said to be missing."""
        self.parts = tuple(self._parts())
        """The components that were understood, in list order."""
        self.limits = dict(self._limits())
        """Element -> its restrictions, where it has any and they were understood."""

    def sure(self, pointer: str) -> bool:
        """Whether what stands at the pointer, above and below it, was understood."""
        return not self.doubts or not any(
            doubt == pointer or doubt.startswith(f"{pointer}/") or pointer.startswith(f"{doubt}/")
            for doubt in self.doubts
        )

    def valid_days(self, margin: timedelta) -> tuple[date | None, date | None]:
        """(first, last) day of the tariff's own validity, `margin` after and before its instants:
        a day of it takes no time zone to be inside, minus a day none to be outside.
        """
        if not (self.sure("/start_date_time") and self.sure("/end_date_time")):
            return None, None
        return _day(self.tariff.start_at, margin), _day(self.tariff.end_at, -margin)

    @cached_property
    def grid(self) -> Grid:
        """Everything a session can be, cut where the tariff's restrictions cut it."""
        return Grid([element.restrictions for element in self.tariff.elements], self.policy)

    @cached_property
    def legible(self) -> bool:
        """Whether every component was understood, whatever of the restrictions was not."""
        return not self.doubts or all(
            doubt.split("/")[3:4] == ["restrictions"]
            for doubt in self.doubts
            if doubt.startswith("/elements/") or doubt in ("", "/elements")
        )

    @cached_property
    def boxes(self) -> dict[int, list[Box]]:
        """Element -> where it applies on the grid, for those whose restrictions were understood."""
        return {
            number: self.grid.boxes(element.restrictions)
            for number, element in enumerate(self.tariff.elements)
            if not self.doubts or self.sure(limits_at(number))
        }

    @cached_property
    def widest(self) -> dict[int, list[Box]]:
        """Element -> where it can apply at most: as `boxes`, and besides for those of which a
        restriction was not understood.
        """
        found = dict(self.boxes)
        for number, element in enumerate(self.tariff.elements):
            unread = None if number in found else names_at(limits_at(number), self.doubts)
            loose = at_most(element.restrictions, unread, self.policy) if unread else None
            if loose is not None:
                found[number] = self.grid.boxes(loose)
        return found

    def _parts(self) -> Iterator[Part]:
        for number, element in enumerate(self.tariff.elements):
            for position, rule in enumerate(element.components):
                if not self.doubts or self.sure(component_at(number, position)):
                    yield Part(number, position, rule, element.restrictions)

    def _limits(self) -> Iterator[tuple[int, Restrictions]]:
        for number, element in enumerate(self.tariff.elements):
            limits = element.restrictions
            if limits != _FREE and (not self.doubts or self.sure(limits_at(number))):
                yield number, limits


_FREE = Restrictions()
PURPOSE: dict[ReservationRestriction | None, Phase] = {
    kind: phase for phase in Phase for kind in MEANT[phase][0]
}
"""What an element is for. An element that a phase looks at only after its own kind is judged in
the phase where it comes first: if it is dead there, it is dead behind more rivals too.
"""


def _day(at: datetime | None, by: timedelta) -> date | None:
    try:
        return None if at is None else (at + by).date()
    except OverflowError:
        return None
