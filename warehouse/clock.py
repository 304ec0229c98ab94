"""Time for a data folder: the machine's, or a simulated one that every command shares.

It knows what time it is and refuses to know what the time is for. All instants are integers of
UTC nanoseconds since the epoch; a speed is an exact decimal, never a float.
"""

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Protocol

import orjson

FILE = "clock.json"


class ClockError(ValueError):
    """A clock that cannot be: turned back, or described wrongly; one line."""


class Clock(Protocol):
    """Says what time it is."""

    def now_ns(self) -> int:
        """UTC nanoseconds since the epoch."""
        ...


class SystemClock:
    """The machine's clock."""

    simulated = False
    driven = False

    now_ns = staticmethod(time.time_ns)
    """UTC nanoseconds since the epoch, as the machine has it; asked for with every message."""


class SimulatedClock:
    """A clock that reads `start + (real − anchor) × speed`; at speed 0 it is driven by `advance`.

    `start_ns` and `anchor_ns` are UTC nanoseconds: what this clock showed when the machine's clock
    showed the anchor. With a `path` every `advance` rewrites that file as a whole.
    """

    simulated = True

    def __init__(
        self,
        start_ns: int,
        speed: Decimal | int = 0,
        *,
        anchor_ns: int | None = None,
        path: Path | None = None,
    ) -> None:
        """Raises ClockError for a negative speed or start."""
        self.start_ns = start_ns
        self.speed = Decimal(speed)
        self.anchor_ns = time.time_ns() if anchor_ns is None else anchor_ns
        self._path = path
        if start_ns < 0 or not self.speed.is_finite() or self.speed < 0:
            raise ClockError(f"no clock starts at {start_ns} ns and runs at speed {speed}")
        numerator, denominator = self.speed.as_integer_ratio()
        self._numerator, self._denominator = numerator, denominator

    @property
    def driven(self) -> bool:
        """Whether it moves only when `advance` is called."""
        return self._numerator == 0

    def now_ns(self) -> int:
        """UTC nanoseconds since the epoch, as this clock has it."""
        if self._numerator == 0:
            return self.start_ns
        passed = max(0, time.time_ns() - self.anchor_ns)
        return self.start_ns + passed * self._numerator // self._denominator

    def advance(self, to_ns: int) -> None:
        """Set the clock forward to `to_ns`, for every process that opens it from now on.

        Raises ClockError when that lies in its past, OSError when it cannot be written.
        """
        now = self.now_ns()
        if to_ns < now:
            raise ClockError(f"a clock runs forward only: it shows {show(now)}, not {show(to_ns)}")
        moved = ClockFile(to_ns, time.time_ns(), self.speed)
        if self._path is not None:
            moved.write(self._path)
        self.start_ns, self.anchor_ns = moved.start_ns, moved.anchor_ns

    def describe(self) -> dict[str, str]:
        """What the log's `clock` entry says: canonical JSON with `action`."""
        return {
            "action": "clock.simulated",
            "speed": f"{self.speed:f}",
            "start": show(self.now_ns()),
        }


@dataclass(frozen=True, slots=True)
class ClockFile:
    """What `clock.json` holds."""

    start_ns: int
    anchor_ns: int
    speed: Decimal

    @classmethod
    def read(cls, path: Path) -> "ClockFile":
        """Raises ClockError when the file says no clock."""
        try:
            fields = orjson.loads(path.read_bytes())
            return cls(int(fields["start_ns"]), int(fields["anchor_ns"]), Decimal(fields["speed"]))
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise ClockError(f"{path} describes no clock: {error}") from None

    def write(self, path: Path) -> None:
        """Replace the file as a whole: a reader sees the old clock or the new one."""
        fields = {
            "anchor_ns": str(self.anchor_ns),
            "now": show(self.start_ns),
            "speed": f"{self.speed:f}",
            "start_ns": str(self.start_ns),
        }
        temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
        temporary.write_bytes(orjson.dumps(fields, option=orjson.OPT_INDENT_2) + b"\n")
        temporary.replace(path)


def open_clock(data: Path) -> SystemClock | SimulatedClock:
    """The clock a data folder lives by: `clock.json` if there is one, else the machine's.

    Raises ClockError when the file is damaged.
    """
    path = data / FILE
    if not path.exists():
        return SystemClock()
    found = ClockFile.read(path)
    return SimulatedClock(found.start_ns, found.speed, anchor_ns=found.anchor_ns, path=path)


def simulate(data: Path, start_ns: int, speed: Decimal | int = 0) -> SimulatedClock:
    """Let a data folder live in simulated time from now on; an existing clock is never set back.

    Raises ClockError, OSError.
    """
    path = data / FILE
    if path.exists():
        shown = open_clock(data).now_ns()
        if start_ns < shown:
            raise ClockError(f"{path} shows {show(shown)} already, later than {show(start_ns)}")
    clock = SimulatedClock(start_ns, speed)
    data.mkdir(parents=True, exist_ok=True)
    ClockFile(clock.start_ns, clock.anchor_ns, clock.speed).write(path)
    return open_simulated(path)


def open_simulated(path: Path) -> SimulatedClock:
    """The simulated clock described by `path`. Raises ClockError, FileNotFoundError."""
    found = ClockFile.read(path)
    return SimulatedClock(found.start_ns, found.speed, anchor_ns=found.anchor_ns, path=path)


def show(instant_ns: int) -> str:
    """`2026-10-01T00:00:00.000000000Z`: RFC 3339 with nanoseconds."""
    seconds, nanoseconds = divmod(instant_ns, 1_000_000_000)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def to_ns(moment: datetime) -> int:
    """UTC nanoseconds of a datetime with a zone, exactly. Raises ClockError without a zone."""
    if moment.tzinfo is None:
        raise ClockError(f"{moment.isoformat()} has no time zone")
    passed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000
