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
    """The samples of one place: the nearest to the outlet of those told throughout a session.

    What is told at two instants only may be a begin and an end without the location of the rest;
    where nothing is told oftener, the place told most often counts. A place that others draw from
    counts only where a session knows no other.
    """
    told: dict[str, set[datetime]] = {}
    for one in samples:
        told.setdefault(_place(one), set()).add(one[0])
    if len(told) <= 1:
        return samples
    known = [place for place in _RANKS if place in told] or sorted(told)
    throughout = [place for place in known if len(told[place]) > _BEGIN_AND_END]
    most = max(known, key=lambda place: len(told[place]))
    chosen = throughout[0] if throughout else most
    return [one for one in samples if _place(one) == chosen]


_BEGIN_AND_END = 2


def _place(sample: Sample) -> str:
    return sample[2].location or _OUTLET
