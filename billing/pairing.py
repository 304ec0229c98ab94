"""Which session a fact is about: the desk where a station's facts are sorted into dossiers.

Goes fact by fact in log order and looks only back, so that a shorter log is sorted exactly as the
beginning of a longer one. Decides nothing about energy or time; opens and closes dossiers by
starts, stops and the log clock, never by a status, a boot or a connection.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappush

from billing.dossier import Dossier, instant
from billing.events import EventKind, Fact, MeterReading, TransactionEvent
from billing.finding import Finding
from billing.identity import is_placeholder, normal_token, plain
from billing.rules import severity
from billing.session_policy import SessionPolicy
from billing.station import PlaceMemory, StationState, closing_register

_RECENT = 50
"""How many sessions of a place a late fact is compared with, newest first."""

_LOOSE = timedelta(days=7)
"""A reading without a session waits this long for the start it belongs to."""

_NEW_STOP = timedelta(seconds=60)
"""A stop this much later than the first one of its transaction may mean another session."""

_IDLE_STATUSES = ("Finishing", "Available", "SuspendedEV")


class Desk:
    """A station's state while facts are sorted into it. `findings` are those about no session."""

    def __init__(
        self, state: StationState, policy: SessionPolicy, digest: Callable[[Dossier], str]
    ) -> None:
        self.policy = policy
        self.digest = digest
        self.state = state
        self.station = state.station
        self.next_key = state.next_key
        self.dossiers = {dossier.key: dossier.copy() for dossier in state.dossiers}
        self.by_transaction = {
            transaction: self.dossiers[key] for transaction, key in state.transactions.items()
        }
        self.calls = dict(state.calls)
        self.places = dict(state.places)
        self.loose: dict[int, list[Fact]] = {}
        for fact in state.loose:
            self.loose.setdefault(fact.evse or 0, []).append(fact)
        self.at_place: dict[int, list[Dossier]] = {}
        self.by_start: dict[tuple[str, ...], Dossier] = {}
        self.by_stop: dict[tuple[str, ...], Dossier] = {}
        self.open: dict[int, Dossier] = {}
        self.timers: list[tuple[datetime, int]] = []
        for dossier in self.dossiers.values():
            self._index(dossier)
            if dossier.due is not None:
                heappush(self.timers, (dossier.due, dossier.key))
        self.findings: list[tuple[datetime, Finding]] = []
        self._routes: dict[EventKind, Callable[[TransactionEvent], None]] = {
            EventKind.STARTED: self._started,
            EventKind.START_ANSWERED: self._answered,
            EventKind.UPDATED: self._updated,
            EventKind.ENDED: self._ended,
            EventKind.STATUS: self._status,
            EventKind.BOOTED: self._booted,
            EventKind.CONNECTED: self._ignored,
            EventKind.DISCONNECTED: self._ignored,
        }

    def event(self, event: TransactionEvent) -> None:
        """Sort one event in."""
        self._routes[event.kind](event)

    def reading(self, reading: MeterReading) -> None:
        """Sort one reading in; what is neither energy, power nor signed says nothing here."""
        if reading.wh is None and reading.watt is None and not reading.signed:
            self._tell_flags(reading)
            return
        dossier = self.by_transaction.get(reading.transaction)
        if dossier is None or dossier.stop is not None:
            dossier = self._place_reading(reading, dossier)
            if dossier is None:
                self._tell_flags(reading)
                return
        if dossier.version:
            self.touch(dossier, reading)
        dossier.readings.append(reading)
        dossier.last_at = reading.received_at

    def touch(self, dossier: Dossier, fact: Fact, *, closing: bool = False) -> None:
        """Prepare for growing an emitted dossier: to be called before it grows.

        A stale session that lives again without having been followed by another is open again;
        any other gets its next version when this fact has settled.
        """
        if not dossier.version:
            return
        if dossier.due is None:
            dossier.digest = self.digest(dossier)
        elif not closing or dossier.closed_at is not None:
            return
        if closing or dossier.stop is not None or dossier.next_start is not None:
            self.close(dossier, fact.received_at)
        else:
            dossier.closed_at = None
            self._set_due(dossier, fact.received_at + self.policy.stale_open + self.policy.settle)

    def close(self, dossier: Dossier, at: datetime) -> None:
        """The next version of `dossier` is due one settle time after `at`."""
        dossier.closed_at = at
        self._set_due(dossier, at + self.policy.settle)

    def stay_open(self, dossier: Dossier) -> None:
        """Look again when the session has been silent for long enough."""
        silent = dossier.last_at + self.policy.stale_open
        self._set_due(dossier, silent + self.policy.settle)

    def to_state(self, until: datetime) -> StationState:
        """The value that a later fold goes on from."""
        return replace(
            self.state,
            station=self.station,
            until=until,
            next_key=self.next_key,
            dossiers=tuple(self.dossiers.values()),
            transactions={tx: found.key for tx, found in self.by_transaction.items()},
            calls=self.calls,
            loose=tuple(fact for place in sorted(self.loose) for fact in self.loose[place]),
            places=self.places,
        )

    # Starts

    def _started(self, event: TransactionEvent) -> None:
        place = event.evse or 0
        dossier = self._known_start(event, place)
        if dossier is not None:
            self.touch(dossier, event)
            dossier.note("dup_start", f"start of {event.stamp.text} was already known", event)
            dossier.events.append(event)
            dossier.last_at = event.received_at
        else:
            dossier = self._orphan_for(event, place)
            if dossier is None:
                dossier = self._new(event, place)
            else:
                self.touch(dossier, event, closing=True)
                self._move(dossier, place)
            self._begin(dossier, event, place)
        self._note_call(dossier, event)

    def _known_start(self, event: TransactionEvent, place: int) -> Dossier | None:
        known = self.by_start.get(_start_key(event))
        if known is not None or is_placeholder(event.transaction):
            return known
        same_id = self.by_transaction.get(event.transaction)
        if same_id is None or same_id.start is None or same_id.place != place:
            return None
        return same_id if same_id.is_open else None

    def _begin(self, dossier: Dossier, event: TransactionEvent, place: int) -> None:
        """Give a dossier its start, and see what that means for the others of its place."""
        dossier.start = event
        dossier.first_at = min(dossier.first_at, event.received_at)
        dossier.last_at = event.received_at
        if event.transaction:
            self._name(dossier, event.transaction, event)
        self._index(dossier)
        started = instant(event)
        memory = self.places.get(place, PlaceMemory())
        self._learn_register(dossier, event, place, started)
        if memory.idle_since is not None and started >= memory.idle_since:
            text = f"the connector charged from {memory.charged} to {memory.idle_since} without one"
            dossier.note("start_as_stop", text, event)
        self.places[place] = replace(self.places.get(place, memory), charged=None, idle_since=None)
        if dossier.closed_at is None and dossier.due is None:
            self._set_due(dossier, event.received_at + self.policy.stale_open + self.policy.settle)
        if place:
            self._follow(dossier, event, started)
        self._adopt(dossier, event)
        if dossier.stop is not None:
            self._find_overlaps(dossier, event)

    def _follow(self, dossier: Dossier, event: TransactionEvent, started: datetime) -> None:
        """The next start on a place closes the session before it, in the charger's time order."""
        for other in self._recent(dossier.place):
            if other is dossier:
                continue
            begun = other.window[0] or other.first_at
            if begun <= started:
                if other.is_open and (other.next_start is None or started < other.next_start):
                    self.touch(other, event, closing=True)
                    other.next_start = started
                    if other.closed_at is None:
                        self.close(other, event.received_at)
            elif dossier.next_start is None or begun < dossier.next_start:
                dossier.next_start = begun
        if dossier.next_start is not None and dossier.is_open:
            self.close(dossier, event.received_at)

    def _learn_register(
        self, dossier: Dossier, event: TransactionEvent, place: int, started: datetime
    ) -> None:
        """Compare meterStart with where the register of the place stood, and learn its mode."""
        memory = self.places.get(place, PlaceMemory())
        before = memory.last_register
        latest = memory.last_stop
        for other in self._recent(place):
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
        runs_on = event.meter_wh >= before - self.policy.register_tolerance_wh
        votes = max(-3, min(3, memory.votes + (1 if runs_on else -1)))
        self.places[place] = replace(memory, votes=votes)

    def _orphan_for(self, event: TransactionEvent, place: int) -> Dossier | None:
        """The transaction without a start that this start belongs to."""
        named = self.by_transaction.get(event.transaction) if event.transaction else None
        if named is not None and named.start is None:
            return named
        started = instant(event)
        for dossier in self.dossiers.values():
            stop = dossier.stop
            if dossier.start is not None or stop is None or dossier.place not in (0, place):
                continue
            if started <= instant(stop) <= started + self.policy.stale_open and self._fits(
                event, stop, place
            ):
                return dossier
        return None

    def _answered(self, event: TransactionEvent) -> None:
        """Our StartTransaction.conf: from now on this id means that start."""
        call = self.calls.get((event.connection, event.message_id))
        dossier = self.dossiers.get(call[0]) if call else None
        if dossier is None or not event.transaction or is_placeholder(event.transaction):
            return
        orphan = self.by_transaction.get(event.transaction)
        if orphan is not None and orphan.start is None and orphan is not dossier:
            self._join(orphan, dossier, event)
            return
        if dossier.transaction != event.transaction:
            self.touch(dossier, event)
            self._name(dossier, event.transaction, event)
            self._adopt(dossier, event)

    def _join(self, orphan: Dossier, dossier: Dossier, event: TransactionEvent) -> None:
        """An orphan stop and a start turn out to carry one transaction id: one session.

        The start's dossier takes the stop, unless the orphan was emitted: then its id stays.
        """
        if dossier.version or dossier.start is None:
            return
        del self.dossiers[dossier.key]
        self.open.pop(dossier.key, None)
        self.at_place[dossier.place].remove(dossier)
        self.touch(orphan, event, closing=True)
        self._move(orphan, dossier.place)
        orphan.notes += dossier.notes
        orphan.events += dossier.events
        orphan.readings += dossier.readings
        for call, (key, print_) in list(self.calls.items()):
            if key == dossier.key:
                self.calls[call] = (orphan.key, print_)
        self._begin(orphan, dossier.start, dossier.place)
        orphan.last_at = max(orphan.last_at, event.received_at)
        self.close(orphan, event.received_at)

    # Updates and stops

    def _updated(self, event: TransactionEvent) -> None:
        dossier = self.by_transaction.get(event.transaction)
        if dossier is None:
            dossier = self._open_fit(event)
            if dossier is None:
                dossier = self._new(event, event.evse or 0)
                self._name(dossier, event.transaction, event)
                self._set_due(
                    dossier, event.received_at + self.policy.stale_open + self.policy.settle
                )
            else:
                self._note_other_id(dossier, event)
        self.touch(dossier, event)
        dossier.events.append(event)
        dossier.last_at = event.received_at
        if dossier.place == 0 and event.evse:
            self._move(dossier, event.evse)

    def _ended(self, event: TransactionEvent) -> None:
        dossier = self._stopped(event)
        if dossier.stop is not None:
            self.touch(dossier, event)
            dossier.note("dup_stop", f"already stopped at {dossier.stop.stamp.text}", event)
            dossier.events.append(event)
            dossier.last_at = event.received_at
        else:
            self.touch(dossier, event, closing=True)
            dossier.stop = event
            dossier.last_at = event.received_at
            if event.evse and dossier.place == 0:
                self._move(dossier, event.evse)
            self._index(dossier)
            self.close(dossier, event.received_at)
            self._adopt(dossier, event)
            self._find_overlaps(dossier, event)
        self._note_call(dossier, event)

    def _stopped(self, event: TransactionEvent) -> Dossier:
        """The dossier that a stop is about: by id, else by token and time, else an orphan."""
        repeated = self.by_stop.get(_stop_key(event))
        if repeated is not None:
            return repeated
        placeholder = is_placeholder(event.transaction)
        named = None if placeholder else self.by_transaction.get(event.transaction)
        if named is not None and named.is_open:
            return named
        fit = self._open_fit(event)
        if named is not None and named.stop is not None:
            later = instant(event) > instant(named.stop) + _NEW_STOP
            if fit is None or not later or fit.place != named.place:
                return named
        if fit is not None:
            self._note_other_id(fit, event)
            return fit
        orphan = self._new(event, event.evse or 0)
        if not placeholder:
            self._name(orphan, event.transaction, event)
        return orphan

    def _open_fit(self, event: TransactionEvent) -> Dossier | None:
        """The open session that an event without a usable id is about, by token and time order."""
        at = instant(event) + self.policy.stamp_tolerance
        fits: list[tuple[datetime, Dossier]] = []
        for dossier in self.open.values():
            start = dossier.start
            if start is None or (event.evse and dossier.place not in (0, event.evse)):
                continue
            begun = instant(start)
            ended = dossier.next_start
            if begun <= at and (ended is None or instant(event) <= ended + _NEW_STOP):
                if self._fits(start, event, dossier.place):
                    fits.append((begun, dossier))
        if not fits:
            return None
        places = {dossier.place for _, dossier in fits}
        if len(places) > 1:
            chosen = min(fits, key=lambda fit: (fit[0], fit[1].key))[1]
            if event.kind is EventKind.ENDED:
                chosen.note("ambiguous_stop", f"fits connectors {sorted(places)}", event)
            return chosen
        return max(fits, key=lambda fit: (fit[0], fit[1].key))[1]

    def _fits(self, start: TransactionEvent, stop: TransactionEvent, place: int) -> bool:
        """Whether start and stop can be of one session by token, connector and register."""
        if stop.evse and place and stop.evse != place:
            return False
        mine, theirs = normal_token(start.id_token), normal_token(stop.id_token)
        if mine != theirs and mine and theirs:
            groups = self.policy.token_groups
            if groups.get(mine) is None or groups.get(mine) != groups.get(theirs):
                return False
        unknown = not is_placeholder(stop.transaction) and stop.protocol.startswith("ocpp1")
        if unknown and not (mine and theirs):
            return False
        low, high = start.meter_wh, stop.meter_wh
        if low is None or high is None or high <= 0:
            return True
        return bool(high >= low - self.policy.register_tolerance_wh)

    def _note_other_id(self, dossier: Dossier, event: TransactionEvent) -> None:
        self.touch(dossier, event, closing=event.kind is EventKind.ENDED)
        named = dossier.transaction or "none"
        text = f"transaction {event.transaction or 'none'} where {named} was expected"
        if is_placeholder(event.transaction) and event.protocol.startswith("ocpp1"):
            dossier.note("tx_id_placeholder", text, event)
            return
        dossier.note("tx_id_foreign", text, event)
        if not is_placeholder(event.transaction):
            self.by_transaction.setdefault(event.transaction, dossier)

    def _find_overlaps(self, dossier: Dossier, event: TransactionEvent) -> None:
        """Two sessions of one place never overlap: hold both."""
        start, end = dossier.window
        if start is None or end is None or not dossier.place:
            return
        tolerance = self.policy.stamp_tolerance
        for other in self._recent(dossier.place):
            begun, ended = other.window
            if other is dossier or begun is None:
                continue
            if other.is_open and begun < start:
                continue
            if begun < end - tolerance and (ended is None or start < ended - tolerance):
                self._note_overlap(dossier, other, event)

    def _note_overlap(self, one: Dossier, two: Dossier, event: TransactionEvent) -> None:
        for dossier, other in ((one, two), (two, one)):
            text = f"overlaps the session started {other.start.stamp.text if other.start else '?'}"
            if any(note.rule == "overlap" and note.message == text for note in dossier.notes):
                continue
            self.touch(dossier, event)
            dossier.note("overlap", text, event)

    # Statuses and boots

    def _status(self, event: TransactionEvent) -> None:
        place = event.evse or 0
        if not place:
            self._tell_flags(event)
            return
        dossier = self._at(place, instant(event))
        if dossier is None:
            self._tell_flags(event)
            self.loose.setdefault(place, []).append(event)
            self._watch(event, place)
            return
        if _same_status(dossier, event):
            return
        self.touch(dossier, event)
        dossier.events.append(event)

    def _watch(self, event: TransactionEvent, place: int) -> None:
        """Remember charging outside any session: its start may be sent at its end."""
        memory = self.places.get(place, PlaceMemory())
        if event.status == "Charging":
            self.places[place] = replace(memory, charged=instant(event), idle_since=None)
        elif memory.charged is not None and event.status in _IDLE_STATUSES:
            self.places[place] = replace(memory, idle_since=memory.idle_since or instant(event))

    def _booted(self, event: TransactionEvent) -> None:
        self._tell_flags(event)
        for dossier in self.open.values():
            if not dossier.version and dossier.next_start is None:
                dossier.note("reboot_inside", "the charger booted while it was open", event)

    def _ignored(self, event: TransactionEvent) -> None:
        """A connection neither opens nor closes a session."""

    # Readings

    def _place_reading(self, reading: MeterReading, named: Dossier | None) -> Dossier | None:
        """The slow path: no session of that id is open."""
        at = instant(reading)
        place = reading.evse or 0
        if named is not None and named.stop is not None:
            if at <= instant(named.stop) + self.policy.stamp_tolerance or not named.place:
                return named
            other = self._at(named.place, at)
            if other is None or other is named:
                return named
            self.touch(other, reading)
            other.note("stale_tx", f"transaction {reading.transaction} has ended", reading)
            return other
        dossier = self._at(place, at) if place else None
        if dossier is None:
            self.loose.setdefault(place, []).append(reading)
            return None
        if reading.transaction and is_placeholder(reading.transaction):
            if not any(note.rule == "tx_id_placeholder" for note in dossier.notes):
                self.touch(dossier, reading)
                text = f"transaction {reading.transaction}: attached by connector and time"
                dossier.note("tx_id_placeholder", text, reading)
        elif reading.transaction and dossier.transaction:
            self.loose.setdefault(place, []).append(reading)
            return None
        return dossier

    def _at(self, place: int, at: datetime) -> Dossier | None:
        """The session of `place` whose window holds the charger's instant `at`, newest first."""
        tolerance = self.policy.stamp_tolerance
        for dossier in self._recent(place):
            start, end = dossier.window
            if start is None:
                continue
            if start - tolerance <= at and (end is None or at <= end + tolerance):
                return dossier
        return None

    def _adopt(self, dossier: Dossier, fact: Fact) -> None:
        """Take the loose readings and statuses that this dossier explains now."""
        start, end = dossier.window
        tolerance = self.policy.stamp_tolerance
        oldest = fact.received_at - _LOOSE
        for place in {0, dossier.place} if dossier.place else list(self.loose):
            waiting = self.loose.get(place)
            if not waiting:
                continue
            kept: list[Fact] = []
            for loose in waiting:
                named = bool(loose.transaction) and loose.transaction == dossier.transaction
                free = is_placeholder(loose.transaction) and place and place == dossier.place
                at = instant(loose)
                inside = start is not None and start - tolerance <= at
                inside = inside and (end is None or at <= end + tolerance)
                if named or (free and inside):
                    self._take(dossier, loose)
                elif loose.received_at >= oldest:
                    kept.append(loose)
            self.loose[place] = kept

    def _take(self, dossier: Dossier, loose: Fact) -> None:
        if isinstance(loose, MeterReading):
            dossier.readings.append(loose)
        else:
            dossier.events.append(loose)
        dossier.first_at = min(dossier.first_at, loose.received_at)
        if not dossier.place and loose.evse:
            self._move(dossier, loose.evse)

    # Bookkeeping

    def _new(self, event: TransactionEvent, place: int) -> Dossier:
        dossier = Dossier(self.next_key, place, event.received_at, event.received_at)
        self.next_key += 1
        self.dossiers[dossier.key] = dossier
        self.at_place.setdefault(place, []).append(dossier)
        self.open[dossier.key] = dossier
        return dossier

    def _index(self, dossier: Dossier) -> None:
        """Make a dossier findable by what is known of it."""
        peers = self.at_place.setdefault(dossier.place, [])
        if dossier not in peers[-_RECENT:]:
            peers.append(dossier)
        if dossier.start is not None:
            self.by_start[_start_key(dossier.start)] = dossier
        if dossier.stop is not None:
            self.by_stop[_stop_key(dossier.stop)] = dossier
            self.open.pop(dossier.key, None)
        else:
            self.open[dossier.key] = dossier

    def _move(self, dossier: Dossier, place: int) -> None:
        if dossier.place != place:
            self.at_place[dossier.place].remove(dossier)
            dossier.place = place
            self.at_place.setdefault(place, []).append(dossier)

    def _recent(self, place: int) -> list[Dossier]:
        return self.at_place.get(place, [])[: -_RECENT - 1 : -1]

    def _name(self, dossier: Dossier, transaction: str, fact: Fact) -> None:
        """From now on `transaction` means this dossier."""
        if not dossier.transaction or is_placeholder(dossier.transaction):
            dossier.transaction = transaction
        if is_placeholder(transaction):
            return
        other = self.by_transaction.get(transaction)
        if other is not None and other is not dossier:
            dossier.note("tx_reissued", f"id {transaction} was given twice", fact)
        self.by_transaction[transaction] = dossier

    def _note_call(self, dossier: Dossier, event: TransactionEvent) -> None:
        """Remember which start or stop a message id carried: its answer and its reuse."""
        call = (event.connection, event.message_id)
        print_ = f"{event.kind}|{event.stamp.text}|{event.transaction}|{plain(event.meter_wh)}"
        known = self.calls.get(call)
        if known is not None and known[1] != print_:
            dossier.note(
                "msgid_reuse", f"message id {event.message_id} carried another call", event
            )
        self.calls[call] = (dossier.key, print_)

    def _set_due(self, dossier: Dossier, due: datetime) -> None:
        dossier.due = due
        heappush(self.timers, (due, dossier.key))

    def _tell_flags(self, fact: Fact) -> None:
        """What reading the frame already found wrong, as findings at the fact's own time."""
        for rule, message in fact.flags:
            finding = Finding(fact.source, rule, severity(rule), message, fact.station)
            self.findings.append((fact.received_at, finding))


def _same_status(dossier: Dossier, event: TransactionEvent) -> bool:
    """Whether the dossier already ends in this very status: a repeat tells nothing new."""
    return any(
        known.kind is EventKind.STATUS
        and known.status == event.status
        and known.stamp.text == event.stamp.text
        and bool(event.stamp.text)
        for known in dossier.events
    )


def _start_key(event: TransactionEvent) -> tuple[str, ...]:
    meter = "" if event.meter_wh is None else plain(event.meter_wh)
    call = "" if event.stamp.text else f"{event.connection}|{event.message_id}"
    return (
        str(event.evse or 0),
        event.stamp.text,
        normal_token(event.id_token),
        meter,
        call,
        event.transaction if not event.protocol.startswith("ocpp1") else "",
    )


def _stop_key(event: TransactionEvent) -> tuple[str, ...]:
    call = "" if event.stamp.text else f"{event.connection}|{event.message_id}"
    token = normal_token(event.id_token)
    return (event.transaction, event.stamp.text, token, plain(event.meter_wh), call)
