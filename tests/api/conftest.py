"""A small operator: two parties, one location, tariffs, CDRs in a real lake and a real registry."""

import asyncio
import shutil
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest
import pytest_asyncio

from api.app import create_app
from api.deps import Deps, LogHealth
from api.exchange import Exchange
from billing import record
from billing.cdr import CDR
from ingest.protocols.ocpi import VERSIONS, dumps, loads, read_cdr, write_cdr
from warehouse.clock import SimulatedClock, to_ns
from warehouse.lake import TABLES, Lake
from warehouse.log.errors import StoreUnavailable
from warehouse.registry import Change, Registry

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
TOKENS = {"NL-AAA": "token-of-aaa-0123456789", "NL-BBB": "token-of-bbb-0123456789"}
KEYS = {"reader": ["read"], "narrow": ["invoices"], "old": ["read", "clock"], "timer": ["clock"]}

TARIFF = {
    "country_code": "NL", "party_id": "WTP", "id": "T1", "currency": "EUR",
    "elements": [{"price_components": [
        {"type": "ENERGY", "price": 0.35, "vat": 21, "step_size": 1}]}],
    "last_updated": "2026-09-01T00:00:00Z",
}  # fmt: skip


def _make_cdr(number: int, party: str, at: datetime, **changes: Any) -> CDR:
    """A plain CDR of 7.5 kWh in 1.25 h; `at` is its last_updated."""
    start = at - timedelta(hours=2)
    wire = {
        "country_code": "NL", "party_id": "WTP", "id": f"cdr-{number:05}",
        "start_date_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "end_date_time": (start + timedelta(minutes=75)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "session_id": f"session-{number:05}",
        "cdr_token": {"country_code": party[:2], "party_id": party[3:], "uid": "04A1B2C3",
                      "type": "RFID", "contract_id": f"{party}-C00000001-X"},
        "auth_method": "WHITELIST",
        "cdr_location": {
            "id": "L1", "name": "Harbour", "address": "Kade 1", "city": "Rotterdam",
            "postal_code": "3011AA", "country": "NLD",
            "coordinates": {"latitude": "51.917400", "longitude": "4.484900"},
            "evse_uid": "CP-1-1", "evse_id": "NL*WTP*E1", "connector_id": "1",
            "connector_standard": "IEC_62196_T2", "connector_format": "SOCKET",
            "connector_power_type": "AC_3_PHASE"},
        "currency": "EUR", "tariffs": [TARIFF],
        "charging_periods": [{"start_date_time": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "dimensions": [{"type": "ENERGY", "volume": 7.5}, {"type": "TIME", "volume": 1.25}],
            "tariff_id": "T1"}],
        "total_cost": {"excl_vat": 2.63, "incl_vat": 3.18}, "total_energy": 7.5,
        "total_energy_cost": {"excl_vat": 2.63, "incl_vat": 3.18}, "total_time": 1.25,
        "last_updated": at.strftime("%Y-%m-%dT%H:%M:%SZ"), **changes,
    }  # fmt: skip
    cdr, _ = read_cdr("2.2.1", loads(dumps(wire)))
    return cdr


@pytest.fixture(scope="session")
def make_cdr() -> Callable[..., CDR]:
    """Makes a CDR: number, party, last_updated, and wire fields that differ."""
    return _make_cdr


@pytest.fixture(scope="session")
def write_lake() -> Callable[..., None]:
    """Writes CDRs into a lake."""
    return _write_lake


def _write_lake(lake: Lake, cdrs: list[CDR], versions: Mapping[str, int] | None = None) -> None:
    """Both tables as the pipelines write them; `versions` of sessions by CDR id, else 1."""
    days = [cdr.last_updated.date() for cdr in cdrs]
    exports = [
        {
            "day": day,
            "cdr_id": cdr.id,
            "ocpi_version": version,
            "party": cdr.token.party,
            "last_updated": cdr.last_updated,
            "object": dumps(write_cdr(version, cdr)),
        }
        for cdr, day in zip(cdrs, days, strict=True)
        for version in VERSIONS
    ]
    _write(lake, "ocpi_export", exports)
    rows = [
        {
            "day": day,
            "cdr_id": cdr.id,
            "session_id": cdr.session_id,
            "version": (versions or {}).get(cdr.id, 1),
            "party": cdr.token.party,
            "last_updated": cdr.last_updated,
            "credit": cdr.credit,
            "sign": cdr.sign,
            "record": record.dumps(cdr),
        }
        for cdr, day in zip(cdrs, days, strict=True)
    ]
    _write(lake, "cdr", rows)


def _write(lake: Lake, table: str, rows: list[dict[str, Any]]) -> None:
    schema = TABLES[table].schema
    full = [{name: row.get(name) for name in schema.names()} for row in rows]
    frame = pl.DataFrame(full, schema=schema)
    lake.write(table, frame, set(frame["day"].to_list()))


@dataclass
class World:
    """What a test holds: the client, the recorded exchanges, the stores."""

    client: httpx.AsyncClient
    lake: Lake
    registry: Registry
    clock: SimulatedClock
    documents: Path
    exchanges: list[Exchange] = field(default_factory=list)
    log_is_full: bool = False

    async def ocpi(self, path: str, party: str = "NL-AAA", **headers: str) -> httpx.Response:
        """GET with a party's token."""
        return await self.client.get(path, headers={**authorization(party), **headers})

    async def api(self, path: str, key: str = "reader") -> httpx.Response:
        """GET with an API key."""
        return await self.client.get(path, headers={"Authorization": f"Bearer key-{key}"})


