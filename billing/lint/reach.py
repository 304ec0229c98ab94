"""Which components can ever be chosen, and which stand behind others that always come first.

Decided by reasoning over the boxes in which elements apply: a component is dead if wherever it
could match, an earlier element with the same dimension and for the same purpose matches too.
OCPI 2.2.1 mod_tariffs, Tariff.elements: the first that applies wins, for each dimension by itself.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from billing.lint.finding import Finding
from billing.lint.grid import Box, Undecided
from billing.lint.shelf import Shelf
from billing.lint.subject import PURPOSE, Part, Subject
from billing.lint.whole import unreachable
from billing.restriction import sentence
from billing.schedule import Phase
from billing.tariff import Dimension, PriceComponent

_MOST_TOLD = 6


class _Verdict(NamedTuple):
    """A component, where it wins, and the components that win where it would apply too.

    `wider` are those of them that apply elsewhere as well; where a dead component has none, it is a
    fallback that the elements before it leave nothing to.
    """

    part: Part
    left: list[Box]
    winners: list[Part]
    wider: list[Part]

    @property
    def dead(self) -> bool:
        return not self.left

    @property
    def costs(self) -> bool:
        """Whether a dead component would have cost something else than what is charged."""
        return any(_money(self.part.rule) != _money(winner.rule) for winner in self.wider)


def reach(subject: Subject) -> Iterator[Finding]:
    """`unreachable_element`, `dead_component`, `redundant_component`, `reach_undecided`,
    `late_flat`; of 2.1.1 `element_choice_matters`.
    """
    if len(subject.tariff.elements) < 2:
        return
    try:
        if subject.policy.element_choice == "per_element":
            yield from unreachable(subject)
            return
        verdicts = list(_verdicts(subject))
        matters = [*_by_element(subject, verdicts), *_late_flats(subject, verdicts)]
    except Undecided:
        text = "the restrictions cut each other into too many parts to say which elements apply"
        yield Finding("reach_undecided", "/elements", text, "use fewer or simpler restrictions")
        return
    yield from matters
    for number, group in groupby(verdicts, key=lambda verdict: verdict.part.element):
        own = list(group)
        dead = [verdict for verdict in own if verdict.dead]
        if len(dead) == len(own) and any(one.costs and one.wider for one in dead):
            yield _unreachable(subject, number, dead)
        else:
            yield from (_dead(subject, verdict) for verdict in dead)


def _verdicts(subject: Subject) -> Iterator[_Verdict]:
    """Each component that was understood and whose restrictions can be met, in list order. One
    whose restrictions are known in part is judged by where it can apply at most, and is no rival.
    """
    grid, everything = subject.grid, subject.grid.everything()
    rivals: dict[tuple[Phase, Dimension], _Rivals] = {}
    for part in subject.parts:
        boxes = subject.widest.get(part.element)
        if not boxes:
            continue
        kind = PURPOSE[part.limits.reservation], part.rule.dimension
        before = rivals.get(kind)
        if before is None:
            before = rivals[kind] = _Rivals([], Shelf(everything))
        if before.parts and before.parts[-1].element == part.element:
            continue  # of two in one element the first counts: `duplicate_dimension`
        near = list(before.shelf.touching(boxes))
        left, places = grid.cover(boxes, near) if near else (boxes, [])
        winners = [before.parts[place] for place in places]
        yield _Verdict(part, left, winners, [] if left else _wider(subject, part, winners))
        if part.element in subject.boxes:
            before.parts.append(part)
            before.shelf.put(boxes)


def _wider(subject: Subject, part: Part, winners: list[Part]) -> list[Part]:
    """The winners that apply elsewhere too; where the component is known in part, all may."""
    own = subject.boxes.get(part.element)
    return [
        one
        for one in winners
        if own is None or not subject.grid.is_part(subject.boxes[one.element], own)
    ]


class _Rivals(NamedTuple):
    """The components of one dimension and purpose so far, and where each surely applies."""

    parts: list[Part]
    shelf: Shelf


def _unreachable(subject: Subject, number: int, dead: list[_Verdict]) -> Finding:
    first = min(winner.element for verdict in dead for winner in verdict.wider)
    told = ", ".join(_told(verdict.part.rule) for verdict in dead)
    return Finding(
        "unreachable_element",
        f"/elements/{number}",
        f"never applies: {_rivals(subject, dead)} before {told}",
        _reorder(number, first),
    )


def _dead(subject: Subject, verdict: _Verdict) -> Finding:
    part, rivals = verdict.part, _rivals(subject, [verdict])
    if not verdict.wider:
        text = f"{_told(part.rule)} is a fallback that is never needed: always {rivals} before it"
        return Finding("unused_fallback", part.at(), text, "keep it, or leave it out")
    if not verdict.costs:
        text = f"{_told(part.rule)} is never chosen: {rivals} first, at the same price"
        return Finding("redundant_component", part.at(), text, "leave it out")
    prices = ", ".join(dict.fromkeys(str(winner.rule.price) for winner in verdict.wider))
    return Finding(
        "dead_component",
        part.at(),
        f"{_told(part.rule)} is never charged: {rivals} first, at {prices}",
        _reorder(part.element, min(winner.element for winner in verdict.wider)),
    )


def _rivals(subject: Subject, dead: list[_Verdict]) -> str:
    """`element 1 (no restrictions) comes`: who is first; positions as people count."""
    numbers = sorted({winner.element for verdict in dead for winner in verdict.winners})
    if len(numbers) == 1:
        words = sentence(subject.tariff.elements[numbers[0]].restrictions)
        return f"element {numbers[0] + 1} ({words}) comes"
    told = ", ".join(str(number + 1) for number in numbers[:_MOST_TOLD])
    more = len(numbers) - _MOST_TOLD
    return f"elements {told}{f' and {more} more' if more > 0 else ''} come"


def _reorder(number: int, first: int) -> str:
    return f"if its price is meant, move element {number + 1} before element {first + 1}"


def _told(rule: PriceComponent) -> str:
    return f"{rule.dimension} at {rule.price}"


def _money(rule: PriceComponent) -> tuple[object, ...]:
    """What decides the cost; at a price of zero nothing else does."""
    if not rule.price:
        return (0,)
    step = 0 if rule.dimension is Dimension.FLAT else rule.step_size
    return (rule.price, rule.vat, step)


def _late_flats(subject: Subject, verdicts: list[_Verdict]) -> Iterator[Finding]:
    """A FLAT that begins later than the session, where another one is always charged at its start:
    it is charged once (policy flat_scope).
    """
    grid = subject.grid
    flats = [
        verdict.part
        for verdict in verdicts
        if verdict.part.rule.dimension is Dimension.FLAT
        and not verdict.dead
        and verdict.part.element in subject.boxes
        and PURPOSE[verdict.part.limits.reservation] is Phase.SESSION
    ]
    if len(flats) < 2 or subject.policy.flat_scope == "activation":
        return
    taken = [(number, subject.boxes[part.element]) for number, part in enumerate(flats)]
    left, _ = grid.cover([grid.start()], taken)
    if left:
        return
    for part in flats:
        own = [(0, subject.boxes[part.element])]
        if part.rule.price and not grid.cover([grid.start()], own).winners:
            yield Finding(
                "late_flat",
                part.at(),
                f"{_told(part.rule)} is never charged: it begins later, and a FLAT is charged "
                "once, at the start, even one of zero",
                "leave the other FLAT out, or price the time instead",
            )


def _by_element(subject: Subject, verdicts: list[_Verdict]) -> Iterator[Finding]:
    """Where the other reading of 2.1.1 gives other money: an element that applies first, without
    the dimension, would make it free.
    """
    tariff = subject.tariff
    if tariff.original_version != "2.1.1" or not subject.whole:
        return
    for verdict in verdicts:
        part = verdict.part
        if verdict.dead or not (part.rule.price or _fills_blocks(subject, part)):
            continue
        for number in range(part.element):
            others = {rule.dimension for rule in tariff.elements[number].components}
            if part.rule.dimension in others:
                continue
            if subject.grid.cover(verdict.left, [(number, subject.boxes[number])]).winners:
                yield Finding(
                    "element_choice_matters",
                    part.at(),
                    f"{_told(part.rule)} is charged beside element {number + 1}, which applies "
                    f"too; a partner who lets one element decide {_otherwise(part.rule)}",
                    f"name {part.rule.dimension} in element {number + 1} as well",
                )
                break


def _otherwise(rule: PriceComponent) -> str:
    if not rule.price:
        return "fills its blocks at another price"
    if rule.dimension is Dimension.FLAT:
        return "charges it when that element ends, or never"
    return "charges nothing for it"


_BUDGETS = (
    frozenset({Dimension.ENERGY}),
    frozenset({Dimension.TIME, Dimension.PARKING_TIME}),
)


def _fills_blocks(subject: Subject, part: Part) -> bool:
    """Whether a price of zero decides what others cost: blocks are filled once, at the last price,
    and time at that of parking, where there is any.
    """
    return any(
        one.rule.price
        and max(one.rule.step_size, part.rule.step_size) > 1
        and one.limits.reservation == part.limits.reservation
        for budget in _BUDGETS
        if part.rule.dimension in budget
        for one in subject.parts
        if one.rule.dimension in budget
    )
