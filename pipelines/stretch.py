"""A stretch: the days in a row that a run derives, and the log time it derives them up to.

Knows where a log time stands in each origin. All but the last day of a stretch are complete; the
last may be running: it ends at the watermark, and a later run overwrites it with a longer one.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from pipelines.pricing import Engine
from warehouse.lake import Lake
from warehouse.log import Entry, LogReader, origins
from warehouse.log.entry import decode

DAY_NS = 86_400 * 1_000_000_000
_EPOCH = date(1970, 1, 1)
_EPOCH_AT = datetime(1970, 1, 1, tzinfo=UTC)


_AT_ONCE = 65_536


def day_of(at_ns: int) -> date:
    """The UTC day an instant of log time belongs to."""
    return _EPOCH + timedelta(days=at_ns // DAY_NS)


def start_of(day: date) -> int:
    """UTC nanoseconds of the first instant of a day."""
    return (day - _EPOCH).days * DAY_NS


def instant(at_ns: int) -> datetime:
    """Log time as a datetime, cut (not rounded) to the microsecond."""
    return _EPOCH_AT + timedelta(microseconds=at_ns // 1000)


def days_between(first: date, last: date) -> tuple[date, ...]:
    """All days from `first` to `last`, both included; none where `last` lies before."""
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days in a row, derived as of the log time `until_ns` (inclusive).

    `workers` processes share the stations among them; no result depends on how many, nor on which
    `engine` prices.
    """

    data: Path
    lake: Lake
    days: tuple[date, ...]
    until_ns: int
    workers: int = 1
    engine: Engine = "bulk"

    @property
    def readers(self) -> list[LogReader]:
        """The origins of the log, by name."""
        return origins(self.data / "log")

    @property
    def before(self) -> date:
        """The day whose state the stretch starts from."""
        return self.days[0] - timedelta(days=1)

    def is_complete(self, day: date) -> bool:
        """Whether nothing can be added to `day` any more."""
        return start_of(day) + DAY_NS - 1 <= self.until_ns

    def end_of(self, day: date) -> int:
        """The last nanosecond of `day` that this stretch derives."""
        return min(start_of(day) + DAY_NS - 1, self.until_ns)

    def alone(self, day: date) -> "Stretch":
        """One day of it."""
        return replace(self, days=(day,), until_ns=self.end_of(day))


OWN = {"operator": "operator", "decision": "books"}
"""Kinds that only one origin writes; every other origin hears chargers and partners."""


@dataclass(frozen=True, slots=True)
class Span:
    """Entries [start, stop) of one origin, few enough to be held at one time."""

    reader: LogReader
    start: int
    stop: int

    def entries(self, kinds: frozenset[str]) -> pl.DataFrame:
        """Those of the given kinds, with the columns of `LogReader.frame` after `origin`.

        Raises LogDamaged.
        """
        frame = self.reader.frame(self.start, self.stop)
        wanted = frame["kind"].is_in(sorted(kinds))
        found = frame if wanted.all() else frame.filter(wanted)
        return found.select(pl.lit(self.reader.origin).alias("origin"), pl.all())


def spans(stretch: Stretch, kinds: frozenset[str]) -> Iterator[Span]:
    """The entries of a stretch's days, by day, within it by origin, and there in log order."""
    readers = _writers(stretch.readers, kinds)
    begin, end = start_of(stretch.days[0]), stretch.end_of(stretch.days[-1])
    days = [(start_of(day), stretch.end_of(day)) for day in stretch.days]
    for start_ns, until_ns in days if len(readers) > 1 else [(begin, end)]:
        for reader in readers:
            yield from _spans(reader, start_ns, until_ns)


def entries(
    readers: Iterable[LogReader], kinds: frozenset[str], start_ns: int, until_ns: int
) -> pl.DataFrame:
    """Entries of the given kinds with `start_ns` <= received <= `until_ns`, in log order.

    Columns of `LogReader.frame`, after `origin`. Raises LogDamaged.
    """
    frames = [
        span.entries(kinds)
        for reader in _writers(readers, kinds)
        for span in _spans(reader, start_ns, until_ns)
    ]
    return pl.concat(frames).sort("received_ns", "origin", "index") if frames else pl.DataFrame()


def _writers(readers: Iterable[LogReader], kinds: frozenset[str]) -> list[LogReader]:
    """The origins that may hold entries of these kinds."""
    writes = {OWN.get(kind) for kind in kinds}
    return [
        reader
        for reader in readers
        if (reader.origin if reader.origin in OWN.values() else None) in writes
    ]


def _spans(reader: LogReader, start_ns: int, until_ns: int) -> Iterator[Span]:
    """One origin's entries of a time, cut where its segments end."""
    size = reader.size
    start, stop = position(reader, start_ns, size), position(reader, until_ns + 1, size)
    while start < stop:
        cut = min(stop, (start // _AT_ONCE + 1) * _AT_ONCE)
        yield Span(reader, start, cut)
        start = cut


DERIVED = frozenset({"message", "connection", "operator", "decision"})
"""Kinds of entries that anything is derived from."""


def first_day(data: Path) -> date | None:
    """The UTC day of the first entry that anything is derived from; None in an empty log."""
    first = first_received_ns(origins(data / "log"), DERIVED)
    return None if first is None else day_of(first)


def first_received_ns(readers: Iterable[LogReader], kinds: frozenset[str]) -> int | None:
    """When the first entry of one of `kinds` came, or None where there is none."""
    found = (next(_first(reader, kinds), None) for reader in readers)
    return min((entry.received_ns for entry in found if entry is not None), default=None)


def _first(reader: LogReader, kinds: frozenset[str]) -> Iterator[Entry]:
    return (record.entry for record in reader.records() if record.entry.kind in kinds)


def position(reader: LogReader, at_ns: int, size: int) -> int:
    """The index of the first entry received at or after `at_ns`: log time never runs back."""
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if decode(reader.leaf(middle, size)).received_ns < at_ns:
            low = middle + 1
        else:
            high = middle
    return low
