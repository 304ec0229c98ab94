"""The desk on which one station's facts are sorted: its dossiers, found by all that names them.

Keeps books only: which dossier an id, a start, a place or an instant means, and when each is due.
What a fact does to a dossier is decided in `billing.pairing`.
"""

from bisect import insort
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappush

from billing.dossier import Dossier, instant
from billing.events import Fact, TransactionEvent
from billing.finding import Finding, Source
from billing.identity import is_placeholder, normal_token, plain
from billing.rules import severity
from billing.session_policy import SessionPolicy
from billing.station import StationState

_RECENT = 50
"""How many sessions of a place a late fact is compared with, newest first."""

_LOOSE = timedelta(days=7)
"""A reading without a session waits this long for the start it belongs to."""


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
            self.index(dossier)
            if dossier.due is not None:
                heappush(self.timers, (dossier.due, dossier.key))
        self.ids = {one.session_id for one in state.dossiers if one.session_id}
        self.ids |= {one.session_id for one in state.forgotten}
        self.findings: list[tuple[datetime, Finding]] = []
        self.told: tuple[Source, Dossier] | None = None
        """The entry of the last transaction event, and whose it was: its samples follow it."""

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
            dossier.last_at = fact.received_at
            self.set_due(dossier, fact.received_at + self.policy.stale_open + self.policy.settle)

    def close(self, dossier: Dossier, at: datetime) -> None:
        """The next version of `dossier` is due one settle time after `at`."""
        dossier.closed_at = at
        self.set_due(dossier, at + self.policy.settle)

    def stay_open(self, dossier: Dossier) -> None:
        """Look again when the session has been silent for long enough."""
        silent = dossier.last_at + self.policy.stale_open
        self.set_due(dossier, silent + self.policy.settle)

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

    def new(self, event: TransactionEvent, place: int) -> Dossier:
        """An empty dossier, open at `place`."""
        dossier = Dossier(self.next_key, place, event.received_at, event.received_at)
        self.next_key += 1
        self.dossiers[dossier.key] = dossier
        self._seat(dossier)
        self.open[dossier.key] = dossier
        return dossier

    def index(self, dossier: Dossier) -> None:
        """Make a dossier findable by what is known of it; of equals, the younger is found."""
        self._seat(dossier)
        if dossier.start is not None:
            _youngest(self.by_start, start_key(dossier.start), dossier)
        if dossier.stop is not None:
            _youngest(self.by_stop, stop_key(dossier.stop), dossier)
            self.open.pop(dossier.key, None)
        else:
            self.open[dossier.key] = dossier

    def _seat(self, dossier: Dossier) -> None:
        """Dossiers of a place stand in the order of their keys, however they came there."""
        peers = self.at_place.setdefault(dossier.place, [])
        if not peers or peers[-1].key < dossier.key:
            peers.append(dossier)
        elif peers[-1] is not dossier and dossier not in peers:
            insort(peers, dossier, key=_key)

    def move(self, dossier: Dossier, place: int) -> None:
        """The dossier turns out to be of another place."""
        if dossier.place != place:
            self.at_place[dossier.place].remove(dossier)
            dossier.place = place
            self._seat(dossier)

    def recent(self, place: int) -> list[Dossier]:
        """The last sessions heard of at a place, newest first."""
        return self.at_place.get(place, [])[: -_RECENT - 1 : -1]

    def session_at(self, place: int, at: datetime) -> Dossier | None:
        """The session of `place` whose window holds the charger's instant `at`, newest first."""
        tolerance = self.policy.stamp_tolerance
        for dossier in self.recent(place):
            start, end = dossier.window
            if start is None:
                continue
            if start - tolerance <= at and (end is None or at <= end + tolerance):
                return dossier
        return None

    def adopt(self, dossier: Dossier, fact: Fact) -> None:
        """Take the loose readings and statuses that this dossier explains now."""
        start, end = dossier.window
        tolerance = self.policy.stamp_tolerance
        oldest = fact.received_at - _LOOSE
        for place in (0, dossier.place) if dossier.place else sorted(self.loose):
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
        dossier.heard.append(loose)
        dossier.first_at = min(dossier.first_at, loose.received_at)
        if not dossier.place and loose.evse:
            self.move(dossier, loose.evse)

    def name(self, dossier: Dossier, transaction: str, fact: Fact) -> None:
        """From now on `transaction` means this dossier."""
        if not dossier.transaction or is_placeholder(dossier.transaction):
            dossier.transaction = transaction
        if is_placeholder(transaction):
            return
        other = self.by_transaction.get(transaction)
        if other is not None and other is not dossier:
            dossier.note("tx_reissued", f"id {transaction} was given twice", fact)
        self.by_transaction[transaction] = dossier

    def note_call(self, dossier: Dossier, event: TransactionEvent) -> None:
        """Remember which start or stop a message id carried: its answer and its reuse."""
        call = (event.connection, event.message_id)
        print_ = f"{event.kind.value}|{event.stamp.text}|{event.transaction}|{event.meter_wh}"
        known = self.calls.get(call)
        if known is not None and known[1] != print_:
            dossier.note(
                "msgid_reuse", f"message id {event.message_id} carried another call", event
            )
        self.calls[call] = (dossier.key, print_)
        self.told = (event.source, dossier)

    def set_due(self, dossier: Dossier, due: datetime) -> None:
        """Look at the dossier when the log clock passes `due`, not before."""
        dossier.due = due
        heappush(self.timers, (due, dossier.key))

    def tell_flags(self, fact: Fact) -> None:
        """What reading the frame already found wrong, as findings at the fact's own time."""
        for rule, message in fact.flags:
            finding = Finding(fact.source, rule, severity(rule), message, fact.station)
            self.findings.append((fact.received_at, finding))


def _key(dossier: Dossier) -> int:
    return dossier.key


def _youngest(
    found: dict[tuple[str, ...], Dossier], name: tuple[str, ...], dossier: Dossier
) -> None:
    known = found.get(name)
    if known is None or known.key < dossier.key:
        found[name] = dossier


def start_key(event: TransactionEvent) -> tuple[str, ...]:
    """What makes two starts the same one, whatever their message ids."""
    meter = "" if event.meter_wh is None else plain(event.meter_wh)
    call = "" if event.stamp.text else f"{event.connection}|{event.message_id}"
    return (
        str(event.evse or 0),
        event.stamp.text,
        normal_token(event.id_token),
        meter,
        call,
    )


def stop_key(event: TransactionEvent) -> tuple[str, ...]:
    """What makes two stops the same one, whatever their message and transaction ids."""
    call = "" if event.stamp.text else f"{event.connection}|{event.message_id}"
    token = normal_token(event.id_token)
    return (event.stamp.text, token, plain(event.meter_wh), call)
