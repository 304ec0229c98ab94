"""REST: keys, chargers, invoices, sessions, health, clock; and what the OpenAPI page says."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.deps import Deps
from warehouse.clock import SystemClock, to_ns
from warehouse.registry import Change

STATUS = "/api/v1/installer/charge-points/CP-1/connection-status"
CONNECTORS = "/api/v1/chargepoints/CP-1/connectors"
NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
PROTECTED = [STATUS, CONNECTORS, "/api/v1/invoices", "/api/v1/invoices/X", "/api/v1/sessions"]


def connected(world: Any, *, online: bool, heard_s_ago: int) -> None:
    values = {
        "online": online,
        "protocol": "ocpp1.6",
        "since_ns": to_ns(NOON - timedelta(hours=1)),
        "heard_ns": to_ns(NOON - timedelta(seconds=heard_s_ago)),
        "reason": "" if online else "closed by peer",
    }
    world.registry.project(
        [Change("connection", ("CP-1",), values)], origin="ingest-1", next_index=1
    )


@pytest.mark.parametrize("path", PROTECTED)
async def test_without_a_key_401(world: Any, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer nobody"}, {"X-API-Key": "nobody"},
                    {"Authorization": "Token key-reader"}):  # fmt: skip
        response = await world.client.get(path, headers=headers)
        assert response.status_code == 401
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["status"] == 401
    assert (await world.api(path, "old")).status_code == 401


async def test_without_the_scope_403(world: Any) -> None:
    response = await world.api(STATUS, "narrow")
    assert (response.status_code, response.json()["title"]) == (403, "Forbidden")
    assert "chargers" in response.json()["detail"]
    assert (await world.api("/api/v1/invoices", "narrow")).status_code == 200


@pytest.mark.parametrize("path", [STATUS, CONNECTORS])
async def test_unknown_charge_point_404(world: Any, path: str) -> None:
    response = await world.api(path.replace("CP-1", "CP-9"))
    assert (response.status_code, response.json()["detail"]) == (404, "no charge point CP-9")


@pytest.mark.parametrize(
    ("online", "heard_s_ago", "status"),
    [(True, 30, "online"), (True, 600, "online"), (True, 601, "offline"), (False, 1, "offline")],
)
async def test_offline_after_twice_the_heartbeat_interval(
    world: Any, online: bool, heard_s_ago: int, status: str
) -> None:
    assert (await world.api(STATUS)).json()["status"] == "never_connected"
    connected(world, online=online, heard_s_ago=heard_s_ago)
    told = (await world.api(STATUS)).json()
    assert told["status"] == status
    assert told["since"] == "2026-10-20T11:00:00Z"
    assert told["heartbeat_interval_s"] == 300


async def test_the_key_may_come_in_its_own_header(world: Any) -> None:
    response = await world.client.get(STATUS, headers={"X-API-Key": "key-reader"})
    assert response.status_code == 200


async def test_connectors_tell_what_was_reported(world: Any) -> None:
    silent = (await world.api(CONNECTORS)).json()["connectors"]
    assert [(c["status"], c["received_at"]) for c in silent] == [("", None)]
    values = {"status": "Charging", "error_code": "NoError", "received_ns": to_ns(NOON)}
    world.registry.project(
        [Change("connector_state", ("CP-1", 1, 1), values)], origin="ingest-1", next_index=1
    )
    told = (await world.api(CONNECTORS)).json()["connectors"]
    assert [(c["status"], c["received_at"], c["max_power_kw"]) for c in told] == [
        ("Charging", "2026-10-20T12:00:00Z", "22")
    ]


async def test_partners_see_the_connectors_status(world: Any) -> None:
    async def status() -> str:
        url = "/ocpi/cpo/2.2.1/locations/L1"
        return str((await world.ocpi(url)).json()["data"]["evses"][0]["status"])

    assert await status() == "UNKNOWN"
    connected(world, online=True, heard_s_ago=1)
    values = {"status": "SuspendedEV", "received_ns": to_ns(NOON)}
    world.registry.project(
        [Change("connector_state", ("CP-1", 1, 1), values)], origin="ingest-1", next_index=2
    )
    assert await status() == "CHARGING"
    listed = await world.ocpi("/ocpi/cpo/2.2.1/locations?date_from=2026-10-20T12:00:00Z")
    assert [found["id"] for found in listed.json()["data"]] == ["L1"]


async def test_documents_are_given_byte_for_byte(world: Any) -> None:
    (world.documents / "2026-0001.pdf").write_bytes(b"%PDF-1.7 x")
    (world.documents / "2026-0001.json").write_bytes(b'{"number":"2026-0001"}')
    pdf = await world.api("/api/v1/invoices/2026-0001.pdf")
    assert (pdf.content, pdf.headers["content-type"]) == (b"%PDF-1.7 x", "application/pdf")
    assert (await world.api("/api/v1/invoices/2026-0001")).json() == {"number": "2026-0001"}


@pytest.mark.parametrize("number", ["none", "..%2Fregistry", "%2e%2e%2fregistry.sqlite", ".hidden"])
async def test_a_number_is_never_a_path(world: Any, number: str) -> None:
    (world.documents.parent / "registry.json").write_bytes(b"{}")
    for suffix in ("", ".pdf"):
        response = await world.api(f"/api/v1/invoices/{number}{suffix}")
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


async def test_lists_are_empty_before_anything_was_derived(world: Any) -> None:
    assert (await world.api("/api/v1/invoices")).json() == {"invoices": []}
    assert (await world.api("/api/v1/sessions?limit=5")).json() == {"sessions": []}
    refused = await world.api("/api/v1/sessions?limit=0")
    assert (refused.status_code, refused.json()["status"]) == (422, 422)


async def test_health_says_how_old_the_checkpoint_is(world: Any) -> None:
    response = await world.client.get("/healthz")
    assert response.status_code == 200
    assert response.json()["log"]["checkpoint_age_s"] == 3


async def test_a_driven_clock_moves_forward_only(world: Any) -> None:
    moved = await world.client.put("/api/v1/clock", json={"now": "2026-10-20T13:00:00.5Z"})
    assert moved.json() == {"now": "2026-10-20T13:00:00.500Z", "mode": "driven"}
    assert (await world.client.get("/api/v1/clock")).json() == moved.json()
    back = await world.client.put("/api/v1/clock", json={"now": "2026-10-20T12:00:00Z"})
    assert (back.status_code, back.json()["status"]) == (409, 409)
    assert (await world.client.put("/api/v1/clock", json={"now": "noon"})).status_code == 422
    assert (await world.client.put("/api/v1/clock", json={"now": "2026-10-21"})).status_code == 422


async def test_the_machines_clock_is_nobodys_to_move(world: Any) -> None:
    async def unrecorded(_exchange: Any) -> None:
        raise AssertionError("REST is not recorded as an OCPI exchange")

    app = create_app(Deps(world.registry, world.lake.path, SystemClock(), unrecorded, lambda: None))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://wtp.example"
    ) as client:
        assert (await client.get("/api/v1/clock")).status_code == 404
        assert (await client.put("/api/v1/clock", json={"now": "x"})).status_code == 404
        assert (await client.get("/healthz")).json() == {"status": "ok"}


async def test_every_route_says_what_it_gives_and_how_it_refuses(world: Any) -> None:
    paths = (await world.client.get("/openapi.json")).json()["paths"]
    assert len(paths) > 25
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert len(operation.get("description", "")) > 20, f"{method} {path}"
            if path.startswith(("/ocpi", "/api/v1/invoices", "/api/v1/installer")):
                assert {"401", "404"} <= set(operation["responses"]), f"{method} {path}"


def test_starting_is_light() -> None:
    code = "import sys, api.app; print(*(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"polars", "duckdb", "deltalake", "dagster", "pandas", "sqlalchemy"} & set(loaded)
