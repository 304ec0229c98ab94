"""What the vehicle did: charging or parked, from the best evidence there is.

Precedence, one kind for a whole session: 2.0.1 chargingState; else 1.6 StatusNotification; else
power samples and the growth of the register. Better evidence is never mixed with worse.
SuspendedEVSE is charging: the vehicle asks, the station holds back. SuspendedEV, Finishing,
EVConnected and Idle are parked: the vehicle does not ask.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from billing.course import PowerCourse
from billing.dossier import Dossier, Note
from billing.events import EventKind
from billing.finding import Source
from billing.session import Activity, ActivityChange, PowerSample, Register
from billing.session_policy import SessionPolicy
from billing.timing import Timeline

_STATES: Mapping[str, Activity] = {
    "Charging": Activity.CHARGING,
    "SuspendedEVSE": Activity.CHARGING,
    "SuspendedEV": Activity.PARKED,
    "EVConnected": Activity.PARKED,
    "Idle": Activity.PARKED,
}

_STATUSES: Mapping[str, Activity] = {
    "Charging": Activity.CHARGING,
    "SuspendedEVSE": Activity.CHARGING,
    "SuspendedEV": Activity.PARKED,
    "Finishing": Activity.PARKED,
}
"""Other statuses inside a session (Preparing, Available with the cable in …) say nothing."""

_Evidence = tuple[datetime, Activity, str, Source]


def activities(
    dossier: Dossier,
    line: Timeline,
    registers: Sequence[Register],
    power: Sequence[PowerSample],
    policy: SessionPolicy,
) -> tuple[tuple[ActivityChange, ...], list[Note]]:
    """The changes of activity within [start, end), the first one at the start, and conflicts."""
    reported = _states(dossier, line) or _statuses(dossier, line)
    evidence = reported or _measured(registers, power, policy, dossier)
    changes = _changes(evidence, line, _origin(dossier))
    notes = _conflicts(changes, registers, line.end, policy) if reported else []
    return changes, notes


def _origin(dossier: Dossier) -> Source:
    fact = dossier.start or dossier.stop or (dossier.events or dossier.readings)[0]
    return fact.source


def _states(dossier: Dossier, line: Timeline) -> list[_Evidence]:
    found: list[_Evidence] = []
    for event in (dossier.start, *dossier.events, dossier.stop):
        if event is None or not event.charging_state:
            continue
        activity = _STATES.get(event.charging_state)
        if activity is not None:
            told = f"state {event.charging_state}"
            found.append((line.at(event), activity, told, event.source))
    found.sort(key=_when)
    return found


def _statuses(dossier: Dossier, line: Timeline) -> list[_Evidence]:
    found: list[_Evidence] = []
    for event in dossier.events:
        if event.kind is not EventKind.STATUS:
            continue
        activity = _STATUSES.get(event.status)
        if activity is not None:
            found.append((line.at(event), activity, f"status {event.status}", event.source))
    found.sort(key=_when)
    return found


def _when(evidence: _Evidence) -> tuple[datetime, Source]:
    return evidence[0], evidence[3]


def _measured(
    registers: Sequence[Register],
    power: Sequence[PowerSample],
    policy: SessionPolicy,
    dossier: Dossier,
) -> list[_Evidence]:
    """No state was reported: power below the idle limit, else a register that stands still."""
    source = _origin(dossier)
    if power:
        idle = policy.idle_w
        return [
            (
                sample.at,
                Activity.PARKED if sample.watt < idle else Activity.CHARGING,
                f"power {sample.watt} W",
                source,
            )
            for sample in (power.turns(idle) if isinstance(power, PowerCourse) else power)
        ]
    return _still(registers, policy)


def _still(registers: Sequence[Register], policy: SessionPolicy) -> list[_Evidence]:
    """A stretch without growth of at least `idle_after` is parked; growth is charging."""
    found: list[_Evidence] = []
    begin = 0
    for index in range(1, len(registers)):
        if registers[index].wh == registers[begin].wh:
            continue
        _add_still(found, registers, begin, index - 1, policy)
        found.append(
            (registers[index - 1].at, Activity.CHARGING, "register", registers[index].source)
        )
        begin = index
    if registers:
        _add_still(found, registers, begin, len(registers) - 1, policy)
    return found


def _add_still(
    found: list[_Evidence],
    registers: Sequence[Register],
    begin: int,
    end: int,
    policy: SessionPolicy,
) -> None:
    one, two = registers[begin], registers[end]
    if two.at - one.at >= policy.idle_after:
        found.append((one.at, Activity.PARKED, "register", one.source))


def _changes(
    evidence: Sequence[_Evidence], line: Timeline, origin: Source
) -> tuple[ActivityChange, ...]:
    """Only what changes; the last word at or before the start holds from the start on."""
    current = ActivityChange(line.start, Activity.CHARGING, "start", origin)
    made: list[ActivityChange] = []
    for at, activity, told, source in evidence:
        if at <= line.start:
            current = ActivityChange(line.start, activity, told, source)
        elif at < line.end and activity is not current.activity:
            if not made or made[-1] is not current:
                made.append(current)
            if current.at == at:
                made.pop()
            current = ActivityChange(at, activity, told, source)
    if not made or made[-1] is not current:
        made.append(current)
    return _merged(made)


def _merged(changes: Sequence[ActivityChange]) -> tuple[ActivityChange, ...]:
    """Without changes from an activity to itself, which two words at one instant can leave."""
    made: list[ActivityChange] = []
    for change in changes:
        if not made or made[-1].activity is not change.activity:
            made.append(change)
    return tuple(made)


def _conflicts(
    changes: Sequence[ActivityChange],
    registers: Sequence[Register],
    end: datetime,
    policy: SessionPolicy,
) -> list[Note]:
    """Energy between two registers that both lie in one parked stretch."""
    limit = max(policy.register_tolerance_wh, Decimal(50))
    for index, change in enumerate(changes):
        if change.activity is not Activity.PARKED:
            continue
        until = changes[index + 1].at if index + 1 < len(changes) else end
        inside = [register for register in registers if change.at <= register.at <= until]
        if inside and inside[-1].wh - inside[0].wh > limit:
            grown = inside[-1].wh - inside[0].wh
            text = f"{grown} Wh while parked ({change.evidence})"
            return [Note("activity_conflict", text, change.source)]
    return []
