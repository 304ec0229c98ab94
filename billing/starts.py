"""What a start, or our answer to it, does to a station's dossiers.

A start that is already known is a repeat; one that an orphan stop was waiting for joins it; any
other opens a dossier and closes the one before it on its place.
"""

from dataclasses import replace
from datetime import datetime

from billing.derive import identify
from billing.desk import Desk, start_key
from billing.dossier import UNUSABLE, Dossier, instant
from billing.events import TransactionEvent
from billing.fitting import find_overlaps, fits
from billing.identity import is_placeholder
from billing.station import PlaceMemory, closing_register


def started(desk: Desk, event: TransactionEvent) -> None:
    """StartTransaction; TransactionEvent Started."""
    place = event.evse or 0
    dossier = _known_start(desk, event, place)
    if dossier is not None:
        desk.touch(dossier, event)
        dossier.note("dup_start", f"start of {event.stamp.text} was already known", event)
        dossier.heard.append(event)
        dossier.last_at = event.received_at
        if event.transaction not in desk.by_transaction:
            desk.name(dossier, event.transaction, event)
    else:
        twin = desk.by_start.get(start_key(event))
        dossier = _orphan_for(desk, event, place)
        if dossier is None:
            dossier = desk.new(event, place)
        else:
            desk.touch(dossier, event, closing=True)
            desk.move(dossier, place)
        _begin(desk, dossier, event, place)
        if twin is not None and not dossier.session_id:
            # decided now: when it is emitted, its twin may be forgotten
            dossier.session_id = identify(dossier, apart=True)
    desk.note_call(dossier, event)


def answered(desk: Desk, event: TransactionEvent) -> None:
    """Our StartTransaction.conf: from now on this id means that start."""
    call = desk.calls.get((event.connection, event.message_id))
    dossier = desk.dossiers.get(call[0]) if call else None
    if dossier is None or not event.transaction or is_placeholder(event.transaction):
        return
    orphan = desk.by_transaction.get(event.transaction)
    if orphan is not None and orphan.start is None and orphan is not dossier:
        _join(desk, orphan, dossier, event)
        return
    if dossier.transaction != event.transaction:
        desk.touch(dossier, event)
        desk.name(dossier, event.transaction, event)
        desk.adopt(dossier, event)


def _known_start(desk: Desk, event: TransactionEvent, place: int) -> Dossier | None:
    """The session that this start repeats: it says the same of itself, or names the same id.

    Where two starts name two good ids they are two, however alike: a repeat carries the old id.
    A stamp that tells nothing repeats itself with every charge of a card on a register that
    restarts: there only a session that still awaits its stop can be meant.
    """
    key = start_key(event)
    known = desk.by_start.get(key)
    if not is_placeholder(event.transaction):
        named = desk.by_transaction.get(event.transaction)
        if known is not None and _other_id(known, event):
            known = None
        if known is None and named is not None and named.start is not None:
            same = named.is_open or start_key(named.start) == key
            known = named if same and named.place == place else None
    if known is not None and event.stamp.quality in UNUSABLE:
        return known if known.is_open and known.closed_at is None else None
    return known


def _other_id(known: Dossier, event: TransactionEvent) -> bool:
    start = known.start
    if start is None or is_placeholder(start.transaction):
        return False
    return start.transaction != event.transaction


def _begin(desk: Desk, dossier: Dossier, event: TransactionEvent, place: int) -> None:
    """Give a dossier its start, and see what that means for the others of its place."""
    dossier.start = event
    dossier.first_at = min(dossier.first_at, event.received_at)
    dossier.last_at = event.received_at
    if event.transaction:
        desk.name(dossier, event.transaction, event)
    desk.index(dossier)
    started = instant(event)
    memory = desk.places.get(place, PlaceMemory())
    _learn_register(desk, dossier, event, place, started)
    if memory.idle_since is not None and started >= memory.idle_since:
        text = f"the connector charged from {memory.charged} to {memory.idle_since} without one"
        dossier.note("start_as_stop", text, event)
    desk.places[place] = replace(desk.places.get(place, memory), charged=None, idle_since=None)
    if dossier.closed_at is None and dossier.due is None:
        desk.set_due(dossier, event.received_at + desk.policy.stale_open + desk.policy.settle)
    if place:
        _follow(desk, dossier, event, started)
    desk.adopt(dossier, event)
    if dossier.stop is not None:
        find_overlaps(desk, dossier, event)


