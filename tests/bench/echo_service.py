"""The floor: the chargers' sockets alone, every frame answered at once, nothing logged or read.

`python -m tests.bench.echo_service` prints its port, then says what `charger_service` says: what
the machine, uvloop and websockets take before the service does anything.
"""

import asyncio
import os

import uvloop
from websockets.http11 import Request

from ingest.chargers import ChargerSocket
from tests.bench.charger_service import report, say

ANSWER = b'[3,"1234-5",{}]'


class Echo:
    """A desk that knows one answer."""

    def arrived(self, socket: ChargerSocket) -> None:
        """Nothing to do before it asks."""

    def requested(self, socket: ChargerSocket, request: Request) -> None:
        socket.accept(request, "ocpp1.6")
        socket.resume()

    def heard(self, socket: ChargerSocket, payload: bytes) -> None:  # noqa: ARG002 - an echo
        socket.release(ANSWER)

    def left(self, socket: ChargerSocket, reason: str) -> None:
        """Nothing was kept."""


async def main() -> None:
    loop, desk = asyncio.get_running_loop(), Echo()
    server = await loop.create_server(
        lambda: ChargerSocket(desk, loop), "127.0.0.1", 0, backlog=4096
    )
    say(server.sockets[0].getsockname()[1])
    await report()


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    uvloop.run(main())