def authorization(party: str) -> dict[str, str]:
    """The header as 2.2.1 wants it."""
    return {"Authorization": f"Token {b64encode(TOKENS[party].encode()).decode()}"}


@pytest.fixture(scope="session")
def lake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 CDRs of NL-AAA over five days, 3 of NL-BBB; the last of NL-AAA credited and replaced."""
    folder = tmp_path_factory.mktemp("lake")
    first = datetime(2026, 10, 10, 8, tzinfo=UTC)
    cdrs = [_make_cdr(n, "NL-AAA", first + timedelta(hours=5 * n)) for n in range(25)]
    cdrs += [_make_cdr(100 + n, "NL-BBB", first + timedelta(hours=5 * n)) for n in range(3)]
    _write_lake(Lake(folder), cdrs)
    return folder


@pytest.fixture(scope="session")
def registry_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry to be copied: filling one takes longer than a test.

    For two weeks a run finished at every full hour, in no time.
    """
    path = tmp_path_factory.mktemp("registry") / "registry.sqlite"
    found = Registry.open(path)
    for index, action in enumerate(_actions()):
        found.apply_action(action, at_ns=to_ns(NOON - timedelta(days=30)), index=index)
    hours = [to_ns(NOON - timedelta(hours=hour)) for hour in range(24 * 14, -1, -1)]
    runs = [{"watermark_ns": at, "finished_ns": at} for at in hours]
    changes = [Change("run", (index,), run) for index, run in enumerate(runs)]
    found.project(changes, origin="books", next_index=len(changes))
    found.close()
    return path


@pytest.fixture
def registry(tmp_path: Path, registry_file: Path) -> Registry:
    return Registry.open(shutil.copy(registry_file, tmp_path))


@pytest_asyncio.fixture
async def world(lake_folder: Path, registry: Registry, tmp_path: Path) -> AsyncIterator[World]:
    documents = tmp_path / "documents"
    documents.mkdir()
    clock = SimulatedClock(to_ns(NOON))
    made: list[World] = []

    async def record_exchange(exchange: Exchange) -> None:
        await asyncio.sleep(0)
        if made[0].log_is_full:
            raise StoreUnavailable("no space left on device")
        made[0].exchanges.append(exchange)

    app = create_app(
        Deps(
            registry=registry,
            lake=lake_folder,
            clock=clock,
            record_exchange=record_exchange,
            take_in_runs=lambda: None,
            documents=documents,
            log_health=lambda: LogHealth(10, 10, to_ns(NOON - timedelta(seconds=3))),
            loopback_only=True,
        )
    )
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://wtp.example") as client:
        made.append(World(client, Lake(lake_folder), registry, clock, documents))
        yield made[0]
    registry.close()


def _actions() -> list[dict[str, Any]]:
    parties = [
        {"action": "party.add", "country_code": "NL", "party_id": "WTP", "role": "CPO",
         "name": "Wattproof"},
        *({"action": "party.add", "country_code": code[:2], "party_id": code[3:], "role": "EMSP",
           "name": code, "ocpi_token_hash": sha256(token.encode()).hexdigest()}
          for code, token in TOKENS.items()),
    ]  # fmt: skip
    connector = {"id": 1, "standard": "IEC_62196_T2", "format": "SOCKET",
                 "power_type": "AC_3_PHASE", "max_voltage": 230, "max_amperage": 32,
                 "max_power_kw": "22"}  # fmt: skip
    place = {"country_code": "NL", "party_id": "WTP", "address": "Kade 1", "city": "Rotterdam",
             "postal_code": "3011AA", "country": "NLD", "latitude": "51.917400",
             "longitude": "4.484900", "time_zone": "Europe/Amsterdam"}  # fmt: skip
    locations = [
        {"action": "location.add", "id": f"L{n}", "name": f"Site {n}", **place} for n in (1, 2, 3)
    ]
    stations = [
        {"action": "station.add", "id": f"CP-{n}", "location_id": f"L{n}", "evses": [
            {"uid": f"CP-{n}-1", "evse_id": f"NL*WTP*E{n}", "ocpp_evse": 1,
             "connectors": [connector]}]}
        for n in (1, 2)
    ]  # fmt: skip
    tariffs = [
        {"action": "tariff.add", "ocpi_version": "2.2.1", "tariff": {**TARIFF, "id": name},
         "valid_from": start, "parties": parties, "stations": [], "locations": []}
        for name, start, parties in (
            ("T1", "2026-09-01T00:00:00Z", []),
            ("T-AAA", "2026-09-01T00:00:00Z", ["NL-AAA"]),
            ("T-BBB", "2026-09-01T00:00:00Z", ["NL-BBB"]),
            ("T1", "2026-12-01T00:00:00Z", []),
        )
    ]  # fmt: skip
    keys = [
        {"action": "api_key.add", "id": name, "name": name, "scopes": scopes,
         "hash": sha256(f"key-{name}".encode()).hexdigest(),
         "valid_until": "2026-01-01T00:00:00Z" if name == "old" else ""}
        for name, scopes in KEYS.items()
    ]  # fmt: skip
    return [*parties, *locations, *stations, *tariffs, *keys]
