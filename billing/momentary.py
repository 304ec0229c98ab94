"""Momentary samples, of power or current, as one value for each instant at which one was told.

Knows places and phases. Refuses to know what a value is for, whether a connector could give it, and
any value that no charger told.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import reduce
from operator import add
from typing import TypeVar

from billing.events import MeterReading

Sample = tuple[datetime, int, MeterReading]
"""(instant, arrival order, the reading)"""

At = TypeVar("At", int, datetime)
Phase = TypeVar("Phase", int, str)
Amount = TypeVar("Amount", int, Decimal)

CURRENT = "Current.Import"
BEYOND = "value_out_of_range"
"""The rule that a current breaks which no connector carries, at reading or in its session."""

_NONE = Decimal(0)
_OUTLET = "Outlet"
_RANKS = {place: rank for rank, place in enumerate((_OUTLET, "Cable", "Inlet", "EV", "Body"))}
"""Places that what a vehicle takes flows through, by nearness to the outlet. Not `Upstream`, which
is where others draw from too (OCPP 2.0.1 part 2, LocationEnumType)."""


def by_instant(
    samples: Iterable[Sample], value: Callable[[MeterReading], Decimal]
) -> list[tuple[datetime, Decimal]]:
    """Strictly later each, the total where one is told, else the sum of the phases that the session
    knows; of what is told twice of one instant, what came last. `samples`: of one kind, by time.
    """
    totals: dict[datetime, Decimal] = {}
    phases: dict[datetime, dict[str, Decimal]] = {}
    for at, _, reading in samples:
        if reading.phase:
            phases.setdefault(at, {})[phase_of(reading)] = value(reading)
        else:
            totals[at] = value(reading) or _NONE
    if not phases:
        return list(totals.items())
    sums = {at: amount or _NONE for at, amount in sum_phases(phases).items()}
    return sorted((sums | totals).items())


def sum_phases(told: Mapping[At, Mapping[Phase, Amount]]) -> dict[At, Amount]:
    """The sum of all phases at each instant that tells any, by time: a phase holds from its own
    sample until its own next one, its first also before it.
    """
    order = sorted(told)
    held: dict[Phase, Amount] = {}
    for at in reversed(order):
        held |= told[at]
    sums: dict[At, Amount] = {}
    for at in order:
        held |= told[at]
        sums[at] = reduce(add, held.values())
    return sums


def phase_of(reading: MeterReading) -> str:
    """A phase to neutral is that phase."""
    return reading.phase.removesuffix("-N")


def is_beyond(reading: MeterReading) -> bool:
    """Whether it is a current that was not read, for no connector carries it."""
    if not reading.flags or reading.measurand != CURRENT:
        return False
    return reading.ampere is None and any(rule == BEYOND for rule, _ in reading.flags)


def nearest(samples: list[Sample]) -> list[Sample]:
    """Of what is told of one instant at several places, what is told nearest to the outlet.

    A place that others draw from counts only where a session knows no other.
    """
    places = {_place(one) for one in samples}
    if len(places) <= 1:
        return samples
    if not places & _RANKS.keys():
        chosen = min(places)
        return [one for one in samples if _place(one) == chosen]
    ranked = [(_RANKS[_place(one)], one) for one in samples if _place(one) in _RANKS]
    near: dict[datetime, int] = {}
    for rank, (at, _, _) in ranked:
        near[at] = min(rank, near.get(at, rank))
    return [one for rank, one in ranked if rank == near[one[0]]]


def _place(sample: Sample) -> str:
    return sample[2].location or _OUTLET
