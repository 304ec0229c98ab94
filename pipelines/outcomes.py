"""What a session version is priced by, with all corrections that were said by an instant.

Joins what `context` finds in the reference with the decisions of `billing.rerate`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from billing.billable import Billable
from billing.cdr import Context, Rejection, ready
from billing.policy import PricingPolicy
from billing.rerate import Correction, Outcome, Ways, outcome
from billing.tariff import Tariff
from pipelines.context import Contexts
from pipelines.reference import Reference
from pipelines.stored_sessions import StoredSession
from pipelines.stretch import instant
from warehouse.lake import Lake

Heard = Mapping[tuple[str, int], datetime]
"""(session, version) -> when the log received the first entry it rests on, where that was before
it started."""


def first_heard(lake: Lake, first: date, last: date) -> Heard:
    """When the log first heard of the session versions emitted on some days."""
    rows = lake.sql("session_heard", first=first, last=last).iter_rows()
    return {(name, version): instant(at_ns) for name, version, at_ns in rows}


def known_at(session: StoredSession, heard: Heard) -> datetime:
    """The instant whose knowledge a session is priced by (see `Contexts.of`)."""
    first = heard.get((session.id, session.version), session.closed_at)
    return min(session.start_at, first)


class Outcomes:
    """The outcomes of sessions, from one reference."""

    def __init__(self, reference: Reference) -> None:
        self._contexts = Contexts(reference)

    def of(
        self, session: StoredSession, heard: Heard, corrections: Sequence[Correction]
    ) -> Outcome:
        """A session version ready to be priced, or why it is not billed, after corrections in log
        order.
        """
        then = known_at(session, heard)
        context = self._contexts.of(session, then)
        if not corrections:
            if isinstance(context, Rejection):
                return Outcome(context)
            return Outcome(ready(session, context, self._policy(context, then)))

        def policy(one: Context) -> PricingPolicy:
            return self._policy(one, then)

        def known(one: Billable, at: datetime) -> Context | Rejection:
            return self._filled(one, then, at)

        return outcome(session, context, policy, corrections, Ways(known, self._tariff))

    def _policy(self, context: Context, then: datetime) -> PricingPolicy:
        return self._contexts.policy(context.token.party if context.token else "", then)

    def _tariff(self, session: Billable, context: Context, at: datetime) -> Tariff | None:
        return self._contexts.tariff(session, context, at)

    def _filled(self, session: Billable, then: datetime, at: datetime) -> Context | Rejection:
        """All that is known at `at`; of tariffs the one known at the start, where there is one."""
        context = self._contexts.of(session, at)
        if isinstance(context, Rejection):
            return context
        published = self._contexts.tariff(session, context, then)
        return context if published is None else replace(context, tariff=published)
