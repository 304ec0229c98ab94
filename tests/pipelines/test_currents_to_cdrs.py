"""From frames that tell currents to CDRs under a tariff with limits of current and power.

Every amount is worked by hand; what we write, a partner that prices it again finds exact.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from billing.cdr import CDR
from pipelines.charges import read_cdrs
from pipelines.days import derive_stretch, parts, whole_log
from pipelines.stretch import Stretch
from tests.pipelines.networks import derived, hashes
from tests.pipelines.story import TARIFF, Story, stamp
from warehouse.lake import Lake
from wattproof import pricing

Amperes = Mapping[str, str]
NONE: Amperes = {}


def element(price: str, **limits: Decimal) -> dict[str, Any]:
    energy = {"type": "ENERGY", "price": Decimal(price), "vat": Decimal(21), "step_size": 1}
    return {"price_components": [energy]} | ({"restrictions": limits} if limits else {})


BY_LOAD = TARIFF | {
    "id": "BY-LOAD",
    "elements": [
        element("0.10", max_current=Decimal(32), max_power=Decimal(4)),
        element("0.30", max_current=Decimal(32)),
        element("0.60"),
    ],
}
"""Below 32 A 0.30, and 0.10 where the power is known to be below 4 kW as well; else 0.60."""


def currents(amperes: Amperes, **unit: Any) -> list[dict[str, Any]]:
    shared = {"measurand": "Current.Import", **unit}
    return [
        {**shared, "value": value} | ({"phase": phase} if phase else {})
        for phase, value in amperes.items()
    ]


def charge_16(story: Story, start: datetime, told: list[tuple[int, int, Amperes]]) -> None:
    """(minute, register, amperes); the last is told by StopTransaction."""
    story.clock.at = start
    call = story.calls_us(
        "A",
        "StartTransaction",
        {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": stamp(start)},
    )
    story.answers("A", call, {"transactionId": 5, "idTagInfo": {"status": "Accepted"}})
    for minute, register, amperes in told:
        at = story.clock.at = start + timedelta(minutes=minute)
        wh = {"value": str(register), "unit": "Wh"}
        sampled = [wh, *currents(amperes, unit="A")]
        bucket = [{"timestamp": stamp(at), "sampledValue": sampled}]
        if (minute, register, amperes) == told[-1]:
            stop = {"transactionId": 5, "idTag": "CARD", "meterStop": register}
            stop |= {"timestamp": stamp(at), "reason": "Local", "transactionData": bucket}
            story.calls_us("A", "StopTransaction", stop)
        else:
            said = {"connectorId": 1, "transactionId": 5, "meterValue": bucket}
            story.calls_us("A", "MeterValues", said)


def charge_201(
    story: Story, start: datetime, told: list[tuple[int, int, Amperes, str | None]]
) -> None:
    """(minute, register, milliamperes, W), each a TransactionEvent."""
    for number, (minute, register, milli, watt) in enumerate(told):
        at = story.clock.at = start + timedelta(minutes=minute)
        unit = {"unitOfMeasure": {"unit": "A", "multiplier": -3}}
        sampled: list[dict[str, Any]] = [{"value": register}]
        sampled += [one | {"value": int(one["value"])} for one in currents(milli, **unit)]
        if watt is not None:
            power = {"measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}}
            sampled.append({**power, "value": float(watt)})
        kind = "Started" if number == 0 else "Updated" if number < len(told) - 1 else "Ended"
        event: dict[str, Any] = {
            "eventType": kind,
            "timestamp": stamp(at),
            "triggerReason": "MeterValuePeriodic",
            "seqNo": number,
            "transactionInfo": {"transactionId": "b-1", "chargingState": "Charging"},
            "meterValue": [{"timestamp": stamp(at), "sampledValue": sampled}],
        }
        if kind == "Started":
            event |= {"evse": {"id": 1, "connectorId": 1}}
            event |= {"idToken": {"idToken": "CARD", "type": "ISO14443"}}
        story.calls_us("B", "TransactionEvent", event, "ocpp2.0.1")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A: OCPP 1.6, over midnight. B: 2.0.1. C: tells no current at all."""
    data = tmp_path_factory.mktemp("currents")
    with Story(data) as story:
        story.sets_up("A", "B", "C", tariff=BY_LOAD)
        charge_16(
            story,
            story.at(day=1, hour=23, minute=30),
            [
                (1, 1100, {"L1": "16", "L2": "16", "L3": "15.9", "N": "0.2"}),
                (20, 5000, {"L1": "10", "L2": "10", "L3": "11.999", "N": "1"}),
                (40, 8000, {"": "32", "L1": "11"}),
                (50, 9000, {"L1": "6", "L2": "0", "L3": "0", "L1-L2": "40"}),
                (60, 10_000, {"L1": "0", "L2": "0", "L3": "0"}),
            ],
        )
        charge_201(
            story,
            story.at(day=2, hour=12),
            [
                (0, 100, {"L1": "0", "L2": "0", "L3": "0"}, "0"),
                (15, 4100, {"L1": "16000", "L2": "16000", "L3": "16000"}, "11000"),
                (30, 9100, {"L1": "5800", "L2": "5800", "L3": "5800"}, "3999.96"),
                (45, 10_100, {"L1": "5000", "L2": "5000", "L3": "5000"}, "3450"),
                (60, 12_100, NONE, None),
            ],
        )
        story.charges("C", 9, story.at(day=2, hour=14))
        story.at(day=3, hour=6)
    return data


