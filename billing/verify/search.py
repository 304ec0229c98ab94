"""Which other reading gives the claim: policies one by one, mistakes, then policies two by two.

The order is stable, so that the same claim is always explained in the same words: policies in the
order of `PricingPolicy`, other versions of the tariff, components that are not billed, mistakes in
the order of their table, other clocks, other taxes, other tariffs. Knows nothing of fields beyond
the costs they hold.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache, lru_cache
from itertools import combinations
from typing import Any, get_args, get_type_hints

from billing.policy import PricingPolicy
from billing.receipt import Receipt
from billing.tariff import Tariff
from billing.verify.claim import Claim, are_close, are_exact
from billing.verify.identity import name_of
from billing.verify.implied import implied
from billing.verify.mistakes import CASES, in_other_zones, left_out, taxes_read
from billing.verify.reckoning import TOTAL, Case, Costs, costs_of, retaxed
from billing.verify.report import Explanation, Kind, Side

Change = tuple[str, str]
"""A policy and another decision on it."""


@dataclass(frozen=True, slots=True)
class _Reading:
    kind: Kind
    code: str
    message: str
    costs: Costs


@dataclass(frozen=True, slots=True)
class Question:
    """A claim that the case does not give: `receipt` and `base` are what it gives instead.

    `versions` are other versions of the tariff, `others` other tariffs, each with the words to name
    it by. `doubts` say, by cost field, why its claim cannot be judged where no reading gives it.
    """

    case: Case
    receipt: Receipt
    base: Costs
    stated: tuple[Claim, ...]
    versions: tuple[tuple[str, Tariff], ...] = ()
    others: tuple[tuple[str, Tariff], ...] = ()
    doubts: Mapping[str, Explanation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """`whole`: what explains all amounts together. Where nothing does: `parts`, by cost field, what
    explains one of them alone.
    """

    whole: Explanation | None
    parts: dict[str, Explanation]


def explain(question: Question) -> Answer:
    """The first reading that gives the claim exactly; else to rounding; else part by part."""
    currency = question.receipt.currency
    changed = _policies_alone(question)
    alone = [
        *changed.values(),
        *_versions(question),
        *_left_out(question),
        *_mistakes(question),
        *_others(question),
    ]
    exact = [one for one in alone if are_exact(question.stated, one.costs, currency)]
    if exact:
        return Answer(_told(exact), {})
    pair = _first_pair(question, changed)
    if pair is not None:
        return Answer(_told([pair]), {})
    near = [one for one in alone if are_close(question.stated, one.costs, question.base)]
    return Answer(_told(near), {}) if near else Answer(None, _parts(question, alone))


def _parts(question: Question, alone: list[_Reading]) -> dict[str, Explanation]:
    """For each part cost that differs (the total, where no parts are stated) the readings that give
    exactly it; else why it cannot be judged; else the price it implies.
    """
    found = {}
    currency = question.receipt.currency
    stated = dict.fromkeys(one.field for one in question.stated)
    for name in [name for name in stated if name != TOTAL or len(stated) == 1]:
        own = [one for one in question.stated if one.field == name]
        if all(one.is_rounding(question.base[name]) for one in own):
            continue
        giving = [
            reading
            for reading in alone
            if all(one.is_exact(reading.costs[name], currency) for one in own)
        ]
        told = _told(giving) if giving else question.doubts.get(name)
        told = told or implied(question.receipt, name, own[0].amount)
        if told is not None:
            found[name] = told
    return found


def _told(found: list[_Reading]) -> Explanation:
    first, *others = found
    return Explanation(first.kind, first.code, first.message, tuple(one.code for one in others))


def _policies_alone(question: Question) -> dict[tuple[Change], _Reading]:
    """Every single change of policy that changes any cost."""
    found: dict[tuple[Change], _Reading] = {}
    for change in alternatives(question.case.policy):
        reading = _policy_reading(question, (change,))
        if reading is not None:
            found[(change,)] = reading
    return found


def _first_pair(question: Question, alone: dict[tuple[Change], _Reading]) -> _Reading | None:
    """The first pair of policies that gives the claim; each of the two matters by itself."""
    for (one,), (other,) in combinations(alone, 2):
        if one[0] == other[0]:
            continue
        reading = _policy_reading(question, (one, other))
        if reading and are_exact(question.stated, reading.costs, question.receipt.currency):
            return reading
    return None


def _policy_reading(question: Question, changes: tuple[Change, ...]) -> _Reading | None:
    policy = _policy(question.case.policy, changes)
    costs = _costs(replace(question.case, policy=policy), question.base)
    if costs is None:
        return None
    code = " + ".join(f"{name}={decision}" for name, decision in changes)
    instead = " and ".join(
        f"{name} {decision} (not {getattr(question.case.policy, name)})"
        for name, decision in changes
    )
    return _Reading(Kind.POLICY, code, f"the claim follows from the policy {instead}", costs)


@cache
def alternatives(policy: PricingPolicy) -> tuple[Change, ...]:
    """Every other decision there is, in the order of the fields and of their alternatives."""
    hints = get_type_hints(PricingPolicy)
    return tuple(
        (item.name, decision)
        for item in fields(PricingPolicy)
        for decision in get_args(hints[item.name])
        if decision != getattr(policy, item.name)
    )


@lru_cache(maxsize=4_096)
def _policy(policy: PricingPolicy, changes: tuple[Change, ...]) -> PricingPolicy:
    """The same object for the same changes: schedules are kept by it."""
    chosen: dict[str, Any] = dict(changes)
    return replace(policy, **chosen)


def _versions(question: Question) -> Iterator[_Reading]:
    for name, tariff in question.versions:
        others = tuple(one for one in question.case.tariffs if not name_of(tariff).means(one))
        case = replace(question.case, tariffs=(tariff, *others))
        yield from _reading(question, "tariff_version", f"priced by {name}", case)


def _left_out(question: Question) -> Iterator[_Reading]:
    for code, message, case in left_out(question.case, question.receipt):
        yield from _reading(question, code, message, case)


def _others(question: Question) -> Iterator[_Reading]:
    """The whole session by one other tariff."""
    case = question.case
    for message, tariff in question.others:
        periods = tuple(replace(one, tariff_id=tariff.id) for one in case.periods)
        rest = tuple(one for one in case.tariffs if one.id != tariff.id)
        swapped = replace(case, tariffs=(tariff, *rest), periods=periods)
        yield from _reading(question, "other_tariff", message, swapped)


def _mistakes(question: Question) -> Iterator[_Reading]:
    case = question.case
    for code, message, change in CASES:
        yield from _reading(question, code, message, change(case))
    for clock, moved in in_other_zones(case):
        message = f"restrictions are read by the clock of {clock}, not of {case.zone.key}"
        yield from _reading(question, "time_zone", message, moved)
    after_tax = any(one.side is Side.AFTER_TAX for one in question.stated)
    for code, message, taxed in taxes_read(after_tax_stated=after_tax):
        costs = retaxed(question.receipt, taxed, case.policy)
        yield _Reading(Kind.MISTAKE, code, message, costs)


def _reading(question: Question, code: str, message: str, case: Case | None) -> Iterator[_Reading]:
    costs = None if case is None else _costs(case, question.base)
    if costs is not None:
        yield _Reading(Kind.MISTAKE, code, message, costs)


def _costs(case: Case, base: Costs) -> Costs | None:
    """The costs in another reading; None where it refuses the case or changes nothing."""
    try:
        costs = costs_of(case.receipt(), case.policy)
    except (ValueError, ArithmeticError):
        return None
    return None if costs == base else costs
