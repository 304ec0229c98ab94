"""One hand-made day, message to invoice: through the real log, Dagster, and back by replay.

A day at one site: a session over the change of price at 23:00, one stopped by another clock, a
stranger, a frame cut short. `WATTPROOF_REGENERATE=1` writes the golden files anew: read the diff.
"""

import json
import os
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.derive import Derived, derive
from pipelines.invoicing import issue, preview
from pipelines.replay import replay
from pipelines.trace import trace
from tests.pipelines.story import TARIFF, Story, stamp
from warehouse.clock import simulate, to_ns
from warehouse.lake import Lake

GOLDEN = Path(__file__).parent / "one_day"
NIGHT = TARIFF | {
    "id": "NIGHT",
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": Decimal("0.25"), "vat": Decimal(21), "step_size": 1}
            ],
            "restrictions": {"start_time": "23:00", "end_time": "07:00"},
        },
        {
            "price_components": [
                {"type": "ENERGY", "price": Decimal("0.45"), "vat": Decimal(21), "step_size": 1},
                {"type": "FLAT", "price": Decimal("0.50"), "vat": Decimal(9), "step_size": 1},
            ]
        },
    ],
}
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Derived]:
    data = tmp_path_factory.mktemp("day")
    with Story(data) as story:
        story.sets_up("A", "B", tariff=NIGHT)
        story.connects("A")
        story.charges("B", 1, story.at(day=31, hour=9), token="STRANGER", wh=5_000)
        story.hears("A", '[2,"77","MeterValues",{"connectorId":1,"transactionId":2,"meterVa')
        story.charges("A", 2, story.at(day=31, hour=12), minutes=90, wh=12_345)
        evening = story.at(day=31, hour=21, minute=30)
        story.charges("A", 3, evening, minutes=60, wh=8_000, samples=5)
        _event(story, "Started", evening + timedelta(minutes=70), 100_000, "Authorized")
        _event(story, "Updated", evening + timedelta(minutes=80), 101_500, "MeterValuePeriodic")
        _event(story, "Ended", evening + timedelta(minutes=90), 103_000, "EVDeparted")
        story.at(day=33)
    simulate(data, to_ns(story.clock.at) + 10**9)
    derive(data)
    assert [len(draft.lines) for draft in preview(data, "2026-10")] == [4]
    (invoice,) = issue(data, "2026-10")
    assert invoice.number == "NLWTP-I2026-000001"
    return data, derive(data)


def _event(story: Story, kind: str, at: Any, register: int, trigger: str) -> None:
    """A 2.0.1 TransactionEvent with the register in kWh."""
    story.clock.at = max(at, story.clock.at)
    value = {"value": register / 1000, "unitOfMeasure": {"unit": "kWh"}}
    event: dict[str, object] = {
        "eventType": kind,
        "timestamp": stamp(at),
        "triggerReason": trigger,
        "seqNo": story.calls,
        "transactionInfo": {"transactionId": "b-1", "chargingState": "Charging"},
        "meterValue": [{"timestamp": stamp(at), "sampledValue": [value]}],
    }
    if kind == "Started":
        event |= {"evse": {"id": 1, "connectorId": 1}}
        event |= {"idToken": {"idToken": "CARD", "type": "ISO14443"}}
    message_id = story.calls_us("B", "TransactionEvent", event, "ocpp2.0.1")
    story.answers("B", message_id, {}, "ocpp2.0.1")


def golden(name: str, found: Any) -> None:
    path = GOLDEN / name
    text = json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if os.environ.get("WATTPROOF_REGENERATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()


def test_the_cdrs_are_the_golden_ones(day: tuple[Path, Derived]) -> None:
    rows = Lake(day[0] / "lake").read("ocpi_export").sort("last_updated", "cdr_id", "ocpi_version")
    golden("cdr.json", [json.loads(row) for row in rows["object"]])


def test_the_invoice_is_the_golden_one(day: tuple[Path, Derived]) -> None:
    invoice = json.loads((day[0] / "documents" / "NLWTP-I2026-000001.json").read_bytes())
    del invoice["log"], invoice["issued_at"]  # salted entries, and how often the clock was read
    golden("invoice.json", invoice)


def test_the_day_adds_up(day: tuple[Path, Derived]) -> None:
    data, derived = day
    assert derived.messages == 41
    assert (derived.sessions, derived.cdrs, derived.rejections) == (4, 3, 1)
    (party,) = derived.parties
    assert party.energy_kwh == Decimal("23.345")
    by_hand = {
        "12.345": Decimal("6.06"),  # 12.345 × 0.45 + 0.50
        "8": Decimal("3.30"),  # 4 × 0.45 until 23:00 in Rotterdam, 4 × 0.25 after, and 0.50
        "3": Decimal("1.25"),  # 3 × 0.25 + 0.50
    }
    rows = Lake(data / "lake").read("cdr").select("energy_kwh", "net").rows()
    assert {f"{kwh.normalize():f}": net for kwh, net in rows} == by_hand
    assert party.net == sum(by_hand.values())


def test_it_replays_and_every_line_leads_to_the_charger(day: tuple[Path, Derived]) -> None:
    data, derived = day
    found = replay(data)
    assert found.identical
    assert {table.name: table.replayed for table in found.tables} == derived.tables
    for position in range(1, 5):
        frames = trace(data, f"NLWTP-I2026-000001:{position}").frames
        assert frames
        assert all(frame.station in {"A", "B"} for frame in frames)
