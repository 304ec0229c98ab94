"""What was known about a session when it started: whose token, which place, tariff and policy.

Looks up what `reference` holds as of an instant, for many sessions one after another. Decides
nothing about money: what could not be found is None, and `billing.cdr` says what that means.
"""

from bisect import bisect_right
from datetime import datetime

from billing.billable import Billable
from billing.cdr import Context, Rejection
from billing.identity import normal_token
from billing.mould import mould
from billing.offer import Board
from billing.outlet import outlet
from billing.party import Location, Party, Role
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.tariff import Tariff
from billing.terms import HOUSE, policy_under
from pipelines.reference import Reference

_new_context = mould(Context)


class Contexts:
    """The contexts of sessions, from one reference."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference
        self._board = Board(reference.offers)
        parties = reference.parties.values()
        self._heard_of = sorted({at for versions in parties for at in versions.known_from})
        self._sellers: dict[tuple[str, int, int], Party | None] = {}
        self._policies: dict[tuple[int, int], PricingPolicy] = {}

    def of(self, session: Billable, known_at: datetime) -> Context | Rejection:
        """Everything about a session as known at its start (see `reference` for what came late).

        `known_at` is its start, or when the log first heard of it where that was earlier: a charger
        whose clock is ahead names a start that is still to come, and what is published until then
        would price anew what was billed.
        """
        reference, emitted = self._reference, session.emitted_at
        stations = reference.stations.get(session.station)
        station = stations.as_of(known_at, emitted) if stations else None
        locations = reference.locations.get(station.location_id) if station else None
        location = locations.as_of(known_at, emitted) if locations else None
        tokens = reference.tokens.get(normal_token(session.id_token))
        token = tokens.as_of(known_at, emitted) if tokens else None
        seller = self._seller(location, known_at, emitted)
        if seller is None:
            text = "no party of role CPO is known: add the seller with `party add`"
            return Rejection(session.id, session.version, "seller_unknown", text)
        buyers = reference.parties.get(token.party) if token else None
        evse, connector = outlet(station, session) if station else (None, None)
        return _new_context(
            seller=seller,
            buyer=buyers.as_of(known_at, emitted) if buyers else None,
            token=token,
            location=location,
            evse=evse,
            connector=connector,
            tariff=self._board.choose(
                station=session.station,
                location=location.id if location else "",
                party=token.party if token else "",
                at=session.start_at,
                known_at=known_at,
            ),
            zone=seller.time_zone,
        )

    def tariff(self, session: Billable, context: Context, known_at: datetime) -> Tariff | None:
        """The tariff for a session in a context, among those known at an instant."""
        return self._board.choose(
            station=session.station,
            location=context.location.id if context.location else "",
            party=context.token.party if context.token else "",
            at=session.start_at,
            known_at=known_at,
        )

    def policy(self, party: str, known_at: datetime) -> PricingPolicy:
        """How a party's sessions are priced by what was known: its own terms before the house's.

        The very same object for the same terms, by which a compiled tariff is found again.
        """
        terms = self._reference.terms
        found = [terms[one].as_of(known_at) if one in terms else None for one in (HOUSE, party)]
        if found == [None, None]:
            return DEFAULT_POLICY
        key = (id(found[0]), id(found[1]))
        if key not in self._policies:
            self._policies[key] = policy_under(found)
        return self._policies[key]

    def _seller(
        self, location: Location | None, known_at: datetime, emitted: datetime
    ) -> Party | None:
        """As `_seller_of`; between two instants at which a party became known it is the same."""
        named = f"{location.country_code}-{location.party_id}" if location else ""
        heard_of = self._heard_of
        key = (named, bisect_right(heard_of, known_at), bisect_right(heard_of, emitted))
        if key not in self._sellers:
            self._sellers[key] = _seller_of(named, self._reference, known_at, emitted)
        return self._sellers[key]


def _seller_of(
    named: str, reference: Reference, known_at: datetime, emitted: datetime
) -> Party | None:
    """The CPO that the location belongs to; where none is known of it, the only CPO there is."""
    known = [versions.as_of(known_at, emitted) for _, versions in sorted(reference.parties.items())]
    sellers = [party for party in known if party is not None and party.role is Role.CPO]
    owner = next((party for party in sellers if party.code == named), None)
    return owner or (sellers[0] if len(sellers) == 1 else None)
