"""The service under load, alone on one core: `python -m tests.bench.charger_service FOLDER N`.

Prints its port; for each line it is sent, its resident memory (bytes) and processor time (s). Ends
with its input.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import psutil
import uvloop

from ingest.server import Config, Service
from warehouse.clock import SystemClock
from warehouse.log import LogWriter, create_key
from warehouse.registry import Registry


def prepare(data: Path, stations: int) -> None:
    """An operator's log with so many stations, without passwords, and one token."""
    clock = SystemClock()
    with LogWriter.open(
        data / "log" / "operator", origin="operator", signer=create_key(data), clock=clock
    ) as writer:
        for number in range(stations):
            station = {"action": "station.add", "id": f"CP{number}", "location_id": "L"}
            writer.append(json.dumps({**station, "evses": []}).encode(), kind="operator")
        token = {"action": "token.add", "uid": "04A1", "party": "NL-ABC", "contract_id": "C1"}
        writer.append(json.dumps(token).encode(), kind="operator")


def say(*values: float) -> None:
    sys.stdout.write(" ".join(str(value) for value in values) + "\n")
    sys.stdout.flush()


async def report() -> None:
    """Say what was used, for each line of input, until it ends."""
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        found = psutil.Process()
        times = found.cpu_times()
        say(found.memory_info().rss, times.user + times.system)


async def main(data: Path) -> None:
    clock = SystemClock()
    writer = LogWriter.open(
        data / "log" / "ingest-1", origin="ingest-1", signer=create_key(data), clock=clock
    )
    registry = Registry.open(data / "registry.sqlite")
    service = Service(writer, registry, clock, Config(plain_port=0), log_folder=data / "log")
    await service.start()
    say(service.plain_port)
    await report()
    await service.stop()
    registry.close()


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    prepare(Path(sys.argv[1]), int(sys.argv[2]))
    uvloop.run(main(Path(sys.argv[1])))
