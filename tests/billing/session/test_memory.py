"""What a state forgets, and how a fold learns that somebody speaks of it."""

from datetime import datetime
from typing import Any

import pytest

from billing.fold import Folded, fold, refers_back
from billing.session import SessionState
from billing.session_policy import SessionPolicy
from billing.station import StationState

POLICY = SessionPolicy()


def folded(told: Any, until: datetime, state: StationState | None = None) -> Folded:
    state = state or StationState()
    since = state.until
    facts = [
        fact
        for fact in told.told()
        if fact.received_at <= until and (since is None or fact.received_at > since)
    ]
    return fold(state, facts, until, POLICY)


@pytest.fixture
def day(story: Any) -> Any:
    """Two sessions of one day."""
    told = (
        story().start(0, 0, tx="1").meter(10, 400, transaction="1").stop(30, 900, transaction="1")
    )
    return told.start(60, 900, tx="2").stop(90, 1500, transaction="2")


def test_nothing_is_forgotten_that_is_still_open(story: Any, minute: Any) -> None:
    told = story().start(0, 0).meter(10, 400)
    state = folded(told, minute(600)).state.forget(minute(600))
    assert len(state.dossiers) == 1
    assert refers_back(told.stop(700, 900).told()[-1:], state) is None


def test_a_late_stop_of_a_forgotten_session_refers_back(day: Any, minute: Any) -> None:
    state = folded(day, minute(720)).state.forget(minute(720))
    assert state.dossiers == ()
    late = day.stop(30, 950, 800, transaction="1").told()[-1:]
    assert refers_back(late, state) == minute(0)
    alone = fold(state, late, minute(900), POLICY)
    assert [session.state for session in alone.sessions] == [SessionState.ORPHAN_STOP]


def test_a_refold_sees_what_was_forgotten(day: Any, minute: Any) -> None:
    before = folded(day, minute(720))
    told = day.meter(20, 700, 800, transaction="1")
    since = refers_back(told.told()[-1:], before.state.forget(minute(720)))
    assert since == minute(0)
    again = folded(told, minute(900))
    assert again.sessions[: len(before.sessions)] == before.sessions
    assert [(s.transaction, s.version) for s in again.sessions[len(before.sessions) :]] == [
        ("1", 2)
    ]


@pytest.mark.parametrize("transaction", ["", "-1", "99"])
def test_times_inside_a_forgotten_session_refer_back(
    day: Any, minute: Any, transaction: str
) -> None:
    state = folded(day, minute(720)).state.forget(minute(720))
    late = day.meter(70, 1200, 800, transaction=transaction).told()[-1:]
    assert refers_back(late, state) == minute(60)


def test_a_repeated_start_refers_back(day: Any, minute: Any) -> None:
    state = folded(day, minute(720)).state.forget(minute(720))
    assert refers_back(day.start(60, 900, 800, tx="").told()[-1:], state) == minute(60)


def test_a_new_day_refers_to_nothing(day: Any, minute: Any) -> None:
    state = folded(day, minute(720)).state.forget(minute(720))
    told = day.start(800, 1500, tx="3").meter(810, 1700, transaction="3")
    told.stop(830, 1900, transaction="3")
    new = [fact for fact in told.told() if fact.received_at > minute(720)]
    assert refers_back(new, state) is None
    assert [s.energy_wh for s in fold(state, new, minute(900), POLICY).sessions] == [400]


def test_long_before_everything_remembered(day: Any, minute: Any) -> None:
    month = 40 * 24 * 60
    state = folded(day, minute(720)).state.forget(minute(720)).forget(minute(month))
    assert state.forgotten == ()
    late = day.meter(10, 450, month + 5, transaction="1").told()[-1:]
    since = refers_back(late, state)
    assert since is not None
    assert since < minute(0)


def test_a_state_of_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 1"):
        StationState.from_json('{"v":99}')
