"""The fast reading of plain messages gives, row for row, what the protocol's own reader gives."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.protocols.ocpp import label
from pipelines.facts import read_carefully
from pipelines.messages import split
from pipelines.plain import Shapes, plain
from tests.pipelines.test_messages import log_rows

FRAMES = Path(__file__).parents[2] / ".." / "shared" / "data" / "ocpp_field_frames.jsonl"

STAMP = st.sampled_from(
    ["2026-10-01T08:00:00Z", "2026-10-01T08:00:00.120Z", "2026-02-30T08:00:00Z",
     "2026-10-01T08:00:00", "1970-01-01T00:00:00Z", "", "2026-10-01T24:00:00Z"]
)  # fmt: skip
NUMBER = st.sampled_from(["0", "12", "12.5", "7200.00", "0.0001", "123456789.123456", "007", "1e3"])
ODD = st.sampled_from([None, "", " ", 0, -1, 1.5, True, [], {}, "null", "x" * 50, "é", 'a"b'])


def rarely(plain_values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what is plain, now and then what is not."""
    return st.integers(0, 30).flatmap(lambda n: ODD if n == 0 else plain_values)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of the fields, in any order, now and then with a stranger."""
    optional = {name: rarely(values) for name, values in fields.items()}
    known = st.fixed_dictionaries({}, optional=optional)
    return known.flatmap(lambda found: st.permutations(list(found.items())).map(dict))


WORDS = {
    "measurand": st.sampled_from([*list(label.MEASURANDS.values())[:16], "energy", "Custom"]),
    "phase": st.sampled_from([*label.PHASES.values(), "l1"]),
    "location": st.sampled_from([*label.LOCATIONS.values(), "outlet"]),
    "context": st.sampled_from([*label.CONTEXTS.values(), "Start"]),
}
UNIT = st.sampled_from(["Wh", "kWh", "MWh", "W", "kW", "A", "V", "Percent", "wh", "Hz"])
SAMPLE_16 = some(value=NUMBER, format=st.sampled_from(["Raw", "SignedData"]), unit=UNIT, **WORDS)
SAMPLE_201 = some(
    value=st.sampled_from([0, 12, 12.5, 7200.0, 1e22, 0.1, 123456.789]),
    unitOfMeasure=some(unit=UNIT, multiplier=st.sampled_from([0, 3, -3])),
    **WORDS,
)


def meter(sample: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    samples = rarely(st.lists(sample, max_size=3))
    return rarely(st.lists(some(timestamp=STAMP, sampledValue=samples), max_size=2))


METER_VALUES = some(
    connectorId=st.integers(0, 4),
    transactionId=st.sampled_from([1, 77, 0, -1, 2**31, 2**70]),
    meterValue=meter(SAMPLE_16),
)
EVENT = some(
    eventType=st.sampled_from(["Started", "Updated", "Ended", "started"]),
    timestamp=STAMP,
    triggerReason=st.sampled_from(["Authorized", "MeterValuePeriodic", "Odd"]),
    seqNo=st.integers(0, 9),
    offline=st.booleans(),
    transactionInfo=some(
        transactionId=st.sampled_from(["tx-1", "5f1c", ""]),
        chargingState=st.sampled_from(["Charging", "Idle", "idle"]),
        stoppedReason=st.sampled_from(["Local", "Other", "Whim"]),
    ),
    evse=some(id=st.integers(0, 3), connectorId=st.integers(0, 2)),
    idToken=some(idToken=st.sampled_from(["CARD", "", " A"]), type=st.just("ISO14443")),
    reservationId=st.just(0),
    meterValue=meter(SAMPLE_201),
)


START = some(
    connectorId=st.integers(0, 4),
    idTag=st.sampled_from(["CARD", "a" * 20, "a" * 21, " A", "0", "\x7f", "\u200b", "Käse"]),
    meterStart=st.sampled_from([0, 12, -1, 10**12, 10**14, 1.5, "7"]),
    timestamp=STAMP,
    reservationId=st.sampled_from([0, 7]),
)
STOP = some(
    transactionId=st.sampled_from([1, 77, 0, -1, 2**31, 2**70, 999_999_999]),
    idTag=st.sampled_from(["CARD", "null", "a" * 21]),
    meterStop=st.sampled_from([0, 12, -1, 10**12]),
    timestamp=STAMP,
    reason=st.sampled_from(["Local", "local", "Whim"]),
    transactionData=meter(SAMPLE_16),
)
STATUS_16 = some(
    connectorId=st.integers(0, 4),
    status=st.sampled_from(["Available", "Charging", "charging"]),
    errorCode=st.sampled_from(["NoError", "GroundFailure", "Odd"]),
    timestamp=STAMP,
    info=st.sampled_from(["", "x" * 51]),
)
STATUS_201 = some(
    connectorId=st.integers(0, 4),
    evseId=st.integers(0, 4),
    connectorStatus=st.sampled_from(["Available", "Occupied", "occupied"]),
    timestamp=STAMP,
)
METER_201 = some(evseId=st.integers(0, 4), meterValue=meter(SAMPLE_201))
ANSWER = some(
    transactionId=st.sampled_from([1, 77, 0, -1, 2**31, 2**70, "7"]),
    idTagInfo=some(
        status=st.sampled_from(["Accepted", "Blocked", "N/A"]), expiryDate=STAMP,
        parentIdTag=st.sampled_from(["A", "transactionId"]),
    ),
)  # fmt: skip


def agree(rows: pl.DataFrame) -> int:
    """Both readings of rows of `message` agree; how many messages were plain."""
    easy = plain(rows, Shapes(worth=1))
    taken = rows.join(easy.rest, on=["origin", "index"], how="anti", maintain_order="left")
    careful = read_carefully(taken)
    key = ["origin", "index"]
    assert easy.events.sort(key).rows() == careful.events.sort(key).rows()
    key.append("position")
    assert easy.readings.sort(key).rows() == careful.readings.sort(key).rows()
    assert careful.findings.is_empty()
    return taken.height


def messages(frames: list[str], protocol: str) -> pl.DataFrame:
    rows = log_rows(*[frame.encode() for frame in frames])
    return split(rows.with_columns(protocol=pl.lit(protocol)))


@pytest.mark.parametrize(
    ("protocol", "action", "payload"),
    [
        ("ocpp1.6", "MeterValues", METER_VALUES),
        ("ocpp1.6", "StartTransaction", START),
        ("ocpp1.6", "StopTransaction", STOP),
        ("ocpp1.6", "StatusNotification", STATUS_16),
        ("ocpp1.6", "Heartbeat", some(currentTime=STAMP)),
        ("ocpp2.0.1", "TransactionEvent", EVENT),
        ("ocpp2.1", "TransactionEvent", EVENT),
        ("ocpp2.0.1", "MeterValues", METER_201),
        ("ocpp2.0.1", "StatusNotification", STATUS_201),
    ],
)
def test_whatever_is_taken_is_what_the_careful_reader_gives(
    protocol: str, action: str, payload: st.SearchStrategy[Any]
) -> None:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(payload, min_size=1, max_size=30), st.sampled_from([(",", ":"), (", ", ": ")]))
    def check(payloads: list[Any], separators: tuple[str, str]) -> None:
        frames = [json.dumps([2, "m", action, one], separators=separators) for one in payloads]
        agree(messages(frames, protocol))

    check()


@settings(max_examples=25, deadline=None)
@given(st.lists(ANSWER, min_size=1, max_size=30))
def test_whatever_is_taken_of_our_answers_is_what_the_careful_reader_gives(
    payloads: list[Any],
) -> None:
    rows = messages([json.dumps([3, "m", one]) for one in payloads], "ocpp1.6")
    agree(rows.with_columns(direction=pl.lit("out")))


def test_the_order_in_which_shapes_are_learned_changes_nothing() -> None:
    told = [json.dumps([2, "m", "MeterValues", one]) for one in (HEALTHY, {**HEALTHY, "x": 1})]
    rows = messages([*told * 40, *reversed(told * 40)], "ocpp1.6")
    shapes = Shapes()
    once, again = plain(rows, shapes), plain(rows, shapes)
    assert once.readings.equals(again.readings)
    assert once.rest["index"].to_list() == again.rest["index"].to_list()
    assert once.rest.height == 80, "what has a property nobody knows is left"
    assert (
        plain(rows.reverse(), Shapes())
        .readings.sort("index", "position")
        .equals(once.readings.sort("index", "position"))
    )


def test_a_few_frames_are_not_worth_a_shape() -> None:
    rows = messages([json.dumps([2, "m", "MeterValues", HEALTHY])] * 5, "ocpp1.6")
    assert plain(rows, Shapes(worth=6)).rest.equals(rows)


SAMPLE = {"value": "12.5", "unit": "kWh", "measurand": "Energy.Active.Import.Register"}
BUCKET = {"timestamp": "2026-10-01T08:00:00Z", "sampledValue": [SAMPLE, {"value": "3"}]}
HEALTHY = {"connectorId": 1, "transactionId": 7, "meterValue": [BUCKET, BUCKET]}
HEALTHY_START = {"connectorId": 1, "idTag": "A", "meterStart": 0, "timestamp": BUCKET["timestamp"]}
HEALTHY_STOP = {"transactionId": 7, "meterStop": 12, "timestamp": BUCKET["timestamp"],
                "reason": "Local", "idTag": "A", "transactionData": [BUCKET]}  # fmt: skip
HEALTHY_201 = {
    "eventType": "Updated",
    "timestamp": "2026-10-01T08:00:00Z",
    "triggerReason": "MeterValuePeriodic",
    "seqNo": 3,
    "transactionInfo": {"transactionId": "tx"},
    "meterValue": [{"timestamp": "2026-10-01T08:00:00Z", "sampledValue": [{"value": 12.50}]}],
}


@pytest.mark.parametrize(
    ("protocol", "action", "payload"),
    [
        ("ocpp1.6", "MeterValues", HEALTHY),
        ("ocpp1.6", "StartTransaction", HEALTHY_START),
        ("ocpp1.6", "StopTransaction", HEALTHY_STOP),
        ("ocpp1.6", "Heartbeat", {}),
        ("ocpp2.0.1", "TransactionEvent", HEALTHY_201),
    ],
)
def test_a_healthy_message_is_plain(protocol: str, action: str, payload: object) -> None:
    assert agree(messages([json.dumps([2, "m", action, payload])], protocol)) == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace('"m"', '"' + "m" * 37 + '"'),
        lambda text: text + " ",
        lambda text: text[:-1],
        lambda text: text.replace("12.5", "12.5000001"),
        lambda text: text.replace('"12.5"', '"12.5 "'),
        lambda text: text.replace("Register", "Regis\\u0074er"),
        lambda text: text.replace("2026-10-01", "2026-10-32"),
        lambda text: text.replace('"connectorId": 1', '"connectorId": "1"'),
        lambda text: text.replace('"connectorId": 1', '"connectorId": 1, "connectorId": 2'),
        lambda text: text.replace("[2,", "[2.0,"),
    ],
)
def test_what_is_doubtful_is_left_or_read_alike(spoil: Callable[[str], str]) -> None:
    agree(messages([spoil(json.dumps([2, "m", "MeterValues", HEALTHY]))], "ocpp1.6"))


@pytest.mark.parametrize(
    ("value", "plain_ones"), [("16.5", 41), ("500", 41), ("501", 40), ("16500", 40)]
)
def test_a_current_beyond_any_connector_is_left_to_the_reader(value: str, plain_ones: int) -> None:
    amperes = [
        {"value": "16.5", "unit": "A", "measurand": "Current.Import", "phase": phase}
        for phase in ("L1", "L2", "L3", "N")
    ]
    told = {**HEALTHY, "meterValue": [{**BUCKET, "sampledValue": [SAMPLE, *amperes]}]}
    frame = _call("m", "MeterValues", told)
    assert (
        agree(messages([frame] * 40 + [frame.replace("16.5", value, 1)], "ocpp1.6")) == plain_ones
    )


def test_a_frame_too_long_for_a_shape_is_left_to_the_reader() -> None:
    odd = {"connectorId": 1, "meterValue": [{"timestamp": "2026-10-01T12:00:00Z",
           "sampledValue": [{"value": "1", "comment": "x" * 400_000}]}]}  # fmt: skip
    frames = [_call(str(n), "MeterValues", odd) for n in range(3)]
    frames += [frames[-1].replace("x" * 400_000, "x") for _ in range(40)]
    assert agree(messages(frames, "ocpp1.6")) <= 40


def test_a_shape_that_no_two_frames_share_is_not_kept() -> None:
    shapes = Shapes(worth=3)
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}
    frames = [
        _call(str(n), "StatusNotification", {**status, "info": f"rssi {n:04}"}) for n in range(40)
    ]
    plain(messages(frames, "ocpp1.6"), shapes)
    assert not any(shapes.known.values())


def test_real_frames_are_read_alike() -> None:
    if not FRAMES.exists():
        pytest.skip(f"{FRAMES} is not here")
    told = [json.loads(line) for line in FRAMES.read_text().splitlines()]
    for protocol in ("ocpp1.6", "ocpp2.0.1"):
        texts = [_text(one) for one in told if one["ocpp"] in protocol]
        agree(messages(texts, protocol))


def _call(message_id: str, action: str, payload: object) -> str:
    return json.dumps([2, message_id, action, payload])


def _text(one: dict[str, Any]) -> str:
    return one["raw"] if one.get("raw") else json.dumps(one.get("frame"))
