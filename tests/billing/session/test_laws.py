"""The laws of derivation, on random messy streams: prefixes, cuts, duplicates, states as text."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.events import Fact
from billing.finding import Finding
from billing.fold import Folded, fold
from billing.session_policy import SessionPolicy
from billing.station import StationState

POLICY = SessionPolicy(stale_open=timedelta(hours=4))
MESSY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# (what, event minute, delay in minutes, place, transaction, register)
WORDS = st.tuples(
    st.sampled_from(["start", "stop", "meter", "status", "update", "again"]),
    st.integers(0, 600),
    st.sampled_from([0, 0, 0, 1, 30, 300, -200]),
    st.integers(0, 2),
    st.sampled_from(["1", "2", "3", "0", "-1", "", "9223372036854775807"]),
    st.sampled_from([-1, 0, 5, 100, 2000, 2500, 60_000, 9_000_000]),
)
STREAMS = st.tuples(st.sampled_from(["ocpp1.6", "ocpp2.0.1"]), st.lists(WORDS, max_size=30))


def tell(story: Callable[..., Any], stream: tuple[str, list[Any]]) -> list[Fact]:
    protocol, words = stream
    told = story(protocol)
    now = 0.0
    for what, at, delay, place, tx, wh in words:
        now = max(now + 0.25, at + delay)
        outlet = {"evse": place, "connector": place}
        if what == "again":
            told.start(30, wh, now, tx=tx, **outlet)
        elif what == "start":
            told.start(at, wh, now, tx=tx, **outlet, id_token="A" if place else "")
        elif what == "stop":
            told.stop(at, wh, now, transaction=tx, charging_state="Idle")
            told.meter(at, max(0, wh), now, same=True, transaction=tx, **outlet)
        elif what == "meter":
            told.meter(at, max(0, wh), now, transaction=tx, **outlet)
            told.meter(at, None, now, watt=wh, same=True, transaction=tx, **outlet)
        elif what == "status":
            told.status(at, ["Charging", "SuspendedEV", "Finishing"][place], now, evse=1)
        elif protocol != "ocpp1.6":
            told.update(at, now, transaction=tx, **outlet, charging_state="Charging")
    return told.told()


def run(facts: list[Fact], until: datetime) -> Folded:
    return fold(StationState(), [f for f in facts if f.received_at <= until], until, POLICY)


@MESSY
@given(stream=STREAMS, cut=st.integers(-10, 1500))
def test_a_shorter_log_gives_a_prefix(story: Any, minute: Any, stream: Any, cut: int) -> None:
    facts = tell(story, stream)
    whole = run(facts, minute(3000))
    part = run(facts, minute(cut))
    assert part.sessions == whole.sessions[: len(part.sessions)]
    assert part.findings == whole.findings[: len(part.findings)]
    assert part.found_at == whole.found_at[: len(part.findings)]
    assert all(later.emitted_at > minute(cut) for later in whole.sessions[len(part.sessions) :])


@MESSY
@given(stream=STREAMS, cut=st.integers(0, 100), settle=st.sampled_from([0, 600]))
def test_a_log_may_end_inside_a_microsecond(
    story: Any, minute: Any, stream: Any, cut: int, settle: int
) -> None:
    """Facts of one microsecond are told apart by nanoseconds that only the log knows."""
    policy = replace(POLICY, settle=timedelta(seconds=settle))
    facts = [replace(fact, received_at=_tens(fact.received_at)) for fact in tell(story, stream)]
    whole = fold(StationState(), facts, minute(3000), policy)
    while 0 < cut < len(facts) and facts[cut].source == facts[cut - 1].source:
        cut += 1
    told = facts[:cut]
    part = fold(StationState(), told, told[-1].received_at if told else minute(-999), policy)
    assert part.sessions == whole.sessions[: len(part.sessions)]
    assert part.findings == whole.findings[: len(part.findings)]


def _tens(at: datetime) -> datetime:
    """Cut to ten minutes, so that facts and due times often fall together."""
    return at.replace(minute=at.minute // 10 * 10, second=0)


@MESSY
@given(stream=STREAMS, cuts=st.lists(st.integers(-10, 1500), max_size=6))
def test_a_cut_log_gives_what_one_fold_gives(
    story: Any, minute: Any, stream: Any, cuts: list[int]
) -> None:
    facts = tell(story, stream)
    whole = run(facts, minute(3000))
    state, sessions, findings = StationState(), [], []
    before = minute(-10_000)
    for cut in [*sorted(cuts), 3000]:
        until = minute(cut)
        piece = [fact for fact in facts if before < fact.received_at <= until]
        folded = fold(state, piece, until, POLICY)
        sessions += folded.sessions
        findings += folded.findings
        state = StationState.from_json(folded.state.to_json())
        before = until
    assert sessions == list(whole.sessions)
    assert findings == list(whole.findings)
    assert state.to_json() == whole.state.to_json()


@MESSY
@given(stream=STREAMS)
def test_a_state_is_a_value(story: Any, minute: Any, stream: Any) -> None:
    facts = tell(story, stream)
    first = run(facts[: len(facts) // 2], minute(1200)).state
    text = first.to_json()
    later = [fact for fact in facts if fact.received_at > minute(1200)]
    fold(first, later, minute(3000), POLICY)
    assert first.to_json() == text
    assert StationState.from_json(text).to_json() == text


@MESSY
@given(stream=STREAMS)
def test_every_session_is_sound(story: Any, minute: Any, stream: Any) -> None:
    facts = tell(story, stream)
    folded = run(facts, minute(3000))
    emitted = [session.emitted_at for session in folded.sessions]
    assert emitted == sorted(emitted)
    versions: dict[str, int] = {}
    keys = {_key(finding) for finding in folded.findings}
    assert len(keys) == len(folded.findings)
    for session in folded.sessions:
        assert session.version == versions.get(session.id, 0) + 1
        versions[session.id] = session.version
        assert session.start_at <= session.end_at
        assert session.emitted_at == session.closed_at + POLICY.settle
        times = [register.at for register in session.registers]
        values = [register.wh for register in session.registers]
        assert times == sorted(set(times))
        assert values == sorted(values)
        assert (session.energy_wh is None) == (not session.registers)
        if session.registers:
            assert values[-1] == session.energy_wh
            assert times[-1] == session.end_at
        assert session.activity[0].at == session.start_at
        assert session.held == any(f.severity == "hold" for f in session.findings)
        assert {_key(finding) for finding in session.findings} <= keys
        assert all(session.start_at <= sample.at <= session.end_at for sample in session.power)


@MESSY
@given(stream=STREAMS, again=st.lists(st.integers(0, 60), max_size=8))
def test_repeated_messages_change_no_session(
    story: Any, minute: Any, stream: Any, again: list[int]
) -> None:
    """A repeat that comes at once, under its old message id, is no new fact (faults 1–4, P6)."""
    facts = tell(story, stream)
    repeated = set(again)
    doubled: list[Fact] = []
    for index, fact in enumerate(facts):
        doubled.append(fact)
        if index in repeated:
            doubled.append(fact)
    assert _told(run(doubled, minute(3000))) == _told(run(facts, minute(3000)))


def _key(finding: Finding) -> tuple[object, ...]:
    return finding.source, finding.rule, finding.session_id


def _told(folded: Folded) -> list[Any]:
    return [
        (s.id, s.version, s.energy_wh, s.start_at, s.end_at, s.registers, s.activity)
        for s in folded.sessions
    ]


def test_forgetting_keeps_what_the_next_sessions_need(story: Any, minute: Any) -> None:
    told = story()
    for index in range(5):
        told.start(index * 60, 0, tx=str(index)).meter(index * 60 + 20, 500, transaction=str(index))
        told.stop(index * 60 + 40, 900, transaction=str(index))
    facts = told.told()
    whole = run(facts, minute(3000))
    half = run(facts, minute(175))
    small = half.state.forget(minute(175))
    assert len(small.dossiers) < len(half.state.dossiers)
    assert len(small.to_json()) < len(half.state.to_json()) / 2
    rest = [fact for fact in facts if fact.received_at > minute(175)]
    late = fold(StationState.from_json(small.to_json()), rest, minute(3000), POLICY)
    assert [*half.sessions, *late.sessions] == list(whole.sessions)


def test_what_comes_in_the_microsecond_of_a_version_is_not_in_it(story: Any, minute: Any) -> None:
    told = story().start(0, 0).stop(30, 900)
    ended = run(told.told(), minute(40))
    told.meter(35, 1500, heard=40)
    later = run(told.told(), minute(100))
    assert len(ended.sessions) == 1
    assert later.sessions[:1] == ended.sessions
    assert [session.version for session in later.sessions] == [1, 2]
