"""A session from its dossier: identity, window, energy, activity, findings — in that order.

Pure and repeatable: the same dossier gives the same session, whoever asks and how often.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from billing.activity import activities
from billing.course import CurrentCourse, PowerCourse, SourceCourse
from billing.dossier import UNUSABLE, Dossier, Note
from billing.energy import measure
from billing.events import Fact, MeterReading
from billing.finding import Finding, Severity, Source
from billing.identity import normal_token, session_id
from billing.mould import mould
from billing.plausibility import Limit, judge
from billing.reel import wind
from billing.rules import severity
from billing.samples import Samples, amount_of
from billing.session import Session, SessionState
from billing.session_policy import SessionPolicy
from billing.signed import compare_signed
from billing.straight import Outcome, go_straight
from billing.timing import timeline

_new_session = mould(Session)


def derive(
    dossier: Dossier, policy: SessionPolicy, *, version: int, closed_at: datetime, at: datetime
) -> Session:
    """The session that a dossier tells of, as version `version`, emitted at log time `at`."""
    evse, connector = _outlet(dossier)
    limit = Limit(policy.power_limit_w(evse, connector))
    line, reel, measured = go_straight(dossier, limit, policy) or _decide(dossier, limit, policy)
    notes = [*dossier.notes, *line.notes, *measured.notes]
    if measured.energy_wh is not None:
        duration = line.end - line.start
        verdict = judge(measured.energy_wh, measured.registers, reel.power, duration, limit)
        if verdict is not None and all(note.rule != verdict.rule for note in notes):
            notes.append(Note(verdict.rule, verdict.message, _last(dossier).source))
        candidates, told = compare_signed(reel.signed, measured.energy_wh, _last(dossier).source)
        measured.candidates = [*candidates, *measured.candidates]
        notes += told
    changes, conflicts = activities(dossier, line, measured.registers, reel.power, policy)
    notes += conflicts
    state = _state(dossier)
    notes += _state_notes(dossier, state)
    notes += _token_notes(dossier, policy)
    notes += [note for note in _flag_notes(dossier) if all(n.rule != note.rule for n in notes)]
    station = _last(dossier).station
    own_id = dossier.session_id or identify(dossier)
    findings = _findings(notes, station, own_id)
    token, token_type = _token(dossier)
    return _new_session(
        id=own_id,
        version=version,
        state=state,
        station=station,
        evse=evse,
        connector=connector,
        protocol=_protocol(dossier),
        transaction=dossier.transaction,
        id_token=token,
        id_token_type=token_type,
        start_at=line.start,
        end_at=line.end,
        start_source=line.start_source,
        end_source=line.end_source,
        meter_start_wh=measured.meter_start_wh,
        meter_stop_wh=measured.meter_stop_wh,
        energy_wh=measured.energy_wh,
        energy_source=measured.rung,
        stop_reason=dossier.stop.reason if dossier.stop else "",
        registers=measured.registers,
        activity=changes,
        power=reel.power if isinstance(reel.power, PowerCourse) else tuple(reel.power),
        signed_values=tuple(reel.signed),
        findings=findings,
        held=any(finding.severity is Severity.HOLD for finding in findings),
        sources=_sources(dossier),
        closed_at=closed_at,
        emitted_at=at,
        candidates=tuple(measured.candidates),
        current=reel.current if isinstance(reel.current, CurrentCourse) else tuple(reel.current),
    )


def _decide(dossier: Dossier, limit: Limit, policy: SessionPolicy) -> Outcome:
    """Timeline, reel and ladder, reading by reading."""
    dossier.unfold()
    line = timeline(dossier, policy)
    reel = wind(dossier, line, limit, policy)
    return line, reel, measure(dossier, reel, limit, policy)


def identify(dossier: Dossier, *, apart: bool = False) -> str:
    """The session's id: of its start, else of its stop, else of the first thing said about it.

    The log entry is taken in where the stamp tells nothing, and with `apart`: for a session that
    says of itself what another has said, as where a charger names its EVSE late or in two ways, or
    two transactions started alike.
    """
    evse, connector = _outlet(dossier)
    start = dossier.start
    event = start or dossier.stop or dossier.events[0]
    meter = event.meter_wh
    if start is not None and meter is None:
        meter = _register_of(dossier, start.source)
    text = event.stamp.text or f"received {event.source}"
    if start is None:
        told = "stop" if dossier.stop is not None else "update"
        text = f"{told}:{event.transaction}:{text}"
    if apart or (event.stamp.text and event.stamp.quality in UNUSABLE):
        text = f"{text} {event.source}"
    return session_id(
        event.station, evse, connector, start_text=text, token=event.id_token, meter=meter
    )


def _register_of(dossier: Dossier, source: Source) -> Decimal | None:
    """The first register of one entry that is not 0, Wh."""
    for one in dossier.heard:
        if type(one) is MeterReading and one.wh and one.source == source:
            return one.wh
        if type(one) is Samples and one.source == source:
            entry = source.index
            told = zip(one.register_entry, one.register_mwh, strict=True)
            found = next((mwh for index, mwh in told if mwh and index == entry), None)
            if found is not None:
                return amount_of(found)
    return None


def digest(dossier: Dossier, policy: SessionPolicy) -> str:
    """What a version says, in short: a later version that says the same is not told.

    Leaves out which entries it rests on, when it was told, and findings that hold nothing.
    """
    moment = dossier.last_at
    session = derive(dossier, policy, version=0, closed_at=moment, at=moment)
    return digest_of(session)


def digest_of(session: Session) -> str:
    """As `digest`, of a session at hand."""
    held = sorted({f.rule for f in session.findings if f.severity is Severity.HOLD})
    bare = replace(
        session,
        version=0,
        findings=(),
        sources=(),
        closed_at=session.start_at,
        emitted_at=session.start_at,
        registers=(),
        activity=(),
        candidates=(),
    )
    registers = [(register.at, register.wh) for register in session.registers]
    changes = [(change.at, change.activity) for change in session.activity]
    return sha256(repr((bare, registers, changes, held)).encode()).hexdigest()


def _last(dossier: Dossier) -> Fact:
    return dossier.stop or dossier.start or (dossier.events or dossier.readings)[0]


def _outlet(dossier: Dossier) -> tuple[int, int]:
    """(EVSE, connector): the connector that anybody named, else 1 of a 2.0.1 EVSE."""
    evse = dossier.place
    for event in (dossier.start, dossier.stop, *dossier.events):
        if event is not None and event.connector:
            return evse, event.connector
    if _protocol(dossier).startswith("ocpp1"):
        return evse, evse
    return evse, 1 if evse else 0


def _protocol(dossier: Dossier) -> str:
    for event in (dossier.start, dossier.stop, *dossier.events):
        if event is not None:
            return event.protocol
    return ""


def _token(dossier: Dossier) -> tuple[str, str]:
    """(id token as sent first, its type): the start's, else any that was given."""
    for event in (dossier.start, *dossier.events, dossier.stop):
        if event is not None and normal_token(event.id_token):
            return event.id_token, event.id_token_type
    return "", ""


