"""Which tariff counts: the version in force at the start, offered to this party at this station.

Knows scopes and the two times of a tariff. Refuses to know prices. Bitemporal: a tariff is valid
from one instant and known from another; a session is priced with what was known when it started.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from billing.price import is_valid
from billing.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Offer:
    """One published version of a tariff, and whom it is for. An empty scope means everyone, or
    everywhere. A later version of the same tariff replaces an earlier one, scope included.
    """

    tariff: Tariff
    valid_from: datetime
    """From when it counts (UTC)."""
    known_from: datetime
    """When the log learned of it (UTC)."""
    parties: frozenset[str] = frozenset()
    stations: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()


def choose(
    offers: Iterable[Offer],
    *,
    station: str,
    location: str,
    party: str,
    at: datetime,
    known_at: datetime,
) -> Tariff | None:
    """The tariff for a session that started `at`, by what was known at `known_at`; None: no offer.

    1. Of each tariff the version in force: valid by `at`, known by `known_at`; the latest
       valid_from wins, then the latest known_from.
    2. Of these the ones meant for this station, location and party, within their own validity.
    3. The most specific: naming the station before the location before the party before nothing; an
       offer that names two of them beats one that names only the higher of the two.
    4. Ties: the latest valid_from, then the latest known_from, then the smallest tariff id.
    """
    in_force: dict[tuple[str, str, str], Offer] = {}
    for offer in offers:
        if offer.valid_from <= at and offer.known_from <= known_at:
            name = _name(offer.tariff)
            rival = in_force.get(name)
            if rival is None or _age(offer) > _age(rival):
                in_force[name] = offer
    meant = [
        offer
        for _, offer in sorted(in_force.items())
        if (not offer.stations or station in offer.stations)
        and (not offer.locations or location in offer.locations)
        and (not offer.parties or party in offer.parties)
        and is_valid(offer.tariff, at)
    ]
    if not meant:
        return None
    return max(meant, key=lambda offer: (_specificity(offer), _age(offer))).tariff


class Board:
    """Offers to choose from again and again, each question answered once.

    An answer can differ only where `at` or `known_at` passes an instant that some offer names, and
    only for a station, location or party that some offer names: by these it is kept.
    """

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._offers = tuple(offers)
        bounds = {
            at
            for offer in self._offers
            for at in (offer.valid_from, offer.tariff.start_at, offer.tariff.end_at)
        }
        self._bounds = sorted(at for at in bounds if at is not None)
        self._known = sorted({offer.known_from for offer in self._offers})
        self._stations = frozenset[str]().union(*(offer.stations for offer in self._offers))
        self._locations = frozenset[str]().union(*(offer.locations for offer in self._offers))
        self._parties = frozenset[str]().union(*(offer.parties for offer in self._offers))
        self._answers: dict[_Question, Tariff | None] = {}

    def choose(
        self, *, station: str, location: str, party: str, at: datetime, known_at: datetime
    ) -> Tariff | None:
        """What `choose` answers."""
        question = (
            station if station in self._stations else None,
            location if location in self._locations else None,
            party if party in self._parties else None,
            bisect_right(self._bounds, at),
            bisect_right(self._known, known_at),
        )
        if question not in self._answers:
            self._answers[question] = choose(
                self._offers,
                station=station,
                location=location,
                party=party,
                at=at,
                known_at=known_at,
            )
        return self._answers[question]


_Question = tuple[str | None, str | None, str | None, int, int]


def _name(tariff: Tariff) -> tuple[str, str, str]:
    return tariff.country_code, tariff.party_id, tariff.id


def _age(offer: Offer) -> tuple[datetime, datetime]:
    return offer.valid_from, offer.known_from


def _specificity(offer: Offer) -> tuple[bool, bool, bool]:
    return bool(offer.stations), bool(offer.locations), bool(offer.parties)
