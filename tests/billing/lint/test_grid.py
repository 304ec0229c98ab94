"""The grid against the engine: the same restrictions hold at the same moments, to the edge."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume, given, settings

from billing import restriction
from billing.lint.axes import Extremes, Range, runs, span
from billing.lint.grid import Box, Grid
from billing.lint.reach import _verdicts
from billing.lint.shelf import Shelf
from billing.lint.subject import Subject
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.restriction import Moment
from billing.schedule import Phase, prepare
from billing.tariff import Restrictions, Tariff
from tests.billing.lint.drawn import AMSTERDAM, MONDAY, moments, policies, restrictions, tariffs


def test_cells_in_a_row_are_told_as_spans() -> None:
    assert span(1, 3) == 0b110
    assert span(3, 1) == 0
    assert runs(0b1101) == [(0, 1), (2, 4)]
    assert runs(0) == []


@settings(deadline=None, max_examples=40)
@given(tariffs(), moments(), policies)
def test_an_element_applies_where_the_engine_says_so(
    own: Tariff, moment: Moment, policy: PricingPolicy
) -> None:
    limits = [element.restrictions for element in own.elements]
    grid = Grid(limits, policy)
    here = cell_of(grid, moment)
    for one in limits:
        meant = all(test(moment) for test in restriction.tests(one, policy))
        boxes = grid.boxes(one)
        assert any(all(a & b for a, b in zip(box, here, strict=True)) for box in boxes) == meant


@settings(deadline=None, max_examples=40)
@given(tariffs(), policies)
def test_a_component_that_is_not_called_dead_wins_somewhere(
    own: Tariff, policy: PricingPolicy
) -> None:
    """Each part that is left to a component has a moment in which the engine chooses it."""
    for verdict in _verdicts(Subject(own, frozenset(), policy, None)):
        part, grid = verdict.part, Grid([e.restrictions for e in own.elements], policy)
        if part.limits.reservation is not None:
            continue
        for box in verdict.left[:3]:
            moment = moment_in(grid, box)
            choice = prepare(own, AMSTERDAM, policy).find(
                Phase.SESSION, part.rule.dimension, moment
            )
            assert choice is not None
            assert (choice.element, choice.component) == (part.element, part.component)


@settings(deadline=None, max_examples=40)
@given(tariffs(), moments(), policies)
def test_a_component_called_dead_never_wins(
    own: Tariff, moment: Moment, policy: PricingPolicy
) -> None:
    dead = {
        (verdict.part.element, verdict.part.component)
        for verdict in _verdicts(Subject(own, frozenset(), policy, None))
        if verdict.dead
    }
    assume(dead)
    schedule = prepare(own, AMSTERDAM, policy)
    for phase, dimension in schedule.options:
        choice = schedule.find(phase, dimension, replace(moment, codes=set()))
        assert choice is None or (choice.element, choice.component) not in dead


@settings(deadline=None)
@given(restrictions)
def test_an_element_alone_is_left_to_itself(limits: Restrictions) -> None:
    grid = Grid([limits], DEFAULT_POLICY)
    boxes = grid.boxes(limits)
    assert grid.cover(boxes, []).left == boxes
    assert grid.cover(boxes, [(7, boxes)]).left == []
    assert grid.cover(boxes, [(7, boxes)]).winners == ([7] if boxes else [])


@settings(deadline=None, max_examples=60)
@given(tariffs(most=8), policies)
def test_rivals_that_touch_take_what_all_rivals_take(own: Tariff, policy: PricingPolicy) -> None:
    limits = [element.restrictions for element in own.elements]
    grid = Grid(limits, policy)
    everyone = [grid.boxes(one) for one in limits]
    shelf = Shelf(grid.everything())
    for number, boxes in enumerate(everyone):
        near = list(shelf.touching(boxes))
        assert [place for place, _ in near] == sorted({place for place, _ in near})
        all_before = list(enumerate(everyone[:number]))
        assert grid.cover(boxes, near) == grid.cover(boxes, all_before)
        shelf.put(boxes)


def test_of_windows_in_a_row_only_the_same_one_touches() -> None:
    hours = [Restrictions(start_time=time(at), end_time=time((at + 1) % 24)) for at in range(24)]
    grid = Grid(hours, DEFAULT_POLICY)
    shelf = Shelf(grid.everything())
    for one in hours:
        shelf.put(grid.boxes(one))
    for number, one in enumerate(hours):
        assert [place for place, _ in shelf.touching(grid.boxes(one))] == [number]
    assert len(list(shelf.touching([grid.everything()]))) == 24


def cell_of(grid: Grid, moment: Moment) -> Box:
    """The cells a moment lies in."""
    found: list[int] = []
    local = moment.local
    if grid.calendar:
        number = bisect_right(grid.calendar.cuts, local.toordinal()) - 1
        own = range(grid.calendar.first_cell[number], grid.calendar.first_cell[number + 1])
        kinds = [place for place in own if grid.calendar.kinds[place][1] == local.weekday()]
        found.append(1 << (kinds[0] if grid.calendar.by_weekday else own[0]))
    if grid.clock:
        found.append(1 << bisect_right(grid.clock.cuts, local.time()) - 1)
    if grid.kwh:
        found.append(_cell(grid.kwh, moment.kwh))
    if grid.duration:
        found.append(_cell(grid.duration, Decimal(int(moment.elapsed.total_seconds()))))
    for axis, low, high in (
        (grid.power, moment.min_power, moment.max_power),
        (grid.current, moment.min_current, moment.max_current),
    ):
        if axis:
            found += _extremes(axis, low, high)
    return tuple(found)


def _cell(axis: Range, value: Decimal) -> int:
    return 1 << bisect_right(axis.cuts, value)


def _extremes(axis: Extremes, low: Decimal | None, high: Decimal | None) -> list[int]:
    """Where the engine looks, once its policies have filled in what is missing."""
    if axis._highest and high is not None:
        low = high
    if not axis._apart:
        low, high = (high if low is None else low), (low if high is None else high)
    return [axis.unknown if one is None else _cell(axis.values, one) for one in (low, high)]


def moment_in(grid: Grid, box: Box) -> Moment:
    """A moment that lies in a box."""
    cells = iter(box)
    day, clock = MONDAY, datetime.min.time()
    if grid.calendar:
        number, weekday = grid.calendar.kinds[_lowest(next(cells))]
        first = datetime.fromordinal(max(grid.calendar.cuts[number], 2)).date()
        wait = (weekday - first.weekday()) % 7 if grid.calendar.by_weekday else 0
        day = first + timedelta(days=wait)
    if grid.clock:
        clock = grid.clock.cuts[_lowest(next(cells))]
    kwh = _value(grid.kwh, next(cells)) if grid.kwh else Decimal(0)
    elapsed = _value(grid.duration, next(cells)) if grid.duration else Decimal(0)
    extremes: list[Decimal | None] = []
    for axis in (grid.power, grid.current):
        extremes += _pair(axis, next(cells), next(cells)) if axis else [None, None]
    return Moment(
        at=datetime.combine(day, clock, UTC) + timedelta(days=0),
        zone=AMSTERDAM,
        kwh=kwh,
        elapsed=timedelta(seconds=int(elapsed)),
        min_power=extremes[0],
        max_power=extremes[1],
        min_current=extremes[2],
        max_current=extremes[3],
        _local=datetime.combine(day, clock),
    )


def _pair(axis: Extremes, least: int, most: int) -> Sequence[Decimal | None]:
    """Two values, least and most, that can be met together in these cells."""
    pairs = [
        (low, high)
        for low in _each(least)
        for high in _each(most)
        if axis.meet(1 << low, 1 << high)
    ]
    low, high = pairs[0]
    count = axis.values.count
    assert low <= high or count in (low, high), "the least is not above the most"
    return [None if place == count else _at(axis.values, place) for place in (low, high)]


def _each(cells: int) -> list[int]:
    return [place for place in range(cells.bit_length()) if cells >> place & 1]


def _lowest(cells: int) -> int:
    return (cells & -cells).bit_length() - 1


def _value(axis: Range, cells: int) -> Decimal:
    return _at(axis, _lowest(cells))


def _at(axis: Range, place: int) -> Decimal:
    value: Any = axis.cuts[place - 1] if place else axis.cuts[0] - 1
    return Decimal(value)
