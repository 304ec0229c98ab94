"""Cutting a session into charging periods: at every instant where its price may change.

Knows the session's registers, activity and loads, and the tariff's thresholds. Refuses to know
prices: two neighbours differ in what applies, not in what it costs. OCPI 2.2.1 mod_cdrs,
ChargingPeriod: a new period starts at each event that changes a price, a switch of tariff included.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from itertools import pairwise
from operator import itemgetter, lt
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.billable import Metered
from billing.load import Loads
from billing.money import EXACT, round_to
from billing.mould import mould
from billing.period import ChargingPeriod
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.restriction import duration, new_moment, site_clock
from billing.schedule import Choice, Phase, Schedule, prepare
from billing.session import Activity
from billing.tariff import ENERGY, FLAT, PARKING_TIME, TIME, Tariff

SESSION, CHARGING, PARKED = Phase.SESSION, Activity.CHARGING, Activity.PARKED
ZERO, WH_PER_KWH = Decimal(0), Decimal(1000)
IMPUTED_GRAIN = Decimal("0.1")
"""Interpolated energy, in Wh: 0.0001 kWh, which is what every OCPI version can carry."""
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)

_new_period = mould(ChargingPeriod)


def cut(
    session: Metered,
    tariff: Tariff,
    zone: ZoneInfo | str,
    policy: PricingPolicy = DEFAULT_POLICY,
    *,
    switches: Sequence[tuple[datetime, Tariff]] = (),
) -> tuple[ChargingPeriod, ...]:
    """The session's periods, in order, from `start_at` to `end_at`; energies sum to `energy_wh`.

    Cut where activity changes, where the local clock, the calendar, energy, duration, power or
    current changes which component applies, and at `switches` (UTC), from which on another tariff
    counts (OCPI 2.2.1 mod_sessions, ProfileType). Energy between two readings is interpolated and
    `imputed`; power and current hold from one sample to the next. Raises ValueError for a session
    without energy, or that ends before it starts.
    """
    if session.energy_wh is None:
        raise ValueError(f"session {session.id} has no energy to cut")
    if session.end_at < session.start_at:
        raise ValueError(f"session {session.id} ends before it starts")
    with localcontext(EXACT):
        where = ZoneInfo(zone) if isinstance(zone, str) else zone
        clock = site_clock(where, session.start_at, policy)
        plan = [(session.start_at, prepare(tariff, clock, policy))]
        plan += [(at, prepare(other, clock, policy)) for at, other in sorted(switches, key=_first)]
        loads = Loads.of(session, [schedule for _, schedule in plan])
        marks = _marks(session, session.energy_wh, plan, loads)
        again = policy.flat_scope == "activation"
        pieces = _merged(list(_pieces(session, plan, marks, loads)), again=again)
        return tuple([_period(ordinal, piece, loads) for ordinal, piece in enumerate(pieces)])


_first = itemgetter(0)
Plan = list[tuple[datetime, Schedule]]
"""From which instant on which tariff counts, in order of time; the first from the start on."""


class _Mark(NamedTuple):
    """A possible bound: the energy delivered up to an instant, and whether it was measured."""

    at: datetime
    wh: Decimal
    measured: bool = True


@dataclass(frozen=True, slots=True)
class _Course:
    """How energy grew: readings in order of time, from (start, 0) to (end, all)."""

    times: list[datetime]
    whs: list[Decimal]

    @classmethod
    def of(cls, session: Metered, energy_wh: Decimal) -> "_Course":
        """The registers within the session's window; its end has all the energy."""
        start, end, registers = session.start_at, session.end_at, session.registers
        times = [one.at for one in registers]
        if not all(map(lt, times, times[1:])):
            known = {one.at: one for one in registers}
            registers = [known[at] for at in sorted(known)]
            times = [one.at for one in registers]
        first, last = bisect_left(times, start), bisect_left(times, end)
        times, whs = times[first:last], [one.wh for one in registers[first:last]]
        if not times or times[0] != start:
            times.insert(0, start)
            whs.insert(0, ZERO)
        return cls([*times, end], [*whs, energy_wh])

    def mark(self, at: datetime) -> _Mark:
        """The energy at an instant: read, or interpolated between the readings around it."""
        after = bisect_right(self.times, at)
        begun, wh = self.times[after - 1], self.whs[after - 1]
        if begun == at or after == len(self.times):
            return _Mark(at, wh)
        end_wh = self.whs[after]
        if wh == end_wh:
            return _Mark(at, wh)
        passed, span = (at - begun) // MICROSECOND, (self.times[after] - begun) // MICROSECOND
        there = round_to(wh + (end_wh - wh) * passed / span, IMPUTED_GRAIN)
        return _Mark(at, min(max(there, min(wh, end_wh)), max(wh, end_wh)), measured=False)

    def crossings(self, level: Decimal) -> Iterator[_Mark]:
        """Where the energy reaches or falls below a level: exactly that level, at that instant."""
        for number in range(1, len(self.times)):
            before, wh = self.whs[number - 1], self.whs[number]
            if (before < level) == (wh < level):
                continue
            if wh == level:
                yield _Mark(self.times[number], wh)
            elif before == level:
                yield _Mark(self.times[number - 1], before)
            else:
                begun, ended = self.times[number - 1], self.times[number]
                span = Decimal((ended - begun) // MICROSECOND)
                passed = int(span * (level - before) / (wh - before))
                yield _Mark(begun + passed * MICROSECOND, level, measured=False)


def _marks(session: Metered, energy_wh: Decimal, plan: Plan, loads: Loads) -> list[_Mark]:
    """Every instant at which a period may have to start or end, in order, ends included.

    Most sessions have none between their ends: their readings are not looked at.
    """
    start, end = session.start_at, session.end_at
    first, last = _Mark(start, ZERO), _Mark(end, energy_wh)
    instants = [change.at for change in session.activity]
    instants += [at for at, _ in plan[1:]]
    for _, schedule in plan:
        instants += _edges(session, schedule, loads)
    within = {at for at in instants if start < at < end}
    levels = sorted({level for _, schedule in plan for level in schedule.thresholds.kwh})
    if not within and not levels:
        return [first, last]
    course = _Course.of(session, energy_wh)
    inside = {at: course.mark(at) for at in within}
    found = [mark for level in levels for mark in course.crossings(level * WH_PER_KWH)]
    taken = {*inside, *(mark.at for mark in found)}
    for mark in (_at_whole_second(one, taken - {one.at}) for one in found):
        if start < mark.at < end:
            inside[mark.at] = mark
    return [first, *(inside[at] for at in sorted(inside)), last]


def _edges(session: Metered, schedule: Schedule, loads: Loads) -> Iterator[datetime]:
    """Where clock, duration, power or current may change what a tariff applies."""
    start, end, limits = session.start_at, session.end_at, schedule.thresholds
    yield from schedule.clock_edges(start, end)
    for seconds in limits.seconds:
        after = duration(seconds)
        if after < end - start:
            yield start + after
    if limits.power:
        yield from loads.power.turns(limits.power)
    if limits.current:
        yield from loads.current.turns(limits.current)


def _at_whole_second(mark: _Mark, others: set[datetime]) -> _Mark:
    """An interpolated instant moved to the next whole second, as partners exchange them; its energy
    stays exactly the threshold. Not where another bound lies between.
    """
    if mark.measured or not mark.at.microsecond:
        return mark
    later = mark.at.replace(microsecond=0) + SECOND
    if any(mark.at <= at <= later for at in others):
        return mark
    return _Mark(later, mark.wh, measured=False)


class _Piece(NamedTuple):
    """A part of the session in which nothing changes, and what applies at its start."""

    start: _Mark
    end: _Mark
    activity: Activity
    schedule: Schedule
    energy: Choice | None = None
    time: Choice | None = None
    flat: Choice | None = None
    bands: tuple[int | None, int | None] = (None, None)
    """Of power and current, counted from below."""

    @property
    def wh(self) -> Decimal:
        return self.end.wh - self.start.wh


def _period(ordinal: int, piece: _Piece, loads: Loads) -> ChargingPeriod:
    """A piece as a charging period."""
    start, end = piece.start, piece.end
    asked = loads.asked(piece.schedule)
    least_kw, most_kw = asked.power.extremes(start.at, end.at)
    least_a, most_a = asked.current.extremes(start.at, end.at)
    return _new_period(
        ordinal=ordinal,
        start_at=start.at,
        end_at=end.at,
        activity=piece.activity,
        energy_wh=piece.wh,
        imputed=not (start.measured and end.measured),
        min_power_kw=least_kw,
        max_power_kw=most_kw,
        min_current_a=least_a,
        max_current_a=most_a,
        tariff_id=piece.schedule.tariff.id,
    )


def _pieces(session: Metered, plan: Plan, marks: list[_Mark], loads: Loads) -> Iterator[_Piece]:
    """The parts between neighbouring marks, each with the components that apply at its start."""
    changes = sorted(session.activity, key=lambda change: change.at)
    times, switched = [change.at for change in changes], [at for at, _ in plan]
    for start, end in pairwise(marks):
        number = bisect_right(times, start.at)
        activity = changes[number - 1].activity if number else CHARGING
        schedule = plan[max(bisect_right(switched, start.at), 1) - 1][1]
        if not schedule.conditional:
            yield _Piece(start, end, activity, schedule)
            continue
        asked, limits = loads.asked(schedule), schedule.thresholds
        kilowatt, ampere = asked.power.at(start.at), asked.current.at(start.at)
        moment = new_moment(
            at=start.at,
            zone=schedule.zone,
            kwh=start.wh / WH_PER_KWH,
            elapsed=start.at - session.start_at,
            min_power=kilowatt,
            max_power=kilowatt,
            min_current=ampere,
            max_current=ampere,
        )
        time = PARKING_TIME if activity is PARKED else TIME
        yield _Piece(
            start,
            end,
            activity,
            schedule,
            energy=schedule.find(SESSION, ENERGY, moment),
            time=schedule.find(SESSION, time, moment),
            flat=schedule.find(SESSION, FLAT, moment),
            bands=(_band(limits.power, kilowatt), _band(limits.current, ampere)),
        )


def _merged(pieces: list[_Piece], *, again: bool) -> list[_Piece]:
    """Neighbours joined again where no price can differ; FLAT counts only until it is charged, or
    whenever `again` another one begins to apply (policy flat_scope).
    """
    if len(pieces) == 1:
        return pieces
    found = pieces[:1]
    charged = found[0].flat is not None
    flat = found[0].flat
    for piece in pieces[1:]:
        last = found[-1]
        starts_flat = piece.flat is not None and (piece.flat is not flat if again else not charged)
        flat = piece.flat or flat
        if not starts_flat and _same(last, piece):
            found[-1] = last._replace(end=piece.end)
        else:
            found.append(piece)
        charged = charged or piece.flat is not None
    return found


def _same(last: _Piece, piece: _Piece) -> bool:
    """Whether what applies at the start of `last` applies to `piece` as well."""
    no_energy = not last.wh and not piece.wh
    return (
        last.activity is piece.activity
        and last.schedule is piece.schedule
        and (no_energy or last.energy is piece.energy)
        and last.time is piece.time
        and last.bands == piece.bands
    )


def _band(thresholds: Sequence[Decimal], value: Decimal | None) -> int | None:
    """Between which thresholds a value lies."""
    return None if value is None else bisect_right(thresholds, value)
