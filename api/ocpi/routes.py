"""The OCPI routes: versions, and one list per module and version, chosen by a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth import Partner, names_token, partner_of
from api.deps import Deps
from api.envelope import OCPIRefusalError, success, success_texts
from api.lake_queries import LakeQueries
from api.ocpi.charges import Charges
from api.ocpi.paging import ListQuery, Page, headers, read_query
from api.ocpi.places import Places, own_party
from api.ocpi.publication import Publication
from ingest.protocols.ocpi import VERSIONS
from ingest.protocols.ocpi.versions import Endpoint, write_details, write_versions

_RESPONSES: dict[int | str, dict[str, str]] = {
    200: {"description": "OCPI envelope; status_code 1000 is success, 2001 a bad parameter"},
    401: {"description": "No token, or an unknown one; with an envelope"},
    404: {"description": "Unknown version, module or object; with an envelope"},
}
_PARAMETERS = [
    {"name": name, "in": "query", "required": False, "schema": schema, "description": text}
    for name, schema, text in (
        ("date_from", {"type": "string", "format": "date-time"}, "last_updated from, inclusive"),
        ("date_to", {"type": "string", "format": "date-time"}, "last_updated to, exclusive"),
        ("offset", {"type": "integer", "minimum": 0}, "objects passed over; default 0"),
        ("limit", {"type": "integer", "minimum": 1}, "objects of a page; X-Limit at most"),
    )
]
_EXPECTED = "expected a header Authorization: Token <base64 of your OCPI token>"
Authorization = Annotated[
    str,
    Header(
        description="`Token <base64 of the token>`; a raw token is accepted from older peers",
        examples=["Token ZXhhbXBsZS10b2tlbg=="],
    ),
]


@dataclass(frozen=True, slots=True)
class ListModule:
    """A module that partners pull: how a page of it is read, and how large one may be."""

    read: Callable[[str, str, ListQuery], Page]
    cap: int


def ocpi_router(deps: Deps, lake: LakeQueries) -> APIRouter:
    """All OCPI routes over the given stores."""
    router = APIRouter(prefix="/ocpi", tags=["OCPI"], responses=_RESPONSES)
    publication = Publication(deps.registry, deps.take_in_runs)
    charges, places = Charges(lake, publication), Places(deps.registry, deps.clock.now_ns)
    modules = {
        "cdrs": ListModule(charges.cdrs, 1000),
        "sessions": ListModule(charges.sessions, 100),
        "tariffs": ListModule(places.tariffs, 500),
        "locations": ListModule(places.locations, 100),
    }
    for version in VERSIONS:
        _add_details(router, deps, version, tuple(modules))
        for name, module in modules.items():
            _add_list(router, deps, f"/cpo/{version}/{name}", version, module)
        _add_location_objects(router, deps, version, places)
    _add_versions(router, deps)
    return router


def _add_versions(router: APIRouter, deps: Deps) -> None:
    @router.get("/versions", summary="The OCPI versions spoken here")
    def versions(request: Request, authorization: Authorization = "") -> Response:
        """Absolute URLs of the version details."""
        _admit(request, deps, authorization)
        base = _base(request, deps)
        urls = {version: f"{base}/ocpi/{version}" for version in VERSIONS}
        return success(write_versions(urls), now_ns=deps.clock.now_ns())


def _add_details(router: APIRouter, deps: Deps, version: str, modules: tuple[str, ...]) -> None:
    @router.get(f"/{version}", summary=f"The modules of OCPI {version}")
    def details(request: Request, authorization: Authorization = "") -> Response:
        """Each module with its role (SENDER) and absolute URL."""
        _admit(request, deps, authorization, version)
        base = f"{_base(request, deps)}/ocpi/cpo/{version}"
        endpoints = tuple(Endpoint(name, "SENDER", f"{base}/{name}") for name in modules)
        return success(write_details(version, endpoints), now_ns=deps.clock.now_ns())


def _add_list(router: APIRouter, deps: Deps, path: str, version: str, module: ListModule) -> None:
    name = path.rpartition("/")[2]

    @router.get(
        path,
        summary=f"{name} of OCPI {version}",
        operation_id=f"{name}_{version}",
        openapi_extra={"parameters": _PARAMETERS},
    )
    async def listed(request: Request, authorization: Authorization = "") -> Response:
        """A page, oldest first; CDRs and sessions are those of the asking party.

        Headers: X-Total-Count, X-Limit (the most one page may hold), Link to the next page.
        Energy in kWh, times in hours, money before tax in the object's currency.
        """
        partner = _admit(request, deps, authorization, version, functional=True)
        query = read_query(request.query_params, module.cap)
        page = await run_in_threadpool(module.read, version, partner.code, query)
        url = f"{_base(request, deps)}/ocpi{path}"
        return success_texts(
            page.texts, now_ns=deps.clock.now_ns(), headers=headers(query, page, url)
        )


def _add_location_objects(router: APIRouter, deps: Deps, version: str, places: Places) -> None:
    base = f"/cpo/{version}/locations/{{location_id}}"

    @router.get(base, summary=f"One location of OCPI {version}")
    @router.get(f"{base}/{{evse_uid}}", summary=f"One EVSE of OCPI {version}")
    @router.get(f"{base}/{{evse_uid}}/{{connector_id}}", summary=f"A connector of OCPI {version}")
    async def place(
        request: Request,
        location_id: str,
        evse_uid: str = "",
        connector_id: str = "",
        authorization: Authorization = "",
    ) -> Response:
        """The object as in the list; unknown: HTTP 404 with OCPI 2003."""
        partner = _admit(request, deps, authorization, version, functional=True)
        path = [part for part in (location_id, evse_uid, connector_id) if part]
        found = await run_in_threadpool(places.location, version, partner.code, *path)
        if found is None:
            raise OCPIRefusalError(404, 2003, f"no location object {'/'.join(path)}")
        return success(found, now_ns=deps.clock.now_ns())


def _admit(
    request: Request,
    deps: Deps,
    authorization: str,
    version: str = "",
    *,
    functional: bool = False,
) -> Partner:
    """The asking party, noted for the log and the routing headers; else 401."""
    state = request.scope["state"]
    state["ocpi_version"] = version
    partner = partner_of(authorization, deps.registry)
    if partner is None:
        text = "unknown token" if names_token(authorization) else _EXPECTED
        raise OCPIRefusalError(401, 2000, text, headers={"WWW-Authenticate": "Token"})
    state["ocpi_party"] = partner.code
    if functional and version != "2.1.1":  # routing headers exist from 2.2 on
        state["ocpi_from"] = own_party(deps.registry)
        state["ocpi_to"] = (partner.country_code, partner.party_id)
    return partner


def _base(request: Request, deps: Deps) -> str:
    return (deps.public_url or str(request.base_url)).rstrip("/")
