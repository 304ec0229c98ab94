"""A charger that speaks in facts: short stories for the tests of derivation."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.events import EventKind, Fact, MeterReading, Stamp, StampQuality, TransactionEvent
from billing.finding import Source
from billing.fold import Folded, fold
from billing.session import Session
from billing.session_policy import SessionPolicy
from billing.station import StationState

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)


def clock(minute: float) -> datetime:
    """An instant, in minutes after noon."""
    return NOON + timedelta(minutes=minute)


def stamp(at: datetime | None, quality: StampQuality = StampQuality.OK) -> Stamp:
    if at is None:
        return Stamp("", None, StampQuality.ABSENT)
    return Stamp(at.strftime("%Y-%m-%dT%H:%M:%SZ"), at, quality)


@dataclass
class Story:
    """Facts in the order they are told; `at` is the charger's minute, `heard` the receiver's."""

    protocol: str = "ocpp1.6"
    facts: list[Fact] = field(default_factory=list)
    connection: str = "c1"
    quality: StampQuality = StampQuality.OK

    def _head(self, at: float | None, heard: float | None) -> dict[str, Any]:
        moment = clock(heard if heard is not None else (at or 0))
        return {
            "source": Source("ingest-1", len(self.facts)),
            "received_at": moment,
            "station": "CP1",
            "stamp": stamp(None if at is None else clock(at), self.quality),
        }

    def event(
        self, kind: EventKind, at: float | None, heard: float | None = None, **more: Any
    ) -> "Story":
        head = self._head(at, heard)
        index = len(self.facts)
        more.setdefault("message_id", f"m{index}")
        if more.get("evse") is not None:
            more.setdefault("connector", more["evse"])
        if more.get("meter_wh") is not None:
            more["meter_wh"] = Decimal(str(more["meter_wh"]))
        self.facts.append(
            TransactionEvent(
                **head, protocol=self.protocol, connection=self.connection, kind=kind, **more
            )
        )
        return self

    def start(
        self, at: float, meter: float | None = 0, heard: float | None = None, **more: Any
    ) -> "Story":
        """StartTransaction on connector 1 by token A, answered with `tx` unless it is empty."""
        tx = more.pop("tx", "100")
        more = {"evse": 1, "id_token": "A", **more}
        message_id = more.setdefault("message_id", f"m{len(self.facts)}")
        if not self.protocol.startswith("ocpp1"):
            return self.event(EventKind.STARTED, at, heard, transaction=tx, **more)
        self.event(EventKind.STARTED, at, heard, meter_wh=meter, **more)
        if tx:
            moment = heard if heard is not None else at
            self.event(
                EventKind.START_ANSWERED, None, moment, transaction=tx, message_id=message_id
            )
        return self

    def stop(
        self, at: float, meter: float | None = None, heard: float | None = None, **more: Any
    ) -> "Story":
        more = {"transaction": "100", "id_token": "A", "reason": "Local", **more}
        return self.event(EventKind.ENDED, at, heard, meter_wh=meter, **more)

    def update(self, at: float, heard: float | None = None, **more: Any) -> "Story":
        more = {"transaction": "100", "evse": 1, **more}
        return self.event(EventKind.UPDATED, at, heard, **more)

    def status(self, at: float, status: str, heard: float | None = None, **more: Any) -> "Story":
        return self.event(EventKind.STATUS, at, heard, status=status, **{"evse": 1, **more})

    def meter(
        self, at: float | None, wh: float | None, heard: float | None = None, **more: Any
    ) -> "Story":
        """One register, or with `watt` one power sample; `same` puts it in the message before."""
        head = self._head(at, heard)
        position = 0
        if more.pop("same", False):
            before = self.facts[-1]
            head["source"] = before.source
            position = before.position + 1 if isinstance(before, MeterReading) else 0
        watt = more.pop("watt", None)
        value = wh if watt is None else watt
        fields: dict[str, Any] = {
            "position": position,
            "carrier": "MeterValues",
            "evse": 1,
            "connector": 1,
            "transaction": "100",
            "measurand": "Energy.Active.Import.Register" if watt is None else "Power.Active.Import",
            "phase": "",
            "location": "Outlet",
            "context": "Sample.Periodic",
            "unit": "Wh" if watt is None else "W",
            "value_text": str(value),
            "value": None if value is None else Decimal(str(value)),
            "wh": None if wh is None else Decimal(str(wh)),
            "watt": None if watt is None else Decimal(str(watt)),
        }
        self.facts.append(MeterReading(**head, **{**fields, **more}))
        return self

    def currents(self, at: float, ampere: dict[str, str], **more: Any) -> "Story":
        """Currents of one message, in A by phase ("": of all together)."""
        for number, (phase, value) in enumerate(ampere.items()):
            said = {"measurand": "Current.Import", "unit": "A", "phase": phase, "value": None}
            self.meter(at, None, same=bool(number), **{**said, "ampere": Decimal(value), **more})
        return self

    def told(self) -> list[Fact]:
        """In log order: a story may be told out of it."""
        return sorted(self.facts, key=lambda fact: (fact.received_at, fact.source))

    def fold(self, policy: SessionPolicy | None = None, hours: float = 24 * 7) -> Folded:
        return fold(StationState(), self.told(), clock(hours * 60), policy or SessionPolicy())

    def one(self, policy: SessionPolicy | None = None) -> Session:
        """The only session, and the only version of it."""
        sessions = self.fold(policy).sessions
        assert len(sessions) == 1, [(s.id, s.version) for s in sessions]
        return sessions[0]


@pytest.fixture
def story() -> Callable[..., Story]:
    return Story


@pytest.fixture
def rules() -> Callable[[Session], set[str]]:
    """The rules that a session broke."""
    return lambda session: {finding.rule for finding in session.findings}


@pytest.fixture
def minute() -> Callable[[float], datetime]:
    return clock
