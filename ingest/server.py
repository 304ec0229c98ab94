"""The service that hears chargers: each frame is logged, answered, made durable, then sent.

A thin shell over pure answers (`ingest.answer`). It knows sockets, the log and the registry; what a
message means is not decided here.
"""

import asyncio
import os
import sys
from collections import deque
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from pathlib import Path

from websockets.http11 import Request

from ingest.admission import Gate
from ingest.answer.plain import plain_reply
from ingest.answer.reply import reply
from ingest.chargers import ChargerSocket
from ingest.collector import relax
from ingest.connectivity import CLOSED, connection_changes, restart_changes, silent_after_s
from ingest.fold import APPLIED, STARTED, Fold
from ingest.journal import Journal
from ingest.listeners import Config, ConfigError, listen
from ingest.projection import Projection
from ingest.reception import Reception, to_json
from ingest.replay import operator_changes
from ingest.ticks import Ticks
from ingest.view import View
from warehouse.clock import Clock
from warehouse.log import Entry, LogError, LogReader, LogWriter, StoreUnavailable, say
from warehouse.registry import Change, Registry
from warehouse.registry.registry import OPERATOR

__all__ = ["Config", "ConfigError", "Service"]

GOODBYE_S = 1.0
_NAMES_A_TOKEN = b'"idT'
"""In every frame with an idTag or idToken: what the operator said last must count for it."""
_STOPPING = "the service stops"


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
        self._ticks = Ticks(log_folder)
        self._operator_seen: tuple[int, int] = (0, 0)
        self._operator_next = 0
        self._sockets: dict[str, ChargerSocket] = {}
        self._arriving: set[ChargerSocket] = set()
        self._inbox: deque[tuple[ChargerSocket, bytes]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._servers: list[asyncio.Server] = []
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
        self._config.check()
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(2, "password")
        self._journal = Journal(self.writer, stalled=self._stalled, resumed=self._resumed)
        gate = Gate(self._threads, accept_unknown=self._config.accept_unknown)
        self._reception = Reception(self, gate, self._journal)
        self._recover()
        self._projection = Projection(
            self.registry, self._journal, self.writer.origin, self._operator_folder
        )
        marker = {"action": STARTED, "origin": OPERATOR, "next": self._operator_next}
        self._changed(restart_changes(self.view, self._note(marker).received_ns))
        await self._journal.durable()
        self._servers, self.plain_port, self.tls_port = await listen(
            self._config, lambda: ChargerSocket(self, self._loop)
        )
        self._work(self._watch_operator())
        self._work(self._tend())
        self._strict_collector = relax()

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
        self._take_up()
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
            self._strict_collector()

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
        try:
            following = reader.size
            changes = tuple(operator_changes(reader, self._operator_next, following))
        except LogError as error:
            sys.stderr.write(f"wattproof: the operator's log cannot be read: {error}\n")
            return
        if following > self._operator_next:
            self._note({"action": APPLIED, "origin": OPERATOR, "next": following})
            self.view.apply(changes)
            self._operator_next = following
            self._projection.operator_spoke()
            self._cut_blocked()

    def connected_as(self, identity: str) -> ChargerSocket | None:
        """The socket a station speaks on, or None."""
        return self._sockets.get(identity)

    def opened(self, socket: ChargerSocket, protocol: str, event: Mapping[str, object]) -> None:
        """A station was let in: from here on its frames are heard."""
        self._arriving.discard(socket)
        if self._stopping:
            socket.close(1001, _STOPPING)
            return
        socket.protocol = protocol
        socket.connection = f"c{self._journal.size}"
        said = (socket.identity, socket.connection)
        socket.heard_as = say("message", protocol, "in", *said)
        socket.answered_as = say("message", protocol, "out", *said)
        self._sockets[socket.identity] = socket
        self._connection_entry(socket, event)
        self._inbox.extendleft((socket, payload) for payload in reversed(socket.early))
        socket.early.clear()
        self._take_up()
        if not self._journal.stalled:
            socket.resume()

    # -- what sockets tell ----------------------------------------------------------------------

    def arrived(self, socket: ChargerSocket) -> None:
        """A TCP connection was made; while the store refuses, nobody is listened to."""
        self._arriving.add(socket)
        if self._journal.stalled:
            socket.pause()

    def requested(self, socket: ChargerSocket, request: Request) -> None:
        """A handshake: judged apart, because passwords take time."""
        self._work(self._reception.admit(socket, request))

    def heard(self, socket: ChargerSocket, payload: bytes) -> None:
        """A frame. All that one look at the sockets brought is taken up together, right after."""
        if not self._inbox:
            self._loop.call_soon(self._take_up)
        self._inbox.append((socket, payload))

    def _take_up(self) -> None:
        inbox = self._inbox
        if any(_NAMES_A_TOKEN in payload for _, payload in inbox):
            self.refresh()
        try:
            while inbox:
                self._answer(*inbox.popleft())
        finally:
            if inbox:
                self._loop.call_soon(self._take_up)

    def _answer(self, socket: ChargerSocket, payload: bytes) -> None:
        """Log a frame, answer it, log the answer; it goes out once both are durable."""
        heard_as, answered_as = socket.heard_as, socket.answered_as
        if heard_as is None or answered_as is None:
            socket.early.append(payload)
            return
        put, counter = self.writer.put, socket.counter
        _, now_ns, _ = put(heard_as, payload, counter)
        socket.heard_ns = now_ns
        answer = plain_reply(payload, socket.identity, socket.protocol, self.view, now_ns)
        data, changes = answer or self._careful_reply(socket, payload, now_ns)
        if data is None or not socket.is_open:
            socket.counter = counter + 1
            self._journal.wake()
            return
        socket.counter = counter + 2
        put(answered_as, data, counter + 1)
        self._journal.send_after_commit(socket, data)
        if changes:
            self._changed(changes)

    def _careful_reply(
        self, socket: ChargerSocket, payload: bytes, now_ns: int
    ) -> tuple[bytes | None, tuple[Change, ...]]:
        text = payload.decode("utf-8", "replace")
        answer = reply(text, socket.identity, socket.protocol, self.view, now_ns)
        if answer.flaws:
            socket.flaws += 1
            self.invalid_frames += 1
        return None if answer.text is None else answer.text.encode(), answer.changes

    def left(self, socket: ChargerSocket, reason: str) -> None:
        """A connection is gone. It ends nothing where a newer one took over."""
        self._arriving.discard(socket)
        self._departed.set()
        if not socket.connection:
            return
        self._take_up()
        if self._sockets.get(socket.identity) is socket:
            del self._sockets[socket.identity]
        self._connection_entry(
            socket, {"event": CLOSED, "reason": reason, "flawed_frames": socket.flaws}
        )
        socket.connection = ""
        socket.heard_as = socket.answered_as = None

    def _connection_entry(self, socket: ChargerSocket, event: Mapping[str, object]) -> None:
        entry = self._journal.append(
            to_json(event),
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
        return self._journal.append(to_json(marker), kind="operator")

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

    async def _watch_operator(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            self.refresh()

    async def _tend(self) -> None:
        """Four times a second: save. Once: tick, sign, and look for silence.

        Saving holds the interpreter, so it is done in small pieces, and never while signing begins.
        """
        quarters = 0
        while True:
            await asyncio.sleep(0.25)
            quarters += 1
            if self._journal.stalled:
                continue
            await self._projection.flush(heard=self._twentieth(quarters))
            if quarters % 4:
                continue
            if self._ticks.due(self._clock.now_ns() - self._journal.last_received_ns):
                self._journal.tick()
            self._journal.sign()
            self._look_for_silence()
            if quarters % 240 == 0:
                self._reception.a_minute_passed()

    def _twentieth(self, quarters: int) -> dict[str, int]:
        """When a twentieth of the stations was last heard: all of them in five seconds."""
        return {
            name: socket.heard_ns
            for name, socket in islice(self._sockets.items(), quarters % 20, None, 20)
            if socket.heard_ns
        }

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
