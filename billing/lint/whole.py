"""Which elements can ever be chosen where one element prices everything (policy element_choice).

The first element that applies counts for all dimensions, and what it lacks is free: an element is
dead behind those that always apply first, whatever they price. So can 2.1.1 be read.
"""

from collections.abc import Iterator

from billing.lint.finding import Finding
from billing.lint.grid import Box
from billing.lint.shelf import Shelf
from billing.lint.subject import PURPOSE, Subject
from billing.schedule import Phase
from billing.tariff import PriceComponent


def unreachable(subject: Subject) -> Iterator[Finding]:
    """`unreachable_element` for each element to which those before it leave nothing, but for a
    fallback that is never needed. Raises `Undecided`.
    """
    for number, left, winners in _chosen(subject):
        if left or not any(_wider(subject, one, number) for one in winners):
            continue
        if not _costs(subject, number, winners):
            continue
        told = ", ".join(str(one + 1) for one in winners)
        yield Finding(
            "unreachable_element",
            f"/elements/{number}",
            f"never applies: of the elements before it ({told}) one always does, and one element "
            "prices everything",
            f"if its prices are meant, move element {number + 1} before element {winners[0] + 1}",
        )


def chosen(subject: Subject) -> dict[int, list[Box]]:
    """Element of a session -> where no element before it applies. Raises `Undecided`."""
    return {number: left for number, left, _ in _chosen(subject)}


def _chosen(subject: Subject) -> Iterator[tuple[int, list[Box], list[int]]]:
    """(element, what is left to it, the elements that take a share), in list order. An element of
    which not all is known takes nothing from others.
    """
    grid = subject.grid
    shelves: dict[Phase, tuple[list[int], Shelf]] = {}
    for number, element in enumerate(subject.tariff.elements):
        boxes = subject.widest.get(number)
        if not boxes:
            continue
        phase = PURPOSE[element.restrictions.reservation]
        before, shelf = shelves.setdefault(phase, ([], Shelf(grid.everything())))
        left, places = grid.cover(boxes, shelf.touching(boxes))
        yield number, left, [before[place] for place in places]
        if number in subject.boxes:
            before.append(number)
            shelf.put(boxes)


def _wider(subject: Subject, winner: int, number: int) -> bool:
    """Whether a winner applies elsewhere too; where not all of the element is known: it may."""
    if number not in subject.boxes:
        return True
    return not subject.grid.is_part(subject.boxes[winner], subject.boxes[number])


def _costs(subject: Subject, number: int, winners: list[int]) -> bool:
    """Whether the element would have priced anything otherwise than one that is chosen for it."""
    elements = subject.tariff.elements
    own = _prices(elements[number].components)
    return any(_prices(elements[one].components) != own for one in winners)


def _prices(rules: tuple[PriceComponent, ...]) -> set[PriceComponent]:
    return {rule for rule in rules if rule.price}
