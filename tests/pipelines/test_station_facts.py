"""Plain samples taken together give what the same facts give one by one, whatever else is told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.course import CurrentCourse, RegisterCourse
from billing.events import EventKind, Fact, MeterReading, Stamp, StampQuality, TransactionEvent
from billing.finding import Source
from billing.fold import Folded, fold, refers_back
from billing.samples import Samples, Told
from billing.session_policy import SessionPolicy
from billing.station import StationState
from ingest.protocols.ocpp.facts import read
from pipelines.fact_rows import write_events, write_readings
from pipelines.session_rows import read_sessions, write_sessions
from pipelines.station_facts import StationFacts
from tests.golden.test_golden import CASES, read_messages
from warehouse.clock import to_ns

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
POLICY = SessionPolicy(stale_open=timedelta(hours=4), max_power_w=Decimal(22_000))
EPOCH = StampQuality.EPOCH
IMPORT, POWER = "Energy.Active.Import.Register", "Power.Active.Import"
CURRENT = "Current.Import"
END = NOON + timedelta(days=4)
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

CURRENTS: list[dict[str, str]] = [
    {"L1": "10.5", "L2": "10", "L3": "9.875"},
    {"L1-N": "16", "L2": "0"},
    {"": "24", "L1": "8"},
    {"": "0.000"},
]
"""What a message says of current: by phase, A."""
NO_CURRENT: Mapping[str, str] = {}
SESSIONS = st.lists(
    st.fixed_dictionaries(
        {
            "begin": st.integers(0, 300),
            "samples": st.integers(0, 8),
            "every": st.sampled_from([5, 5, 5, 15, 200]),
            "step": st.sampled_from([600, 600, 1500, 0, -100, 50_000, Decimal("0.125")]),
            "register": st.sampled_from([0, 1000, 1000, 5000]),
            "watt": st.sampled_from([7200, 7200, 0, 20, None]),
            "ampere": st.sampled_from([{}, {}, *CURRENTS]),
            "apart_ms": st.sampled_from([0, 0, 0, 100, 1000]),
            "place": st.sampled_from([1, 1, 2]),
            "transaction": st.sampled_from(["1", "2", "3", "3", "0", ""]),
            "edges": st.sampled_from(["both", "both", "both", "start", "stop", "none"]),
        }
    ),
    min_size=1,
    max_size=4,
)
OF_ANY = {
    "no_clock": {"stamp": Stamp("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC), EPOCH)},
    "flag": {"flags": (("kwh_labelled", "?"),)},
    "place": {"evse": 0},
    "other_id": {"transaction": "9"},
}
OF_EVENTS = {"stateless": {"charging_state": ""}, "idle": {"charging_state": "EVConnected"}}
NO_ENERGY = {"measurand": CURRENT, "watt": None, "wh": None}
OF_READINGS: dict[str, dict[str, Any]] = {
    "phase": {"phase": "L1"},
    "signed": {"signed": "OCMF|{}|{}"},
    "begin": {"context": "Transaction.Begin"},
    "low": {"wh": Decimal("0.001"), "measurand": IMPORT, "watt": None, "ampere": None},
    "inlet": {"location": "Inlet"},
    "upstream": {"location": "Upstream"},
    "milli": {"ampere": Decimal(400), "phase": "L3"} | NO_ENERGY,
    "not_read": {"ampere": None, "flags": (("value_out_of_range", "?"),)} | NO_ENERGY,
    "minus": {"ampere": Decimal(-3), "measurand": CURRENT, "watt": None, "wh": None},
}
RETOLD = ["drop", "twice", "late", "status", "boot", "odd"]
FAULTS = st.lists(
    st.tuples(st.sampled_from([*RETOLD, *OF_ANY, *OF_EVENTS, *OF_READINGS]), st.integers(0, 80)),
    max_size=5,
)
PROTOCOLS = st.sampled_from(["ocpp1.6", "ocpp2.0.1"])


def tell(protocol: str, sessions: Sequence[dict[str, Any]]) -> list[Fact]:
    """What a station with two EVSEs says, each message at its own time."""
    facts: list[Fact] = []
    for number, one in enumerate(sessions):
        edges, before = one["edges"], len(facts)
        for step in range(one["samples"] + 2):
            kind = "start" if step == 0 else "stop" if step == one["samples"] + 1 else "sample"
            if kind == "sample" or edges in ("both", kind):
                at = NOON + timedelta(minutes=one["begin"] + step * one["every"])
                facts += message(protocol, one, kind, step, at + timedelta(milliseconds=number))
        if protocol == "ocpp1.6" and edges in ("both", "start"):
            started = facts[before]
            assert isinstance(started, TransactionEvent)
            answer = replace(started, kind=EventKind.START_ANSWERED, meter_wh=None)
            stamp = Stamp("", None, StampQuality.ABSENT)
            later = started.received_at + timedelta(milliseconds=200)
            facts.append(
                replace(answer, transaction=one["transaction"], stamp=stamp, received_at=later)
            )
    return facts


def message(protocol: str, one: dict[str, Any], kind: str, step: int, at: datetime) -> list[Fact]:
    """One message: its event, where it has one, and its samples."""
    old, place = protocol == "ocpp1.6", one["place"]
    register = Decimal(max(0, one["register"] + step * one["step"]))
    shared: dict[str, Any] = {
        "source": Source("ingest-1", 0),
        "received_at": at + timedelta(milliseconds=300),
        "station": "CP1",
        "stamp": Stamp(at.isoformat(), at, StampQuality.OK),
        "transaction": "" if old and kind == "start" else one["transaction"],
    }
    facts: list[Fact] = []
    if kind != "sample" or not old:
        kinds = {"start": EventKind.STARTED, "stop": EventKind.ENDED, "sample": EventKind.UPDATED}
        facts.append(
            TransactionEvent(
                **shared,
                protocol=protocol,
                connection="c",
                message_id=f"{one['begin']}-{step}-{place}",
                kind=kinds[kind],
                evse=None if kind == "stop" else place,
                connector=None if kind == "stop" else place,
                id_token="A" if kind == "start" else "",
                meter_wh=register if old else None,
                charging_state="" if old else "Charging",
            )
        )
    if kind == "sample" or not old:
        contexts = {"start": "Transaction.Begin", "stop": "Transaction.End"}
        shared |= {
            "carrier": "MeterValues" if old else "TransactionEvent",
            "evse": place,
            "connector": place,
            "phase": "",
            "location": "Outlet",
            "context": contexts.get(kind, "Sample.Periodic"),
            "value": None,
        }
        facts.append(
            MeterReading(
                **shared, position=0, measurand=IMPORT, unit="Wh", value_text=str(register),
                wh=register, watt=None,
            )
        )  # fmt: skip
        if one["watt"] is not None:
            facts.append(
                MeterReading(
                    **shared, position=1, measurand=POWER, unit="W", value_text="",
                    wh=None, watt=Decimal(one["watt"]),
                )
            )  # fmt: skip
        for position, (phase, ampere) in enumerate(one["ampere"].items(), 2):
            told_at = at + timedelta(milliseconds=one["apart_ms"] * (position - 2))
            stamp = Stamp(told_at.isoformat(), told_at, StampQuality.OK)
            facts.append(
                MeterReading(
                    **shared | {"phase": phase, "stamp": stamp}, position=position,
                    measurand=CURRENT, unit="A", value_text=ampere,
                    wh=None, watt=None, ampere=Decimal(ampere),
                )
            )  # fmt: skip
    return facts


def spoil(facts: list[Fact], faults: Sequence[tuple[str, int]]) -> list[Fact]:
    """The facts with some of them as chargers should not tell them."""
    told = list(facts)
    for fault, number in faults:
        if not told:
            break
        place = number % len(told)
        told[place : place + 1] = told_badly(told[place], fault)
    return told


def told_badly(fact: Fact, fault: str) -> list[Fact]:
    """What comes instead of one fact."""
    later = replace(fact, received_at=fact.received_at + timedelta(seconds=2))
    retold: dict[str, list[Fact]] = {
        "drop": [],
        "twice": [fact, later],
        "late": [replace(fact, received_at=fact.received_at + timedelta(minutes=90))],
        "status": [fact, event(fact, EventKind.STATUS)],
        "boot": [fact, event(fact, EventKind.BOOTED)],
        "odd": [replace(fact, stamp=replace(fact.stamp, quality=StampQuality.ODD_OFFSET))],
    }
    own = OF_EVENTS if isinstance(fact, TransactionEvent) else OF_READINGS
    return retold[fault] if fault in retold else [replace(fact, **(OF_ANY | own).get(fault, {}))]


def event(fact: Fact, kind: EventKind) -> TransactionEvent:
    return TransactionEvent(
        fact.source, fact.received_at + timedelta(seconds=1), fact.station, "ocpp1.6", "c", "s",
        kind, fact.stamp, evse=1, connector=1, status="SuspendedEV",
    )  # fmt: skip


def in_log_order(facts: Sequence[Fact]) -> list[tuple[Fact, int]]:
    """Facts with their entries: those of one message and instant share one."""
    numbered: list[tuple[Fact, int]] = []
    before: Fact | None = None
    index = -1
    for fact in sorted(facts, key=lambda one: one.received_at):
        same = before is not None and before.received_at == fact.received_at
        begins = isinstance(fact, TransactionEvent) or (
            isinstance(before, MeterReading) and isinstance(fact, MeterReading)
            and fact.position <= before.position
        )  # fmt: skip
        index += 0 if same and not begins else 1
        ns = int((fact.received_at - NOON) / timedelta(microseconds=1)) * 1000
        numbered.append((replace(fact, source=Source("ingest-1", index)), BASE_NS + ns))
        before = fact
    return numbered


BASE_NS = int(NOON.timestamp()) * 1_000_000_000


def both_ways(facts: Sequence[Fact]) -> tuple[list[Fact], list[Told]]:
    """As they are folded one by one, and with plain samples taken together: from the same rows."""
    return taken_from(in_log_order(facts))


def taken_from(numbered: Sequence[tuple[Fact, int]]) -> tuple[list[Fact], list[Told]]:
    """The same of facts that stand in the log already."""
    rows = StationFacts(write_events(numbered), write_readings(numbered))
    together = [one for _, told in rows.stations() for one in told]
    alone = [fact for one in together for fact in one_by_one(one)]
    keys = [(fact.source, getattr(fact, "position", -1)) for fact in alone]
    assert keys == sorted((fact.source, getattr(fact, "position", -1)) for fact, _ in numbered)
    return alone, together


def one_by_one(told: Told) -> Sequence[Fact]:
    return told.facts() if isinstance(told, Samples) else (told,)


def run(facts: Sequence[Told], state: StationState | None = None) -> Folded:
    return fold(state or StationState(), facts, END, POLICY)


@SLOW
@given(PROTOCOLS, SESSIONS, FAULTS)
def test_taken_together_or_one_by_one(
    protocol: str, sessions: list[dict[str, Any]], faults: list[tuple[str, int]]
) -> None:
    alone, together = both_ways(spoil(tell(protocol, sessions), faults))
    one, two = run(alone), run(together)
    assert two.sessions == one.sessions
    assert (two.findings, two.found_at) == (one.findings, one.found_at)
    assert two.state.to_json() == one.state.to_json()
    assert write_sessions(two.sessions).equals(write_sessions(one.sessions))


@SLOW
@given(PROTOCOLS, SESSIONS, FAULTS, st.integers(0, 400))
def test_a_state_between_is_the_same(
    protocol: str, sessions: list[dict[str, Any]], faults: list[tuple[str, int]], minute: int
) -> None:
    """Cut anywhere, by way of the state's text and what it forgets."""
    facts = in_log_order(spoil(tell(protocol, sessions), faults))
    cut = NOON + timedelta(minutes=minute)
    states: list[StationState] = []
    for way in range(2):
        early = taken_from([one for one in facts if one[0].received_at <= cut])[way]
        state = fold(StationState(), early, cut, POLICY).state.forget(cut)
        states.append(StationState.from_json(state.to_json()))
    assert states[0].to_json() == states[1].to_json()
    alone, together = taken_from([one for one in facts if one[0].received_at > cut])
    assert refers_back(together, states[0]) == refers_back(alone, states[0])
    one, two = run(alone, states[0]), run(together, states[1])
    assert (two.sessions, two.findings) == (one.sessions, one.findings)
    assert two.state.to_json() == one.state.to_json()


