"""What simulated charge points say: valid frames, in the right order, with the faults asked for."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest

from ingest.protocols.ocpp.schemas import problems
from wattproof.simulator.charges import Charge, Outage, Sample, charge_moments
from wattproof.simulator.faults import Fault
from wattproof.simulator.link import encode
from wattproof.simulator.station import (
    DIRECT,
    JSON,
    THREE_PHASES,
    Call,
    Station,
    kwh,
    stamp,
)
from wattproof.simulator.v16 import ChargePoint16
from wattproof.simulator.v201 import ChargingStation201

START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
CHARGE = Charge(
    id="1",
    station="S1",
    connector=1,
    token="04A1B2C3D4E5F6",
    start_at=START,
    end_at=START + timedelta(hours=2),
    meter_start_wh=1_000_000,
    energy_wh=20_000,
    samples=tuple(
        Sample(START + timedelta(minutes=30 * step), 5_000 * step, 10_000) for step in (1, 2, 3)
    ),
    suspended_at=START + timedelta(minutes=100),
    transaction="6b3a5c1e-0d5f-4a8e-9b0a-3f1f6a7c2d11",
)
ACCEPTED: dict[str, JSON] = {
    "Authorize": {
        "idTagInfo": {"status": "Accepted"},
        "idTokenInfo": {"status": "Accepted"},
    },
    "StartTransaction": {"transactionId": 77, "idTagInfo": {"status": "Accepted"}},
}


def station(version: str, phases: tuple[str, ...] = ()) -> Station:
    kind = ChargePoint16 if version == "1.6" else ChargingStation201
    return kind("S1", seed=1, connectors=2, phases=phases)


def said(
    version: str,
    charge: Charge,
    outages: Iterable[Outage] = (),
    answers: Any = ACCEPTED,
    *,
    phases: tuple[str, ...] = (),
) -> list[Call]:
    """Every call a station makes for one charge, booting first."""
    point = station(version, phases)
    talks = [point.boot(START)]
    talks += [point.perform(moment) for moment in charge_moments(charge, tuple(outages))]
    calls: list[Call] = []
    for talk in talks:
        try:
            call = next(talk)
            while True:
                calls.append(call)
                call = talk.send(answers.get(call.action, {}))
        except StopIteration:
            continue
    return calls


def wire(call: Call) -> JSON:
    frame: list[Any] = orjson.loads(encode([2, call.message_id, call.action, call.payload]))
    payload: JSON = frame[3]
    return payload


SCHEMA_BREAKERS = {Fault.LONG_ID_TAG}


@pytest.mark.parametrize("fault", [None, *Fault], ids=lambda one: one.name if one else "none")
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_every_frame_is_valid(version: str, fault: Fault | None) -> None:
    charge = replace(CHARGE, faults=frozenset({fault} if fault else ()))
    calls = said(version, charge)
    assert len(calls) > 8
    broken = [
        found for call in calls for found in problems(f"ocpp{version}", call.action, wire(call))
    ]
    assert bool(broken) == (fault in SCHEMA_BREAKERS and version == "1.6"), broken


@pytest.mark.parametrize(
    ("phases", "amperes"),
    [
        ((), []),
        (THREE_PHASES, [("L1", "14.492"), ("L2", "14.492"), ("L3", "14.492")]),
        (DIRECT, [("", "25.000")]),
    ],
)
@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_the_current_of_each_phase(
    version: str, phases: tuple[str, ...], amperes: list[tuple[str, str]]
) -> None:
    """10 kW, at 230 V in three phases or 400 V direct; each sample of the charge tells it."""
    calls = said(version, CHARGE, phases=phases)
    assert not [one for c in calls for one in problems(f"ocpp{version}", c.action, wire(c))]
    told = [
        (one.get("phase", ""), str(one["value"]))
        for call in calls
        for bucket in call.payload.get("meterValue", [])
        for one in bucket["sampledValue"]
        if one.get("measurand") == "Current.Import"
    ]
    assert told == amperes * len(CHARGE.samples)


def test_a_charge_in_1_6() -> None:
    calls = said("1.6", CHARGE)[4:]
    assert [call.action for call in calls] == [
        "StatusNotification",
        "Authorize",
        "StartTransaction",
        "StatusNotification",
        "MeterValues",
        "MeterValues",
        "MeterValues",
        "StatusNotification",
        "StopTransaction",
        "StatusNotification",
        "StatusNotification",
    ]
    stop = calls[8].payload
    assert (stop["transactionId"], stop["meterStop"]) == (77, 1_020_000)
    assert [call.payload["transactionId"] for call in calls if call.action == "MeterValues"] == [
        77,
        77,
        77,
    ]


def test_a_charge_in_2_0_1() -> None:
    events = [call.payload for call in said("2.0.1", CHARGE) if call.action == "TransactionEvent"]
    assert [event["eventType"] for event in events] == ["Started", *["Updated"] * 4, "Ended"]
    assert [event["seqNo"] for event in events] == [0, 1, 2, 3, 4, 5]
    assert {event["transactionInfo"]["transactionId"] for event in events} == {CHARGE.transaction}
    assert [event["transactionInfo"]["chargingState"] for event in events] == [
        "Charging",
        "Charging",
        "Charging",
        "Charging",
        "SuspendedEV",
        "EVConnected",
    ]
    values = [
        event["meterValue"][0]["sampledValue"][0]["value"]
        for event in events
        if "meterValue" in event
    ]
    assert values[0] == 1_000_000
    assert values[-1] == 1_020_000


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
def test_a_refused_driver_charges_nothing(version: str) -> None:
    refused: dict[str, JSON] = {
        "Authorize": {"idTagInfo": {"status": "Blocked"}, "idTokenInfo": {"status": "Blocked"}}
    }
    actions = {call.action for call in said(version, CHARGE, answers=refused)}
    assert actions == {"BootNotification", "StatusNotification", "Authorize"}


def money(version: str, fault: Fault) -> list[Call]:
    charge = replace(CHARGE, faults=frozenset({fault}))
    actions = {"StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"}
    return [call for call in said(version, charge) if call.action in actions]


def test_a_start_sent_twice_differs_in_its_message_id_only() -> None:
    first, again = money("1.6", Fault.DUPLICATE_START)[:2]
    assert first.payload == again.payload
    assert first.message_id != again.message_id


def test_no_start_is_told_when_it_was_lost() -> None:
    assert "StartTransaction" not in [call.action for call in money("1.6", Fault.LOST_START)]
    kinds = [call.payload["eventType"] for call in money("2.0.1", Fault.LOST_START)]
    assert "Started" not in kinds


def test_a_register_that_restarts_ends_lower_than_it_began() -> None:
    calls = money("1.6", Fault.REGISTER_RESET)
    assert calls[-1].payload["meterStop"] == 10_000 < calls[0].payload["meterStart"]


def test_kwh_are_labelled_wh() -> None:
    sampled = money("1.6", Fault.KWH_AS_WH)[1].payload["meterValue"][0]["sampledValue"][0]
    assert (sampled["value"], sampled["unit"]) == ("1005.000", "Wh")


def test_a_number_stays_a_number_to_the_last_digit() -> None:
    payload = money("2.0.1", Fault.MIXED_UNITS)[1].payload["meterValue"][0]["sampledValue"][0]
    assert payload["value"] == Decimal("1005.000")
    assert '"value":1005.000' in encode([2, "1", "TransactionEvent", payload])


def test_an_outage_delays_the_telling_and_not_the_time() -> None:
    outage = Outage(START + timedelta(minutes=10), START + timedelta(hours=4))
    moments = charge_moments(CHARGE, [outage])
    assert not moments[0].offline
    assert all(one.offline and one.told_at == outage.end for one in moments[1:])
    assert [one.at for one in moments] == sorted(one.at for one in moments)
    calls = said("2.0.1", CHARGE, [outage])
    told = [call.payload.get("offline") for call in calls if call.action == "TransactionEvent"]
    assert told == [None, True, True, True, True, True]


def test_a_whole_session_offline_asks_nobody() -> None:
    outage = Outage(START - timedelta(minutes=1), START + timedelta(hours=4))
    assert "Authorize" not in {call.action for call in said("1.6", CHARGE, [outage])}


def test_message_ids_repeat_for_the_same_seed_only() -> None:
    first, second = said("1.6", CHARGE), said("1.6", CHARGE)
    assert [call.message_id for call in first] == [call.message_id for call in second]
    assert len({call.message_id for call in first}) == len(first)
    other = ChargePoint16("S1", seed=2)
    assert next(other.boot(START)).message_id != first[0].message_id


def test_stamps() -> None:
    assert stamp(START) == "2026-10-05T08:00:00.000Z"
    assert not stamp(START, replace(CHARGE, faults=frozenset({Fault.NO_ZONE}))).endswith("Z")
    early = replace(CHARGE, faults=frozenset({Fault.EPOCH_START}))
    assert stamp(START, early, start=True).startswith("1970-01-01")
    assert stamp(START, early) == stamp(START)


@pytest.mark.parametrize(("wh", "text"), [(0, "0.000"), (1, "0.001"), (12_345, "12.345")])
def test_kwh(wh: int, text: str) -> None:
    assert kwh(wh) == text
