"""What a stop, or an update of a running transaction, does to a station's dossiers."""

from billing.desk import Desk, stop_key
from billing.dossier import UNUSABLE, Dossier, instant
from billing.events import TransactionEvent
from billing.fitting import NEW_STOP, find_overlaps, note_other_id, open_fit
from billing.identity import is_placeholder


def ended(desk: Desk, event: TransactionEvent) -> None:
    """StopTransaction; TransactionEvent Ended. The first one that counts closes the dossier."""
    dossier = _stopped(desk, event)
    if dossier.stop is not None:
        desk.touch(dossier, event)
        dossier.note("dup_stop", f"already stopped at {dossier.stop.stamp.text}", event)
        dossier.heard.append(event)
        dossier.last_at = event.received_at
    else:
        desk.touch(dossier, event, closing=True)
        dossier.stop = event
        dossier.last_at = event.received_at
        if event.evse and dossier.place == 0:
            desk.move(dossier, event.evse)
        desk.index(dossier)
        desk.close(dossier, event.received_at)
        desk.adopt(dossier, event)
        find_overlaps(desk, dossier, event)
    desk.note_call(dossier, event)


def updated(desk: Desk, event: TransactionEvent) -> None:
    """TransactionEvent Updated; without a start it opens a dossier that waits for one."""
    dossier = desk.by_transaction.get(event.transaction)
    if dossier is None:
        dossier = _waiting(desk, event) or open_fit(desk, event)
        if dossier is None:
            dossier = desk.new(event, event.evse or 0)
            desk.name(dossier, event.transaction, event)
            desk.set_due(dossier, event.received_at + desk.policy.stale_open + desk.policy.settle)
        elif dossier.transaction != event.transaction:
            note_other_id(desk, dossier, event)
    desk.touch(dossier, event)
    dossier.heard.append(event)
    dossier.last_at = event.received_at
    desk.told = (event.source, dossier)
    if dossier.place == 0 and event.evse:
        desk.move(dossier, event.evse)


def _stopped(desk: Desk, event: TransactionEvent) -> Dossier:
    """The dossier that a stop is about: by id, else by token and time, else an orphan."""
    placeholder = is_placeholder(event.transaction)
    named = None if placeholder else desk.by_transaction.get(event.transaction)
    if named is not None and named.is_open:
        return named
    repeated = desk.by_stop.get(stop_key(event))
    if repeated is not None and named not in (None, repeated):
        repeated = None
    if repeated is not None and (named is repeated or _told_before(desk, event, repeated)):
        return repeated
    fit = open_fit(desk, event)
    if repeated is not None and fit is None:
        return repeated
    if named is not None and named.stop is not None:
        later = instant(event) > instant(named.stop) + NEW_STOP
        if fit is None or not later or fit.place != named.place:
            return named
    if fit is not None:
        note_other_id(desk, fit, event)
        return fit
    orphan = _waiting(desk, event) or desk.new(event, event.evse or 0)
    if not placeholder:
        desk.name(orphan, event.transaction, event)
    return orphan


def _told_before(desk: Desk, event: TransactionEvent, known: Dossier) -> bool:
    """Whether a stop that names no known transaction and says what another said is that stop.

    Where the stamp tells nothing, only the very call that was heard before surely is.
    """
    call = desk.calls.get((event.connection, event.message_id))
    return event.stamp.quality not in UNUSABLE or (call is not None and call[0] == known.key)


def _waiting(desk: Desk, event: TransactionEvent) -> Dossier | None:
    """The transaction that waits for its start under this very id, useless as the id may be."""
    for dossier in desk.open.values():
        same = dossier.start is None and dossier.transaction == event.transaction
        if same and dossier.place == (event.evse or dossier.place):
            return dossier
    return None
