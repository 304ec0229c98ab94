"""Durable before answered: appends to the log, commits in groups, and only then lets go.

While one commit waits for the disk, whatever arrives goes into the next one; no timer decides. When
the store refuses, everything is held and tried again each second. It knows no protocol.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Protocol

from warehouse.log import Entry, LogDamaged, LogWriter, StoreUnavailable

RETRY_S = 1.0
LAY_FROM = 1_024
"""Entries whose tiles are written ahead of the checkpoint: all at once would stop the others."""


class Outlet(Protocol):
    """Something that can be written to once the log has it."""

    def release(self, data: bytes) -> None:
        """Send these bytes now, or drop them if the peer is gone."""


class Journal:
    """One origin's writer on an event loop. Only that loop's thread may call it."""

    def __init__(
        self,
        writer: LogWriter,
        *,
        stalled: Callable[[], None],
        resumed: Callable[[], None],
    ) -> None:
        self._writer = writer
        self._on_stalled, self._on_resumed = stalled, resumed
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(1, "commit")
        self._signers = ThreadPoolExecutor(1, "checkpoint")
        self._outbox: list[tuple[Outlet, bytes]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._committing = False
        self._signed_size = -1
        self._signing: asyncio.Future[None] | None = None
        self._laying: asyncio.Future[None] | None = None
        self._closing = False
        self.stalled = False

    @property
    def size(self) -> int:
        """The index the next entry gets."""
        return self._writer.size

    @property
    def last_received_ns(self) -> int:
        """Log time of the newest entry."""
        return self._writer.last_received_ns

    def tick(self) -> None:
        """Says that time has passed here, beyond all that others have said.

        Where none of the others can be read, it says so of this clock alone.
        """
        with suppress(LogDamaged):
            self._writer.pass_others()
        self.append(b'{"action":"tick"}', kind="tick")

    def append(
        self,
        payload: bytes,
        *,
        kind: str,
        protocol: str = "",
        direction: str = "",
        peer: str = "",
        connection: str = "",
        counter: int = 0,
    ) -> Entry:
        """Queues an entry and sees to its commit; `warehouse.log.LogWriter.append`'s fields."""
        entry = self._writer.append(
            payload,
            kind=kind,
            protocol=protocol,
            direction=direction,
            peer=peer,
            connection=connection,
            counter=counter,
        )
        self.wake()
        return entry

    def wake(self) -> None:
        """Sees to the commit of what was appended to the writer itself."""
        if not self._committing:
            self._committing = True
            self._loop.call_soon(self._commit)

    def send_after_commit(self, outlet: Outlet, data: bytes) -> None:
        """Sends `data` once everything appended until now is durable."""
        self._outbox.append((outlet, data))
        self.wake()

    async def durable(self) -> None:
        """Returns once everything appended until now is durable, however long that takes."""
        if self._writer.durable_size >= self._writer.size and not self._committing:
            return
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append(waiter)
        self.wake()
        await waiter

    def sign(self) -> None:
        """Signs a checkpoint in its own thread, unless one is under way or nothing is new."""
        size = self._writer.durable_size
        if self.stalled or size == self._signed_size or self._signing is not None:
            return
        self._signing = self._loop.run_in_executor(self._signers, self._checkpoint)
        self._signing.add_done_callback(lambda done: self._signed(done, size))

    async def close(self) -> None:
        """Waits for what is under way, then closes the log with a last checkpoint.

        Raises StoreUnavailable where the disk still refuses; the log recovers when next opened.
        """
        if not self.stalled:
            await self.durable()
        self._closing = True
        for under_way in (self._laying, self._signing):
            if under_way is not None:
                await asyncio.wait([under_way])
        try:
            await self._loop.run_in_executor(self._threads, self._writer.close)
        finally:
            self._threads.shutdown()
            self._signers.shutdown()

    def _commit(self) -> None:
        outbox, self._outbox = self._outbox, []
        waiting, self._waiting = self._waiting, []
        done = self._threads.submit(self._writer.commit)
        done.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(self._committed, done, outbox, waiting)
        )

    def _committed(
        self,
        done: Future[int],
        outbox: list[tuple[Outlet, bytes]],
        waiting: list[asyncio.Future[None]],
    ) -> None:
        try:
            durable = done.result()
        except StoreUnavailable as error:
            self._outbox[:0] = outbox
            self._waiting[:0] = waiting
            self._hold(error)
            return
        except Exception as error:
            raise SystemExit(_in_doubt(error)) from error
        if self.stalled:
            self.stalled = False
            _tell("the log can be written again, going on")
            self._on_resumed()
        for outlet, data in outbox:
            outlet.release(data)
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
        if self._writer.size > durable or self._outbox or self._waiting:
            self._commit()
        else:
            self._committing = False
        self._loop.call_soon(self._grow)  # the loop writes to the sockets before that

    def _hold(self, error: StoreUnavailable) -> None:
        if not self.stalled:
            self.stalled = True
            _tell(f"not answering: {error}; nothing is lost, trying again each second")
            self._on_stalled()
        self._loop.call_later(RETRY_S, self._commit)

    def _grow(self) -> None:
        due = self._writer.grow()
        if due >= LAY_FROM and self._laying is None and not self._closing:
            self._laying = self._loop.run_in_executor(self._signers, self._writer.lay)
            self._laying.add_done_callback(self._laid)

    def _laid(self, done: asyncio.Future[None]) -> None:
        """What could not be written stays due: the next checkpoint tries again."""
        self._laying = None
        error = done.exception()
        if error is not None and not isinstance(error, StoreUnavailable):
            raise SystemExit(_in_doubt(error)) from error

    def _checkpoint(self) -> None:
        self._writer.checkpoint()

    def _signed(self, done: asyncio.Future[None], size: int) -> None:
        self._signing = None
        error = done.exception()
        if error is None:
            self._signed_size = size
        elif not isinstance(error, StoreUnavailable):
            raise SystemExit(_in_doubt(error)) from error


def _in_doubt(error: BaseException) -> str:
    """The log itself is in doubt: nothing may be answered any more; the next start recovers it."""
    return f"wattproof: the log is in doubt, stopping: {type(error).__name__}: {error}"


def _tell(sentence: str) -> None:
    print(f"wattproof: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - the operator's line
