"""Whose time it is: the service's clock, moved by us (driven) or waited for (real or sped up)."""

import asyncio
from datetime import datetime
from typing import Protocol

import httpx

from wattproof.refusals import RefusalError


class Timekeeper(Protocol):
    """Makes it `at`, by whatever means."""

    async def reach(self, at: datetime) -> None:
        """Returns when the service's clock shows `at` or later."""


class DrivenTime:
    """Moves the service's simulated clock forward: `PUT /api/v1/clock`."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._now: datetime | None = None

    async def reach(self, at: datetime) -> None:
        """Sets the clock to `at`; never backwards."""
        if self._now is not None and at <= self._now:
            return
        answer = await self._client.put("/api/v1/clock", json={"now": instant(at)})
        if answer.is_error:
            raise RefusalError(
                f"the service did not move its clock: HTTP {answer.status_code} {answer.text[:200]}"
            )
        self._now = at


class RunningTime:
    """Waits for the service's clock, which runs `speed` times as fast as ours."""

    def __init__(self, client: httpx.AsyncClient, speed: float) -> None:
        self._client = client
        self._speed = speed
        self._now: datetime | None = None

    async def reach(self, at: datetime) -> None:
        """Sleeps until the clock has come to `at`."""
        while self._now is None or at > self._now:
            state = await clock_state(self._client)
            self._now = datetime.fromisoformat(state["now"])
            missing_s = (at - self._now).total_seconds() / self._speed
            if missing_s > 0:
                await asyncio.sleep(min(missing_s, 60))


async def clock_state(client: httpx.AsyncClient) -> dict[str, str]:
    """`GET /api/v1/clock`: `now` and how it runs. Raises `RefusalError` where nobody answers."""
    try:
        answer = await client.get("/api/v1/clock")
    except httpx.HTTPError as error:
        raise RefusalError(
            f"no Wattproof service answers at {client.base_url}: {error}",
            "start it with wattproof serve, or say where it is with --http-url",
        ) from error
    if answer.is_error:
        return {"now": "", "mode": "real"}
    state: dict[str, str] = answer.json()
    return state


def instant(at: datetime) -> str:
    """`2026-10-01T00:00:00.000Z` of a UTC instant."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
