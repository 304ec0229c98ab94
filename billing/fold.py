"""A station's facts, folded into sessions: the heart of the derivation.

What is derived from a shorter log is a prefix of what is derived from a longer one, and a log cut
into several folds gives what one fold gives: facts are sorted in log order, looking only back
(`billing.pairing`), and a version is derived (`billing.derive`) at the very instant of log time at
which it is due, from what had been received by then.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import heappop

from billing.derive import derive, digest, digest_of, identify
from billing.desk import Desk
from billing.dossier import Dossier, instant
from billing.events import EventKind, Fact, MeterReading, TransactionEvent
from billing.finding import Finding
from billing.identity import is_placeholder
from billing.pairing import owner, take_event, take_reading, take_samples
from billing.samples import Samples, Told
from billing.session import Session
from billing.session_policy import SessionPolicy
from billing.station import REMEMBERED, SOON, Forgotten, StationState, is_total

_TELLING = (EventKind.STARTED, EventKind.UPDATED, EventKind.ENDED, EventKind.STATUS)
"""Events that say something about a session by themselves."""

_NEVER = datetime.max.replace(tzinfo=UTC)

_EARLY = timedelta(minutes=5)
"""Facts about the running session may be stamped this much before it."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What one stretch of the log gave.

    `sessions` by `emitted_at`. `findings` are all of them, each (entry, rule, session) once, in the
    order they came to be; `found_at` tells the log time of each. A late message that changes
    nothing makes no version, its findings are told all the same.
    """

    sessions: tuple[Session, ...]
    findings: tuple[Finding, ...]
    state: StationState
    found_at: tuple[datetime, ...] = ()


def fold(
    state: StationState, facts: Sequence[Told], until: datetime, policy: SessionPolicy
) -> Folded:
    """Fold one station's facts, in log order (received_at, origin, index), into its state.

    Plain samples may come taken together (`billing.samples`): what is derived is the same.

    The caller vouches that `facts` are all that was received after `state.until` up to and
    including `until`: versions due at or before `until` are emitted. `state` stays as it was.
    The log counts nanoseconds and facts carry microseconds: a version rests on nothing received in
    the microsecond it is due in, so that it is the same wherever in that microsecond a log ends.
    """
    desk = Desk(state, policy, lambda dossier: digest(dossier, policy))
    sessions: list[Session] = []
    known = desk.by_transaction
    due = _next_due(desk)
    for fact in _unfolded(desk, facts):
        received_at = fact.received_at
        if due <= received_at and not _goes_on(desk, fact):
            _ring(desk, received_at, sessions)
            due = _next_due(desk)
        if isinstance(fact, Samples):
            take_samples(desk, fact)
            continue
        if isinstance(fact, MeterReading):
            # The straight path of take_reading, inlined: most facts go through here.
            dossier = known.get(fact.transaction)
            if (
                dossier is not None
                and not dossier.version
                and dossier.stop is None
                and (fact.wh is not None or fact.watt is not None or fact.ampere is not None)
            ):
                dossier.heard.append(fact)
                dossier.last_at = received_at
                continue
            take_reading(desk, fact)
        else:
            take_event(desk, fact)
        due = _next_due(desk)
    if facts:
        last = facts[-1]
        last_at = last.last_at if isinstance(last, Samples) else last.received_at
        assert last_at <= until, "facts reach beyond `until`"
        desk.station = desk.station or facts[0].station
    _ring(desk, until, sessions)
    return Folded(
        tuple(sessions),
        tuple(finding for _, finding in desk.findings),
        desk.to_state(until),
        tuple(at for at, _ in desk.findings),
    )


def _unfolded(desk: Desk, facts: Iterable[Told]) -> Iterator[Told]:
    """The facts, with such samples taken apart as do not simply belong to a running session."""
    for fact in facts:
        if isinstance(fact, Samples) and owner(desk, fact) is None:
            yield from fact.facts()
        else:
            yield fact


def refers_back(facts: Iterable[Told], state: StationState) -> datetime | None:
    """When the earliest forgotten session that `facts` may concern was first heard of (log time).

    None: folding `facts` on `state` sees all it needs. Else fold again from a state whose `until`
    lies before the returned instant, with everything since. Precise for sessions of the last
    14 days; for older stamps, 14 days and a stale session before the stamp.
    """
    if state.forgotten_before is None:
        return None
    known = set(state.transactions)
    earliest: datetime | None = None
    for fact in _concerned(facts, state, known):
        if isinstance(fact, TransactionEvent) and fact.kind not in _TELLING:
            if fact.kind is not EventKind.START_ANSWERED or fact.transaction in known:
                continue
            found = _forgotten_named(fact, state)
            known.add(fact.transaction)
        elif fact.transaction in known:
            found = _swallowed(fact, state)
        else:
            found = _earlier(_forgotten_of(fact, state), _swallowed(fact, state))
        earliest = _earlier(earliest, found)
    return earliest


def _concerned(
    facts: Iterable[Told], state: StationState, known: AbstractSet[str]
) -> Iterator[Fact]:
    """The facts, without such samples as surely concern nothing forgotten."""
    assert state.forgotten_before is not None
    oldest = state.forgotten_before - REMEMBERED
    newest = max((entry.end for entry in state.forgotten), default=oldest)
    named = {entry.transaction for entry in state.forgotten}
    for fact in facts:
        if not isinstance(fact, Samples):
            yield fact
            continue
        old = fact.transaction in named or fact.earliest <= max(oldest, newest + SOON)
        if old and fact.transaction not in known:
            yield from fact.facts()


def _earlier(one: datetime | None, two: datetime | None) -> datetime | None:
    return min((at for at in (one, two) if at is not None), default=None)


def _forgotten_named(fact: Fact, state: StationState) -> datetime | None:
    """When the forgotten session of this very id was first heard of: a stop may await its start."""
    if is_placeholder(fact.transaction):
        return None
    same_id = (entry for entry in state.forgotten if entry.transaction == fact.transaction)
    return min((entry.first_at for entry in same_id), default=None)


def _swallowed(fact: Fact, state: StationState) -> datetime | None:
    """When the forgotten session that a running one reaches over, now that it stops, was heard of.

    A session that starts in these facts is seen by its start (`_forgotten_of`).
    """
    if not (isinstance(fact, TransactionEvent) and fact.kind is EventKind.ENDED):
        return None
    begun = [
        (one.place, instant(one.start)) for one in state.dossiers if one.start and not one.stop
    ]
    found = (
        entry.first_at
        for entry in state.forgotten
        for place, start in begun
        if place == entry.place and start <= entry.start <= instant(fact)
    )
    return min(found, default=None)


def _forgotten_of(fact: Fact, state: StationState) -> datetime | None:
    """When the forgotten session that one fact may concern was first heard of.

    A start concerns whatever of its place began after it: its session may reach over that one, and
    an orphan stop may have waited for it. A register may be higher than the last stop said.
    """
    at = instant(fact)
    starts = isinstance(fact, TransactionEvent) and fact.kind is EventKind.STARTED
    place = fact.evse or 0
    found = _forgotten_named(fact, state)
    for entry in state.forgotten:
        same_place = not place or not entry.place or entry.place == place
        concerns = at <= entry.end and (starts or entry.start - _EARLY <= at)
        concerns = same_place and (concerns or _grew(fact, entry))
        if concerns and (found is None or entry.first_at < found):
            found = entry.first_at
    before = state.forgotten_before
    if found is None and before is not None and at < before - REMEMBERED:
        return at - REMEMBERED
    return found


def _grew(fact: Fact, entry: Forgotten) -> bool:
    """Whether a register without a transaction is higher than the stop before it said."""
    if not isinstance(fact, MeterReading) or not is_placeholder(fact.transaction):
        return False
    soon = entry.end < instant(fact) <= entry.end + SOON
    higher = fact.wh is not None and entry.register is not None and fact.wh > entry.register
    return soon and higher and is_total(fact)


def _next_due(desk: Desk) -> datetime:
    """When a version may be due next; never, where nothing is pending."""
    return desk.timers[0][0] if desk.timers else _NEVER


def _goes_on(desk: Desk, fact: Told) -> bool:
    """Whether a fact is a sample of the very entry sorted in last: an entry is never cut in two."""
    return desk.told is not None and desk.told[0] == fact.source


def _ring(desk: Desk, until: datetime, sessions: list[Session]) -> None:
    """Emit what is due at or before `until`, in order of due time."""
    timers = desk.timers
    while timers and timers[0][0] <= until:
        due, key = heappop(timers)
        dossier = desk.dossiers.get(key)
        if dossier is None or dossier.due != due:
            continue
        if dossier.closed_at is None:
            given_up = dossier.last_at + desk.policy.stale_open
            if given_up + desk.policy.settle > due:
                desk.stay_open(dossier)
                continue
            dossier.closed_at = given_up
        _emit(desk, dossier, due, sessions)


def _emit(desk: Desk, dossier: Dossier, due: datetime, sessions: list[Session]) -> None:
    """Derive the version that is due; tell it unless it says what the last one said."""
    assert dossier.closed_at is not None
    if not dossier.session_id:
        own_id = identify(dossier)
        if own_id in desk.ids:
            own_id = identify(dossier, apart=True)
        desk.ids.add(own_id)
        dossier.session_id = own_id
    session = derive(
        dossier, desk.policy, version=dossier.version + 1, closed_at=dossier.closed_at, at=due
    )
    if not dossier.version or digest_of(session) != dossier.digest:
        sessions.append(session)
        dossier.version = session.version
    dossier.digest = ""
    dossier.due = None
    for finding in session.findings:
        key = (finding.source.origin, finding.source.index, finding.rule)
        if key not in dossier.reported:
            dossier.reported.add(key)
            desk.findings.append((due, finding))
