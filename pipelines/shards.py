"""Work shared among processes by station: the result is the same for any number of them."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from itertools import accumulate, repeat
from multiprocessing import forkserver, get_context
from multiprocessing.context import ForkServerContext
from typing import TypeVar

from pipelines.stretch import Stretch

T = TypeVar("T")

WORTH_A_PROCESS = 50_000
"""Rows below which starting processes (about a second) costs more than it saves."""
_PIECE = 20_000
"""Rows after which it is told how far the work is."""


def share(
    work: Callable[[Stretch, frozenset[str]], T], stretch: Stretch, weights: Mapping[str, int]
) -> list[T]:
    """`work(stretch, stations)` for as many disjoint sets of stations as there are workers."""
    count = min(stretch.workers, 1 + sum(weights.values()) // WORTH_A_PROCESS)
    shares = _divide(weights, max(1, count))
    if len(shares) == 1:
        return [work(stretch, shares[0])]
    with ProcessPoolExecutor(len(shares), mp_context=_context()) as pool:
        return list(pool.map(work, [stretch] * len(shares), shares))


def in_pieces(
    work: Callable[[Stretch, frozenset[str]], T],
    stretch: Stretch,
    weights: Mapping[str, int],
    done: Callable[[int], None],
) -> Iterator[T]:
    """As `share`, a few stations at a time, so that it can be told how much is `done` (weight)."""
    total = sum(weights.values())
    pieces = _divide(weights, max(1, total // _PIECE))
    sums = [sum(weights[name] for name in piece) for piece in pieces]
    with ExitStack() as stack:
        results: Iterator[T] = map(work, repeat(stretch), pieces)
        count = min(stretch.workers, 1 + total // WORTH_A_PROCESS)
        if count > 1:
            pool = stack.enter_context(ProcessPoolExecutor(count, mp_context=_context()))
            results = pool.map(work, repeat(stretch), pieces)
        for result, weight in zip(results, accumulate(sums), strict=True):
            done(weight)
            yield result


def warm(stretch: Stretch, rows: int) -> None:
    """Let workers that will be wanted load what they need beside the work before theirs."""
    if min(stretch.workers, 1 + rows // WORTH_A_PROCESS) > 1:
        _context()
        forkserver.ensure_running()


def _context() -> ForkServerContext:
    """Workers are forked from a process that has loaded everything and runs nothing."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["pipelines.steps"])
    return context


def _divide(weights: Mapping[str, int], count: int) -> list[frozenset[str]]:
    """Sets of about equal weight: the heaviest station first, always to the lightest set."""
    shares: list[set[str]] = [set() for _ in range(count)]
    totals = [0] * count
    for station, weight in sorted(weights.items(), key=lambda item: (-item[1], item[0])):
        lightest = totals.index(min(totals))
        shares[lightest].add(station)
        totals[lightest] += weight
    return [frozenset(one) for one in shares]
