"""An intended charging session, and the moments at which its charge point has something to say.

One vocabulary for both protocol versions: `v16` and `v201` turn each moment into frames.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from wattproof.simulator.faults import Fault


class Step(IntEnum):
    """What a station does, in the order in which it must be told at one instant."""

    DISCONNECT = 0
    CONNECT = 1
    """Connects again, without a boot."""
    PLUG = 2
    """Cable in, driver identified, energy may flow."""
    SAMPLE = 3
    SUSPEND = 4
    """The vehicle is full, or wants no more."""
    STOP = 5
    UNPLUG = 6
    """The connector is free again."""
    HEARTBEAT = 7
    GARBAGE = 8
    """A text that is not JSON."""
    STORM = 9
    """Connections opened and dropped."""


class Ending(StrEnum):
    """Who ended a charge; OCPP 1.6 Reason."""

    LOCAL = "Local"
    VEHICLE = "EVDisconnected"


@dataclass(frozen=True, slots=True)
class Sample:
    """The energy since the charge's start and the momentary power, at an instant (UTC)."""

    at: datetime
    wh: int
    watt: int


@dataclass(frozen=True, slots=True)
class Charge:
    """One vehicle at one connector. `meter_start_wh` is the register when it began.

    `end_at` None: nothing ever says that it stopped. `transaction` is the id a 2.0.1 station gives.
    """

    id: str
    station: str
    connector: int
    token: str
    start_at: datetime
    end_at: datetime | None
    meter_start_wh: int
    energy_wh: int
    samples: tuple[Sample, ...] = ()
    suspended_at: datetime | None = None
    clock_aligned: bool = False
    """Whether samples are taken on the clock's quarter hours instead of every so often."""
    ending: Ending = Ending.LOCAL
    faults: frozenset[Fault] = frozenset()
    transaction: str = ""

    @property
    def context(self) -> str:
        """OCPP's reading context of its samples."""
        return "Sample.Clock" if self.clock_aligned else "Sample.Periodic"

    def has(self, fault: Fault) -> bool:
        """Whether this charge is told wrongly in that way."""
        return fault in self.faults


@dataclass(frozen=True, slots=True)
class Outage:
    """The station's link is down from `begin` (inclusive) to `end` (exclusive)."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something a station does: `told_at` is when it is sent, `at` the time it is about.

    `rank` tells charges apart that end and begin at one instant: the earlier is told first.
    """

    told_at: datetime
    station: str
    at: datetime
    rank: int
    step: Step
    charge: Charge | None = field(compare=False, default=None)
    sample: Sample | None = field(compare=False, default=None)

    @property
    def offline(self) -> bool:
        """Whether it is told later than it happened."""
        return self.told_at > self.at


def charge_moments(
    charge: Charge,
    outages: Sequence[Outage] = (),
    *,
    rank: int = 0,
    unplug_after: timedelta = timedelta(seconds=20),
) -> list[Moment]:
    """What is told about a charge, in order; an outage of its station shifts `told_at` only."""
    told: list[tuple[datetime, Step, Sample | None]] = [(charge.start_at, Step.PLUG, None)]
    told += [(sample.at, Step.SAMPLE, sample) for sample in charge.samples]
    if charge.suspended_at is not None:
        told.append((charge.suspended_at, Step.SUSPEND, None))
    if charge.end_at is not None:
        told.append((charge.end_at, Step.STOP, None))
        told.append((charge.end_at + unplug_after, Step.UNPLUG, None))
    return [
        Moment(_told_at(at, outages), charge.station, at, rank, step, charge, sample)
        for at, step, sample in sorted(told, key=lambda one: (one[0], one[1]))
    ]


def outage_moments(station: str, outages: Iterable[Outage]) -> list[Moment]:
    """The link goes and comes back; coming back is told before everything that waited for it."""
    return [
        moment
        for outage in outages
        for moment in (
            Moment(outage.begin, station, outage.begin, 0, Step.DISCONNECT),
            Moment(outage.end, station, outage.begin, 0, Step.CONNECT),
        )
    ]


def _told_at(at: datetime, outages: Sequence[Outage]) -> datetime:
    return next((one.end for one in outages if one.begin <= at < one.end), at)
