"""Which tariff counts: the version in force at the start, offered to this party at this station.

Knows scopes and the two times of a tariff. Refuses to know prices. Bitemporal: a tariff is valid
from one instant and known from another; a session is priced with what was known when it started.
"""

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


def _name(tariff: Tariff) -> tuple[str, str, str]:
    return tariff.country_code, tariff.party_id, tariff.id


def _age(offer: Offer) -> tuple[datetime, datetime]:
    return offer.valid_from, offer.known_from


def _specificity(offer: Offer) -> tuple[bool, bool, bool]:
    return bool(offer.stations), bool(offer.locations), bool(offer.parties)
