"""What a derivation never does again differently, whatever the log learns later."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.protocols import actions
from pipelines.charges import read_cdrs
from pipelines.derive import derive
from pipelines.standing import DerivationError
from tests.pipelines.networks import derived
from tests.pipelines.story import TARIFF, Story, stamp
from warehouse.clock import simulate, to_ns
from warehouse.lake import Lake

DEAR = TARIFF | {
    "elements": [
        {"price_components": [{"type": "ENERGY", "price": Decimal("4.00"), "step_size": 1}]}
    ],
    "last_updated": "2026-09-02T00:00:00Z",
}


def test_a_tariff_published_after_a_session_was_heard_of_never_prices_it(tmp_path: Path) -> None:
    """The charger's clock is four minutes ahead; the tariff of 8:03 was valid at its 8:04."""
    with Story(tmp_path) as story:
        story.sets_up("A")
        story.says(actions.PolicySet({"settle_s": 60}))
        said = story.at(hour=8) + timedelta(minutes=4)
        call = story.calls_us(
            "A",
            "StartTransaction",
            {"connectorId": 1, "idTag": "CARD", "meterStart": 1000, "timestamp": stamp(said)},
        )
        story.answers("A", call, {"transactionId": 1, "idTagInfo": {"status": "Accepted"}})
        story.at(hour=8, minute=1)
        stop = {"transactionId": 1, "idTag": "CARD", "meterStop": 1200}
        story.calls_us(
            "A", "StopTransaction", stop | {"timestamp": stamp(said + timedelta(minutes=1))}
        )
        before = story.at(hour=8, minute=2, second=30)
        story.at(hour=8, minute=3)
        story.says(actions.TariffAdd("2.2.1", DEAR, valid_from=story.clock.at))
        story.at(hour=12)
    short = derived(tmp_path, tmp_path / "short", until_ns=to_ns(before))
    whole = derived(tmp_path, tmp_path / "whole")
    (first,), (second,) = read_cdrs(short.lake), read_cdrs(whole.lake)
    assert first == second
    assert second.receipt.total.net == Decimal("1.08")


def test_no_day_is_left_out_and_a_finished_day_never_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = "waited, and no service runs"
    monkeypatch.setattr("pipelines.derive.time.sleep", lambda _: pytest.fail(nobody))
    with Story(tmp_path) as story:
        story.sets_up("A")
        for day in (1, 2, 3):
            story.charges("A", day, story.at(day=day, hour=8))
        story.at(day=5)
    simulate(tmp_path, to_ns(story.clock.at) + 10**9)
    first, second, third = (date(2026, 10, day) for day in (1, 2, 3))
    assert derive(tmp_path, to_day=first).cdrs == 1
    with pytest.raises(DerivationError, match="2026-10-02 is not derived yet"):
        derive(tmp_path, from_day=third)
    with pytest.raises(DerivationError, match="nothing to derive"):
        derive(tmp_path, from_day=second, to_day=first)
    assert derive(tmp_path, from_day=first).cdrs == 3
    lake = Lake(tmp_path / "lake")
    rows = lake.read("cdr", [first])
    lake.write("cdr", rows.with_columns(contract_id=rows["contract_id"] + "X"), [first])
    kept = lake.content_hash("cdr")
    with pytest.raises(DerivationError, match="cdr of 2026-10-01 would change"):
        derive(tmp_path, from_day=first)
    assert lake.content_hash("cdr") == kept


@pytest.mark.parametrize("amount", ["abc", "NaN", ""])
def test_a_policy_that_means_nothing_changes_nothing_and_stops_nothing(
    tmp_path: Path, amount: str
) -> None:
    with Story(tmp_path) as story:
        story.sets_up("A")
        story.says(actions.PolicySet({"settle_s": 60, "zero_below_wh": amount}))
        story.charges("A", 1, story.at(hour=8))
        story.at(hour=12)
    assert derived(tmp_path, tmp_path).lake.read("cdr").height == 1
