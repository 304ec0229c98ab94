"""What a derivation never does again differently, whatever the log learns later."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from ingest.protocols import actions
from pipelines.charges import read_cdrs
from tests.pipelines.networks import derived
from tests.pipelines.story import TARIFF, Story, stamp
from warehouse.clock import to_ns

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
