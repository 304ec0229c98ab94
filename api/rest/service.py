"""The service itself: its health, and its clock where time is simulated."""

from datetime import datetime
from typing import Protocol, runtime_checkable

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field
from starlette.responses import JSONResponse

from api.deps import Deps
from api.envelope import instant_of
from api.rest.access import PROBLEMS, Responses, may_move_clock
from api.rest.problem import ProblemError
from ingest.protocols.ocpi.wire import instant

_EPOCH = instant_of(0)
_PROBLEM: dict[str, object] = {"application/problem+json": {}}
_REFUSALS: Responses = {
    401: PROBLEMS[401],
    403: PROBLEMS[403],
    409: {"description": "It runs by itself, or is past that instant", "content": _PROBLEM},
}


class ClockState(BaseModel):
    """What time the service has, and how its clock runs."""

    now: str = Field(description="UTC", examples=["2026-10-01T00:00:00Z"])
    mode: str = Field(description="driven, simulated or real", examples=["driven"])


class ClockSetting(BaseModel):
    """Where to set the clock, forward only."""

    now: AwareDatetime = Field(description="an instant with a zone", examples=["2026-10-01T08:00Z"])


@runtime_checkable
class _Advancing(Protocol):
    driven: bool

    def advance(self, to_ns: int) -> None: ...


def service_router(deps: Deps) -> APIRouter:
    """Health, and the clock's routes only under a simulated clock."""
    router = APIRouter(tags=["Service"])

    @router.get("/healthz", summary="Whether the service can do its work")
    def health() -> JSONResponse:
        """200 while the log takes entries, else 503 and why. Ages in seconds."""
        return _health(deps)

    if getattr(deps.clock, "simulated", False):
        _add_clock(router, deps)
    return router


def _add_clock(router: APIRouter, deps: Deps) -> None:
    clock = deps.clock

    @router.get("/api/v1/clock", summary="The simulated clock")
    async def clock_state() -> ClockState:
        """Served only where time is simulated."""
        return shown()

    def shown() -> ClockState:
        driven = isinstance(clock, _Advancing) and clock.driven
        now = instant(instant_of(clock.now_ns()))
        return ClockState(now=now, mode="driven" if driven else "simulated")

    @router.put(
        "/api/v1/clock",
        summary="Move a driven clock forward",
        responses=_REFUSALS,
        dependencies=[Depends(may_move_clock(deps))],
    )
    async def move_clock(setting: ClockSetting) -> ClockState:
        """Needs an API key with scope `clock` (`read` does not include it).

        Without a key only from this machine, and only where the service listens on loopback alone.
        409 where the clock runs by itself, or where the instant lies in its past.
        """
        if not (isinstance(clock, _Advancing) and clock.driven):
            raise ProblemError(409, "this clock runs by itself")
        try:
            clock.advance(_ns(setting.now))
        except ValueError as error:
            raise ProblemError(409, str(error)) from None
        return shown()


def _health(deps: Deps) -> JSONResponse:
    if deps.log_health is None:
        return JSONResponse({"status": "ok"})
    log = deps.log_health()
    age_ns = deps.clock.now_ns() - log.checkpoint_at_ns
    told = {
        "status": "unavailable" if log.problem else "ok",
        "log": {
            "size": log.size,
            "durable_size": log.durable_size,
            "checkpoint_at": instant(instant_of(log.checkpoint_at_ns)),
            "checkpoint_age_s": max(0, age_ns // 1_000_000_000),
            "problem": log.problem,
        },
    }
    return JSONResponse(told, 503 if log.problem else 200)


def _ns(at: datetime) -> int:
    passed = at - _EPOCH
    return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000
