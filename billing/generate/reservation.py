"""A reservation before an imagined charge, or one that nobody came for.

Knows that the connector is held, from when until when. Refuses to know how a charge is made: it
puts reserved periods before a CDR's own and has the whole priced anew. OCPI 2.2.1 mod_tariffs,
ReservationRestrictionType; mod_cdrs: a CDR with a reservation starts where that starts.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from billing.cdr import CDR, total_parking_time_h, total_time_h
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.price import price
from billing.restriction import Moment, duration, site_clock
from billing.schedule import Phase, Schedule, prepare
from billing.session import Activity
from billing.tariff import Dimension, Tariff

ZERO = Decimal(0)
PRICED = (Dimension.TIME, Dimension.FLAT)
"""OCPI 2.2.1 mod_tariffs: all that a reservation may cost."""


@dataclass(frozen=True, slots=True)
class Reservation:
    """Held for the driver from `start_at` to `end_at` (UTC, whole seconds); `expired`: never used.

    Raises ValueError where it ends before it starts.
    """

    start_at: datetime
    end_at: datetime
    expired: bool = False

    def __post_init__(self) -> None:
        """Refuses what is no reservation, in words."""
        if self.end_at <= self.start_at:
            raise ValueError("a reservation starts before the charge, or before it expires")


def with_reservation(
    cdr: CDR,
    held: Reservation,
    tariff: Tariff,
    zone: str,
    policy: PricingPolicy = DEFAULT_POLICY,
) -> CDR:
    """The CDR with what was held before it; of one that expired nothing else is left.

    Raises what `price` raises.
    """
    clock = site_clock(ZoneInfo(zone), held.start_at, policy)
    periods = _periods(held, prepare(tariff, clock, policy))
    if not held.expired:
        own = [replace(one, ordinal=one.ordinal + len(periods)) for one in cdr.periods]
        periods = (*periods, *own)
    start_at, end_at = held.start_at, held.end_at if held.expired else cdr.end_at
    receipt = price(periods, (tariff,), zone, start_at=start_at, end_at=end_at, policy=policy)
    return replace(
        cdr,
        start_at=start_at,
        end_at=end_at,
        id=str(uuid5(UUID(cdr.id), f"{held.start_at.isoformat()} {held.expired}")),
        periods=periods,
        receipt=receipt,
        total_time_h=total_time_h(periods, start_at, end_at, policy),
        total_parking_time_h=total_parking_time_h(periods),
    )


def _periods(held: Reservation, schedule: Schedule) -> tuple[ChargingPeriod, ...]:
    """The time held, cut where another price of it begins to apply."""
    edges = set(schedule.clock_edges(held.start_at, held.end_at))
    lengths = [duration(seconds) for seconds in schedule.thresholds.seconds]
    span = held.end_at - held.start_at
    edges |= {held.start_at + length for length in lengths if length < span}
    inside = sorted(at for at in edges if at > held.start_at)
    starts, last = [held.start_at], _choices(held, schedule, held.start_at)
    for at in inside:
        choices = _choices(held, schedule, at)
        if choices != last:
            starts.append(at)
        last = choices
    return tuple(
        ChargingPeriod(
            ordinal=ordinal,
            start_at=start,
            end_at=end,
            activity=Activity.CHARGING,
            energy_wh=ZERO,
            reserved=True,
            expired=held.expired,
            tariff_id=schedule.tariff.id,
        )
        for ordinal, (start, end) in enumerate(pairwise([*starts, held.end_at]))
    )


def _choices(held: Reservation, schedule: Schedule, at: datetime) -> Sequence[object]:
    """What would be charged at an instant: the components, by identity of their place."""
    phase = Phase.EXPIRED if held.expired else Phase.RESERVED
    moment = Moment(at, schedule.zone, ZERO, at - held.start_at)
    found = [schedule.find(phase, one, moment) for one in PRICED]
    return [None if one is None else (one.element, one.component) for one in found]
