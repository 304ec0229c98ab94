"""Frames recorded from running charge points and from the field, through reading and derivation.

The figures of the recordings were worked out by hand from the frames: meterStop − meterStart where
both are there, and held wherever a second of charging delivered more than any connector can.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.events import Fact
from billing.finding import Finding, Severity, Source
from billing.fold import Folded, fold
from billing.session import Session
from billing.session_policy import SessionPolicy
from billing.station import StationState
from ingest.protocols.ocpp.facts import read
from ingest.protocols.ocpp.message import Message

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
LATER = timedelta(days=5)
MONEY = {"StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"}

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the recordings are not beside us")

RECORDED: dict[str, dict[str, list[tuple[str | None, bool]]]] = {
    "ocpp16_and_201_virtual_charge_point": {
        # The second session's samples say 43 kWh, its meterStop 2 kWh: whatever is taken is held.
        "VCP16": [("340", False), ("0", True)],
        # Wh labelled kWh beside a signed 0.34 kWh; a start alone; three frames without energy.
        "VCP201": [("150383.58", True), (None, True), ("0", True)],
        "SIM16": [("2500", True)],
    },
    "ocpp16_offline_replay": {
        "SHIVOFF": [("2000", False), ("1000", True)],
        # 52 Wh at the stop, 433 Wh in samples after it.
        "SAP16SOFF-00001": [("52", True)],
        "SAP201SOFF-00001": [("0", False)],
    },
    "ocpp16_session_trace": {"SIM16": [("2500", True)]},
    "ocpp201_session_trace": {"SIM201": [("2500", True)]},
}


def messages_of(recording: str) -> Iterator[Message]:
    lines = (DATA / "captures" / f"{recording}.jsonl").read_text().splitlines()
    for index, line in enumerate(lines):
        row: dict[str, Any] = json.loads(line)
        direction = row.get("dir") or row["direction"]
        if direction in ("open", "close"):
            continue
        version = row.get("subprotocol") or row["ocppVersion"]
        yield Message(
            source=Source("recorded", index),
            received_at=datetime.fromisoformat(row.get("ts") or row["timestamp"]),
            station=row.get("cp") or row["chargePointId"],
            protocol=f"ocpp{version.removeprefix('ocpp')}",
            direction="in" if direction.startswith("cp") else "out",
            connection=str(row.get("conn", 1)),
            kind="message",
            text=row["raw"],
        )


def folded(facts: list[Fact]) -> Folded:
    until = facts[-1].received_at + LATER
    return fold(StationState(), facts, until, SessionPolicy())


@pytest.mark.parametrize("recording", RECORDED)
def test_recorded_sessions_have_the_energy_worked_out_by_hand(recording: str) -> None:
    said: dict[str, list[Fact]] = defaultdict(list)
    for message in messages_of(recording):
        said[message.station] += read(message).facts
    found = {
        station: [(s.energy_wh, s.held) for s in folded(facts).sessions]
        for station, facts in said.items()
    }
    expected = {
        station: [(None if wh is None else Decimal(wh), held) for wh, held in sessions]
        for station, sessions in RECORDED[recording].items()
    }
    assert found == expected


def field_frames() -> list[dict[str, Any]]:
    path = DATA / "ocpp_field_frames.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("number", range(len(field_frames())))
def test_no_field_frame_with_money_in_it_vanishes(number: int) -> None:
    """Alone at its station, each is a session (held, since half of it is missing) or a finding."""
    row = field_frames()[number]
    message = Message(
        source=Source("field", number),
        received_at=datetime(2026, 11, 1, 12, tzinfo=UTC),
        station=f"FIELD-{number}",
        protocol=f"ocpp{row['ocpp']}",
        direction="in",
        connection="1",
        kind="message",
        text=row["raw"] or json.dumps(row["frame"]),
    )
    reading = read(message)
    told: tuple[Finding, ...] = reading.findings
    sessions: tuple[Session, ...] = ()
    if reading.facts:
        result = folded(list(reading.facts))
        told, sessions = told + result.findings, result.sessions
    if row["action"] in MONEY and row["frame"] and row["frame"][0] == 2:
        kept_readings = row["action"] == "MeterValues" and reading.facts
        assert sessions or told or kept_readings
    assert all(s.held or s.energy_wh == 0 for s in sessions), "half a session must not be billed"
    assert all(f.severity in Severity and f.message for f in told)
