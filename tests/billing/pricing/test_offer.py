"""Which tariff counts: in force and known at the start, and the most specific of those."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.offer import Board, Offer, choose
from billing.tariff import Tariff
from tests.billing.pricing.samples import tariff

JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))


def named(name: str) -> Tariff:
    return replace(tariff("energy"), id=name)


def chosen(offers: list[Offer], at: datetime = FEB, known_at: datetime = FEB) -> str | None:
    """The id chosen at station S, location L, for party P; the same in every order of offers."""
    found = {
        None if one is None else one.id
        for order in permutations(offers)
        for one in [choose(order, station="S", location="L", party="P", at=at, known_at=known_at)]
    }
    assert len(found) == 1
    return found.pop()


def test_without_an_offer_there_is_no_tariff() -> None:
    assert chosen([]) is None
    assert chosen([Offer(named("T"), MAR, JAN), Offer(named("U"), JAN, MAR)]) is None
    assert chosen([Offer(named("T"), JAN, JAN, stations=frozenset({"other"}))]) is None


ALL = Offer(named("all"), JAN, JAN)
PARTY = Offer(named("party"), JAN, JAN, parties=frozenset({"P"}))
LOCATION = Offer(named("location"), JAN, JAN, locations=frozenset({"L"}))
STATION = Offer(named("station"), JAN, JAN, stations=frozenset({"S", "S2"}))
BOTH = Offer(named("both"), JAN, JAN, parties=frozenset({"P"}), stations=frozenset({"S"}))


@pytest.mark.parametrize(
    ("offers", "wins"),
    [
        ([ALL, PARTY], "party"),
        ([PARTY, LOCATION], "location"),
        ([LOCATION, STATION, ALL], "station"),
        ([STATION, BOTH, PARTY], "both"),
        ([ALL, Offer(named("newer"), FEB, JAN)], "newer"),
        ([ALL, Offer(named("aaa"), JAN, JAN)], "aaa"),
    ],
)
def test_the_most_specific_wins(offers: list[Offer], wins: str) -> None:
    assert chosen(offers) == wins


def test_a_later_version_replaces_an_earlier_one_with_its_scope() -> None:
    narrowed = replace(ALL, valid_from=FEB, parties=frozenset({"other"}))
    assert chosen([ALL, narrowed]) is None
    assert chosen([ALL, narrowed], at=JAN) == "all"


def test_what_was_not_yet_known_does_not_count() -> None:
    corrected = Offer(replace(named("all"), currency="CHF"), JAN, MAR)
    offers = [ALL, corrected]
    where = {"station": "S", "location": "L", "party": "P", "at": FEB}
    before = choose(offers, **where, known_at=FEB)  # type: ignore[arg-type]
    after = choose(offers, **where, known_at=MAR)  # type: ignore[arg-type]
    assert before is not None
    assert after is not None
    assert (before.currency, after.currency) == ("EUR", "CHF")


def test_a_tariffs_own_end_takes_it_out() -> None:
    over = Offer(replace(named("over"), end_at=FEB), JAN, JAN, stations=frozenset({"S"}))
    assert chosen([over, ALL], at=FEB) == "all"
    assert chosen([over, ALL], at=JAN, known_at=JAN) == "over"


MONTHS = st.integers(1, 6).map(lambda month: datetime(2026, month, 1, tzinfo=UTC))
NAMES = st.frozensets(st.sampled_from(["", "a", "b"]), max_size=2)
OFFERS = st.builds(
    Offer,
    st.builds(
        lambda name, start, end: replace(named(name), start_at=start, end_at=end),
        st.sampled_from("TU"),
        st.none() | MONTHS,
        st.none() | MONTHS,
    ),
    MONTHS,
    MONTHS,
    NAMES,
    NAMES,
    NAMES,
)
WHERE = st.sampled_from(["", "a", "b", "c"])
WHEN = st.builds(lambda at, days: at + timedelta(days=days), MONTHS, st.sampled_from([-1, 0, 14]))
QUESTIONS = st.lists(st.tuples(WHERE, WHERE, WHERE, WHEN, WHEN), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(OFFERS, max_size=6), QUESTIONS)
def test_a_board_answers_as_if_asked_for_the_first_time(
    offers: list[Offer], questions: list[tuple[str, str, str, datetime, datetime]]
) -> None:
    board = Board(offers)
    for station, location, party, at, known_at in questions * 2:
        asked = {"station": station, "location": location, "party": party}
        expected = choose(offers, **asked, at=at, known_at=known_at)
        assert board.choose(**asked, at=at, known_at=known_at) is expected
