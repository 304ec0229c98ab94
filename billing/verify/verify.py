"""Is a CDR right? Every claim in it against what its tariff, its periods and its stamps give.

Read `verify`: it is the list of questions. Pure: the tariffs we hold, the site's zone and the
policy are arguments. What rounding, a policy or a known mistake explains is said so. OCPI 2.2.1
mod_cdrs.
"""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from decimal import Decimal, localcontext
from itertools import islice
from zoneinfo import ZoneInfo

from billing.cdr import CDR
from billing.money import EXACT, minor_unit
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.price import is_valid
from billing.receipt import Amount, CostGroup, Receipt
from billing.tariff import Tariff
from billing.verify.claim import Claim, are_exact, claims, payable
from billing.verify.consistency import (
    CURRENCY_DIFFERS,
    UNKNOWN_DIMENSION,
    parts,
    plausible,
    references,
    taxes,
    unread,
)
from billing.verify.doubts import doubts
from billing.verify.identity import Named, compared, held_version, name_of, spelled
from billing.verify.mistakes import by_stamps
from billing.verify.quantity import quantities, stamps
from billing.verify.rates import by_rate
from billing.verify.reckoning import TOTAL, ZERO, Case, Cost, Costs, costs_of
from billing.verify.report import Check, Explanation, Group, Kind, Place, Report, Side
from billing.verify.search import Answer, Question, explain
from billing.verify.signed import signed_energy


@dataclass(frozen=True, slots=True)
class Known:
    """What we know beside the CDR. `held`: versions of tariffs as we hold them; where one has the
    id of the CDR's copy it is what the CDR is priced by. `replaced`: what the CDR carries, where
    others stand in the place of it. `in_place`: the CDR's tariffs are ours, its own were put aside
    or are none. `unreadable`: volumes in a dimension that does not exist, each
    by its place with a sentence. `tolerance`: money nobody asks about. `max_power_kw`: of the
    connector.
    """

    held: Sequence[Tariff] = ()
    policy: PricingPolicy = DEFAULT_POLICY
    tolerance: Decimal = ZERO
    max_power_kw: Decimal | None = None
    replaced: Sequence[Tariff] = ()
    in_place: bool = False
    unreadable: Sequence[tuple[Place, str]] = ()


NOTHING = Known()


def verify(cdr: CDR, zone: ZoneInfo | None, known: Known = NOTHING) -> Report:
    """The report on a CDR as it was read: `cdr.receipt` is the claim, totals without lines.

    `zone` is the site's; None: nothing that needs a clock is computed, and no money. Never raises
    on what a CDR or a tariff says.
    """
    with localcontext(EXACT):
        priced = _priced(cdr, zone, known)
        checks = [
            *_cost_rows(cdr, priced, known.tolerance),
            *quantities(cdr, zone),
            *(parts(cdr, priced.costs, priced.limit) if priced.explanation is None else ()),
            *taxes(cdr, priced.limit),
            *stamps(cdr),
            *references(cdr, priced.tariffs),
            *_identity(cdr, known.held),
            *(unread(place, text) for place, text in known.unreadable),
            *plausible(cdr, known.max_power_kw),
            signed_energy(cdr),
        ]
        claimed, computed = cdr.receipt.total.gross, None
        if priced.costs is not None:
            claimed, computed = payable(cdr, priced.costs[TOTAL])
        sign, why = cdr.sign, priced.explanation
        if why is not None and not any(one.differs for one in checks if one.group is Group.COST):
            why = replace(why, kind=Kind.ROUNDING)  # it differs by no more than that
        return Report(
            cdr_id=cdr.id,
            currency=cdr.currency,
            checks=tuple(checks),
            claimed=sign * claimed,
            computed=None if computed is None else sign * computed,
            receipt=priced.receipt,
            explanation=why,
        )


