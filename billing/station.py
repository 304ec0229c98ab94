"""What one station's fold carries from one stretch of the log to the next, as a value.

Holds the sessions that are open, unsettled or not yet forgotten, the readings that belong to none,
and what the rules need to know about each connector. It decides nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.dossier import Dossier, Note, instant
from billing.events import Fact, MeterReading, TransactionEvent
from billing.facts_json import (
    read_decimal,
    read_fact,
    read_instant,
    read_time,
    write_decimal,
    write_fact,
    write_instant,
)
from billing.finding import Source
from billing.samples import Samples, amount_of

REMEMBERED = timedelta(days=14)
"""How long a forgotten session can still be named by `refers_back` precisely."""

SOON = timedelta(minutes=15)
"""A register told this soon after a stop still speaks of the session that stopped."""

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class PlaceMemory:
    """What the rules know of one EVSE beyond its sessions.

    `votes` > 0: its register runs on from session to session, < 0: it restarts (−3 … 3).
    `charged` and `idle_since` are the charger's instants of a Charging status outside any session
    and of the status that ended it: a start after them was sent at the end of the charge.
    """

    last_stop: datetime | None = None
    last_register: Decimal | None = None
    votes: int = 0
    charged: datetime | None = None
    idle_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A session that the state no longer holds: enough to notice that somebody speaks of it.

    `first_at` is when its first message was received, `start` and `end` are the charger's instants.
    """

    transaction: str
    place: int
    first_at: datetime
    start: datetime
    end: datetime
    session_id: str = ""
    """Taken for ever: no other session of the station gets it."""
    register: Decimal | None = None
    """What the register stood at when it stopped, Wh."""


