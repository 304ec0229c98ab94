"""Re-rating: what an operator corrects afterwards, which sessions it is for, what it changes.

A correction replaces what was known when a session started: another version of its tariff, another
answer to an open question of pricing, or, for what was rejected, all that is known at the time of
the correction. It holds for every version of the sessions it selects, told before it or after.
Refuses to look anything up, and never edits: what changes is a credit CDR and a new CDR.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID, uuid5

from billing.billable import Billable
from billing.cdr import CDR, Context, Ready, Rejection, charged, derive, ready, supersede
from billing.finding import Source
from billing.policy import PricingPolicy, policy_from
from billing.price import is_valid
from billing.tariff import Tariff
from billing.terms import Decisions


@dataclass(frozen=True, slots=True)
class Selection:
    """Which sessions: those that start from `start_from` up to, not including, `start_before`
    (UTC), at one of the stations and locations, of one of the parties, priced by one of the tariffs
    (its id). What is empty selects all.
    """

    start_from: datetime | None = None
    start_before: datetime | None = None
    parties: frozenset[str] = frozenset()
    stations: frozenset[str] = frozenset()
    locations: frozenset[str] = frozenset()
    sessions: frozenset[str] = frozenset()
    tariff_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Correction:
    """One entry of the operator's log: what is corrected, for whom, and why.

    It never touches a session that started after it was said: what is to come is priced by what is
    published by then.
    """

    source: Source
    """The entry."""
    at: datetime
    """When it was said, in log time (UTC)."""
    reason: str
    selection: Selection
    tariff: Tariff | None = None
    """Takes the place of the tariff of the same id, where it is valid at the session's start."""
    choose_tariff: bool = False
    """The tariff is chosen anew, among all that is published by now."""
    decisions: Decisions = field(default_factory=dict)
    """Answers to open questions of pricing, in place of those known at the session's start."""
    rejected: bool = False
    """What was rejected is tried again with all that is known by now."""

    @property
    def reprices(self) -> bool:
        """Whether it can change what was billed; else it is about what was rejected only."""
        return self.tariff is not None or self.choose_tariff or bool(self.decisions)

    def may_select(self, session: Billable) -> bool:
        """Whether it is for this session, as far as the session itself tells."""
        chosen = self.selection
        return (
            session.start_at < self.at
            and (chosen.start_from is None or chosen.start_from <= session.start_at)
            and (chosen.start_before is None or session.start_at < chosen.start_before)
            and (not chosen.stations or session.station in chosen.stations)
            and (not chosen.sessions or session.id in chosen.sessions)
        )

    def selects(self, session: Billable, context: Context) -> bool:
        """Whether it is for this session."""
        chosen, tariff = self.selection, context.tariff
        return (
            self.may_select(session)
            and (not chosen.parties or _party(context) in chosen.parties)
            and (not chosen.locations or _location(context) in chosen.locations)
            and (not chosen.tariff_ids or (tariff is not None and tariff.id in chosen.tariff_ids))
        )


class Ways(NamedTuple):
    """How a correction finds out what is known by the time it is said."""

    known: Callable[[Billable, datetime], Context | Rejection]
    """The context of a session by all that is known at an instant."""
    tariff: Callable[[Billable, Context, datetime], Tariff | None]
    """The tariff for a session in a context, among those known at an instant."""


class Outcome(NamedTuple):
    """A session version ready to be priced, or why it is not billed, and the corrections that had a
    part in that.
    """

    result: Ready | Rejection
    by: tuple[Source, ...] = ()


def outcome(
    session: Billable,
    context: Context | Rejection,
    policy: Callable[[Context], PricingPolicy],
    corrections: Iterable[Correction],
    ways: Ways,
) -> Outcome:
    """What a session version is priced by, after corrections in the order of the log.

    `context` is what was known when it started, `policy` what decides in a context. `renewed` dates
    the CDR that comes of it.
    """
    touching = [one for one in corrections if one.may_select(session)]
    by: list[Source] = []
    decided: Decisions = {}
    for place, one in enumerate(touching):
        before = context, decided
        if one.rejected and _is_rejected(session, context, _decider(policy, decided)):
            known = ways.known(session, one.at)
            if isinstance(known, Context) and one.selects(session, known):
                context, decided = known, {}
                for earlier in touching[:place]:
                    context, decided = _told(session, context, decided, earlier, ways)
        if isinstance(context, Context):
            context, decided = _told(session, context, decided, one, ways)
        if before[0] is not context or before[1] != decided:
            by.append(one.source)
    if isinstance(context, Rejection):
        return Outcome(context, tuple(by))
    return Outcome(ready(session, context, _decider(policy, decided)(context)), tuple(by))


