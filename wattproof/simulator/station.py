"""A charge point as a state machine without a socket: moments in, calls out, answers in.

`perform` is a generator: it yields each call and is sent its answer. Whoever drives it owns the
link and the clock. `v16` and `v201` say how each moment is spoken.
"""

import random
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from wattproof.simulator.charges import Charge, Moment
from wattproof.simulator.faults import Fault

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """An OCPP call: `message_id` is text, or a number where a station gets that wrong."""

    message_id: str | int
    action: str
    payload: JSON


Answer = JSON | None
"""The payload of a CALLRESULT; None for a CALLERROR."""

Talk = Generator[Call, Answer, None]


class Station(Protocol):
    """What the driver needs of a charge point."""

    id: str
    subprotocol: str

    def boot(self, at: datetime) -> Talk:
        """What is said right after connecting."""

    def heartbeat(self) -> Talk:
        """A sign of life."""

    def perform(self, moment: Moment) -> Talk:
        """What is said at a moment of a charge."""


@dataclass(slots=True)
class MessageIds:
    """Message ids that differ for each call and are the same for the same seed."""

    station: str
    seed: int
    _random: random.Random = field(init=False)
    _count: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.seed}/{self.station}")  # noqa: S311 - no secret

    def text(self) -> str:
        """36 characters, shaped like a UUID."""
        digits = f"{self._random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def number(self) -> int:
        """1, 2, 3 …: what a careless firmware sends."""
        self._count += 1
        return self._count


def stamp(at: datetime, charge: Charge | None = None, *, start: bool = False) -> str:
    """RFC 3339 with milliseconds and Z, as the station's own clock has it."""
    if charge is not None and start and charge.has(Fault.EPOCH_START):
        at = datetime(1970, 1, 1, 0, 7, at.second, tzinfo=UTC)
    text = at.strftime("%Y-%m-%dT%H:%M:%S") + f".{at.microsecond // 1000:03d}"
    if charge is not None and charge.has(Fault.NO_ZONE):
        return text
    return text + "Z"


def kwh(wh: int) -> str:
    """Watt-hours as kilowatt-hours with three decimals, exactly: 1234 is `1.234`."""
    sign = "-" if wh < 0 else ""
    return f"{sign}{abs(wh) // 1000}.{abs(wh) % 1000:03d}"


THREE_PHASES, DIRECT = ("L1", "L2", "L3"), ("",)
"""The conductors whose currents an AC and a DC station tell, as OCPP names their phases."""


def currents(phases: Sequence[str], watt: int) -> list[tuple[str, str]]:
    """(phase, A) at a power: the same in each phase at 230 V, direct current at 400 V."""
    volt = 400 if phases == DIRECT else 230
    milli = watt * 1000 // (volt * len(phases)) if phases else 0
    return [(phase, f"{milli // 1000}.{milli % 1000:03d}") for phase in phases]


def energy(charge: Charge, wh: int) -> tuple[str, str]:
    """The register as (value, unit) the way this charge's station labels it."""
    if charge.has(Fault.KWH_AS_WH):
        return kwh(wh), "Wh"
    if charge.has(Fault.MIXED_UNITS):
        return kwh(wh), "kWh"
    return str(wh), "Wh"


def register(charge: Charge, wh: int) -> int:
    """The station's register when `wh` were delivered since the start of the charge.

    With REGISTER_RESET it restarts at 0 half-way through the energy.
    """
    half = charge.energy_wh // 2
    if charge.has(Fault.REGISTER_RESET) and wh > half:
        return wh - half
    return charge.meter_start_wh + wh
