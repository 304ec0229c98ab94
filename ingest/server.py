"""The service that hears chargers: each frame is logged, answered, made durable, then sent.

A thin shell over pure answers (`ingest.answer`). It knows sockets, the log and the registry; what a
message means is not decided here.
"""

import asyncio
import json
import os
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from websockets.http11 import Request

from ingest.admission import Gate, Verdict
from ingest.answer.reply import reply
from ingest.chargers import ChargerSocket
from ingest.connectivity import (
    CLOSED,
    OPENED,
    REFUSED,
    connection_changes,
    restart_changes,
    silent_after_s,
)
from ingest.fold import APPLIED, STARTED, Fold
from ingest.handshake import Choice, choose, logged_headers, logged_path, read_path
from ingest.journal import Journal
from ingest.projection import Projection
from ingest.replay import operator_changes
from ingest.tls import server_context
from ingest.view import View
from warehouse.clock import Clock
from warehouse.log import Entry, LogReader, LogWriter, StoreUnavailable
from warehouse.registry import Change, Registry
from warehouse.registry.registry import OPERATOR

TICK_NS = 60 * 1_000_000_000
PING_WAIT_S = 5.0
GOODBYE_S = 1.0
_NAMES_A_TOKEN = b'"idT'
"""In every frame with an idTag or idToken: what the operator said last must count for it."""
_STOPPING = "the service stops"
REFUSALS_PER_MINUTE = 120
"""Refused connections logged in full; a flood of them must not fill the disk."""


class ConfigError(ValueError):
    """A listener that can't be: neither plain nor TLS, or a certificate without its key."""


@dataclass(frozen=True, slots=True)
class Config:
    """How chargers reach us. Ports: 0 lets the system choose, None switches the listener off.

    `plain_port` (ws without TLS) is for trusted networks and simulation only. `certificate` and
    `key` are PEM files; `legacy_tls` adds the static-RSA suites of old chargers.
    """

    host: str = "127.0.0.1"
    plain_port: int | None = None
    tls_port: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    legacy_tls: bool = False
    accept_unknown: bool = False


