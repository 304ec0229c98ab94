"""Both engines agree, to the last digit and word: the same session is reckoned twice."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.bulk import Asked, price_all, receipts, sheet_of
from billing.notes import NOTE_CODES
from billing.policy import DEFAULT_POLICY
from billing.price import price
from billing.receipt import Receipt
from billing.record import dumps
from billing.terms import CHOICES
from tests.billing.bulk.chance import sessions

SEEDS = st.integers(0, 2**64)


def one_by_one(one: Asked) -> Receipt:
    return price(
        one.periods,
        one.tariffs,
        one.zone,
        start_at=one.start_at,
        end_at=one.end_at,
        policy=one.policy,
    )


def in_bulk(asked: list[Asked]) -> dict[Any, Receipt]:
    return dict(receipts(price_all(sheet_of(asked))))


def check(asked: list[Asked]) -> dict[Any, Receipt]:
    found = in_bulk(asked)
    assert list(found) == [one.key for one in asked]
    for one in asked:
        expected = one_by_one(one)
        assert found[one.key] == expected, one
        assert dumps(found[one.key]) == dumps(expected)
    return found


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(SEEDS)
def test_both_engines_give_the_same_receipts(seed: int) -> None:
    """Four thousand sessions, a hundred under each of forty policies."""
    check(sessions(seed, 100, policies=1))


@settings(deadline=None, max_examples=40)
@given(SEEDS, st.integers(1, 3))
def test_small_sheets(seed: int, count: int) -> None:
    check(sessions(seed, count, policies=1))


def test_a_sheet_of_many_policies() -> None:
    check(sessions(1, 200, policies=6))


@pytest.mark.parametrize("name", CHOICES)
def test_every_answer_to_every_question(name: str) -> None:
    """The same sessions under each answer alone, the other questions at their default."""
    policies = [replace(DEFAULT_POLICY, **{name: answer}) for answer in CHOICES[name]]
    asked = [
        one._replace(key=f"{one.key} {number}", policy=policy)
        for one in sessions(7, 30, policies=1)
        for number, policy in enumerate(policies)
    ]
    check(asked)


def test_chance_meets_every_note() -> None:
    """What is never met is never compared."""
    met: Counter[str] = Counter()
    for seed in range(8):
        asked = sessions(seed, 100, policies=1)
        met.update(note.code for receipt in in_bulk(asked).values() for note in receipt.notes)
    assert set(met) == set(NOTE_CODES)
