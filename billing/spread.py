"""Periods that cross a price change: where they do, and how they are split if a policy says so.

Knows the edges of a schedule inside one period, and that nobody measured there. Refuses to know
prices. Policy period_spans_price_change; a split volume is shared in proportion to time and
`imputed`, never mistaken for a measured one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import ceil

from billing.money import round_to
from billing.period import ChargingPeriod
from billing.restriction import Moment, duration
from billing.schedule import Schedule

WH_PER_KWH = Decimal(1000)
_MILLIONTH = Decimal("0.000001")
_MICROSECOND = timedelta(microseconds=1)


def moments_within(schedule: Schedule, period: ChargingPeriod, moment: Moment) -> Iterator[Moment]:
    """The start of the period, seen as at each instant or threshold that lies within it."""
    limits = schedule.thresholds
    for at in schedule.clock_edges(period.start_at, period.end_at):
        yield replace(moment, at=at, _local=None)
    if limits.kwh and not period.reserved:
        until = moment.kwh + period.energy_wh / WH_PER_KWH
        yield from (replace(moment, kwh=kwh) for kwh in limits.kwh if moment.kwh < kwh < until)
    if limits.seconds:
        ended = moment.elapsed + (period.end_at - period.start_at)
        for elapsed in map(duration, limits.seconds):
            if moment.elapsed < elapsed < ended:
                yield replace(moment, elapsed=elapsed)


def split(schedule: Schedule, period: ChargingPeriod, moment: Moment) -> list[ChargingPeriod]:
    """The period in parts, cut at every edge within it; the parts keep its ordinal."""
    if period.end_at <= period.start_at:
        return [period]
    at = sorted({period.start_at, *_instants(schedule, period, moment), period.end_at})
    if len(at) <= len((period.start_at, period.end_at)):
        return [period]
    shares = [(end - period.start_at) // _MICROSECOND for end in at[1:]]
    energy = _shared(period.energy_wh, shares)
    time = _shared_or_none(period.time_s, shares)
    parking = _shared_or_none(period.parking_s, shares)
    overtime = _shared_or_none(period.overtime_s, shares)
    return [
        replace(
            period,
            start_at=start,
            end_at=end,
            energy_wh=energy[part],
            time_s=time[part],
            parking_s=parking[part],
            overtime_s=overtime[part],
            imputed=True,
        )
        for part, (start, end) in enumerate(pairwise(at))
    ]


def _instants(schedule: Schedule, period: ChargingPeriod, moment: Moment) -> Iterator[datetime]:
    """When the edges of `moments_within` are passed, if energy flows evenly."""
    start, span, limits = period.start_at, period.end_at - period.start_at, schedule.thresholds
    yield from schedule.clock_edges(start, period.end_at)
    kwh = period.energy_wh / WH_PER_KWH
    for level in limits.kwh if not period.reserved and kwh > 0 else ():
        if moment.kwh < level < moment.kwh + kwh:
            passed = (span // _MICROSECOND) * (level - moment.kwh) / kwh
            yield start + ceil(passed) * _MICROSECOND
    for seconds in limits.seconds:
        after = duration(seconds) - moment.elapsed
        if timedelta() < after < span:
            yield start + after


def _shared(total: Decimal, shares: Sequence[int]) -> list[Decimal]:
    """Parts of a total up to each running share of the last one; they sum to it exactly."""
    running = [round_to(total * share / shares[-1], _MILLIONTH) for share in shares[:-1]]
    return [end - start for start, end in pairwise([Decimal(0), *running, total])]


def _shared_or_none(total: Decimal | None, shares: Sequence[int]) -> list[Decimal] | list[None]:
    return [None] * len(shares) if total is None else _shared(total, shares)
