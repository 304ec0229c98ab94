"""Policies are recorded by name and read back by name."""

import pytest

from billing.policy import DEFAULT_POLICY, PricingPolicy, policy_from


def test_a_receipts_pairs_give_the_same_policy() -> None:
    chosen = PricingPolicy(flat_scope="session", money_rounding="half_even")
    assert policy_from(chosen.pairs()) == chosen
    assert policy_from([]) == DEFAULT_POLICY


def test_a_misspelt_policy_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="flat_scoop"):
        policy_from([("flat_scoop", "phase")])
    with pytest.raises(ValueError, match="'often' is not one of phase, session"):
        policy_from([("flat_scope", "often")])