def _follow(desk: Desk, dossier: Dossier, event: TransactionEvent, started: datetime) -> None:
    """The next start on a place closes the session before it, in the charger's time order."""
    for other in desk.recent(dossier.place):
        if other is dossier:
            continue
        begun = other.window[0] or other.first_at
        if begun <= started:
            if other.is_open and (other.next_start is None or started < other.next_start):
                desk.touch(other, event, closing=True)
                other.next_start = started
                if other.closed_at is None:
                    desk.close(other, event.received_at)
        elif dossier.next_start is None or begun < dossier.next_start:
            dossier.next_start = begun
    if dossier.next_start is not None and dossier.is_open:
        desk.close(dossier, event.received_at)


def _learn_register(
    desk: Desk, dossier: Dossier, event: TransactionEvent, place: int, started: datetime
) -> None:
    """Compare meterStart with where the register of the place stood, and learn its mode."""
    memory = desk.places.get(place, PlaceMemory())
    before = memory.last_register
    latest = memory.last_stop
    for other in desk.recent(place):
        end = other.window[1]
        if other is dossier or end is None or end > started:
            continue
        register = closing_register(other)
        if register is not None and (latest is None or end >= latest):
            before, latest = register, end
    dossier.previous_register = before
    dossier.votes = memory.votes
    if before is None or event.meter_wh is None or before <= 0:
        return
    gap = event.meter_wh - before
    if memory.votes >= 0 and gap > desk.policy.register_tolerance_wh:
        text = f"the register stood at {before} after the last session, now at {event.meter_wh}"
        dossier.note("energy_between_sessions", text, event)
    runs_on = event.meter_wh >= before - desk.policy.register_tolerance_wh
    votes = max(-3, min(3, memory.votes + (1 if runs_on else -1)))
    desk.places[place] = replace(memory, votes=votes)


def _orphan_for(desk: Desk, event: TransactionEvent, place: int) -> Dossier | None:
    """The transaction without a start that this start belongs to."""
    named = desk.by_transaction.get(event.transaction) if event.transaction else None
    if named is not None and named.start is None:
        return named
    started = instant(event)
    for dossier in desk.dossiers.values():
        stop = dossier.stop
        if dossier.start is not None or stop is None or dossier.place not in (0, place):
            continue
        if started <= instant(stop) <= started + desk.policy.stale_open and fits(
            desk, event, stop, place
        ):
            return dossier
    return None


def _join(desk: Desk, orphan: Dossier, dossier: Dossier, event: TransactionEvent) -> None:
    """An orphan stop and a start turn out to carry one transaction id: one session.

    The start's dossier takes the stop, unless the orphan was emitted: then its id stays.
    """
    if dossier.version or dossier.start is None:
        return
    del desk.dossiers[dossier.key]
    desk.open.pop(dossier.key, None)
    desk.at_place[dossier.place].remove(dossier)
    desk.by_start.pop(start_key(dossier.start), None)
    desk.touch(orphan, event, closing=True)
    desk.move(orphan, dossier.place)
    orphan.session_id = orphan.session_id or dossier.session_id
    orphan.notes += dossier.notes
    orphan.heard += dossier.heard
    for call, (key, print_) in list(desk.calls.items()):
        if key == dossier.key:
            desk.calls[call] = (orphan.key, print_)
    _begin(desk, orphan, dossier.start, dossier.place)
    orphan.last_at = max(orphan.last_at, event.received_at)
    desk.close(orphan, event.received_at)
