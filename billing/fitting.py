"""Whether two things said belong to one session: token, connector, time order, register.

For the many messages whose transaction id names nothing: 0, −1, a placeholder, another charger's.
"""

from datetime import datetime, timedelta

from billing.desk import Desk
from billing.dossier import Dossier, instant
from billing.events import EventKind, TransactionEvent
from billing.identity import is_placeholder, normal_token

NEW_STOP = timedelta(seconds=60)
"""A stop this much later than the first one of its transaction may mean another session."""


def open_fit(desk: Desk, event: TransactionEvent) -> Dossier | None:
    """The open session that an event without a usable id is about, by token and time order."""
    at = instant(event) + desk.policy.stamp_tolerance
    found: list[tuple[datetime, Dossier]] = []
    for dossier in desk.open.values():
        start = dossier.start
        if start is None or (event.evse and dossier.place not in (0, event.evse)):
            continue
        begun = instant(start)
        ended = dossier.next_start
        inside = begun <= at and (ended is None or instant(event) <= ended + NEW_STOP)
        if inside and fits(desk, start, event, dossier.place):
            found.append((begun, dossier))
    if not found:
        return None
    places = {dossier.place for _, dossier in found}
    if len(places) > 1:
        chosen = min(found, key=lambda fit: (fit[0], fit[1].key))[1]
        if event.kind is EventKind.ENDED:
            desk.touch(chosen, event, closing=True)
            chosen.note("ambiguous_stop", f"fits connectors {sorted(places)}", event)
        return chosen
    return max(found, key=lambda fit: (fit[0], fit[1].key))[1]


def fits(desk: Desk, start: TransactionEvent, stop: TransactionEvent, place: int) -> bool:
    """Whether start and stop can be of one session by token, connector and register."""
    if stop.evse and place and stop.evse != place:
        return False
    mine, theirs = normal_token(start.id_token), normal_token(stop.id_token)
    if mine != theirs and mine and theirs:
        groups = desk.policy.token_groups
        if groups.get(mine) is None or groups.get(mine) != groups.get(theirs):
            return False
    unknown = not is_placeholder(stop.transaction) and stop.protocol.startswith("ocpp1")
    if unknown and not (mine and theirs):
        return False
    low, high = start.meter_wh, stop.meter_wh
    if low is None or high is None or high <= 0:
        return True
    return bool(high >= low - desk.policy.register_tolerance_wh)


def note_other_id(desk: Desk, dossier: Dossier, event: TransactionEvent) -> None:
    """The event was paired although it names another transaction, or none."""
    desk.touch(dossier, event, closing=event.kind is EventKind.ENDED)
    named = dossier.transaction or "none"
    text = f"transaction {event.transaction or 'none'} where {named} was expected"
    if is_placeholder(event.transaction) and event.protocol.startswith("ocpp1"):
        dossier.note("tx_id_placeholder", text, event)
        return
    dossier.note("tx_id_foreign", text, event)
    if not is_placeholder(event.transaction):
        desk.by_transaction.setdefault(event.transaction, dossier)


def find_overlaps(desk: Desk, dossier: Dossier, event: TransactionEvent) -> None:
    """Two sessions of one place never overlap: hold both."""
    start, end = dossier.window
    if start is None or end is None or not dossier.place:
        return
    tolerance = desk.policy.stamp_tolerance
    for other in desk.recent(dossier.place):
        begun, ended = other.window
        if other is dossier or begun is None:
            continue
        if other.is_open and begun < start:
            continue
        if begun < end - tolerance and (ended is None or start < ended - tolerance):
            _note_overlap(desk, dossier, other, event)


def _note_overlap(desk: Desk, one: Dossier, two: Dossier, event: TransactionEvent) -> None:
    for dossier, other in ((one, two), (two, one)):
        text = f"overlaps the session started {other.start.stamp.text if other.start else '?'}"
        if any(note.rule == "overlap" and note.message == text for note in dossier.notes):
            continue
        desk.touch(dossier, event)
        dossier.note("overlap", text, event)
