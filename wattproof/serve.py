"""The composition root: clock, log, registry, chargers and partners in one event loop.

Wires, starts, stops; decides nothing. Stops gracefully on SIGINT and SIGTERM: connections are
closed, what came is answered, the log is signed.
"""

import asyncio
import signal
import socket
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import uvicorn

from api.app import create_app
from api.deps import Deps, LogHealth
from api.exchange import Exchange
from api.rest.access import is_loopback
from ingest.protocols.fields import canonical
from ingest.server import Config, Service
from warehouse.clock import SimulatedClock, SystemClock, open_clock
from warehouse.log import LogReader, LogWriter, create_key
from warehouse.registry import Registry
from wattproof.finished_runs import FinishedRuns

ORIGIN = "ingest-1"


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the service can be reached, once it can be."""

    http_url: str
    plain_url: str
    tls_url: str
    clock: Mapping[str, str]
    """`start` and `speed` of simulated time (0: driven); empty where time is real."""

    @property
    def ocpp_urls(self) -> list[str]:
        """The OCPP addresses, without the station's id at the end."""
        return [url for url in (self.plain_url, self.tls_url) if url]


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator chooses: the data folder, the ports and how chargers may come."""

    data: Path
    chargers: Config
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    public_url: str = ""
    ready: Callable[[Listening], None] = field(default=lambda _: None)


async def serve(settings: Settings) -> None:
    """Runs until SIGINT or SIGTERM.

    Raises `LogLocked` where another service runs on this data folder, `ConfigError`, and OSError
    where a port is taken.
    """
    data = settings.data
    data.mkdir(parents=True, exist_ok=True)
    clock = open_clock(data)
    with socket.create_server((settings.http_host, settings.http_port)) as http:
        writer = LogWriter.open(
            data / "log" / ORIGIN, origin=ORIGIN, signer=create_key(data), clock=clock, timeout_s=2
        )
        if isinstance(clock, SimulatedClock):
            writer.append(canonical(clock.describe()), kind="clock")
        with closing(_registry(data)) as registry:
            service = Service(writer, registry, clock, settings.chargers, log_folder=data / "log")
            await service.start()
            try:
                server = _http_server(settings, registry, clock, service, writer)
                settings.ready(_listening(settings, http, service, clock))
                with _stopped_by_signals(server):
                    await server.serve(sockets=[http])
            finally:
                await service.stop()


class _HTTPServer(uvicorn.Server):
    """uvicorn without its own ideas about signals: the whole process stops in one order."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals to `serve`."""
        yield


def _http_server(
    settings: Settings,
    registry: Registry,
    clock: SystemClock | SimulatedClock,
    service: Service,
    writer: LogWriter,
) -> _HTTPServer:
    app = create_app(
        Deps(
            registry=registry,
            lake=settings.data / "lake",
            clock=clock,
            record_exchange=_recorder(service),
            take_in_runs=FinishedRuns(settings.data, registry).take_in,
            documents=settings.data / "documents",
            log_health=lambda: _health(settings.data, clock, writer, service),
            public_url=settings.public_url,
            loopback_only=is_loopback(settings.http_host),
        )
    )
    return _HTTPServer(
        uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=5)
    )


def _recorder(service: Service) -> Callable[[Exchange], Awaitable[None]]:
    """Logs an exchange as two entries, the request and its response."""

    async def record(exchange: Exchange) -> None:
        request = orjson.loads(exchange.payload())
        response = {"action": request["action"], "response": request.pop("response")}
        await service.exchange(
            canonical(request),
            canonical(response),
            protocol=exchange.protocol,
            peer=exchange.peer,
        )

    return record


def _health(
    data: Path, clock: SystemClock | SimulatedClock, writer: LogWriter, service: Service
) -> LogHealth:
    """The age of the checkpoint is real; it is told in the service's own time."""
    checkpoint = data / "log" / ORIGIN / "checkpoint"
    age_ns = time.time_ns() - checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
    problem = "the store refuses writes" if service.stalled else ""
    return LogHealth(writer.size, writer.durable_size, clock.now_ns() - age_ns, problem)


def _registry(data: Path) -> Registry:
    registry = Registry.open(data / "registry.sqlite")
    folder = data / "log" / "operator"
    if folder.exists():
        registry.catch_up([LogReader(folder)])
    return registry


def _listening(
    settings: Settings,
    http: socket.socket,
    service: Service,
    clock: SystemClock | SimulatedClock,
) -> Listening:
    chargers = settings.chargers
    told = clock.describe() if isinstance(clock, SimulatedClock) else {}
    return Listening(
        http_url=f"http://{settings.http_host}:{http.getsockname()[1]}",
        plain_url=f"ws://{chargers.host}:{service.plain_port}/ocpp" if service.plain_port else "",
        tls_url=f"wss://{chargers.host}:{service.tls_port}/ocpp" if service.tls_port else "",
        clock={name: str(told[name]) for name in ("start", "speed") if name in told},
    )


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
