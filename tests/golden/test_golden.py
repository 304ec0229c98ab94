"""From the charger's own words to sessions: one folder is one case, adding a folder adds a test.

`messages.jsonl` holds one log message per line, in log order; `policy.json` (optional) what the
operator decided; `expected.json` what comes out. `pytest tests/golden --regenerate` rewrites the
expectation: read the diff before you believe it.
"""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.events import Fact
from billing.finding import Finding, Source
from billing.fold import Folded, fold
from billing.rules import severity
from billing.session import Session
from billing.session_policy import SessionPolicy
from billing.station import StationState
from ingest.protocols.ocpp.facts import facts
from ingest.protocols.ocpp.message import Message

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/messages.jsonl"))
BEYOND = timedelta(days=4)
"""After the last message: long enough for every stale session to be given up."""


def read_messages(case: str) -> list[Message]:
    lines = (HERE / case / "messages.jsonl").read_text().splitlines()
    return [_message(index, json.loads(line)) for index, line in enumerate(lines)]


def _message(index: int, row: dict[str, Any]) -> Message:
    return Message(
        source=Source("ingest-1", index),
        received_at=datetime.fromisoformat(row["received_at"]),
        station=row["station"],
        protocol=row["protocol"],
        direction=row["direction"],
        connection=row["connection"],
        kind=row.get("kind", "message"),
        text=row["text"],
    )


def read_policy(case: str) -> SessionPolicy:
    path = HERE / case / "policy.json"
    if not path.exists():
        return SessionPolicy()
    row = json.loads(path.read_text())
    power = {(int(evse), 0): Decimal(watt) for evse, watt in row.get("power_w", {}).items()}
    return SessionPolicy(connector_power_w=power, token_groups=row.get("token_groups", {}))


def derive(case: str, step: timedelta | None = None) -> dict[str, Folded]:
    """Every station's fold; with `step`, in pieces of that length, by way of the state's text."""
    said: dict[str, list[Fact]] = {}
    messages = read_messages(case)
    for message in messages:
        said.setdefault(message.station, []).extend(facts(message))
    first, last = messages[0].received_at, messages[-1].received_at + BEYOND
    policy = read_policy(case)
    return {station: _fold(told, first, last, policy, step) for station, told in said.items()}


def _fold(
    told: list[Fact], first: datetime, last: datetime, policy: SessionPolicy, step: timedelta | None
) -> Folded:
    if step is None:
        return fold(StationState(), told, last, policy)
    state, sessions, findings = StationState(), [], []
    before, until = first - step, first
    while before < last:
        until = min(last, before + step)
        piece = [fact for fact in told if before < fact.received_at <= until]
        folded = fold(StationState.from_json(state.to_json()), piece, until, policy)
        sessions += folded.sessions
        findings += folded.findings
        state, before = folded.state, until
    return Folded(tuple(sessions), tuple(findings), state)


def shown(folded: dict[str, Folded]) -> dict[str, Any]:
    sessions = [_session(session) for one in folded.values() for session in one.sessions]
    findings = [_finding(finding) for one in folded.values() for finding in one.findings]
    return {"sessions": sessions, "findings": findings}


def _session(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "version": session.version,
        "emitted_at": _time(session.emitted_at),
        "state": session.state,
        "station": session.station,
        "evse": session.evse,
        "connector": session.connector,
        "transaction": session.transaction,
        "id_token": session.id_token,
        "start": f"{_time(session.start_at)} by {session.start_source}",
        "end": f"{_time(session.end_at)} by {session.end_source}",
        "stop_reason": session.stop_reason,
        "meter_wh": [_number(session.meter_start_wh), _number(session.meter_stop_wh)],
        "energy_wh": _number(session.energy_wh),
        "energy_source": session.energy_source,
        "candidates": [f"{c.rung} {_number(c.energy_wh)}" for c in session.candidates],
        "registers": [f"{_time(r.at)} {_number(r.wh)} {r.source}" for r in session.registers],
        "activity": [f"{_time(a.at)} {a.activity}: {a.evidence}" for a in session.activity],
        "power": [f"{_time(sample.at)} {_number(sample.watt)}" for sample in session.power],
        **({"current": _currents(session)} if session.current else {}),
        "signed_values": list(session.signed_values),
        "held": session.held,
        "findings": [f"{f.severity} {f.rule}" for f in session.findings],
        "sources": [str(source) for source in session.sources],
    }


def _currents(session: Session) -> list[str]:
    return [f"{_time(sample.at)} {_number(sample.ampere)}" for sample in session.current]


def _finding(finding: Finding) -> str:
    about = finding.session_id[:8] or finding.station
    return f"{finding.source} {finding.severity} {finding.rule} {about}: {finding.message}"


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _number(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")


def test_there_are_cases() -> None:
    assert CASES


@pytest.mark.parametrize("case", CASES)
def test_golden(case: str, request: pytest.FixtureRequest) -> None:
    path = HERE / case / "expected.json"
    found = shown(derive(case))
    if request.config.getoption("--regenerate"):
        path.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    assert found == json.loads(path.read_text())


@pytest.mark.parametrize("case", CASES)
def test_golden_in_pieces(case: str) -> None:
    """Cut into pieces of seven minutes, by way of the state's text: the same."""
    assert shown(derive(case, timedelta(minutes=7, seconds=1))) == shown(derive(case))


@pytest.mark.parametrize("case", CASES)
def test_a_held_session_says_why(case: str) -> None:
    for folded in derive(case).values():
        for session in folded.sessions:
            holds = [f for f in session.findings if severity(f.rule) == "hold"]
            assert session.held == bool(holds)
