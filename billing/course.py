"""What a session's registers, loads and entries were, as columns: values made when looked at.

A course is equal to the tuple of its values, prints as it and hashes as it. A million samples a day
go from the log to the lake without any of them becoming an object.
"""

from abc import abstractmethod
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from math import ceil
from typing import TypeVar, overload

from billing.finding import Source
from billing.mould import mould
from billing.samples import amount_of, instant_of
from billing.session import CurrentSample, PowerSample, Register

T = TypeVar("T")

_NONE = Decimal(0)
"""As the reel and the ladder write nothing: it shows in texts and digests."""

_new_register = mould(Register)
_new_sample = mould(PowerSample)
_new_current = mould(CurrentSample)
_new_source = mould(Source)


class Course(Sequence[T]):
    """A sequence that keeps numbers and makes its values once, all together."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: tuple[T, ...] | None = None

    @abstractmethod
    def _make(self) -> tuple[T, ...]: ...

    @property
    def values(self) -> tuple[T, ...]:
        """All of them."""
        if self._made is None:
            self._made = self._make()
        return self._made

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.values[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self.values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Course):
            return self.values == other.values
        return self.values == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.values)

    def __repr__(self) -> str:
        return repr(self.values)


class RegisterCourse(Course[Register]):
    """`at` µs and `mwh` since the session's start, strictly later each; the first is its start."""

    __slots__ = ("at", "entries", "mwh", "origin")

    def __init__(
        self, at: Sequence[int], mwh: Sequence[int], entries: Sequence[int], origin: str
    ) -> None:
        super().__init__()
        self.at, self.mwh, self.entries, self.origin = at, mwh, entries, origin

    def __len__(self) -> int:
        return len(self.at)

    def least_between(self, begin: int, end: int) -> int:
        """What was counted from `begin` to `end` (µs) by the registers within; mWh."""
        low, high = bisect_left(self.at, begin), bisect_right(self.at, end) - 1
        return self.mwh[high] - self.mwh[low] if low <= high else 0

    def most_between(self, begin: int, end: int) -> int:
        """What was counted from `begin` to `end` (µs) by the registers around; mWh."""
        low = max(0, bisect_right(self.at, begin) - 1)
        high = min(len(self.at) - 1, bisect_left(self.at, end))
        return self.mwh[high] - self.mwh[low]

    def _make(self) -> tuple[Register, ...]:
        origin = self.origin
        first = Register(instant_of(self.at[0]), _NONE, Source(origin, self.entries[0]))
        rest = zip(self.at[1:], self.mwh[1:], self.entries[1:], strict=True)
        return (
            first,
            *[
                _new_register(instant_of(at), amount_of(mwh), _new_source(origin, entry))
                for at, mwh, entry in rest
            ],
        )


class PowerCourse(Course[PowerSample]):
    """`at` µs and `mw`, strictly later each."""

    __slots__ = ("at", "mw")

    def __init__(self, at: Sequence[int], mw: Sequence[int]) -> None:
        super().__init__()
        self.at, self.mw = at, mw

    def __len__(self) -> int:
        return len(self.at)

    def _make(self) -> tuple[PowerSample, ...]:
        return tuple(map(self.sample, range(len(self.at))))

    def sample(self, index: int) -> PowerSample:
        """One of them, without the others."""
        mw = self.mw[index]
        return _new_sample(instant_of(self.at[index]), amount_of(mw) if mw else _NONE)

    def turns(self, limit_w: Decimal) -> Sequence[PowerSample]:
        """The first sample, and each that lies on the other side of `limit_w` than the last."""
        limit = ceil(limit_w * 1000)
        if not self.at or min(self.mw) >= limit:
            return [self.sample(0)] if self.at else []
        below = [mw < limit for mw in self.mw]
        found = [n for n in range(1, len(below)) if below[n] is not below[n - 1]]
        return [self.sample(n) for n in (0, *found)]


class CurrentCourse(Course[CurrentSample]):
    """`at` µs and `ma`, strictly later each."""

    __slots__ = ("at", "ma")

    def __init__(self, at: Sequence[int], ma: Sequence[int]) -> None:
        super().__init__()
        self.at, self.ma = at, ma

    def __len__(self) -> int:
        return len(self.at)

    def _make(self) -> tuple[CurrentSample, ...]:
        return tuple(
            [
                _new_current(instant_of(at), amount_of(ma) if ma else _NONE)
                for at, ma in zip(self.at, self.ma, strict=True)
            ]
        )


class SourceCourse(Course[Source]):
    """Entries of one origin, rising."""

    __slots__ = ("entries", "origin")

    def __init__(self, origin: str, entries: Sequence[int]) -> None:
        super().__init__()
        self.origin, self.entries = origin, entries

    def __len__(self) -> int:
        return len(self.entries)

    def _make(self) -> tuple[Source, ...]:
        return tuple(_new_source(self.origin, entry) for entry in self.entries)
