"""When things happened: never the charger's clock alone, never the receive time alone.

A session's stamps are compared with their receive times, and one way of reading them is chosen for
the whole session: as sent, moved by a constant offset, or not at all. `reference`: faults 67–73.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.dossier import UNUSABLE, Dossier, Note
from billing.events import Fact, StampQuality
from billing.session import StampSource
from billing.session_policy import SessionPolicy

_STEADY = timedelta(seconds=120)
"""Delays that differ by no more are one constant offset (plus the network's moods)."""

_ZERO = timedelta(0)


@dataclass(frozen=True, slots=True)
class Timeline:
    """How to read the stamps of one session.

    `offset` is added to usable stamps; with `by_receipt` every fact is placed by its receive time.
    `start`, `end` are the session's window; `moved` tells that a stamp was not taken as sent.
    """

    start: datetime
    end: datetime
    start_source: StampSource
    end_source: StampSource
    offset: timedelta = _ZERO
    by_receipt: bool = False
    notes: tuple[Note, ...] = ()

    def at(self, fact: Fact) -> datetime:
        """The instant of a fact on this timeline, UTC."""
        stamp = fact.stamp
        if self.by_receipt or stamp.at is None or stamp.quality in UNUSABLE:
            return fact.received_at
        return stamp.at + self.offset if self.offset else stamp.at


def timeline(dossier: Dossier, policy: SessionPolicy) -> Timeline:
    """Place a session in time. Total: every dossier that holds a fact has a timeline."""
    facts = _edges(dossier)
    notes = [note for fact in facts[:2] for note in _quality(fact)]
    offset, by_receipt, skew = _offset(dossier, facts, policy)
    notes += skew
    draft = Timeline(
        dossier.first_at,
        dossier.last_at,
        StampSource.RECEIVED,
        StampSource.RECEIVED,
        offset,
        by_receipt,
    )
    start, start_source = _start(dossier, draft)
    end, end_source = _end(dossier, draft, start)
    if end < start and dossier.start is not None and dossier.stop is not None:
        if start - end > policy.stamp_tolerance:
            text = f"stop {dossier.stop.stamp.text} before start {dossier.start.stamp.text}"
            notes.append(Note("negative_duration", text, dossier.stop.source))
            start, end = dossier.start.received_at, dossier.stop.received_at
            start_source = end_source = StampSource.RECEIVED
            by_receipt = True
        end = max(start, end)
    notes += _unbounded(dossier, start_source, end_source)
    return Timeline(
        start, max(start, end), start_source, end_source, offset, by_receipt, tuple(notes)
    )


def _edges(dossier: Dossier) -> list[Fact]:
    """Start, stop, first and last reading: enough to see what the clock was like."""
    facts: list[Fact] = [fact for fact in (dossier.start, dossier.stop) if fact is not None]
    if not facts and dossier.events:
        facts.append(dossier.events[0])
    if dossier.readings:
        facts.append(dossier.readings[0])
        facts.append(dossier.readings[-1])
    return facts


def _quality(fact: Fact) -> list[Note]:
    rules = {
        StampQuality.NO_ZONE: "no_zone",
        StampQuality.EPOCH: "epoch_stamp",
        StampQuality.IMPOSSIBLE: "stamp_impossible",
        StampQuality.ABSENT: "stamp_impossible",
    }
    rule = rules.get(fact.stamp.quality)
    return [Note(rule, f"stamp {fact.stamp.text!r}", fact.source)] if rule else []


def _offset(
    dossier: Dossier, facts: list[Fact], policy: SessionPolicy
) -> tuple[timedelta, bool, list[Note]]:
    """(offset of the charger's clock, whether its stamps are no use at all, what was found).

    Stamps ahead of their receipt cannot be true. Ahead or behind by one constant amount, in
    messages that came as far apart as they are stamped, is a clock that is wrong by that amount;
    behind by differing amounts is a queue that was sent late, which is normal.
    """
    usable = [
        (fact, fact.received_at - fact.stamp.at)
        for fact in facts
        if fact.stamp.at is not None and fact.stamp.quality not in UNUSABLE
    ]
    if not usable:
        return _ZERO, False, []
    delays = [delay for _, delay in usable]
    low, high = min(delays), max(delays)
    worst = usable[delays.index(low)][0]
    steady = high - low <= _STEADY
    if low < -policy.clock_tolerance:
        if steady:
            return low, False, [Note("clock_skew", f"ahead by {-low}; moved back", worst.source)]
        text = f"stamp {worst.stamp.text} is {-low} ahead of its receipt"
        return _ZERO, True, [Note("stamp_future", text, worst.source)]
    received = [fact.received_at for fact, _ in usable]
    live = max(received) - min(received) > _STEADY and len(usable) > 1
    whole = dossier.start is not None and dossier.stop is not None
    if low > policy.clock_tolerance and steady and live and whole:
        return low, False, [Note("clock_skew", f"behind by {low}; moved on", worst.source)]
    return _ZERO, False, []


def _start(dossier: Dossier, line: Timeline) -> tuple[datetime, StampSource]:
    first = dossier.start
    if first is not None:
        return line.at(first), _source(first, line)
    facts: list[Fact] = [*dossier.events, *dossier.readings]
    if dossier.stop is not None:
        facts.append(dossier.stop)
    return min(map(line.at, facts)), StampSource.READING


def _end(dossier: Dossier, line: Timeline, start: datetime) -> tuple[datetime, StampSource]:
    """The stop's time; without one the last reading's, the next start's, or none: no length."""
    if dossier.stop is not None:
        return line.at(dossier.stop), _source(dossier.stop, line)
    bound = dossier.next_start
    if bound is not None and line.offset:
        bound += line.offset
    heard: list[Fact] = [*dossier.readings, *dossier.events]
    times = [line.at(fact) for fact in heard]
    times = [at for at in times if at > start and (bound is None or at <= bound)]
    if times:
        return max(times), StampSource.READING
    if bound is not None and bound >= start and not line.by_receipt:
        return bound, StampSource.NEXT_START
    return start, StampSource.RECEIVED


def _source(fact: Fact, line: Timeline) -> StampSource:
    if line.by_receipt or fact.stamp.at is None or fact.stamp.quality in UNUSABLE:
        return StampSource.RECEIVED
    return StampSource.CORRECTED if line.offset else StampSource.CHARGER


def _unbounded(dossier: Dossier, start: StampSource, end: StampSource) -> list[Note]:
    """A receive time bounds an event only if the message came when it happened, not in a burst."""
    first, last = dossier.start, dossier.stop
    if first is None or last is None or StampSource.RECEIVED not in (start, end):
        return []
    if last.received_at - first.received_at > _STEADY:
        return []
    text = "start and stop were received in one burst and their stamps tell nothing"
    return [Note("time_unbounded", text, last.source)]
