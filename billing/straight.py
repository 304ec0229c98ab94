"""The straight way through the ladder: a session of whose samples every one is plain.

Start and stop are known, all stamps are in order, the register only rises and no faster than the
connector allows: then timeline, reel and ladder come to what is reckoned here with whole numbers,
column by column. It never doubts anything: where a rule might have to say a word, it says None, and
`timing`, `reel` and `energy`, whose outcome this is, decide.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import chain
from operator import le, lt, sub

from billing.course import CurrentCourse, PowerCourse, RegisterCourse
from billing.dossier import Dossier
from billing.energy import Measured
from billing.events import MeterReading, StampQuality, TransactionEvent
from billing.finding import Source
from billing.momentary import sum_phases
from billing.plausibility import ALLOWANCE_WH, Limit
from billing.reel import Reel
from billing.samples import Samples, amount_of, instant_of, micros_of
from billing.session import CurrentSample, EnergyCandidate, EnergySource, StampSource
from billing.session_policy import SessionPolicy
from billing.timing import Timeline

_MICROSECOND = timedelta(microseconds=1)
_ALLOWANCE_MWH = int(ALLOWANCE_WH * 1000)
_CHARGER = StampSource.CHARGER

Outcome = tuple[Timeline, Reel, Measured]


def go_straight(dossier: Dossier, limit: Limit, policy: SessionPolicy) -> Outcome | None:
    """What timeline, reel and ladder say of a session where nothing needs deciding; else None."""
    way = _way(dossier, policy)
    if way is None or not _in_window(way, policy) or not _states_in_order(way):
        return None
    begin, end = _begin(way), _end(way, policy)
    if begin is None or end is None or not _rises(way, begin, end, limit):
        return None
    if end - begin <= policy.zero_below_wh * 1000:
        return None
    current = _current(way, limit)
    if current is None:
        return None
    start, stop = way.start, way.stop
    line = Timeline(instant_of(way.start_at), instant_of(way.end_at), _CHARGER, _CHARGER)
    reel = Reel(line.start, line.end, current=current)
    if way.power_at:
        low, high = bisect_left(way.power_at, way.start_at), bisect_right(way.power_at, way.end_at)
        reel.power = PowerCourse(way.power_at[low:high], way.power_mw[low:high])
    begin_wh = amount_of(begin) if start.meter_wh is None else start.meter_wh
    end_wh = amount_of(end) if stop.meter_wh is None else stop.meter_wh
    energy_wh = end_wh - begin_wh
    measured = Measured(EnergySource.METER_STOP, energy_wh, begin_wh, end_wh)
    edges = (start.source, stop.source)
    measured.candidates.append(
        EnergyCandidate(EnergySource.METER_STOP, energy_wh, begin_wh, end_wh, edges)
    )
    if way.at:
        last = way.mwh[-1]
        sources = (start.source, Source(way.origin, way.entries[-1]))
        counted, at_last = amount_of(last - begin), amount_of(last)
        measured.candidates.append(
            EnergyCandidate(EnergySource.REGISTER, counted, begin_wh, at_last, sources)
        )
    measured.registers = _course(way, begin, end)
    return line, reel, measured


@dataclass(slots=True)
class _Way:
    """All samples of a session, one column after the other; instants in µs, energy in mWh."""

    dossier: Dossier
    start: TransactionEvent
    stop: TransactionEvent
    origin: str
    batches: list[Samples]
    start_at: int
    end_at: int
    at: Sequence[int]
    mwh: Sequence[int]
    entries: Sequence[int]
    power_at: Sequence[int]
    power_mw: Sequence[int]
    current_at: Sequence[int]
    current_ma: Sequence[int]
    current_phase: Sequence[int]


def _way(dossier: Dossier, policy: SessionPolicy) -> _Way | None:
    """The columns, where nothing but plain samples was measured and all stamps rise."""
    start, stop = dossier.start, dossier.stop
    if start is None or stop is None or any(type(one) is MeterReading for one in dossier.heard):
        return None
    batches = [one for one in dossier.heard if type(one) is Samples]
    origin, named = start.source.origin, dossier.transaction
    if any(one.transaction != named or one.origin != origin for one in batches):
        return None
    if any(event.source.origin != origin for event in (stop, *dossier.events)):
        return None
    edges = [_in_time(event, policy) for event in (start, stop)]
    begun, ended = edges
    if begun is None or ended is None or ended <= begun:
        return None
    begin_entry = start.source.index
    for one in batches:
        if one.context == "Transaction.Begin" and one.entries[0] != begin_entry:
            return None
    way = _Way(
        dossier,
        start,
        stop,
        origin,
        batches,
        begun,
        ended,
        _joined(one.register_at for one in batches),
        _joined(one.register_mwh for one in batches),
        _joined(one.register_entry for one in batches),
        _joined(one.power_at for one in batches),
        _joined(one.power_mw for one in batches),
        _joined(one.current_at for one in batches),
        _joined(one.current_ma for one in batches),
        _joined(one.current_phase for one in batches),
    )
    return way if _later_each(way.at) and _later_each(way.power_at) else None


def _joined(parts: Iterable[Sequence[int]]) -> Sequence[int]:
    return list(chain.from_iterable(parts))


def _later_each(at: Sequence[int]) -> bool:
    return all(map(lt, at, at[1:]))


def _in_time(event: TransactionEvent, policy: SessionPolicy) -> int | None:
    """The stamp of a start or stop that came when it happened, by a clock that is right."""
    at = event.stamp.at
    if at is None or event.stamp.quality is not StampQuality.OK:
        return None
    if abs(event.received_at - at) > policy.clock_tolerance:
        return None
    return micros_of(at)


def _in_window(way: _Way, policy: SessionPolicy) -> bool:
    """Whether no sample is ahead of its receipt, and no register outside start and stop."""
    measured = [one for one in way.batches if one.register_at or one.power_at or one.current_at]
    if not measured:
        return True
    ahead = policy.clock_tolerance // _MICROSECOND
    first, last = measured[0], measured[-1]
    stamps = (*first.register_at[:1], *first.power_at[:1], *first.current_at[:1])
    if max(stamps) > micros_of(first.received_at) + ahead:
        return False
    stamps = (*last.register_at[-1:], *last.power_at[-1:], *last.current_at[-1:])
    if max(stamps) > micros_of(last.last_at) + ahead:
        return False
    low = way.start_at - policy.stamp_tolerance // _MICROSECOND
    return not way.at or (low <= way.at[0] and way.at[-1] <= way.end_at)


def _current(way: _Way, limit: Limit) -> Sequence[CurrentSample] | None:
    """The current within start and stop, phases summed; None where anything is told twice, or is
    more than the connector carries.
    """
    told = list(zip(way.current_at, way.current_phase, strict=True))
    if len(set(told)) < len(told):
        return None
    totals: dict[int, int] = {}
    phases: dict[int, dict[int, int]] = {}
    for (at, phase), ma in zip(told, way.current_ma, strict=True):
        if way.start_at <= at <= way.end_at:
            if phase:
                phases.setdefault(at, {})[phase] = ma
            else:
                totals[at] = ma
    found = sorted((sum_phases(phases) | totals).items())
    if not found:
        return ()
    course = CurrentCourse([at for at, _ in found], [ma for _, ma in found])
    return course if limit.carries(amount_of(max(course.ma))) else None


def _states_in_order(way: _Way) -> bool:
    """Whether the states told by plain updates only repeat what held at their time already."""
    last = way.start_at
    if not any(one.state for one in way.batches):
        return True
    for one in way.dossier.heard:
        if isinstance(one, Samples) and one.state:
            at = one.event_at
            if at[0] <= way.start_at or at[0] < last or not all(map(le, at, at[1:])):
                return False
            last = at[-1]
        elif isinstance(one, TransactionEvent) and one.charging_state:
            if one.stamp.at is None or one.stamp.quality is not StampQuality.OK:
                return False
            if micros_of(one.stamp.at) < last:
                return False
            last = micros_of(one.stamp.at)
    return True


def _thousandths(wh: Decimal) -> int | None:
    """mWh, where a register is that and no finer."""
    scaled = wh * 1000
    whole = int(scaled)
    return whole if whole == scaled and whole >= 0 else None


def _begin(way: _Way) -> int | None:
    """mWh at the start: meterStart, else the register in the start's own message."""
    if way.start.meter_wh is not None:
        return _thousandths(way.start.meter_wh)
    told = bool(way.entries) and way.entries[0] == way.start.source.index
    return way.mwh[0] if told else None