@dataclass(frozen=True, slots=True)
class _Priced:
    """The computed side; `refusal` says why there is none."""

    tariffs: tuple[Tariff, ...]
    receipt: Receipt | None = None
    costs: Costs | None = None
    explanation: Explanation | None = None
    parts: dict[str, Explanation] = field(default_factory=dict)
    refusal: tuple[str, str] = ("", "")
    stated: tuple[Claim, ...] = field(default=())

    @property
    def limit(self) -> Amount | None:
        """What min_price or max_price adds."""
        return dict(self.receipt.totals).get(CostGroup.LIMIT) if self.receipt else None


def _priced(cdr: CDR, zone: ZoneInfo | None, known: Known) -> _Priced:
    tariffs = _tariffs(cdr, known.held)
    foreign = _foreign(cdr, tariffs)
    if foreign is not None:
        return _Priced(tariffs, explanation=foreign)
    refusal = _refusal(cdr, zone, tariffs)
    if refusal is not None or zone is None:
        return _Priced(tariffs, refusal=refusal or ("", ""))
    case = Case(
        spelled(cdr.periods, tariffs),
        tariffs,
        zone,
        cdr.start_at,
        cdr.end_at,
        known.policy,
        cdr.total_energy_kwh * 1000,
    )
    try:
        return _explained(cdr, case, known)
    except (ValueError, ArithmeticError) as error:
        return _Priced(tariffs, refusal=("not_priceable", f"cannot be priced: {error}"))


def _explained(cdr: CDR, case: Case, known: Known) -> _Priced:
    """Priced as written; by the stamps where only that gives the claim; and why, where neither."""
    stated = claims(cdr)
    receipt = case.receipt()
    costs = costs_of(receipt, case.policy)
    if not are_exact(stated, costs, cdr.currency):
        clocked = by_stamps(case)
        if clocked is not None:
            other = clocked.receipt()
            again = costs_of(other, clocked.policy)
            if are_exact(stated, again, cdr.currency):
                case, receipt, costs = clocked, other, again
    found = Answer(None, {})
    if not all(_agrees(claim, costs, known.tolerance, cdr.currency) for claim in stated):
        found = explain(
            Question(
                case,
                receipt,
                costs,
                stated,
                versions=tuple(_versions(cdr, case.tariffs, known)),
                others=tuple(_others(cdr, case.tariffs, receipt, known)),
                doubts=doubts(cdr, case.tariffs, receipt),
            )
        )
        rounded = all(claim.is_rounding(costs[claim.field]) for claim in stated)
        if known.unreadable and not rounded and _leans_on_volumes(found):
            return _Priced(case.tariffs, refusal=(UNKNOWN_DIMENSION, known.unreadable[0][1]))
    return _Priced(case.tariffs, receipt, costs, found.whole, found.parts, stated=stated)


def _leans_on_volumes(found: Answer) -> bool:
    """Whether nothing explains a claim but what the periods do not say."""
    return found.whole is None or found.whole.code in {"total_energy_billed", "time_by_stamps"}


def _agrees(claim: Claim, costs: Costs, tolerance: Decimal, currency: str) -> bool:
    cost = costs[claim.field]
    if claim.field != TOTAL and claim.is_rounding(cost):
        return True
    return abs(claim.amount - claim.shown(cost, currency)) <= tolerance


def _tariffs(cdr: CDR, held: Sequence[Tariff]) -> tuple[Tariff, ...]:
    """The version we hold of each tariff of the CDR, else its copy; what only periods name is held
    or unknown. A CDR that names none at all is priced by what we hold.
    """
    found = [held_version(name_of(one), held, cdr.start_at) or one for one in cdr.tariffs]
    copied = {one.id.upper() for one in cdr.tariffs}
    for name in dict.fromkeys(one.tariff_id for one in cdr.periods):
        named = Named(cdr.country_code, cdr.party_id, name)
        ours = None if name.upper() in copied else held_version(named, held, cdr.start_at)
        if ours is not None and ours not in found:
            found.append(ours)
    for one in held if not found else ():
        ours = held_version(name_of(one), held, cdr.start_at)
        if ours is not None and ours not in found:
            found.append(ours)
    return tuple(found)


