"""The readings of a session, sorted out: register, power, current, signed texts, in time order.

One pass over everything sampled; what lies outside the window, belongs to another register or says
the same twice is taken out here and told, so that the ladder sees one clean reel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter, itemgetter

from billing.dossier import Dossier, Note
from billing.events import MeterReading, StampQuality
from billing.finding import Source
from billing.identity import is_placeholder
from billing.momentary import BEYOND, Sample, by_instant, is_beyond, nearest, phase_of
from billing.mould import mould
from billing.plausibility import Limit
from billing.session import CurrentSample, PowerSample
from billing.session_policy import SessionPolicy
from billing.timing import Timeline

IMPORT = "Energy.Active.Import.Register"

Point = tuple[datetime, int, Decimal, Source, MeterReading]
"""(instant, arrival order, Wh, entry, the reading)"""

_new_sample = mould(PowerSample)
_new_current = mould(CurrentSample)

_OK = StampQuality.OK


@dataclass(slots=True)
class Reel:
    """`points` are registers inside the window, by time; `summed`: made of phases."""

    start: datetime
    end: datetime
    points: list[Point] = field(default_factory=list)
    power: Sequence[PowerSample] = ()
    current: Sequence[CurrentSample] = ()
    signed: list[str] = field(default_factory=list)
    summed: bool = False
    ends_at: Decimal | None = None
    """The register with context Transaction.End in the stop message itself, Wh."""
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class _Sorted:
    totals: list[Point] = field(default_factory=list)
    phases: list[Point] = field(default_factory=list)
    elsewhere: list[Point] = field(default_factory=list)
    station: list[Point] = field(default_factory=list)
    power: list[Sample] = field(default_factory=list)
    current: list[Sample] = field(default_factory=list)
    untagged: int = 0


def wind(dossier: Dossier, line: Timeline, limit: Limit, policy: SessionPolicy) -> Reel:
    """Sort out the readings of one session on its timeline."""
    reel = Reel(line.start, line.end)
    found = _sort(dossier, line, reel)
    points = found.totals or _sum_phases(found.phases, reel)
    if not points:
        points = found.elsewhere or found.station
    elif found.station:
        text = "connector 0 reports a register too"
        reel.notes.append(Note("station_register", text, found.station[0][3]))
    points.sort(key=itemgetter(0, 1))
    if found.untagged and found.untagged < len(points):
        points = _tagged_first(points)
    points = _single_begin(points, reel)
    points = _single_value(points, reel)
    _cut(points, dossier, reel, policy)
    if found.power:
        told = by_instant(_in_window(found.power, line), attrgetter("watt"))
        reel.power = [_new_sample(at, watt) for at, watt in told]
    if found.current:
        reel.current = _currents(found.current, line, limit, reel)
    return reel


def _by_time(point: Point) -> tuple[datetime, int]:
    return point[0], point[1]


def _sort(dossier: Dossier, line: Timeline, reel: Reel) -> _Sorted:
    found = _Sorted()
    totals, transaction = found.totals.append, dossier.transaction
    power, current = found.power.append, found.current.append
    straight = not line.offset and not line.by_receipt
    for order, reading in enumerate(dossier.readings):
        stamp = reading.stamp
        at = stamp.at
        if at is None or not straight or stamp.quality is not _OK:
            at = line.at(reading)
        if reading.signed and reading.signed not in reel.signed:
            reel.signed.append(reading.signed)
        wh = reading.wh
        if wh is None:
            if reading.watt is not None:
                power((at, order, reading))
            elif reading.ampere is not None or is_beyond(reading):
                current((at, order, reading))
            continue
        if reading.measurand != IMPORT:
            continue
        point = (at, order, wh, reading.source, reading)
        if reading.transaction != transaction and reading.carrier == "MeterValues":
            found.untagged += 1
        location = reading.location
        if reading.phase:
            found.phases.append(point)
        elif location and location != "Outlet":
            found.elsewhere.append(point)
        elif reading.evse == 0 and dossier.place:
            found.station.append(point)
        else:
            totals(point)
    return found


def _sum_phases(phases: list[Point], reel: Reel) -> list[Point]:
    """Faults 52, 53: the sum where every phase is given; one phase alone is the total."""
    names = {phase_of(point[4]) for point in phases}
    if len(names) <= 1:
        if phases:
            text = f"only phase {next(iter(names))} ever appears"
            reel.notes.append(Note("single_phase_register", text, phases[0][3]))
        return phases
    reel.summed = True
    groups: dict[tuple[datetime, Source], dict[str, Point]] = {}
    for point in phases:
        groups.setdefault((point[0], point[3]), {})[phase_of(point[4])] = point
    summed: list[Point] = []
    for (at, source), members in groups.items():
        if len(members) == len(names):
            first = min(members.values(), key=_by_time)
            total = sum((point[2] for point in members.values()), Decimal(0))
            summed.append((at, first[1], total, source, first[4]))
    return summed


def _tagged_first(points: list[Point]) -> list[Point]:
    """Where the charger names the transaction, a reading without it is the main register."""
    tagged = [
        point
        for point in points
        if point[4].carrier != "MeterValues" or not is_placeholder(point[4].transaction)
    ]
    return tagged or points


def _single_begin(points: list[Point], reel: Reel) -> list[Point]:
    """Fault 38: context Transaction.Begin counts once, in the first message that carries it."""
    first: Source | None = None
    kept: list[Point] = []
    dropped: list[Point] = []
    for point in points:
        if point[4].context == "Transaction.Begin":
            if first is None:
                first = point[3]
            elif point[3] != first:
                dropped.append(point)
                continue
        kept.append(point)
    if not dropped:
        return points
    text = f"{len(dropped)} later registers with context Transaction.Begin"
    reel.notes.append(Note("begin_repeated", text, dropped[0][3]))
    return kept


def _single_value(points: list[Point], reel: Reel) -> list[Point]:
    """Fault 54: two values of one message and instant; the larger if it fits its neighbours."""
    kept: list[Point] = []
    for point in points:
        if not kept or kept[-1][0] != point[0] or kept[-1][3] != point[3]:
            kept.append(point)
            continue
        last = kept[-1]
        if last[2] == point[2]:
            continue
        contexts = {last[4].context, point[4].context}
        if len(contexts) == 1:
            text = f"{last[2]} and {point[2]} at {point[0].isoformat()}"
            reel.notes.append(Note("double_value", text, point[3]))
            if len(kept) == 1 or point[2] >= kept[-2][2]:
                kept[-1] = max(last, point, key=lambda one: one[2])
        else:
            kept.append(point)
    return kept


def _cut(points: list[Point], dossier: Dossier, reel: Reel, policy: SessionPolicy) -> None:
    """Keep what lies in the window; tell what does not, and whether energy came after the stop."""
    low, high = reel.start - policy.stamp_tolerance, reel.end + policy.stamp_tolerance
    stop = dossier.stop
    stopped = -1 if stop is None else stop.source.index
    inside, before, after = [], [], []
    for point in points:
        if point[3].index == stopped and stop is not None and point[3] == stop.source:
            if point[4].context == "Transaction.End" or point[0] >= reel.end:
                reel.ends_at = point[2]
            late = point[0] > reel.end
            inside.append((reel.end, *point[1:]) if late else point)
        elif point[0] < low and (dossier.start is None or point[3] != dossier.start.source):
            before.append(point)
        elif point[0] > high:
            after.append(point)
        else:
            inside.append(point)
    reel.points = inside
    if before:
        text = f"{len(before)} registers before the start"
        reel.notes.append(Note("sample_outside", text, before[0][3]))
    if after:
        _tell_after(after, inside, dossier, reel, policy)


def _tell_after(
    after: list[Point], inside: list[Point], dossier: Dossier, reel: Reel, policy: SessionPolicy
) -> None:
    """Faults 13, 28, 45: a frozen register names an ended transaction; a growing one is energy."""
    stop = dossier.stop
    end = stop.meter_wh if stop is not None else None
    if end is None or end < 0:
        end = inside[-1][2] if inside else None
    highest = max(after, key=lambda point: point[2])
    if end is not None and highest[2] > end + policy.register_tolerance_wh:
        text = f"register {highest[2]} at {highest[0].isoformat()}, stopped at {end}"
        reel.notes.append(Note("energy_after_stop", text, highest[3]))
    else:
        text = f"{len(after)} registers after the stop"
        reel.notes.append(Note("stale_tx", text, after[0][3]))


def _in_window(samples: list[Sample], line: Timeline) -> list[Sample]:
    """Momentary samples between start and stop, of one place, by time."""
    found = nearest([one for one in samples if line.start <= one[0] <= line.end])
    found.sort(key=itemgetter(0, 1))
    return found


def _currents(
    samples: list[Sample], line: Timeline, limit: Limit, reel: Reel
) -> list[CurrentSample]:
    """All of a session's currents, or none: one that cannot flow says that the unit of all is in
    doubt, and the smaller ones would hold where it was told.
    """
    samples = _in_window(samples, line)
    if any(reading.ampere is None for _, _, reading in samples):
        return []  # as the reader's own finding tells
    told = by_instant(samples, attrgetter("ampere"))
    beyond = next((one for one in told if not limit.carries(abs(one[1]))), None)
    if beyond is None:
        return [_new_current(at, ampere) for at, ampere in told]
    at, ampere = beyond
    text = f"{ampere} A at {at.isoformat()} where {limit.power_w} W are the most: no current used"
    source = next(reading.source for when, _, reading in samples if when == at)
    reel.notes.append(Note(BEYOND, text, source))
    return []
