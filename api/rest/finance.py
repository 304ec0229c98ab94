"""Invoices and sessions as lists, and an invoice's documents, as finance and apps read them."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from starlette.responses import FileResponse

from api.deps import Deps
from api.envelope import instant_of
from api.lake_queries import LakeQueries
from api.rest.access import PROBLEMS, requires
from api.rest.problem import ProblemError
from ingest.protocols.ocpi.wire import instant

_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MEDIA = {"pdf": "application/pdf", "json": "application/json"}
Limit = Annotated[int, Query(ge=1, le=1000, description="rows of a page")]
Offset = Annotated[int, Query(ge=0, description="rows passed over")]
Listed = dict[str, list[dict[str, Any]]]


def finance_router(deps: Deps, lake: LakeQueries) -> APIRouter:
    """The routes about invoices and sessions."""
    router = APIRouter(prefix="/api/v1", responses=PROBLEMS)
    invoices = [Depends(requires(deps, "invoices"))]
    sessions = [Depends(requires(deps, "sessions"))]

    @router.get("/invoices", tags=["Invoices"], dependencies=invoices)
    def invoice_list(
        month: Annotated[str, Query(examples=["2026-10"])] = "",
        buyer: Annotated[str, Query(examples=["NL-ABC"])] = "",
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Listed:
        """Issued invoices, newest first. Money as decimal text in the invoice's currency."""
        rows = lake.rows(
            "rest_invoice_list", "invoice",
            month=month, buyer=buyer, page_size=limit, skipped=offset,
        )  # fmt: skip
        return {"invoices": [_with_instants(row) for row in rows]}

    @router.get(
        "/invoices/{number}.pdf",
        tags=["Invoices"],
        dependencies=invoices,
        response_class=FileResponse,
    )
    def invoice_pdf(number: str) -> FileResponse:
        """The document as it was issued, byte for byte."""
        return _document(deps, number, "pdf")

    @router.get(
        "/invoices/{number}",
        tags=["Invoices"],
        dependencies=invoices,
        response_class=FileResponse,
    )
    def invoice(number: str) -> FileResponse:
        """The invoice with its lines as JSON, byte for byte as it was issued."""
        return _document(deps, number.removesuffix(".json"), "json")

    @router.get("/sessions", tags=["Sessions"], dependencies=sessions)
    def session_list(
        station: Annotated[str, Query(examples=["CP-1"])] = "",
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Listed:
        """The newest version of each session, newest first. Energy in Wh as decimal text."""
        rows = lake.rows(
            "rest_session_list", "session", station=station, page_size=limit, skipped=offset
        )
        return {"sessions": [_with_instants(row) for row in rows]}

    return router


def _document(deps: Deps, number: str, suffix: str) -> FileResponse:
    """A file of the documents folder; a number is a plain name, never a path."""
    known = deps.documents is not None and _NUMBER.fullmatch(number)
    path = deps.documents / f"{number}.{suffix}" if known and deps.documents else None
    if path is None or not path.is_file():
        raise ProblemError(404, f"no invoice {number}")
    return FileResponse(path, media_type=_MEDIA[suffix], filename=path.name)


def _with_instants(row: dict[str, Any]) -> dict[str, Any]:
    """`…_us` columns as `…_at` text."""
    return {
        name.replace("_us", "_at") if name.endswith("_us") else name: (
            instant(instant_of(value * 1000))
            if name.endswith("_us") and value is not None
            else value
        )
        for name, value in row.items()
    }
