"""Lets a REST request in: an API key with the scope that the route names."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Header

from api.auth import key_of, may
from api.deps import Deps, Row
from api.envelope import instant_of
from api.rest.problem import ProblemError

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

    def admitted(
        authorization: Annotated[str, Header(description="`Bearer <API key>`")] = "",
        x_api_key: Annotated[str, Header(description="The API key, instead of Bearer")] = "",
    ) -> Row:
        now = instant_of(deps.clock.now_ns())
        key = key_of(authorization, x_api_key, deps.registry, now)
        if key is None:
            raise ProblemError(401, "expected a valid API key", {"WWW-Authenticate": "Bearer"})
        if not may(key, scope):
            raise ProblemError(403, f"the key has no scope {scope}")
        return key

    return admitted