class Service:
    """Hears chargers on one event loop, into one origin of the log.

    `log_folder` is the folder of all origins (`<data>/log`). Start it on the loop it shall run on;
    after `stop` the log is closed and the service can't be started again.
    """

    def __init__(
        self,
        writer: LogWriter,
        registry: Registry,
        clock: Clock,
        config: Config,
        *,
        log_folder: Path,
    ) -> None:
        self.writer, self.registry, self._clock = writer, registry, clock
        self._config = config
        self._operator_folder = log_folder / OPERATOR
        self._operator_checkpoint = str(self._operator_folder / "checkpoint")
        self._own_folder = log_folder / writer.origin
        self._operator_seen: tuple[int, int] = (0, 0)
        self._operator_next = 0
        self._sockets: dict[str, ChargerSocket] = {}
        self._arriving: set[ChargerSocket] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
        self._refusals_left = REFUSALS_PER_MINUTE
        self._stopping = False
        self._departed = asyncio.Event()
        self.view = View()
        self.invalid_frames = 0
        self.plain_port = self.tls_port = 0

    # -- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        """Catches up with the log, then listens.

        Raises ConfigError, OSError (port taken, certificate unreadable), StoreUnavailable.
        """
        config = self._config
        if config.plain_port is None and config.tls_port is None:
            raise ConfigError("expected a TLS port with certificate and key, or a plain port")
        if config.tls_port is not None and (config.certificate is None or config.key is None):
            raise ConfigError("TLS needs both a certificate and its key (PEM files)")
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(2, "password")
        self._gate = Gate(self._threads, accept_unknown=config.accept_unknown)
        self._journal = Journal(self.writer, stalled=self._stalled, resumed=self._resumed)
        self._recover()
        self._projection = Projection(
            self.registry, self._journal, self.writer.origin, self._operator_folder
        )
        marker = {"action": STARTED, "origin": OPERATOR, "next": self._operator_next}
        self._changed(restart_changes(self.view, self._note(marker).received_ns))
        await self._journal.durable()
        await self._listen()
        self._work(self._watch_operator())
        self._work(self._tend())

    async def stop(self) -> None:
        """Closes listeners and connections, lets what came be answered, closes the log.

        Raises StoreUnavailable where the store still refuses; the log recovers when next opened.
        """
        self._stopping = True
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if not self._journal.stalled:
            await self._journal.durable()
        await self._send_all_away()
        if not self._journal.stalled:
            await self._projection.flush()
        try:
            await self._journal.close()
        finally:
            self._projection.close()
            self._threads.shutdown()

    async def _send_all_away(self) -> None:
        for socket in [*self._sockets.values(), *self._arriving]:
            socket.close(1001, _STOPPING)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._nobody(), GOODBYE_S)
        for socket in [*self._sockets.values(), *self._arriving]:
            socket.abort(_STOPPING)
        await self._nobody()

    async def _nobody(self) -> None:
        """Returns once no socket is left."""
        self._departed = asyncio.Event()
        while self._sockets or self._arriving:
            await self._departed.wait()
            self._departed.clear()

    async def exchange(
        self, request: bytes, response: bytes, *, protocol: str, peer: str, direction: str = "in"
    ) -> tuple[Entry, Entry]:
        """Logs an HTTP exchange with a partner; returns once both entries are durable.

        `direction` is the request's: `in` where the partner asked. Secrets must be replaced before.
        Answer the partner only after this. Raises StoreUnavailable while the store refuses.
        """
        if self._journal.stalled:
            raise StoreUnavailable("the log cannot be written at the moment")
        other = "out" if direction == "in" else "in"
        connection = f"h{self._journal.size}"
        entries = [
            self._journal.append(
                payload,
                kind="message",
                protocol=protocol,
                direction=way,
                peer=peer,
                connection=connection,
                counter=counter,
            )
            for counter, (payload, way) in enumerate(((request, direction), (response, other)))
        ]
        await self._journal.durable()
        return entries[0], entries[1]

    @property
    def connected(self) -> int:
        """Stations connected at this moment."""
        return len(self._sockets)

    @property
    def stalled(self) -> bool:
        """Whether the store refuses and nobody is answered."""
        return self._journal.stalled

    def refresh(self) -> None:
        """Takes in what an operator has just said, in this process or another."""
        try:
            found = os.stat(self._operator_checkpoint)  # noqa: PTH116 - a Path costs 30 µs here
        except FileNotFoundError:
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen == self._operator_seen:
            return
        self._operator_seen = seen
        reader = LogReader(self._operator_folder)
        following = reader.size
        if following > self._operator_next:
            self._note({"action": APPLIED, "origin": OPERATOR, "next": following})
            self.view.apply(operator_changes(reader, self._operator_next, following))
            self._operator_next = following
            self._projection.operator_spoke()
            self._cut_blocked()

    # -- what sockets tell ----------------------------------------------------------------------

    def arrived(self, socket: ChargerSocket) -> None:
        """A TCP connection was made; while the store refuses, nobody is listened to."""
        self._arriving.add(socket)
        if self._journal.stalled:
            socket.pause()

    def requested(self, socket: ChargerSocket, request: Request) -> None:
        """A handshake: judged apart, because passwords take time."""
        self._work(self._admit(socket, request))

    def heard(self, socket: ChargerSocket, payload: bytes) -> None:
        """A frame: log it, answer it, log the answer; it goes out once both are durable."""
        if not socket.connection:
            return
        append, station = self.writer.append, socket.identity
        if _NAMES_A_TOKEN in payload:
            self.refresh()
        counter = socket.counter
        entry = append(
            payload,
            kind="message",
            protocol=socket.protocol,
            direction="in",
            peer=station,
            connection=socket.connection,
            counter=counter,
        )
        socket.heard_ns = entry.received_ns
        text = payload.decode("utf-8", "replace")
        answer = reply(text, station, socket.protocol, self.view, entry.received_ns)
        if answer.flaws:
            socket.flaws += 1
            self.invalid_frames += 1
        if answer.text is None:
            socket.counter = counter + 1
            self._journal.wake()
            return
        data = answer.text.encode()
        socket.counter = counter + 2
        append(
            data,
            kind="message",
            protocol=socket.protocol,
            direction="out",
            peer=station,
            connection=socket.connection,
            counter=counter + 1,
        )
        self._journal.send_after_commit(socket, data)
        self._changed(answer.changes)

    def left(self, socket: ChargerSocket, reason: str) -> None:
        """A connection is gone. It ends nothing where a newer one took over."""
        self._arriving.discard(socket)
        self._departed.set()
        if not socket.connection:
            return
        if self._sockets.get(socket.identity) is socket:
            del self._sockets[socket.identity]
        self._connection_entry(
            socket, {"event": CLOSED, "reason": reason, "flawed_frames": socket.flaws}
        )
        socket.connection = ""

    # -- admission ------------------------------------------------------------------------------

    async def _admit(self, socket: ChargerSocket, request: Request) -> None:
        address = read_path(request.path)
        if address is None:
            self._refuse(socket, request, Verdict(HTTPStatus.NOT_FOUND, "no such path"))
            return
        socket.identity = address.identity
        self.refresh()
        header = request.headers.get("Authorization", "")
        station = self.view.station(address.identity)
        verdict = await self._gate.judge(station, address.identity, header, socket.remote)
        if not verdict.admitted:
            self._refuse(socket, request, verdict)
            return
        registered = [] if station is None else station["protocols"]
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")
        choice = choose(address, offered, registered)
        if not socket.accept(request, choice.confirmed):
            self._arriving.discard(socket)
            return
        if not choice.protocol:
            self._log_refusal(socket, request, "no subprotocol in common")
            socket.close(1002, "no OCPP version in common")
            return
        if await self._may_take_over(socket, request):
            self._open(socket, request, choice)

    async def _may_take_over(self, socket: ChargerSocket, request: Request) -> bool:
        """One identity, two sockets: a dead one gives way, a living one from elsewhere does not."""
        old = self._sockets.get(socket.identity)
        if old is None:
            return True
        if old.remote != socket.remote and await old.is_alive(PING_WAIT_S):
            self._log_refusal(socket, request, "already connected from another address: alarm")
            socket.close(1008, "already connected from another address")
            return False
        current = self._sockets.get(socket.identity)
        if current is not None:
            current.close(1000, "replaced by a newer connection")
            current.abort("replaced by a newer connection")
            self.left(current, "replaced by a newer connection")
        return True

    def _open(self, socket: ChargerSocket, request: Request, choice: Choice) -> None:
        self._arriving.discard(socket)
        if self._stopping:
            socket.close(1001, "the service stops")
            return
        socket.protocol = choice.protocol
        socket.connection = f"c{self._journal.size}"
        self._sockets[socket.identity] = socket
        self._connection_entry(
            socket,
            {
                "event": OPENED,
                "path": logged_path(request.path),
                "subprotocol": choice.confirmed,
                "flaw": choice.flaw,
                "remote": socket.remote,
                "tls": socket.encrypted,
                "headers": logged_headers(request.headers.raw_items()),
            },
        )
        if not self._journal.stalled:
            socket.resume()

    def _refuse(self, socket: ChargerSocket, request: Request, verdict: Verdict) -> None:
        self._log_refusal(socket, request, verdict.reason)
        headers = []
        if verdict.status is HTTPStatus.UNAUTHORIZED:
            headers.append(("WWW-Authenticate", 'Basic realm="OCPP"'))
        if verdict.retry_after_s:
            headers.append(("Retry-After", str(verdict.retry_after_s)))
        socket.refuse(verdict.status, verdict.reason, *headers)

    def _log_refusal(self, socket: ChargerSocket, request: Request, reason: str) -> None:
        """An entry of its own connection, so that counters stay gapless."""
        self._arriving.discard(socket)
        if self._refusals_left <= 0:
            return
        self._refusals_left -= 1
        event = {
            "event": REFUSED,
            "reason": reason,
            "path": logged_path(request.path),
            "remote": socket.remote,
            "headers": logged_headers(request.headers.raw_items()),
        }
        self._journal.append(
            _json(event),
            kind="connection",
            peer=socket.identity,
            connection=f"c{self._journal.size}",
        )

    def _connection_entry(self, socket: ChargerSocket, event: Mapping[str, object]) -> None:
        entry = self._journal.append(
            _json(event),
            kind="connection",
            protocol=socket.protocol,
            peer=socket.identity,
            connection=socket.connection,
            counter=socket.counter,
        )
        socket.counter += 1
        self._changed(connection_changes(event, entry, self.view))

    # -- the rest of the house ------------------------------------------------------------------

    def _changed(self, changes: Sequence[Change]) -> None:
        """The view has it at once, the registry's database with the next batch."""
        if changes:
            self.view.apply(changes)
        self._projection.changed(changes)

    def _note(self, marker: Mapping[str, object]) -> Entry:
        return self._journal.append(_json(marker), kind="operator")

    def _recover(self) -> None:
        """The registry as it was saved, then every entry since through the normal fold."""
        rows, positions = self.registry.load()
        self.view = View(rows)
        self._operator_next = positions.get(OPERATOR, 0)
        operator = LogReader(self._operator_folder)
        fold = Fold(
            self.view,
            lambda start, stop: operator_changes(operator, start, stop),
            operator_next=self._operator_next,
        )
        changes: list[Change] = []
        own = LogReader(self._own_folder)
        for record in own.records(positions.get(self.writer.origin, 0)):
            made, _ = fold.hear(record)
            changes += made
        self.registry.project(changes, origin=self.writer.origin, next_index=own.size)

    async def _listen(self) -> None:
        config = self._config

        def make() -> ChargerSocket:
            return ChargerSocket(self, self._loop)

        if config.plain_port is not None:
            plain = await self._loop.create_server(
                make, config.host, config.plain_port, backlog=4096
            )
            self.plain_port = plain.sockets[0].getsockname()[1]
            self._servers.append(plain)
        if config.tls_port is not None:
            assert config.certificate is not None
            assert config.key is not None
            context = server_context(config.certificate, config.key, legacy=config.legacy_tls)
            secure = await self._loop.create_server(
                make, config.host, config.tls_port, ssl=context, backlog=4096
            )
            self.tls_port = secure.sockets[0].getsockname()[1]
            self._servers.append(secure)

    async def _watch_operator(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            self.refresh()

    async def _tend(self) -> None:
        """Once a second: sign, save, tick, and look for silence."""
        seconds = 0
        while True:
            await asyncio.sleep(1.0)
            seconds += 1
            if self._journal.stalled:
                continue
            if self._clock.now_ns() - self._journal.last_received_ns >= TICK_NS:
                self._journal.append(b'{"action":"tick"}', kind="tick")
            self._journal.sign()
            await self._projection.flush(heard=self._sockets if seconds % 5 == 0 else None)
            self._look_for_silence()
            if seconds % 60 == 0:
                self._refusals_left = REFUSALS_PER_MINUTE

    def _look_for_silence(self) -> None:
        now, limit = self._loop.time(), silent_after_s(self.view)
        for socket in list(self._sockets.values()):
            silent = now - socket.heard_at
            if silent >= limit:
                socket.abort(f"nothing heard for {limit} s")
            elif silent >= limit / 2 and not socket.pinged:
                socket.ping()

    def _cut_blocked(self) -> None:
        for socket in list(self._sockets.values()):
            row = self.view.station(socket.identity)
            if row is not None and row["status"] == "blocked":
                socket.close(1008, "station is blocked")

    def _stalled(self) -> None:
        for socket in [*self._sockets.values(), *self._arriving]:
            socket.pause()

    def _resumed(self) -> None:
        for socket in [*self._sockets.values(), *self._arriving]:
            socket.resume()

    def _work(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _json(event: Mapping[str, object]) -> bytes:
    return json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        "utf-8", "replace"
    )
