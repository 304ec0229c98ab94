"""Which session a fact is about.

Goes fact by fact in log order and looks only back, so that a shorter log is sorted exactly as the
beginning of a longer one. Decides nothing about energy or time; sessions are opened and closed by
starts, stops and the log clock, never by a status, a boot or a connection.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from billing.desk import Desk
from billing.dossier import Dossier, instant
from billing.events import EventKind, MeterReading, TransactionEvent
from billing.identity import is_placeholder, normal_token
from billing.momentary import is_beyond
from billing.samples import Samples
from billing.starts import answered, started
from billing.station import SOON, PlaceMemory, closing_register, is_total
from billing.stops import ended, updated

_NOTHING = (None, None, None)
_IDLE_STATUSES = ("Finishing", "Available", "SuspendedEV")


def take_event(desk: Desk, event: TransactionEvent) -> None:
    """Sort one event in."""
    _ROUTES[event.kind](desk, event)


def take_reading(desk: Desk, reading: MeterReading) -> None:
    """Sort one reading in; what is neither energy, power, current nor signed says nothing here.

    A current that was not read says something: that its session's others are in doubt.
    """
    measured = (reading.wh, reading.watt, reading.ampere)
    if measured == _NOTHING and not reading.signed and not is_beyond(reading):
        desk.tell_flags(reading)
        return
    dossier = desk.by_transaction.get(reading.transaction)
    told = desk.told
    if told is not None and told[0] == reading.source:
        dossier = told[1]
    elif dossier is None or dossier.stop is not None:
        dossier = _place_reading(desk, reading, dossier)
        if dossier is None:
            desk.tell_flags(reading)
            return
    if dossier.version:
        desk.touch(dossier, reading)
    dossier.heard.append(reading)
    dossier.last_at = reading.received_at


def owner(desk: Desk, samples: Samples) -> Dossier | None:
    """The session that plain samples only lengthen: the same as sorting them in one by one."""
    dossier, told = desk.by_transaction.get(samples.transaction), desk.told
    if samples.told_with:
        if told is None or told[0] != samples.source or told[1].version:
            return None
        return told[1] if dossier in (None, told[1]) else None
    if dossier is None or dossier.version or dossier.stop is not None:
        return None
    if told is not None and told[0] == samples.source:
        return None
    if dossier.due is not None and dossier.due <= samples.last_at:
        return None
    return dossier if not samples.event_at or _repeats(dossier, samples) else None


def take_samples(desk: Desk, samples: Samples) -> None:
    """Sort plain samples in, all at once, where they have an owner."""
    dossier = owner(desk, samples)
    assert dossier is not None
    dossier.heard.append(samples)
    dossier.last_at = samples.last_at
    if samples.event_at:
        desk.told = (samples.last_source, dossier)


def _repeats(dossier: Dossier, samples: Samples) -> bool:
    """Whether the updates that carry samples say nothing that is not known of the session."""
    start = dossier.start
    if (
        start is None
        or not dossier.place
        or not start.connector
        or not normal_token(start.id_token)
    ):
        return False
    if not samples.state:
        return True
    for one in reversed(dossier.heard):
        state = one.state if isinstance(one, Samples) else getattr(one, "charging_state", "")
        if state:
            return bool(state == samples.state)
    return start.charging_state == samples.state


def _status(desk: Desk, event: TransactionEvent) -> None:
    place = event.evse or 0
    if not place:
        desk.tell_flags(event)
        return
    dossier = desk.session_at(place, instant(event))
    if dossier is None:
        desk.tell_flags(event)
        desk.loose.setdefault(place, []).append(event)
        _watch(desk, event, place)
        return
    if _same_status(dossier, event):
        return
    desk.touch(dossier, event)
    dossier.heard.append(event)
    dossier.last_at = event.received_at


def _watch(desk: Desk, event: TransactionEvent, place: int) -> None:
    """Remember charging outside any session: its start may be sent at its end."""
    memory = desk.places.get(place, PlaceMemory())
    if event.status == "Charging":
        desk.places[place] = replace(memory, charged=instant(event), idle_since=None)
    elif memory.charged is not None and event.status in _IDLE_STATUSES:
        desk.places[place] = replace(memory, idle_since=memory.idle_since or instant(event))


def _booted(desk: Desk, event: TransactionEvent) -> None:
    desk.tell_flags(event)
    for dossier in desk.open.values():
        if not dossier.version and dossier.next_start is None:
            dossier.note("reboot_inside", "the charger booted while it was open", event)


def _ignored(desk: Desk, event: TransactionEvent) -> None:
    """A connection neither opens nor closes a session."""


def _place_reading(desk: Desk, reading: MeterReading, named: Dossier | None) -> Dossier | None:
    """The slow path: no session of that id is open."""
    at = instant(reading)
    place = reading.evse or 0
    if named is not None and named.stop is not None:
        if at <= instant(named.stop) + desk.policy.stamp_tolerance or not named.place:
            return named
        other = desk.session_at(named.place, at)
        if other is None or other is named:
            return named
        desk.touch(other, reading)
        other.note("stale_tx", f"transaction {reading.transaction} has ended", reading)
        return other
    dossier = desk.session_at(place, at) if place else None
    if dossier is None:
        if place and is_placeholder(reading.transaction) and is_total(reading):
            _compare_after(desk, reading, place, at)
        desk.loose.setdefault(place, []).append(reading)
        return None
    if reading.transaction and is_placeholder(reading.transaction):
        if not any(note.rule == "tx_id_placeholder" for note in dossier.notes):
            desk.touch(dossier, reading)
            text = f"transaction {reading.transaction}: attached by connector and time"
            dossier.note("tx_id_placeholder", text, reading)
    elif reading.transaction and dossier.transaction:
        desk.loose.setdefault(place, []).append(reading)
        return None
    return dossier


def _compare_after(desk: Desk, reading: MeterReading, place: int, at: datetime) -> None:
    """Fault 28 where the reading names no transaction: energy that the last stop did not tell."""
    ended = [(end, one) for one in desk.recent(place) if (end := one.window[1]) and end < at]
    if not ended:
        return
    end, last = max(ended, key=lambda entry: (entry[0], entry[1].key))
    stopped = None if last.stop is None else closing_register(last)
    if stopped is None or at > end + SOON or reading.wh is None:
        return
    known = any(note.rule == "energy_after_stop" for note in last.notes)
    if not known and reading.wh > stopped + desk.policy.register_tolerance_wh:
        desk.touch(last, reading)
        text = f"register {reading.wh} at {at.isoformat()}, stopped at {stopped}"
        last.note("energy_after_stop", text, reading)


def _same_status(dossier: Dossier, event: TransactionEvent) -> bool:
    """Whether the dossier already ends in this very status: a repeat tells nothing new."""
    return any(
        known.kind is EventKind.STATUS
        and known.status == event.status
        and known.stamp.text == event.stamp.text
        and bool(event.stamp.text)
        for known in dossier.events
    )


_ROUTES: Mapping[EventKind, Callable[[Desk, TransactionEvent], None]] = {
    EventKind.STARTED: started,
    EventKind.START_ANSWERED: answered,
    EventKind.UPDATED: updated,
    EventKind.ENDED: ended,
    EventKind.STATUS: _status,
    EventKind.BOOTED: _booted,
    EventKind.CONNECTED: _ignored,
    EventKind.DISCONNECTED: _ignored,
}