def _told(
    session: Billable, context: Context, decided: Decisions, one: Correction, ways: Ways
) -> tuple[Context, Decisions]:
    """The context with the tariff that a correction wants, and the answers it wants."""
    if not one.selects(session, context):
        return context, decided
    tariff = ways.tariff(session, context, one.at) if one.choose_tariff else context.tariff
    new = one.tariff
    if new and tariff and same_tariff(new, tariff) and is_valid(new, session.start_at):
        tariff = new
    told = context if tariff is context.tariff else replace(context, tariff=tariff)
    return told, {**decided, **one.decisions}


def same_tariff(one: Tariff, other: Tariff) -> bool:
    """Whether both are versions of one tariff: the same id (a CiString), currency and party; OCPI
    2.1.1 names no party.
    """
    if (one.id.upper(), one.currency) != (other.id.upper(), other.currency):
        return False
    parties = {(f"{tariff.country_code}-{tariff.party_id}").upper() for tariff in (one, other)}
    return len(parties - {"-"}) <= 1


def _is_rejected(
    session: Billable, context: Context | Rejection, policy: Callable[[Context], PricingPolicy]
) -> bool:
    if isinstance(context, Rejection):
        return True
    return isinstance(derive(session, context, policy(context)), Rejection)


def _decider(
    policy: Callable[[Context], PricingPolicy], decided: Decisions
) -> Callable[[Context], PricingPolicy]:
    """The policy of a context with the answers that corrections gave."""
    if not decided:
        return policy
    answers = tuple(sorted(decided.items()))
    return lambda context: _kept_policy(policy(context), answers)


@lru_cache(maxsize=1_024)
def _kept_policy(policy: PricingPolicy, answers: tuple[tuple[str, str], ...]) -> PricingPolicy:
    """The very same object for the same answers, by which a compiled tariff is found again."""
    return policy_from([*policy.pairs(), *answers])


def _party(context: Context) -> str:
    return context.token.party if context.token else ""


def _location(context: Context) -> str:
    return context.location.id if context.location else ""


def renewed(cdr: CDR, correction: Correction) -> CDR:
    """The CDR as a correction brings it: with an id of its own, dated when it was said."""
    remark = correction.reason[:_REMARK]
    number = rerated_id(cdr.session_id, cdr.session_version, correction.source)
    return replace(cdr, id=number, last_updated=correction.at, remark=remark)


_REMARK = 255
"""OCPI CDR.remark: at most so many characters."""


def rerated_id(session_id: str, version: int, source: Source) -> str:
    """36 characters, the same for the same session version and entry everywhere and always."""
    return str(uuid5(_NAMESPACE, f"{session_id}:{version}:{source}"))


_NAMESPACE = UUID("5d0c5a39-6f5e-5b8e-9a55-3c0d8b2f7a64")
"""Ours alone, and not that of CDRs that no correction brought."""


def rerated(previous: CDR | None, new: CDR | Rejection, correction: Correction) -> tuple[CDR, ...]:
    """The CDRs that a correction brings for a session, after the one that stands; the credit and
    the new one say why.
    """
    if isinstance(new, Rejection) or _is_same(previous, new):
        return ()
    found = supersede(previous, renewed(new, correction))
    return tuple(replace(one, remark=correction.reason[:_REMARK]) for one in found)


def correct(previous: CDR | None, new: CDR | Rejection) -> tuple[CDR, ...]:
    """The CDRs that a later version of a corrected session brings, after the one that stands.

    As `supersede`, only that a tariff that merely reads differently is not worth a new bill.
    """
    if isinstance(new, CDR) and _is_same(previous, new):
        return ()
    return supersede(previous, new)


def _is_same(previous: CDR | None, new: CDR) -> bool:
    return previous is not None and charged(new) == charged(previous)
