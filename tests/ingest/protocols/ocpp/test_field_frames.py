"""Real frames and recorded sessions, where they lie beside the checkout: read whole, told apart."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.events import EventKind, MeterReading, StampQuality, TransactionEvent
from ingest.protocols.ocpp.facts import Reading, read
from ingest.protocols.ocpp.severity import SEVERITY
from tests.ingest.protocols.ocpp.said import message

DATA = Path(__file__).parents[4] / ".." / "shared" / "data"
FRAMES = DATA / "ocpp_field_frames.jsonl"
CAPTURES = DATA / "captures"

needs_frames = pytest.mark.skipif(not FRAMES.exists(), reason=f"{FRAMES} is not here")
needs_captures = pytest.mark.skipif(not CAPTURES.exists(), reason=f"{CAPTURES} is not here")

RULES = {
    "idtag_control_chars": {"id_token_control"},
    "idtag_empty": {"token_empty"},
    "idtag_outer_space": {"id_token_space"},
    "idtag_too_long": {"id_token_too_long"},
    "info_literal_null": {"literal_null"},
    "message_type_1": {"unknown_message_type"},
    "meter_not_compliant": {"meter_not_compliant"},
    "metervalue_not_array": {"metervalue_not_array"},
    "not_json": {"not_json"},
    "sampledvalue_empty": {"sampledvalue_empty"},
    "serial_too_long": {"text_too_long"},
    "transactiondata_empty": {"transactiondata_empty"},
    "ts_epoch": {"epoch_stamp"},
    "ts_invalid_date": {"stamp_impossible"},
    "ts_no_zone": {"no_zone"},
    "ts_offset": {"odd_offset"},
    "ts_offset_hours_only": {"odd_offset"},
    "tx_negative": {"tx_id_placeholder"},
    "tx_over_2p53": {"tx_id_placeholder"},
    "tx_over_int32": {"tx_id_placeholder"},
    "tx_zero": {"tx_id_placeholder"},
    "unit_not_in_enum": {"unknown_enum", "unit_mismatch"},
    "value_not_string": {"value_not_text"},
    "value_outer_space": {"value_space"},
    "vendor_empty": {"vendor_empty"},
}
"""Tag of a frame -> the rules of which reading names one."""

# tags of frames whose message type is none: nothing within them is read
UNREAD = {"message_type_1"}
# what is regular OCPP, or what only the reckoning can see across messages
REGULAR = {
    "begin_in_metervalues", "connector_zero", "context_missing", "current_phase_L_N",
    "energy_decimal", "energy_in_kwh", "energy_with_phase", "meterstart_zero", "meterstop_zero",
    "mv_connector_zero", "mv_several_buckets", "mv_without_transaction", "no_energy_register",
    "several_energy_registers", "status_without_timestamp", "stop_without_idtag",
    "stop_without_reason", "transactiondata_present", "ts_fraction_3",
}  # fmt: skip


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def told(reading: Reading) -> set[str]:
    flags = {rule for fact in reading.facts for rule, _ in fact.flags}
    return flags | {finding.rule for finding in reading.findings}


def frame_text(row: dict[str, Any]) -> str:
    return row["raw"] if row["frame"] is None else json.dumps(row["frame"])


@needs_frames
def test_every_tag_is_flagged_as_it_deserves() -> None:
    seen: Counter[str] = Counter()
    for row in rows(FRAMES):
        reading = read(message(frame_text(row), f"ocpp{row['ocpp']}"))
        found = told(reading)
        assert found <= SEVERITY.keys()
        for tag in row["tags"]:
            seen[tag] += 1
            if tag in RULES and (tag in UNREAD or not UNREAD & set(row["tags"])):
                assert RULES[tag] & found, (tag, found, frame_text(row))
    strangers = seen.keys() - RULES.keys() - REGULAR
    # a frame whose fault is its own words: `Error` for OtherError; `+0000`
    assert strangers <= {"errorcode_not_in_enum", "reservation_zero", "ts_plus0000"}
    assert sum(seen.values()) > 200


@needs_frames
def test_energy_of_real_readings_is_in_wh() -> None:
    for row in rows(FRAMES):
        for fact in read(message(frame_text(row), f"ocpp{row['ocpp']}")).facts:
            if isinstance(fact, MeterReading) and fact.wh is not None:
                factor = {"kWh": 1000, "Wh": 1}[fact.unit]
                assert fact.wh == Decimal(fact.value_text.strip()) * factor


@needs_frames
def test_every_money_frame_becomes_a_fact_or_a_hold() -> None:
    for row in rows(FRAMES):
        if row["action"] not in {"StartTransaction", "StopTransaction", "MeterValues"}:
            continue
        reading = read(message(frame_text(row), f"ocpp{row['ocpp']}"))
        held = any(finding.severity == "hold" for finding in reading.findings)
        assert bool(reading.facts) is not held, frame_text(row)


@needs_frames
def test_real_stamps_are_all_understood_but_the_impossible_one() -> None:
    qualities: Counter[StampQuality] = Counter()
    for row in rows(FRAMES):
        for fact in read(message(frame_text(row), f"ocpp{row['ocpp']}")).facts:
            qualities[fact.stamp.quality] += 1
            if fact.stamp.quality is StampQuality.IMPOSSIBLE:
                assert fact.stamp.text.startswith("0000-00-00")
    assert qualities[StampQuality.OK] > 200


def recorded(path: Path) -> list[tuple[str, Reading]]:
    """(station, reading) of each recorded frame, both formats of recording."""
    found = []
    for row in rows(path):
        direction = row.get("dir") or row["direction"]
        if not direction.startswith(("cp", "csms")):
            continue
        protocol = row.get("subprotocol") or f"ocpp{row['ocppVersion']}"
        side = "in" if direction.startswith("cp") else "out"
        entry = message(row["raw"], protocol, direction=side)
        found.append((row.get("cp") or row["chargePointId"], read(entry)))
    return found


@needs_captures
@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("ocpp16_session_trace.jsonl", {"started": 1, "start_answered": 1, "ended": 1}),
        ("ocpp201_session_trace.jsonl", {"started": 1, "ended": 1}),
        ("ocpp16_offline_replay.jsonl", {"started": 4, "start_answered": 3, "ended": 4}),
        (
            "ocpp16_and_201_virtual_charge_point.jsonl",
            {"started": 6, "start_answered": 3, "updated": 3, "ended": 5},
        ),
    ],
)
def test_recorded_sessions_are_read_whole(name: str, kinds: dict[str, int]) -> None:
    readings = [reading for _, reading in recorded(CAPTURES / name)]
    events = Counter(
        fact.kind.value
        for reading in readings
        for fact in reading.facts
        if isinstance(fact, TransactionEvent)
    )
    assert {kind: events[kind] for kind in kinds} == kinds
    # an empty meterValue list is the only thing in the recordings that yields nothing
    assert {f.rule for reading in readings for f in reading.findings} <= {"metervalue_empty"}


@needs_captures
def test_the_recorded_16_session_has_its_meter() -> None:
    facts = [
        fact
        for _, reading in recorded(CAPTURES / "ocpp16_session_trace.jsonl")
        for fact in reading.facts
        if isinstance(fact, TransactionEvent)
    ]
    start = next(fact for fact in facts if fact.kind is EventKind.STARTED)
    stop = next(fact for fact in facts if fact.kind is EventKind.ENDED)
    issued = next(fact for fact in facts if fact.kind is EventKind.START_ANSWERED)
    assert start.meter_wh is not None
    assert stop.meter_wh is not None
    assert stop.meter_wh > start.meter_wh
    assert issued.message_id == start.message_id
    assert issued.transaction == stop.transaction


@needs_captures
def test_signed_values_of_the_recordings_are_kept() -> None:
    signed = [
        fact.signed
        for _, reading in recorded(CAPTURES / "ocpp16_and_201_virtual_charge_point.jsonl")
        for fact in reading.facts
        if isinstance(fact, MeterReading) and fact.signed
    ]
    # one StopTransaction of 1.6 and one TransactionEvent of 2.0.1 carry one each
    assert len(signed) == 2
    assert all("signedMeterData" in text for text in signed)
