"""Whether a run would bring anything new: what a sensor asks of the log before it asks for a run.

Ticks and finished runs are no news, else each run would be followed by another. What was heard is
news twice: when it came, and when what it closed has settled. A session that merely fell silent is
no news: the hourly run gives it up.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from billing.session_policy import SessionPolicy
from pipelines.stretch import DERIVED, position
from warehouse.log import LogReader, origins
from warehouse.log.entry import decode
from warehouse.registry import Registry

_US_NS = 1_000


def has_news(data: Path, done_ns: int, until_ns: int) -> bool:
    """Whether a derivation up to `until_ns` may say more than one up to `done_ns` (UTC ns)."""
    settle_ns = _settle_ns(data)
    return any(
        at_ns > done_ns or done_ns < at_ns + settle_ns <= until_ns
        for reader in origins(data / "log")
        for at_ns in _heard(reader, done_ns - settle_ns, until_ns)
    )


def _heard(reader: LogReader, after_ns: int, until_ns: int) -> Iterator[int]:
    """When entries that anything is derived from came, in (after, until], the newest first."""
    size = reader.size
    first, stop = position(reader, after_ns + 1, size), position(reader, until_ns + 1, size)
    for index in range(stop - 1, first - 1, -1):
        entry = decode(reader.leaf(index, size))
        if entry.kind in DERIVED:
            yield entry.received_ns


def _settle_ns(data: Path) -> int:
    """The settle time now in force; a service that runs has it in the registry."""
    told = None
    path = data / "registry.sqlite"
    if path.exists():
        with closing(Registry.open(path)) as registry:
            told = registry.policies().get("settle_s")
    settle = timedelta(seconds=told) if type(told) is int else SessionPolicy().settle
    return settle // timedelta(microseconds=1) * _US_NS
