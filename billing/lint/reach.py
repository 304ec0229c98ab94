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
from billing.lint.subject import Part, Subject
from billing.restriction import sentence
from billing.schedule import MEANT, Phase
from billing.tariff import Dimension, PriceComponent, ReservationRestriction

_PURPOSE: dict[ReservationRestriction | None, Phase] = {
    kind: phase for phase in Phase for kind in MEANT[phase][0]
}
"""What an element is for. An element that a phase looks at only after its own kind is judged in
the phase where it comes first: if it is dead there, it is dead behind more rivals too.
"""


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
    if len(subject.tariff.elements) < 2 or subject.policy.element_choice == "per_element":
        return  # whole elements would be chosen: nothing is claimed about that reading
    try:
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
    """Each component that was understood and whose restrictions can be met, in list order."""
    grid, everything = subject.grid, subject.grid.everything()
    rivals: dict[tuple[Phase, Dimension], tuple[list[Part], Shelf]] = {}
    for part in subject.parts:
        boxes = subject.boxes.get(part.element)
        if not boxes:
            continue
        kind = _PURPOSE[part.limits.reservation], part.rule.dimension
        before, shelf = rivals.setdefault(kind, ([], Shelf(everything)))
        if before and before[-1].element == part.element:
            continue  # of two in one element the first counts: `duplicate_dimension`
        near = list(shelf.touching(boxes))
        left, places = grid.cover(boxes, near) if near else (boxes, [])
        winners = [before[place] for place in places]
        wider = [] if left else [one for one in winners if not _within(subject, one, boxes)]
        yield _Verdict(part, left, winners, wider)
        before.append(part)
        shelf.put(boxes)


def _within(subject: Subject, part: Part, boxes: list[Box]) -> bool:
    """Whether a component applies nowhere but in these boxes, and not in all of them."""
    own = subject.boxes[part.element]
    return (
        not subject.grid.cover(own, [(0, boxes)]).left
        and len(subject.grid.cover(boxes, [(0, own)]).left) > 0
    )


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
        and _PURPOSE[verdict.part.limits.reservation] is Phase.SESSION
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
        if verdict.dead or not part.rule.price:
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
                    "too; a partner who lets one element decide charges nothing for it",
                    f"name {part.rule.dimension} in element {number + 1} as well",
                )
                break
