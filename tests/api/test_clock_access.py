"""Who may move a driven clock: a key with scope clock, or without any key this machine itself."""

from typing import Any

import httpx
import pytest

from api.app import create_app
from api.deps import Deps
from api.rest.access import is_loopback

LATER = {"now": "2026-10-20T13:00:00Z"}
TIMER = {"Authorization": "Bearer key-timer"}


async def moved(
    world: Any, headers: dict[str, str], *, client: str = "127.0.0.1", loopback_only: bool = True
) -> httpx.Response:
    """The answer to a PUT that comes from `client`."""

    async def unrecorded(_exchange: Any) -> None:
        raise AssertionError("REST is not recorded as an OCPI exchange")

    app = create_app(
        Deps(
            world.registry,
            world.lake.path,
            world.clock,
            unrecorded,
            lambda: None,
            loopback_only=loopback_only,
        )
    )
    transport = httpx.ASGITransport(app, client=(client, 40_000))
    async with httpx.AsyncClient(transport=transport, base_url="http://wtp.example") as http:
        return await http.put("/api/v1/clock", json=LATER, headers=headers)


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
async def test_this_machine_needs_no_key(world: Any, client: str) -> None:
    assert (await moved(world, {}, client=client)).status_code == 200


@pytest.mark.parametrize(
    ("client", "loopback_only"),
    [("192.0.2.7", True), ("192.0.2.7", False), ("127.0.0.1", False), ("", True)],
)
async def test_else_a_key_is_needed(world: Any, client: str, loopback_only: bool) -> None:
    before = world.clock.now_ns()
    refused = await moved(world, {}, client=client, loopback_only=loopback_only)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert world.clock.now_ns() == before
    allowed = await moved(world, TIMER, client=client, loopback_only=loopback_only)
    assert allowed.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (TIMER, 200),
        ({"X-API-Key": "key-timer"}, 200),
        ({"Authorization": "Bearer key-reader"}, 403),
        ({"X-API-Key": "key-narrow"}, 403),
        ({"Authorization": "Bearer key-old"}, 401),
        ({"Authorization": "Bearer nobody"}, 401),
        ({"Authorization": "Token key-timer"}, 401),
    ],
)
async def test_a_key_that_is_given_must_hold_the_scope(
    world: Any, headers: dict[str, str], status: int
) -> None:
    before = world.clock.now_ns()
    assert (await moved(world, headers)).status_code == status
    assert (world.clock.now_ns() > before) is (status == 200)


async def test_the_scope_reads_nothing(world: Any) -> None:
    assert (await world.api("/api/v1/invoices", "timer")).status_code == 403


async def test_openapi_says_so(world: Any) -> None:
    put = (await world.client.get("/openapi.json")).json()["paths"]["/api/v1/clock"]["put"]
    assert "scope `clock`" in put["description"]
    assert {"401", "403", "409"} <= set(put["responses"])


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("wtp.example", False),
        ("", False),
    ],
)
def test_loopback_is_this_machine_only(host: str, is_ours: bool) -> None:
    assert is_loopback(host) is is_ours
