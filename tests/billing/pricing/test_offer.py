"""Which tariff counts: in force and known at the start, and the most specific of those."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest

from billing.offer import Offer, choose
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