@dataclass(frozen=True, slots=True)
class StationState:
    """A value: `fold` returns a new one and leaves this one as it was.

    `until` is how far the log was folded, `forgotten_before` the latest `forget`.
    """

    station: str = ""
    until: datetime | None = None
    next_key: int = 1
    dossiers: tuple[Dossier, ...] = ()
    transactions: Mapping[str, int] = field(default_factory=dict)
    """Transaction id -> dossier key."""
    calls: Mapping[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    """(connection, message id) of starts and stops -> (dossier key, fingerprint)."""
    loose: tuple[Fact, ...] = ()
    """Readings and statuses that belong to no session so far."""
    places: Mapping[int, PlaceMemory] = field(default_factory=dict)
    forgotten: tuple[Forgotten, ...] = ()
    forgotten_before: datetime | None = None

    def forget(self, before: datetime) -> "StationState":
        """Drop settled sessions and loose readings that nobody spoke of since `before` (log time).

        A fold from the result no longer sees a dropped session: a repeated start makes a second
        session, a late stop an orphan, late readings are kept loose, and an overlap with it goes
        unnoticed. `refers_back` tells when that could happen. Nothing else changes: pairing,
        identity, register mode and the register gap read what is kept.
        """
        kept: list[Dossier] = []
        gone: list[Dossier] = []
        for dossier in self.dossiers:
            settled = dossier.version > 0 and dossier.due is None and dossier.last_at < before
            (gone if settled else kept).append(dossier)
        keys = {dossier.key for dossier in kept}
        horizon = before - REMEMBERED
        forgotten = [entry for entry in self.forgotten if entry.end >= horizon]
        forgotten += [_forgotten(dossier) for dossier in gone]
        return replace(
            self,
            dossiers=tuple(kept),
            transactions={tx: key for tx, key in self.transactions.items() if key in keys},
            calls={call: entry for call, entry in self.calls.items() if entry[0] in keys},
            loose=tuple(fact for fact in self.loose if fact.received_at >= before),
            places=_remember(self.places, gone),
            forgotten=tuple(forgotten),
            forgotten_before=before,
        )

    def to_json(self) -> str:
        """Compact JSON text; `from_json(to_json())` folds on exactly as this state would."""
        return json.dumps(
            {
                "v": _FORMAT,
                "station": self.station,
                "until": write_instant(self.until),
                "next_key": self.next_key,
                "dossiers": [_write_dossier(dossier) for dossier in self.dossiers],
                "transactions": dict(self.transactions),
                "calls": [[*call, *entry] for call, entry in self.calls.items()],
                "loose": [write_fact(fact) for fact in self.loose],
                "places": [_write_place(*item) for item in self.places.items()],
                "forgotten": [_write_forgotten(entry) for entry in self.forgotten],
                "forgotten_before": write_instant(self.forgotten_before),
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> "StationState":
        """The state that `to_json` wrote. Raises ValueError for any other text."""
        row = json.loads(text)
        if not isinstance(row, dict) or row.get("v") != _FORMAT:
            raise ValueError(f"expected a station state of format {_FORMAT}, got {text[:60]!r}")
        return cls(
            station=row["station"],
            until=read_instant(row["until"]),
            next_key=row["next_key"],
            dossiers=tuple(_read_dossier(item) for item in row["dossiers"]),
            transactions=row["transactions"],
            calls={(item[0], item[1]): (item[2], item[3]) for item in row["calls"]},
            loose=tuple(read_fact(item) for item in row["loose"]),
            places={item[0]: _read_place(item) for item in row["places"]},
            forgotten=tuple(_read_forgotten(item) for item in row["forgotten"]),
            forgotten_before=read_instant(row["forgotten_before"]),
        )


def closing_register(dossier: Dossier) -> Decimal | None:
    """What the register stood at when a session stopped, as far as anybody said; Wh."""
    if dossier.stop is not None and dossier.stop.meter_wh is not None and dossier.stop.meter_wh > 0:
        return dossier.stop.meter_wh
    for one in reversed(dossier.heard):
        if isinstance(one, Samples):
            found = next((mwh for mwh in reversed(one.register_mwh) if mwh), None)
            if found is not None:
                return amount_of(found)
        elif isinstance(one, MeterReading) and one.wh is not None and one.wh > 0 and is_total(one):
            return one.wh
    return None


def is_total(reading: MeterReading) -> bool:
    """Whether it is a register of all phases together."""
    return not reading.phase and reading.measurand == "Energy.Active.Import.Register"


def _span(dossier: Dossier) -> tuple[datetime, datetime]:
    start, end = dossier.window
    start = start or (instant(dossier.stop) if dossier.stop else dossier.first_at)
    return start, max(start, end or dossier.last_at)


def _forgotten(dossier: Dossier) -> Forgotten:
    start, end = _span(dossier)
    register = None if dossier.stop is None else closing_register(dossier)
    return Forgotten(
        dossier.transaction,
        dossier.place,
        dossier.first_at,
        start,
        end,
        dossier.session_id,
        register,
    )


def _remember(places: Mapping[int, PlaceMemory], gone: list[Dossier]) -> Mapping[int, PlaceMemory]:
    """Keep of each dropped session what the next one at its place is compared with."""
    if not gone:
        return places
    kept = dict(places)
    for dossier in gone:
        memory = kept.get(dossier.place, PlaceMemory())
        _, end = _span(dossier)
        register = closing_register(dossier)
        if register is not None and (memory.last_stop is None or end >= memory.last_stop):
            kept[dossier.place] = replace(memory, last_stop=end, last_register=register)
    return kept


def _write_place(place: int, memory: PlaceMemory) -> list[Any]:
    return [
        place,
        write_instant(memory.last_stop),
        write_decimal(memory.last_register),
        memory.votes,
        write_instant(memory.charged),
        write_instant(memory.idle_since),
    ]


def _read_place(row: list[Any]) -> PlaceMemory:
    return PlaceMemory(
        read_instant(row[1]),
        read_decimal(row[2]),
        row[3],
        read_instant(row[4]),
        read_instant(row[5]),
    )


def _write_forgotten(entry: Forgotten) -> list[Any]:
    times = [write_instant(at) for at in (entry.first_at, entry.start, entry.end)]
    register = write_decimal(entry.register)
    return [entry.transaction, entry.place, *times, entry.session_id, register]


def _read_forgotten(row: list[Any]) -> Forgotten:
    first_at, start, end = (read_time(text) for text in row[2:5])
    return Forgotten(row[0], row[1], first_at, start, end, row[5], read_decimal(row[6]))


def _write_dossier(dossier: Dossier) -> list[Any]:
    dossier.unfold()
    return [
        dossier.key,
        dossier.place,
        write_instant(dossier.first_at),
        write_instant(dossier.last_at),
        None if dossier.start is None else write_fact(dossier.start),
        None if dossier.stop is None else write_fact(dossier.stop),
        dossier.transaction,
        [write_fact(event) for event in dossier.events],
        [write_fact(reading) for reading in dossier.readings],
        [[n.rule, n.message, n.source.origin, n.source.index] for n in dossier.notes],
        write_instant(dossier.next_start),
        write_decimal(dossier.previous_register),
        dossier.votes,
        write_instant(dossier.closed_at),
        write_instant(dossier.due),
        dossier.session_id,
        dossier.version,
        dossier.digest,
        [list(entry) for entry in sorted(dossier.reported)],
    ]


def _read_dossier(row: list[Any]) -> Dossier:
    return Dossier(
        key=row[0],
        place=row[1],
        first_at=read_time(row[2]),
        last_at=read_time(row[3]),
        start=None if row[4] is None else _event(row[4]),
        stop=None if row[5] is None else _event(row[5]),
        transaction=row[6],
        heard=[*map(_event, row[7]), *map(_reading, row[8])],
        notes=[Note(item[0], item[1], Source(item[2], item[3])) for item in row[9]],
        next_start=read_instant(row[10]),
        previous_register=read_decimal(row[11]),
        votes=row[12],
        closed_at=read_instant(row[13]),
        due=read_instant(row[14]),
        session_id=row[15],
        version=row[16],
        digest=row[17],
        reported={(item[0], item[1], item[2]) for item in row[18]},
    )


def _event(row: list[Any]) -> TransactionEvent:
    fact = read_fact(row)
    assert isinstance(fact, TransactionEvent)
    return fact


def _reading(row: list[Any]) -> MeterReading:
    fact = read_fact(row)
    assert isinstance(fact, MeterReading)
    return fact