def _end(way: _Way, policy: SessionPolicy) -> int | None:
    """mWh at the stop: meterStop, else the register in the stop's own message; where both agree."""
    own = way.stop.source.index
    last = way.mwh[-1] if way.entries and way.entries[-1] == own else None
    if len(way.entries) > 1 and way.entries[-2] == own:
        return None
    if way.stop.meter_wh is None:
        return last
    end = _thousandths(way.stop.meter_wh)
    apart = 0 if last is None or end is None else abs(end - last)
    return end if apart <= policy.register_tolerance_wh * 1000 else None


def _rises(way: _Way, begin: int, end: int, limit: Limit) -> bool:
    """Whether the register goes from begin to end, never back, and no faster than possible."""
    if not way.mwh:
        return begin > 0
    levels, times = [begin, *way.mwh], [way.start_at, *way.at]
    if way.mwh[-1] > end or not all(map(le, levels, way.mwh)):
        return False
    if not begin and not _from_zero(way, limit):
        return False
    steps = list(map(sub, way.mwh, levels))
    if max(steps) <= _ALLOWANCE_MWH:
        return True
    taken = list(map(sub, way.at, times))
    if limit.surely_allows(max(steps), min(taken)):
        return True
    return all(map(limit.surely_allows, steps, taken))


def _from_zero(way: _Way, limit: Limit) -> bool:
    """Whether a begin of 0 is a register that restarted, and no placeholder."""
    found = next((n for n, mwh in enumerate(way.mwh) if mwh), None)
    if found is None:
        return False
    before, votes = way.dossier.previous_register, way.dossier.votes
    since = way.at[found - 1] if found else way.start_at
    possible = limit.surely_allows(way.mwh[found], way.at[found] - since)
    return possible and not (votes >= 2 and before is not None and before > 0)


def _course(way: _Way, begin: int, end: int) -> RegisterCourse:
    """0 at the start, what was counted, the energy at the end."""
    low, high = bisect_right(way.at, way.start_at), bisect_left(way.at, way.end_at)
    return RegisterCourse(
        [way.start_at, *way.at[low:high], way.end_at],
        [0, *[mwh - begin for mwh in way.mwh[low:high]], end - begin],
        [way.start.source.index, *way.entries[low:high], way.stop.source.index],
        way.origin,
    )
