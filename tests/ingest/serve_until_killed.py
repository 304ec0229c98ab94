"""Services for `test_kill`: for each line it is sent, forks one that prints its pid and port.

Forked from one process that has imported everything, because importing takes longer than a life.
"""

import asyncio
import os
import sys
from pathlib import Path

from ingest.server import Config, Service
from warehouse.clock import SystemClock
from warehouse.log import LogWriter, create_key
from warehouse.registry import Registry


async def main(data: Path) -> None:
    clock = SystemClock()
    writer = LogWriter.open(
        data / "log" / "ingest-1", origin="ingest-1", signer=create_key(data), clock=clock
    )
    registry = Registry.open(data / "registry.sqlite")
    service = Service(writer, registry, clock, Config(plain_port=0), log_folder=data / "log")
    await service.start()
    sys.stdout.write(f"{os.getpid()} {service.plain_port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


for _ in iter(sys.stdin.readline, ""):
    child = os.fork()
    if child == 0:
        asyncio.run(main(Path(sys.argv[1])))
    os.waitpid(child, 0)