def _state(dossier: Dossier) -> SessionState:
    if dossier.stop is None:
        return SessionState.STALE_OPEN
    return SessionState.CLOSED if dossier.start is not None else SessionState.ORPHAN_STOP


def _state_notes(dossier: Dossier, state: SessionState) -> list[Note]:
    if state is SessionState.CLOSED:
        return []
    source = _last(dossier).source
    if state is SessionState.ORPHAN_STOP:
        named = dossier.transaction or (dossier.stop.transaction if dossier.stop else "")
        return [Note("orphan_stop", f"stop of transaction {named or '-'}, no start seen", source)]
    if dossier.start is None:
        return [Note("orphan_update", f"transaction {dossier.transaction}, no start seen", source)]
    bound = dossier.next_start
    text = f"the next start came at {bound.isoformat()}" if bound else "nothing more was heard"
    return [Note("stale_open", f"no stop; {text}", source)]


def _token_notes(dossier: Dossier, policy: SessionPolicy) -> list[Note]:
    """Faults 89, 93. Rows without a token are billed to nobody; the group may stop for its own."""
    notes: list[Note] = []
    token, _ = _token(dossier)
    if not token:
        notes.append(Note("token_empty", "no token at start or stop", _last(dossier).source))
    start, stop = dossier.start, dossier.stop
    if start is None or stop is None:
        return notes
    mine, theirs = normal_token(start.id_token), normal_token(stop.id_token)
    if mine and theirs and mine != theirs:
        group = policy.token_groups.get(mine)
        if group is None or policy.token_groups.get(theirs) != group:
            text = f"started by {start.id_token}, stopped by {stop.id_token}"
            notes.append(Note("stop_token_foreign", text, stop.source))
    return notes


def _flag_notes(dossier: Dossier) -> list[Note]:
    """What reading the frames already found wrong: each rule once, with how often it was broken."""
    notes: list[Note] = []
    facts: list[Fact] = [fact for fact in (dossier.start, dossier.stop) if fact is not None]
    facts += [*dossier.events, *dossier.readings]
    first: dict[str, tuple[str, Source]] = {}
    more: Counter[str] = Counter()
    for fact in facts:
        if fact.flags:
            for rule, message in fact.flags:
                first.setdefault(rule, (message, fact.source))
                more[rule] += 1
    for rule, (message, source) in first.items():
        often = f" ({more[rule]} times in this session)" if more[rule] > 1 else ""
        notes.append(Note(rule, message + often, source))
    return notes


def _findings(notes: list[Note], station: str, own_id: str) -> tuple[Finding, ...]:
    """One finding per rule and entry, in log order of the entries."""
    seen: dict[tuple[str, Source], Finding] = {}
    for note in notes:
        key = (note.rule, note.source)
        if key not in seen:
            seen[key] = Finding(
                note.source, note.rule, severity(note.rule), note.message, station, own_id
            )
    return tuple(sorted(seen.values(), key=_finding_order))


def _finding_order(finding: Finding) -> tuple[Source, str]:
    return finding.source, finding.rule


def _sources(dossier: Dossier) -> Sequence[Source]:
    """Every entry it rests on, in log order (receive time, then origin and index)."""
    events = [event for event in (dossier.start, *dossier.events, dossier.stop) if event]
    batches = [one for one in dossier.heard if type(one) is Samples]
    if batches:
        # a straight session: of one origin, whose entries are in log order
        entries = {event.source.index for event in events}
        entries.update(*(one.entries for one in batches))
        return SourceCourse(batches[0].origin, sorted(entries))
    heard = [
        (event.received_at, event.source.origin, event.source.index, event.source)
        for event in events
    ]
    last = -1
    for reading in dossier.readings:
        source = reading.source
        index = source.index
        if index != last:
            heard.append((reading.received_at, source.origin, index, source))
            last = index
    heard.sort()
    found: list[Source] = []
    before = ("", -1)
    for _, origin, index, source in heard:
        if index != before[1] or origin != before[0]:
            found.append(source)
            before = (origin, index)
    return tuple(found)
