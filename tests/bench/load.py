"""A load of simulated chargers: raw sockets, prebuilt frames, one process, nothing but counting.

`python -m tests.bench.load PORT CONNECTIONS IN_FLIGHT SECONDS` prints one JSON line.
"""

import asyncio
import json
import os
import sys
import time
from collections import deque
from struct import pack
from typing import Any, cast

import uvloop

MASK = b"\x12\x34\x56\x78"
STAMP = "2026-11-21T10:00:00Z"


def masked(payload: bytes) -> bytes:
    """A whole text frame as a client sends it."""
    key = (MASK * (len(payload) // 4 + 1))[: len(payload)]
    body = (int.from_bytes(payload) ^ int.from_bytes(key)).to_bytes(len(payload))
    length = len(payload)
    head = bytes((0x81, 0x80 | length)) if length < 126 else pack("!BBH", 0x81, 0xFE, length)
    return head + MASK + body


def sample(measurand: str, value: str, unit: str) -> dict[str, str]:
    """A sampledValue as most chargers send it."""
    return {
        "measurand": measurand,
        "value": value,
        "unit": unit,
        "context": "Sample.Periodic",
        "format": "Raw",
        "location": "Outlet",
    }


def meter_values(number: int) -> dict[str, Any]:
    """A MeterValues.req of OCPP 1.6 as most chargers send it."""
    values = [
        sample("Energy.Active.Import.Register", f"{number * 1000}.5", "Wh"),
        sample("Power.Active.Import", "7360", "W"),
        sample("Current.Import", "32.0", "A"),
        sample("Voltage", "230.1", "V"),
    ]
    return {
        "connectorId": 1,
        "transactionId": number,
        "meterValue": [{"timestamp": STAMP, "sampledValue": values}],
    }


def traffic(number: int) -> list[bytes]:
    """What one charger says over and over: mostly meter values, and one of each other kind."""
    status = {"connectorId": 1, "errorCode": "NoError", "status": "Charging", "timestamp": STAMP}
    calls = [("MeterValues", meter_values(number))] * 5
    calls += [("StatusNotification", status), ("Heartbeat", {}), ("Authorize", {"idTag": "04A1"})]
    return [
        masked(json.dumps([2, f"{number}-{place}", action, payload]).encode())
        for place, (action, payload) in enumerate(calls)
    ]


class Charger(asyncio.Protocol):
    """One connection: sends when it is its turn, hands the turn on when it was answered."""

    def __init__(self, number: int, load: "Load") -> None:
        self.number, self.load = number, load
        self.frames = traffic(number)
        self.place = 0
        self.open = False
        self.sent_at = 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(
            f"GET /ocpp/1.6/CP{self.number} HTTP/1.1\r\nHost: localhost\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            "Sec-WebSocket-Protocol: ocpp1.6\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self.open:
            assert data.startswith(b"HTTP/1.1 101"), data
            self.open = True
            self.load.opened(self)
        elif data[0] == 0x81:
            self.load.answered(self)

    def send(self, now: float) -> None:
        self.sent_at = now
        self.transport.write(self.frames[self.place % 8])
        self.place += 1


class Load:
    """All chargers, and whose turn it is."""

    def __init__(self, connections: int, in_flight: int) -> None:
        self.connections, self.in_flight = connections, in_flight
        self.ready = asyncio.Event()
        self.idle: deque[Charger] = deque()
        self.latencies: list[float] = []
        self.running = False

    def opened(self, charger: Charger) -> None:
        self.idle.append(charger)
        if len(self.idle) == self.connections:
            self.ready.set()

    def answered(self, charger: Charger) -> None:
        now = time.perf_counter()
        self.latencies.append(now - charger.sent_at)
        self.idle.append(charger)
        if self.running:
            self.idle.popleft().send(now)

    async def run(self, seconds: float) -> dict[str, float]:
        self.running = True
        for _ in range(self.in_flight):
            self.idle.popleft().send(time.perf_counter())
        await asyncio.sleep(seconds * 0.2)
        warm = len(self.latencies)
        self.latencies.clear()
        start = time.perf_counter()
        await asyncio.sleep(seconds)
        spent = time.perf_counter() - start
        found = sorted(self.latencies)
        self.running = False
        return {
            "answered": warm + len(found),
            "frames_per_s": len(found) / spent,
            "p50_ms": found[len(found) // 2] * 1000,
            "p99_ms": found[len(found) * 99 // 100] * 1000,
            "max_ms": found[-1] * 1000,
        }


def say(found: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


async def main(port: int, connections: int, in_flight: int, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    load = Load(connections, in_flight)
    for number in range(connections):
        await loop.create_connection(
            lambda number=number: Charger(number, load),  # type: ignore[misc]
            "127.0.0.1",
            port,
        )
    await asyncio.wait_for(load.ready.wait(), 60)
    say({"ready": connections})
    sys.stdin.readline()
    say(await load.run(seconds))


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
