"""Work on parts of a whole by threads, results in order: for work that is done in columns."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def abreast(work: Callable[[S], T], parts: Iterable[S], workers: int) -> Iterator[T]:
    """`work(part)` of each part in order; the results do not depend on `workers`.

    So many parts are worked on while the result before them is used, and no more are held.
    """
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[T]] = deque()
        for part in parts:
            waiting.append(pool.submit(work, part))
            if len(waiting) > workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
