"""Policies of pricing that hold for one partner: told, known from then on, and in each receipt."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from billing.party import Party, Role, Token
from ingest.protocols import actions
from pipelines.charges import read_cdrs
from pipelines.checks.invariants import CHECKS
from pipelines.days import derive_stretch, parts, whole_log
from pipelines.house_policy import Policies
from pipelines.stretch import Stretch
from tests.pipelines.networks import derived, hashes
from tests.pipelines.story import TARIFF, Story
from warehouse.lake import Lake

THIRDS = {
    **TARIFF,
    "elements": [
        {
            "price_components": [
                {"type": "ENERGY", "price": Decimal("0.1225"), "step_size": 1},
            ]
        }
    ],
}
"""10 kWh cost 1.225, half a cent to be rounded either way; 10.06 kWh cost 1.23235."""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The house rounds half to even from day 2 on; NL-OWN towards zero while that is told."""
    data = tmp_path_factory.mktemp("partners")
    with Story(data) as story:
        story.sets_up("A", "B", tariff=THIRDS)
        story.says(actions.PartyAdd(Party("NL", "OWN", Role.EMSP, "Own Ways", country="NLD")))
        story.says(actions.TokenAdd(Token("OTHER", "RFID", "NL-OWN", "NL-OWN-C00001-1")))
        for day in (1, 2, 3, 4):
            start = story.at(day=day, hour=8)
            story.charges("A", 2 * day, start)
            story.charges("B", 2 * day + 1, start, token="OTHER", wh=10_060)
            story.at(day=day, hour=12)
            if day == 1:
                story.says(actions.PolicySet({"money_rounding": "half_even", "settle_s": 60}))
                story.says(actions.PolicySet({"money_rounding": "toward_zero"}, "NL-OWN"))
            if day == 2:
                story.says(actions.PolicySet({"zero_step": "one"}))
                story.says(actions.PolicySet({"money_rounding": "away_from_zero"}, "NL-OWN"))
            if day == 3:
                story.says(actions.PolicyUnset(("money_rounding", "flat_scope"), "NL-OWN"))
                story.says(actions.PolicyUnset(("zero_step", "settle_s")))
        story.at(day=5, hour=1)
    return data


@pytest.fixture(scope="module")
def stretch(log: Path, tmp_path_factory: pytest.TempPathFactory) -> Stretch:
    return derived(log, tmp_path_factory.mktemp("lake"))


def receipts(stretch: Stretch) -> dict[tuple[str, int], tuple[Decimal, dict[str, str]]]:
    found: dict[tuple[str, int], Any] = {}
    for cdr in read_cdrs(stretch.lake):
        key = (cdr.token.party, cdr.start_at.day)
        found[key] = (cdr.receipt.total.net, dict(cdr.receipt.policies))
    return found


def test_what_was_known_when_a_session_started_decides(stretch: Stretch) -> None:
    chosen = {
        key: (net, policies["money_rounding"], policies["zero_step"])
        for key, (net, policies) in receipts(stretch).items()
    }
    assert chosen == {
        ("NL-ABC", 1): (Decimal("1.23"), "half_away_from_zero", "no_rounding"),
        ("NL-ABC", 2): (Decimal("1.22"), "half_even", "no_rounding"),
        ("NL-ABC", 3): (Decimal("1.22"), "half_even", "one"),
        ("NL-ABC", 4): (Decimal("1.22"), "half_even", "no_rounding"),
        ("NL-OWN", 4): (Decimal("1.23"), "half_even", "no_rounding"),
        ("NL-OWN", 1): (Decimal("1.23"), "half_away_from_zero", "no_rounding"),
        ("NL-OWN", 2): (Decimal("1.23"), "toward_zero", "no_rounding"),
        ("NL-OWN", 3): (Decimal("1.24"), "away_from_zero", "one"),
    }


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_the_checks_know_every_way_of_rounding(stretch: Stretch, name: str) -> None:
    assert CHECKS[name][1](stretch).is_empty()


def test_a_partners_answers_leave_the_house_alone(stretch: Stretch) -> None:
    policies = Policies.load(stretch)
    seconds = [policy.settle.total_seconds() for policy in policies.houses]
    assert list(dict.fromkeys(seconds)) == [600, 60]
    assert seconds[-1] == 600, "taken back on day 3"


def test_day_by_day_gives_what_one_build_gives(log: Path, stretch: Stretch, tmp_path: Path) -> None:

    whole = whole_log(log, Lake(tmp_path / "lake"))
    assert whole is not None
    for part in parts(whole, at_once=1):
        derive_stretch(part)
    assert hashes(whole) == hashes(stretch)
