"""A service on the loopback interface for tests, and chargers that talk to it."""

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from ingest.server import Config, Service
from warehouse.clock import SystemClock
from warehouse.log import LogReader, LogWriter, Record, create_key, load_verifier, verify
from warehouse.registry import Registry
from warehouse.registry.passwords import hash_password

PASSWORD = "0123456789abcdef"
HASHED = hash_password(PASSWORD)
CALLER = "ingest-1"


def operate(data: Path, *actions: dict[str, Any]) -> None:
    """What the command line does: the operator's log, and nothing else."""
    folder = data / "log" / "operator"
    with LogWriter.open(
        folder, origin="operator", signer=create_key(data), clock=SystemClock()
    ) as writer:
        for action in actions:
            writer.append(json.dumps(action).encode(), kind="operator")


def station(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "action": "station.add",
        "id": name,
        "location_id": "L1",
        "evses": [],
        "password_hash": HASHED,
        **fields,
    }


def token(uid: str) -> dict[str, Any]:
    return {"action": "token.add", "uid": uid, "party": "NL-ABC", "contract_id": "C1"}


def open_service(data: Path, config: Config | None = None) -> Service:
    writer = LogWriter.open(
        data / "log" / CALLER, origin=CALLER, signer=create_key(data), clock=SystemClock()
    )
    registry = Registry.open(data / "registry.sqlite")
    used = config or Config(plain_port=0)
    return Service(writer, registry, SystemClock(), used, log_folder=data / "log")


@asynccontextmanager
async def running(data: Path, config: Config | None = None) -> AsyncIterator[Service]:
    service = open_service(data, config)
    await service.start()
    try:
        yield service
    finally:
        await service.stop()
        service.registry.close()


def url(service: Service, name: str, version: str = "1.6/") -> str:
    return f"ws://127.0.0.1:{service.plain_port}/ocpp/{version}{name}"


def basic(name: str, password: str | bytes = PASSWORD) -> dict[str, str]:
    raw = password.encode() if isinstance(password, str) else password
    return {"Authorization": "Basic " + base64.b64encode(name.encode() + b":" + raw).decode()}


@asynccontextmanager
async def charger(
    service: Service,
    name: str = "CP1",
    version: str = "1.6/",
    *,
    protocols: tuple[str, ...] = ("ocpp1.6",),
    password: str | bytes = PASSWORD,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[ClientConnection]:
    address = url(service, name, version)
    if tls is not None:
        address = f"wss://127.0.0.1:{service.tls_port}/ocpp/{version}{name}"
    async with connect(
        address,
        subprotocols=list(protocols) or None,  # type: ignore[arg-type]
        additional_headers=basic(name, password),
        ssl=tls,
        compression=None,
        ping_interval=None,
        max_size=8 * 2**20,
    ) as socket:
        yield socket


async def call(socket: ClientConnection, action: str, payload: Any, message_id: str = "1") -> Any:
    await socket.send(json.dumps([2, message_id, action, payload]))
    return json.loads(await asyncio.wait_for(socket.recv(), 10))


def logged(data: Path) -> list[Record]:
    return list(LogReader(data / "log" / CALLER).records())


def assert_clean(data: Path) -> None:
    """The log verifies, and its counters are gapless within every connection."""
    found = verify(data / "log" / CALLER, load_verifier(data))
    assert found.problems == ()
    following: dict[str, int] = {}
    for entry, _ in logged(data):
        if entry.connection:
            assert entry.counter == following.get(entry.connection, 0), entry
            following[entry.connection] = entry.counter + 1
