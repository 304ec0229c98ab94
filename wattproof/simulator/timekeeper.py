"""Whose time it is: the service's clock, moved by us (driven) or waited for (real or sped up)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from wattproof.refusals import RefusalError
from wattproof.simulator.rest import Rest

STUCK_S = 30
"""A clock that shows the same instant for so long is not going to reach another."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the service's clock shows (UTC); `mode` is driven, simulated or real."""

    now: datetime
    mode: str


class Timekeeper(Protocol):
    """Makes it `at`, by whatever means."""

    async def reach(self, at: datetime) -> None:
        """Returns when the service's clock shows `at` or later."""


class DrivenTime:
    """Moves the service's simulated clock forward: `PUT /api/v1/clock`."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._now: datetime | None = None

    async def reach(self, at: datetime) -> None:
        """Sets the clock to `at`; never backwards. Raises `RefusalError` where it refuses."""
        if self._now is not None and at <= self._now:
            return
        status, body = await self._rest.put("/api/v1/clock", {"now": instant(at)})
        if status in {401, 403}:
            raise RefusalError(
                f"the service let nobody move its clock: HTTP {status}, {_detail(body)}",
                "give a key with --api-key, made by: wattproof api-key add sim --scope clock",
            )
        if status != 200:
            raise RefusalError(f"the service did not move its clock: HTTP {status} {body!s:.200}")
        self._now = at


class RunningTime:
    """Waits for a clock that runs by itself, as fast as it turns out to run."""

    def __init__(self, state: Callable[[], Awaitable[ClockState]]) -> None:
        self._state = state
        self._seen: tuple[float, datetime] | None = None
        self._speed = 1.0

    async def reach(self, at: datetime) -> None:
        """Sleeps until the clock has come to `at`. Raises `RefusalError` where it stands still."""
        moved = time.monotonic()
        while True:
            shown = (await self._state()).now
            if shown >= at:
                return
            real = time.monotonic()
            if self._seen is not None and shown > self._seen[1]:
                moved = real
                passed_s = (shown - self._seen[1]).total_seconds()
                self._speed = max(passed_s / (real - self._seen[0]), 0.01)
            if real - moved > STUCK_S:
                raise RefusalError(
                    f"the service's clock stands at {shown:%Y-%m-%d %H:%M:%S} UTC",
                    "start the service with --clock-speed driven, or a number above 0",
                )
            self._seen = real, shown
            missing_s = (at - shown).total_seconds() / self._speed
            await asyncio.sleep(min(max(missing_s, 0.01), 1.0))


async def clock_state(rest: Rest) -> ClockState:
    """`GET /api/v1/clock`; a service in real time has none, and its time is ours.

    Raises `RefusalError` where nobody answers.
    """
    status, state = await rest.get("/api/v1/clock")
    if status == 404:
        return ClockState(datetime.now(UTC), "real")
    if status != 200:
        raise RefusalError(f"the clock can't be read: HTTP {status} {state!s:.200}")
    return ClockState(datetime.fromisoformat(state["now"]), state["mode"])


def _detail(body: object) -> str:
    return str(body.get("detail", "") if isinstance(body, dict) else body)[:200]


def instant(at: datetime) -> str:
    """`2026-10-01T00:00:00.000Z` of a UTC instant."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
