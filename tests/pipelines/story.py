"""A network told into a real log: a clock that is set, an operator, chargers that speak."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from billing.party import EVSE, Connector, Location, Party, Role, Station, Token
from ingest.protocols import actions
from warehouse.clock import to_ns
from warehouse.log import LogWriter, create_key

DAY_ONE = datetime(2026, 10, 1, tzinfo=UTC)
TARIFF = {
    "country_code": "NL",
    "party_id": "WTP",
    "id": "STANDARD",
    "currency": "EUR",
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": Decimal("0.40"), "vat": Decimal(21), "step_size": 1},
                {"type": "FLAT", "price": Decimal("1.00"), "vat": Decimal(21), "step_size": 1},
            ]
        }
    ],
    "last_updated": "2026-09-01T00:00:00Z",
}


@dataclass(slots=True)
class SetClock:
    """Shows what it was set to; every look is a microsecond later."""

    at: datetime = DAY_ONE

    def now_ns(self) -> int:
        self.at += timedelta(microseconds=1)
        return to_ns(self.at)


@dataclass(slots=True)
class Story:
    """Writes `data/log`; use as a context: leaving it signs and closes everything."""

    data: Path
    clock: SetClock = field(default_factory=SetClock)
    logs: dict[str, LogWriter] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    calls: int = 0
    salt: int = 0
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        for origin in ("books", "ingest-1", "operator"):
            writer = LogWriter.open(
                self.data / "log" / origin,
                origin=origin,
                signer=create_key(self.data),
                clock=self.clock,
                salt=self._salt,
            )
            self.logs[origin] = writer
            self._stack.callback(writer.close)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.tick()
        self._stack.close()

    def _salt(self, size: int) -> bytes:
        self.salt += 1
        return self.salt.to_bytes(size, "big")

    def at(self, *, day: int = 1, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
        """Set the clock to an instant of October 2026 (day 32 is the first of November)."""
        moment = DAY_ONE + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)
        self.clock.at = max(moment, self.clock.at)
        return moment

    def tick(self) -> None:
        """Let every origin reach the present, and sign."""
        for writer in self.logs.values():
            writer.append(b'{"action":"tick"}', kind="tick")
            writer.commit()
            writer.checkpoint()

    def says(self, action: actions.Action) -> None:
        """The operator."""
        self._append("operator", actions.write(action), kind="operator", protocol="wattproof")

    def sets_up(self, *stations: str, tariff: Mapping[str, Any] = TARIFF) -> None:
        """A seller, a buyer, a site with stations, a tariff and a card."""
        at = self.clock.at
        self.says(actions.PartyAdd(Party("NL", "WTP", Role.CPO, "Wattproof", country="NLD")))
        self.says(actions.PartyAdd(Party("NL", "ABC", Role.EMSP, "Abc Mobility", country="NLD")))
        self.says(actions.LocationAdd(location(at)))
        for name in stations:
            self.says(actions.StationAdd(station(name)))
        self.says(actions.TariffAdd("2.2.1", tariff, valid_from=at))
        self.says(actions.TokenAdd(Token("CARD", "RFID", "NL-ABC", "NL-ABC-C00001-1")))

    def connects(self, name: str, protocol: str = "ocpp1.6", word: str = "opened") -> None:
        """A socket opened or closed."""
        text = json.dumps({"event": word})
        self._append("ingest-1", text.encode(), kind="connection", protocol=protocol, peer=name)

    def hears(self, name: str, text: str, protocol: str = "ocpp1.6") -> None:
        """A frame from a charger, as it came."""
        self._message(name, text, "in", protocol)

    def calls_us(self, name: str, action: str, payload: object, protocol: str = "ocpp1.6") -> str:
        """A call; returns its message id."""
        self.calls += 1
        message_id = f"m{self.calls}"
        self.hears(name, json.dumps([2, message_id, action, payload]), protocol)
        return message_id

    def answers(
        self, name: str, message_id: str, payload: object, protocol: str = "ocpp1.6"
    ) -> None:
        """Our result."""
        self._message(name, json.dumps([3, message_id, payload]), "out", protocol)

    def charges(
        self,
        name: str,
        transaction: int,
        start: datetime,
        *,
        minutes: int = 60,
        wh: int = 10_000,
        token: str = "CARD",
        stop: bool = True,
        samples: int = 3,
    ) -> None:
        """A whole OCPP 1.6 session, each message received when it was said."""
        self.clock.at = max(start, self.clock.at)
        call = self.calls_us(
            name,
            "StartTransaction",
            {"connectorId": 1, "idTag": token, "meterStart": 1000, "timestamp": stamp(start)},
        )
        conf = {"transactionId": transaction, "idTagInfo": {"status": "Accepted"}}
        self.answers(name, call, conf)
        for number in range(1, samples + 1):
            at = start + timedelta(minutes=minutes * number // (samples + 1))
            register = 1000 + wh * number // (samples + 1)
            self.clock.at = max(at, self.clock.at)
            self.meters(name, transaction, at, register)
        if stop:
            self.stops(name, transaction, start + timedelta(minutes=minutes), 1000 + wh)

    def meters(self, name: str, transaction: int, at: datetime, register: int) -> None:
        """One MeterValues with a register and a power."""
        sampled = [
            {"value": str(register), "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
            {"value": "7.4", "measurand": "Power.Active.Import", "unit": "kW"},
            {"value": "230.1", "measurand": "Voltage", "unit": "V", "phase": "L1"},
        ]
        payload = {
            "connectorId": 1,
            "transactionId": transaction,
            "meterValue": [{"timestamp": stamp(at), "sampledValue": sampled}],
        }
        self.answers(name, self.calls_us(name, "MeterValues", payload), {})

    def stops(self, name: str, transaction: int, at: datetime, register: int) -> None:
        """StopTransaction and its answer."""
        self.clock.at = max(at, self.clock.at)
        payload = {
            "transactionId": transaction,
            "idTag": "CARD",
            "meterStop": register,
            "timestamp": stamp(at),
            "reason": "Local",
        }
        call = self.calls_us(name, "StopTransaction", payload)
        self.answers(name, call, {"idTagInfo": {"status": "Accepted"}})

    def _message(self, name: str, text: str, direction: str, protocol: str) -> None:
        data = text.encode()
        self._append(
            "ingest-1", data, kind="message", direction=direction, protocol=protocol, peer=name
        )

    def _append(self, origin: str, payload: bytes, *, peer: str = "", **header: Any) -> None:
        connection = f"{peer}-1" if peer else ""
        counter = self.counts.get(peer, 0) + 1
        self.counts[peer] = counter
        self.logs[origin].append(
            payload, peer=peer, connection=connection, counter=counter, **header
        )


def stamp(at: datetime) -> str:
    """As OCPP writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def location(at: datetime) -> Location:
    """The site of every station here."""
    return Location(
        country_code="NL",
        party_id="WTP",
        id="SITE",
        name="Harbour",
        address="Quay 1",
        city="Rotterdam",
        postal_code="3011AA",
        country="NLD",
        latitude="51.9225",
        longitude="4.47917",
        time_zone="Europe/Amsterdam",
        last_updated=at,
    )


def station(name: str) -> Station:
    """One EVSE with one 22 kW outlet."""
    outlet = Connector(1, "IEC_62196_T2", "SOCKET", "AC_3_PHASE", 230, 32, Decimal(22))
    return Station(name, "SITE", (EVSE(f"{name}-1", f"NL*WTP*E{name}*1", 1, (outlet,)),))
