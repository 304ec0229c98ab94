"""What a state forgets, and how a fold learns that somebody speaks of it."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from billing.events import StampQuality
from billing.finding import Source
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


@pytest.mark.parametrize(("wh", "refers"), [(1600, True), (1500, False)])
def test_a_register_above_a_forgotten_stop_refers_back(
    day: Any, minute: Any, wh: int, *, refers: bool
) -> None:
    state = folded(day, minute(720)).state.forget(minute(720))
    state = StationState.from_json(state.to_json())
    late = day.meter(95, wh, 800, transaction="").told()[-1:]
    assert refers_back(late, state) == (minute(60) if refers else None)


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
    with pytest.raises(ValueError, match="format 2"):
        StationState.from_json('{"v":99}')


def test_a_session_that_reaches_over_a_forgotten_one_refers_back(day: Any, minute: Any) -> None:
    """Its start and its stop both lie outside: together they swallow it."""
    state = folded(day, minute(720)).state.forget(minute(720))
    day.start(-60, 0, 800, tx="3").stop(120, 2000, 810, transaction="3")
    late = [fact for fact in day.told() if fact.received_at > minute(720)]
    assert refers_back(late, state) == minute(0)
    again = folded(day, minute(900)).sessions
    assert {(s.transaction, s.held) for s in again if s.emitted_at > minute(720)} == {
        ("1", True),
        ("2", True),
        ("3", True),
    }


def test_a_running_session_that_stops_behind_a_forgotten_one_refers_back(
    day: Any, minute: Any
) -> None:
    day.start(-60, 0, 700, tx="3")
    state = folded(day, minute(705)).state.forget(minute(705))
    assert [dossier.transaction for dossier in state.dossiers] == ["3"]
    late = day.stop(120, 2000, 810, transaction="3").told()[-1:]
    assert refers_back(late, state) == minute(0)


@pytest.mark.parametrize(("at", "place"), [(0, 1), (60, 1), (0, 2)])
def test_a_start_that_a_forgotten_stop_awaited_refers_back(
    story: Any, minute: Any, at: float, place: int
) -> None:
    """By its answer's id where the stop names no connector and the clock says nothing."""
    told = story().stop(30, 900, transaction="7", evse=1)
    state = folded(told, minute(720)).state.forget(minute(720))
    assert state.dossiers == ()
    told.start(at, 0, 800, tx="7", evse=place)
    assert refers_back(told.told()[-2:], state) == minute(30)


@pytest.mark.parametrize("forget", [True, False])
def test_an_id_is_never_given_again(story: Any, minute: Any, *, forget: bool) -> None:
    """A clock that was never set, a register that restarts, one card: a charge a day."""
    told, state, ids = story(quality=StampQuality.EPOCH), StationState(), []
    for number in range(3):
        begun = number * 24 * 60
        for fact in story(quality=StampQuality.EPOCH).start(0, 0, begun, tx="").facts:
            source = Source("ingest-1", len(told.facts))
            told.facts.append(replace(fact, source=source, message_id=f"s{number}"))
        told.stop(60, 9000, begun + 60, transaction="-1")
        until = minute(begun + 23 * 60)
        new = folded(told, until, state)
        ids += [session.id for session in new.sessions]
        assert [session.energy_wh for session in new.sessions] == [9000]
        kept = new.state.forget(until) if forget else new.state
        state = StationState.from_json(kept.to_json())
    assert len(set(ids)) == 3


def test_a_forgotten_twin_keeps_its_id(story: Any, minute: Any) -> None:
    """Two transactions started alike; the first is emitted and forgotten, the second runs on."""
    told = story("ocpp2.0.1").start(0, tx="a").stop(0, heard=1, transaction="a", evse=1)
    told.start(0, heard=2, tx="b")
    first = folded(told, minute(600))
    state = first.state.forget(minute(600))
    told.stop(700, transaction="b", evse=1)
    second = folded(told, minute(900), state)
    assert second.sessions == folded(told, minute(900)).sessions[1:]
    assert first.sessions[0].id != second.sessions[0].id