@pytest.mark.parametrize("case", CASES)
def test_golden_cases_taken_together(case: str) -> None:
    """What the golden cases' chargers said, by way of the lake's rows."""
    messages = read_messages(case)
    told = [(fact, to_ns(fact.received_at)) for one in messages for fact in read(one).facts]
    rows = StationFacts(write_events(told), write_readings(told))
    for _, together in rows.stations():
        alone = [fact for one in together for fact in one_by_one(one)]
        one, two = run(alone), run(together)
        assert (two.sessions, two.findings) == (one.sessions, one.findings)
        assert two.state.to_json() == one.state.to_json()


def plain_day(
    protocol: str, ampere: Mapping[str, str] = NO_CURRENT, apart_ms: int = 0
) -> list[Told]:
    one = {
        "begin": 0, "samples": 8, "every": 5, "step": 600, "register": 1000, "watt": 7200,
        "place": 1, "transaction": "7", "edges": "both", "ampere": ampere,
        "apart_ms": apart_ms,
    }  # fmt: skip
    return both_ways(tell(protocol, [one]))[1]


def test_a_plain_session_travels_as_columns() -> None:
    """Start, its answer or its samples, one batch, stop and its samples: no object more."""
    old, new = plain_day("ocpp1.6"), plain_day("ocpp2.0.1")
    assert [type(one) for one in old] == [
        TransactionEvent, TransactionEvent, Samples, TransactionEvent,
    ]  # fmt: skip
    assert sum(isinstance(one, Samples) for one in new) <= 5
    assert sum(isinstance(one, TransactionEvent) for one in new) == 2
    for told in (old, new):
        (session,) = run(told).sessions
        assert isinstance(session.registers, RegisterCourse)
        assert session.energy_wh == 5400
        assert not session.findings