def _refusal(cdr: CDR, zone: ZoneInfo | None, tariffs: Sequence[Tariff]) -> tuple[str, str] | None:
    """(cause, sentence) where nothing can be computed."""
    if not tariffs:
        return "tariff_missing", "the CDR carries no tariff and none was given"
    if zone is None:
        return "zone_unknown", "the CDR names no time zone and none was given"
    if cdr.end_at < cdr.start_at:
        return "negative_duration", "the session ends before it starts"
    try:
        minor_unit(cdr.currency)
    except ValueError as error:
        return "currency_unknown", str(error)
    return None


def _foreign(cdr: CDR, tariffs: Sequence[Tariff]) -> Explanation | None:
    """Money of another currency than the tariff's: none of it is owed, whatever the number is."""
    other = next((one for one in tariffs if one.currency != cdr.currency), None)
    if other is None:
        return None
    text = (
        f"the CDR is in {cdr.currency}, tariff {other.id} in {other.currency}: nothing is owed in "
        f"{cdr.currency}"
    )
    return Explanation(Kind.MISTAKE, CURRENCY_DIFFERS, text)


_MOST_OTHERS = 50


def _others(
    cdr: CDR, used: Sequence[Tariff], receipt: Receipt, known: Known
) -> Iterator[tuple[str, Tariff]]:
    """The other tariffs that the session may have been priced by, the CDR's own first; of many that
    we hold of its owner as many as can be tried.
    """
    names = list(dict.fromkeys(line.tariff_id for line in receipt.lines if line.tariff_id))
    seen = {names[0].upper()} if len(names) == 1 else set[str]()
    by = " and ".join(names) or "its own"
    counts = {one.id.upper(): one for one in used}
    for one in (*cdr.tariffs, *known.replaced):
        name = one.id.upper()
        if name not in seen and one.currency == cdr.currency:
            text = f"priced by tariff {one.id}, which the CDR carries, not by {by}"
            yield text, counts.get(name, one)
        seen.add(name)
    for one in islice(_held_beside(cdr, known.held, seen), _MOST_OTHERS):
        yield f"priced by tariff {one.id}, which we hold, not by {by}", one


def _held_beside(cdr: CDR, held: Sequence[Tariff], seen: AbstractSet[str]) -> Iterator[Tariff]:
    """The newest version of each tariff that we hold of the CDR's owner, in its currency, but for
    those whose ids were `seen`.
    """
    owner = Named(cdr.country_code, cdr.party_id, "")
    newest: dict[str, Tariff] = {}
    for one in held:
        name = one.id.upper()
        if name in seen or one.currency != cdr.currency or not owner.may_own(one):
            continue
        before = newest.get(name)
        newer = before is None or one.last_updated > before.last_updated
        if newer and is_valid(one, cdr.start_at):
            newest[name] = one
    yield from newest.values()


def _versions(cdr: CDR, used: Sequence[Tariff], known: Known) -> Iterator[tuple[str, Tariff]]:
    """Every other version of the tariffs in use: the CDR's own copies, and what else we hold."""
    for tariff in used:
        alike = [(at, one) for at, one in enumerate(cdr.tariffs) if name_of(one).means(tariff)]
        own = any(one is tariff for _, one in alike)
        for at, copy in alike:
            if copy.elements != tariff.elements:
                words = f"the copy of tariff {copy.id} in the CDR, not the version we hold"
                if own:
                    whose = "we hold" if known.in_place else "the CDR carries"
                    twins = f"one of the {len(alike)} tariffs {copy.id} that {whose}"
                    words = f"/tariffs/{at} alone, {twins}"
                yield words, replace(copy, id=tariff.id)
        for other in known.held:
            if name_of(other).means(tariff) and other is not tariff:
                stamp = f"{other.last_updated:%F %T}"
                words = f"another version of tariff {other.id}, of {stamp} UTC"
                yield words, replace(other, id=tariff.id)


