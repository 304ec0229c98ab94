"""Lets a REST request in: an API key with the scope that the route names.

The clock of a simulation may also be moved without a key, from this machine only.
"""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Annotated

from fastapi import Header, Request

from api.auth import CLOCK, key_of, may
from api.deps import Deps, Row
from api.envelope import instant_of
from api.rest.problem import ProblemError

Authorization = Annotated[str, Header(description="`Bearer <API key>`")]
KeyHeader = Annotated[str, Header(description="The API key, instead of Bearer")]
Responses = dict[int | str, dict[str, object]]

PROBLEMS: Responses = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in (
        (401, "No API key, an unknown one, or one that has expired"),
        (403, "The key lacks the scope"),
        (404, "Unknown object"),
    )
}


def requires(deps: Deps, scope: str) -> Callable[..., Row]:
    """A dependency that gives the API key's row; raises ProblemError 401 or 403."""

    def admitted(authorization: Authorization = "", x_api_key: KeyHeader = "") -> Row:
        now = instant_of(deps.clock.now_ns())
        key = key_of(authorization, x_api_key, deps.registry, now)
        if key is None:
            raise ProblemError(401, "expected a valid API key", {"WWW-Authenticate": "Bearer"})
        if not may(key, scope):
            raise ProblemError(403, f"the key has no scope {scope}")
        return key

    return admitted


def may_move_clock(deps: Deps) -> Callable[..., None]:
    """A dependency that lets in a key with scope `clock`; without any key this machine itself.

    The latter only where nobody else can reach the service. Raises ProblemError 401 or 403.
    """
    with_key = requires(deps, CLOCK)

    def admitted(
        request: Request, authorization: Authorization = "", x_api_key: KeyHeader = ""
    ) -> None:
        asker = request.client.host if request.client else ""
        if authorization or x_api_key or not (deps.loopback_only and is_loopback(asker)):
            with_key(authorization, x_api_key)

    return admitted


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine itself."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_loopback
    return address.is_loopback