@pytest.mark.parametrize("protocol", ["ocpp1.6", "ocpp2.0.1"])
@pytest.mark.parametrize(
    ("ampere", "sums"),
    [(CURRENTS[0], "30.375"), (CURRENTS[1], "16.000"), (CURRENTS[2], "24.000"), (CURRENTS[3], "0")],
)
def test_currents_travel_as_columns(protocol: str, ampere: dict[str, str], sums: str) -> None:
    """Phases are summed unless a total is told; the session stays a straight one."""
    (session,) = run(plain_day(protocol, ampere)).sessions
    assert isinstance(session.current, CurrentCourse)
    assert {str(one.ampere) for one in session.current} == {sums}
    assert len(session.current) == (8 if protocol == "ocpp1.6" else 10)


@pytest.mark.parametrize("apart_ms", [100, 1000])
def test_phases_told_apart_travel_as_columns_too(apart_ms: int) -> None:
    """Each of eight times three instants tells the sum of all three."""
    (session,) = run(plain_day("ocpp1.6", CURRENTS[0], apart_ms)).sessions
    assert isinstance(session.current, CurrentCourse)
    assert [one.ampere for one in session.current] == [Decimal("30.375")] * 24


@pytest.mark.parametrize("ampere", [NO_CURRENT, CURRENTS[0]])
def test_columns_and_objects_are_written_alike(ampere: Mapping[str, str]) -> None:
    told = plain_day("ocpp2.0.1", ampere)
    (session,) = run(told).sessions
    (read,) = read_sessions(write_sessions([session]))
    assert read == session
    bare = replace(
        session,
        registers=tuple(session.registers),
        power=tuple(session.power),
        current=tuple(session.current),
        sources=tuple(session.sources),
    )
    assert (bare, hash(bare), repr(bare)) == (session, hash(session), repr(session))
    other = replace(bare, id="another")
    frame = write_sessions([other, session, other])
    assert frame["session_id"].to_list() == ["another", session.id, "another"]
    assert frame.equals(write_sessions([other, bare, other]))