def _cost_rows(cdr: CDR, priced: _Priced, tolerance: Decimal) -> Iterator[Check]:
    """A row per stated amount, and one where a price after tax is missing."""
    costs = priced.costs
    for claim in priced.stated or claims(cdr):
        if costs is None:
            yield _uncomputed(claim, cdr.currency, priced)
        else:
            yield _cost_row(claim, costs[claim.field], cdr.currency, (priced, tolerance))
    if costs is not None:
        yield from _absent(cdr, costs)
    if costs is not None and priced.receipt and priced.limit is None and not priced.explanation:
        yield from by_rate(cdr, priced.receipt, costs[TOTAL].unit)


def _cost_row(claim: Claim, cost: Cost, currency: str, how: tuple[_Priced, Decimal]) -> Check:
    priced, tolerance = how
    shown = claim.shown(cost, currency)
    gap, allowed = abs(claim.amount - shown), claim.allowance(cost)
    found = priced.explanation or priced.parts.get(claim.field)
    kind, cause, message = Kind.EXACT, "", ""
    if gap and (claim.is_rounding(cost) or gap <= tolerance):
        kind = Kind.ROUNDING
        if found is not None and claim.field == TOTAL:
            cause, message = found.code, found.message
    elif gap and found is not None:
        kind, cause, message = found.kind, found.code, found.message
    elif gap:
        kind, (cause, message) = Kind.UNEXPLAINED, _unexplained(priced, claim)
    return Check(
        Group.COST,
        claim.field,
        kind,
        (claim.field,),
        claim.side,
        claim.amount,
        shown,
        currency,
        max(allowed, tolerance),
        cause,
        message,
    )


PARTWISE = "no one reading gives all of it, but part by part"
"""How the sentence about a total begins whose parts are explained one by one."""
UNEXPLAINED = "unexplained"
_UNKNOWN = UNEXPLAINED, "no policy, no pair of policies and no known mistake gives the claim"
_TOTAL_ALONE = "total_alone", "every part cost is right: only the total is not"


def _unexplained(priced: _Priced, claim: Claim) -> tuple[str, str]:
    """(cause, sentence): of a total, what its parts say of it."""
    parted = [one for one in priced.stated if one.field != TOTAL]
    costs = priced.costs or {}
    wrong = [one for one in parted if not one.is_rounding(costs[one.field])]
    if claim.field != TOTAL or not parted:
        return _UNKNOWN
    if not wrong:
        return _TOTAL_ALONE
    codes = [priced.parts[one.field].code for one in wrong if one.field in priced.parts]
    if len(codes) < len(wrong):
        return _UNKNOWN
    told = " and ".join(dict.fromkeys(codes))
    words = list(dict.fromkeys(priced.parts[one.field].message for one in wrong))
    return told, words[0] if len(words) == 1 else f"{PARTWISE}: {'; '.join(words)}"


def _uncomputed(claim: Claim, currency: str, priced: _Priced) -> Check:
    """An amount with nothing to compare it with; or one that is wrong without that."""
    wrong = priced.explanation
    return Check(
        Group.COST,
        claim.field,
        wrong.kind if wrong else Kind.NOT_CHECKED,
        (claim.field,),
        claim.side,
        claim.amount,
        None,
        currency,
        ZERO,
        *((wrong.code, wrong.message) if wrong else priced.refusal),
    )


def _absent(cdr: CDR, costs: Costs) -> Iterator[Check]:
    """What the tariff makes due and the CDR does not state: a price after tax, a part cost."""
    taxless = not cdr.receipt.total.taxes and costs[TOTAL].after != costs[TOTAL].before
    if taxless:
        yield Check(
            Group.COST,
            TOTAL,
            Kind.NOT_CHECKED,
            (TOTAL,),
            Side.AFTER_TAX,
            None,
            costs[TOTAL].rounded_after,
            cdr.currency,
            ZERO,
            "after_tax_not_stated",
            "the CDR states no price after tax, the tariff has taxes",
        )


def _identity(cdr: CDR, held: Sequence[Tariff]) -> Iterable[Check]:
    if not held:
        return
    for number, copy in enumerate(cdr.tariffs):
        yield from compared(number, copy, held_version(name_of(copy), held, cdr.start_at))