@pytest.fixture(scope="module")
def stretch(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Stretch:
    return derived(log, tmp_path_factory.mktemp("lake"))


def bill(stretch: Stretch, station: str) -> CDR:
    (found,) = [one for one in read_cdrs(stretch.lake) if one.evse.uid == f"{station}-1"]
    return found


def test_what_a_charger_told_of_current_is_kept(stretch: Stretch) -> None:
    rows = stretch.lake.read("session").sort("start_at")
    assert [[str(sample["ampere"].normalize()) for sample in one] for one in rows["current"]] == [
        ["47.9", "31.999", "32", "6", "0"],
        ["0", "48", "17.4", "15"],
        [],
    ]
    readings = stretch.lake.read("meter_reading").filter(pl.col("measurand") == "Current.Import")
    assert readings.filter(pl.col("ampere").is_null())["phase"].to_list() == ["N", "N", "L1-L2"]


@pytest.mark.parametrize(
    ("station", "net", "notes"),
    [
        # 4 kWh at 47.9 A 0.60, 3 at 31.999 A 0.30, 1 at 32 A 0.60, 1 at 6 A 0.30; no power is known
        ("A", "4.20", {"unknown_bound"}),
        # 4 kWh at no load 0.10, 5 at 48 A 0.60, 1 at 17.4 A 0.30 (4 kW, to a CDR's decimals), then
        # 2 at 15 A and 3.45 kW 0.10
        ("B", "3.90", set()),
        # 10 kWh, of which nothing is known but a power that is too high: 0.60
        ("C", "6.00", {"unknown_bound"}),
    ],
)
def test_priced_by_hand(stretch: Stretch, station: str, net: str, notes: set[str]) -> None:
    cdr = bill(stretch, station)
    assert cdr.receipt.exact_total.net == Decimal(net)
    assert {note.code for note in cdr.receipt.notes} == notes


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_who_prices_our_cdrs_again_finds_them_exact(stretch: Stretch, version: str) -> None:
    rows = stretch.lake.read("ocpi_export").filter(pl.col("ocpi_version") == version)
    found = list(pricing.verify_many(rows["object"], time_zone="Europe/Amsterdam"))
    assert len(found) == 3
    for one in found:
        assert isinstance(one, pricing.Verified)
        assert str(one.kind) == "exact", one.report


def test_2_1_1_tells_currents_and_their_bounds_but_no_power(stretch: Stretch) -> None:
    """B's last 2 kWh were decided by power, which a CDR of 2.1.1 has no dimension for."""
    rows = stretch.lake.read("ocpi_export").filter(pl.col("ocpi_version") == "2.1.1")
    kinds = {}
    for one in pricing.verify_many(rows["object"], time_zone="Europe/Amsterdam"):
        assert isinstance(one, pricing.Verified)
        noted = {note.code for note in one.report.receipt.notes}
        kinds[one.report.cdr_id] = (str(one.kind), noted)
    unknown = {"unknown_bound"}
    assert kinds == {
        bill(stretch, "A").id: ("exact", unknown),
        bill(stretch, "B").id: ("unexplained", unknown),
        bill(stretch, "C").id: ("exact", unknown),
    }


def test_a_cdr_says_least_and_most_of_each_period(stretch: Stretch) -> None:
    cdr = bill(stretch, "B")
    said = [(one.min_power_kw, one.max_current_a) for one in cdr.periods]
    assert said == [(0, 0), (11, 48), (4, Decimal("17.4")), (Decimal("3.45"), 15)]


def test_the_other_engine_and_other_days_give_the_same(
    log: Path, stretch: Stretch, tmp_path: Path
) -> None:
    """Midnight lies in A's session: its currents go through the station's state as text."""
    whole = whole_log(log, Lake(tmp_path / "lake"))
    assert whole is not None
    for part in parts(replace(whole, engine="single"), at_once=1):
        derive_stretch(part)
    assert hashes(whole) == hashes(stretch)


def bucket(at: datetime, *sampled: dict[str, Any]) -> dict[str, Any]:
    return {"timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "sampledValue": list(sampled)}  # fmt: skip


def charge_an_hour(
    story: Story,
    station: str,
    told: list[dict[str, Any]],
    last: list[dict[str, Any]],
    apart_ms: int,
) -> None:
    """10.8 kWh in an hour: `told` every five minutes, `apart_ms` from each other; `last` at 60."""
    start = story.clock.at = story.at(day=1, hour=12)
    said = {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": stamp(start)}
    call = story.calls_us(station, "StartTransaction", said)
    story.answers(station, call, {"transactionId": 5, "idTagInfo": {"status": "Accepted"}})
    for minute in range(5, 60, 5):
        at = story.clock.at = start + timedelta(minutes=minute)
        found = [bucket(at, {"value": str(1000 + minute * 180), "unit": "Wh"})]
        found += [
            bucket(at + timedelta(milliseconds=number * apart_ms), one)
            for number, one in enumerate(told)
        ]
        said = {"connectorId": 1, "transactionId": 5, "meterValue": found}
        story.calls_us(station, "MeterValues", said)
    at = story.clock.at = start + timedelta(minutes=60)
    said = {"transactionId": 5, "idTag": "CARD", "meterStop": 11_800, "timestamp": stamp(at)}
    said |= {"transactionData": [bucket(at, {"value": "11800", "unit": "Wh"}, *last)]}
    story.calls_us(station, "StopTransaction", said)


def test_a_load_is_what_the_charger_says_however_it_says_it(tmp_path: Path) -> None:
    """10.8 kWh at 48 A and 11 kW: 6.48 at 0.60, never 3.24 at the 0.30 of below 32 A."""
    sixteen = {"L1": "16", "L2": "16", "L3": "16"}
    idle: Amperes = {"": "0"}
    power = {"measurand": "Power.Active.Import", "unit": "kW"}
    inlet = [*currents(sixteen, unit="A", location="Inlet"),
             {**power, "value": "11", "location": "Inlet"}]  # fmt: skip
    with Story(tmp_path) as story:
        story.sets_up("A", "B", "C", "D", tariff=BY_LOAD)
        # at the stop without a place, so of the outlet: no current, no power
        last = [*currents(idle, unit="A"), {**power, "value": "0"}]
        charge_an_hour(story, "A", inlet, last, 0)
        charge_an_hour(story, "B", currents(sixteen, unit="A"), [], 100)
        # milliamperes that say A: of none of them is anything known
        charge_an_hour(story, "C", currents(dict.fromkeys(sixteen, "2000"), unit="A"), [], 0)
        milli = currents(dict.fromkeys(sixteen, "16000"), unit="A")
        charge_an_hour(story, "D", milli, currents(idle, unit="A"), 0)
        story.at(day=3, hour=6)
    found = {one.evse.uid[0]: one for one in read_cdrs(derived(tmp_path, tmp_path).lake)}
    assert {key: one.receipt.total.net for key, one in found.items()} == dict.fromkeys(
        "ABCD", Decimal("6.48")
    )
    assert [found[key].periods[0].max_current_a for key in "ABCD"] == [48, 48, None, None]
    assert [
        "unknown_bound" in {note.code for note in found[key].receipt.notes} for key in "ABCD"
    ] == [False, True, True, True]
