"""Puts the api room together: one application over given stores, nothing opened here.

Light to import: the engines that read the lake come in with the first question about it.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.deps import Deps
from api.envelope import OCPIRefusalError, failure
from api.exchange import RecordExchanges, is_below
from api.lake_queries import LakeQueries
from api.ocpi.echo import EchoHeaders
from api.ocpi.routes import ocpi_router
from api.rest.chargers import chargers_router
from api.rest.finance import finance_router
from api.rest.problem import ProblemError, problem
from api.rest.service import service_router

Sent = Mapping[str, str] | None
_DESCRIPTION = """
Energy in Wh (REST) or kWh (OCPI), durations in seconds or hours (OCPI), money as decimal text,
instants in UTC written `…Z`. Errors: REST answers `application/problem+json`, OCPI its envelope
(2001 bad parameter, 2003 unknown location, 3000 server error) under the HTTP status.
"""


def create_app(deps: Deps) -> FastAPI:
    """The application: OCPI below `/ocpi`, REST below `/api/v1`, `/healthz`, OpenAPI at `/docs`."""
    lake = LakeQueries(deps.lake)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        lake.close()

    app = FastAPI(
        title="Wattproof",
        description=_DESCRIPTION,
        version="1",
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.include_router(ocpi_router(deps, lake))
    app.include_router(chargers_router(deps))
    app.include_router(finance_router(deps, lake))
    app.include_router(service_router(deps))
    _add_refusals(app, deps)
    app.add_middleware(EchoHeaders)
    app.add_middleware(RecordExchanges, record=deps.record_exchange, now=deps.clock.now_ns)
    app.add_middleware(WithoutTrailingSlash)
    return app


class WithoutTrailingSlash:
    """ASGI shell: `/x/` is `/x`. Peers write both, and a redirected POST is a lost one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cuts the path only; what was asked stays in `raw_path` for the log."""
        path = scope.get("path", "")
        if scope["type"] == "http" and len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path.rstrip("/") or "/"}
        await self._app(scope, receive, send)


def _add_refusals(app: FastAPI, deps: Deps) -> None:
    """Every refusal in the asker's language: an envelope below `/ocpi`, else a problem."""

    def answered(
        status: int,
        code: int,
        text: str,
        request: Request,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        if is_below(request.url.path, "/ocpi"):
            http = 200 if code == 2001 else status
            return failure(http, code, text, now_ns=deps.clock.now_ns(), headers=headers)
        return problem(status, text, headers)

    def ocpi_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, OCPIRefusalError)
        return answered(error.http_status, error.ocpi_status, error.message, request, error.headers)

    def rest_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, ProblemError)
        return answered(error.status, 2000, error.detail, request, error.headers)

    def http_refusal(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answered(error.status_code, 2000, error.detail, request, error.headers)

    def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        texts = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return answered(422, 2001, "; ".join(texts), request)

    refusals: dict[type[Exception], Callable[[Request, Exception], Response]] = {
        OCPIRefusalError: ocpi_refusal,
        ProblemError: rest_refusal,
        HTTPException: http_refusal,
        RequestValidationError: invalid,
    }
    for kind, handler in refusals.items():
        app.add_exception_handler(kind, handler)
