"""The one writer of an origin: append is cheap, commit makes durable, checkpoint signs.

A message is durable before it is answered; tiles and signatures follow when there is time. It
knows no socket and no meaning; after a refused write it holds everything and can be asked again.
"""

import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from warehouse.clock import Clock
from warehouse.log import checkpoint as checkpoints
from warehouse.log import disk, recovery
from warehouse.log.checkpoint import Checkpoint
from warehouse.log.entry import (
    SALT_BYTES,
    Entry,
    Queued,
    Said,
    commit_payload,
    say,
    write_leaves,
)
from warehouse.log.errors import EntryInvalid, LogDamaged, StoreUnavailable
from warehouse.log.growth import Growth
from warehouse.log.lock import FolderLock
from warehouse.log.merkle import WIDTH, TileTree
from warehouse.log.note import Signer
from warehouse.log.reader import newest_beside
from warehouse.log.segment import (
    PAYLOAD_LIMIT,
    SEGMENT,
    SegmentAppender,
    write_records,
)
from warehouse.log.tiles import (
    ENTRIES,
    TileWriter,
    join_bundle,
    write_full,
    write_unfinished,
)

SALT_POOL = 256
_say = lru_cache(maxsize=256)(say)


class LogWriter:
    """Appends to one origin. Open it with `LogWriter.open`; threads may share it.

    `append` and `commit` may run at the same time in different threads, and so may `checkpoint`:
    whatever arrives while one `commit` waits for the disk goes into the next one. `grow` after a
    commit and `lay` now and then do ahead what a checkpoint would do all at once.
    """

    def __init__(
        self,
        folder: Path,
        state: recovery.State,
        *,
        origin: str,
        signer: Signer,
        clock: Clock,
        salt: Callable[[int], bytes],
        lock: FolderLock,
        floor_ns: int,
    ) -> None:
        self._folder, self._origin, self._signer = folder, origin, signer
        self._now_ns = clock.now_ns
        self._salt = salt
        self._salts: list[bytes] = []
        self._lock: FolderLock | None = lock
        self._queue_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._checkpoint_lock = threading.Lock()
        self._queue: list[Queued] = []
        self._size = self._durable = state.size
        self._last_ns = floor_ns
        number = (state.size - 1) // SEGMENT if state.size else 0
        self._segment = SegmentAppender(folder, number, state.end)
        self._growth = Growth(state.tree, state.tail)
        self._published, self._bundle = state.tree.size, state.bundle
        self._tiles = TileWriter(folder)
        self._head = state.checkpoint

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        origin: str,
        signer: Signer,
        clock: Clock,
        salt: Callable[[int], bytes] = os.urandom,
        timeout_s: float = 10.0,
    ) -> "LogWriter":
        """Open or create the log of `origin` in a folder of that name.

        Waits up to `timeout_s` for another writer. After a crash the tail is made whole and a `gap`
        entry tells. Whatever the clock says, all that is appended is received after everything that
        was signed beside it. Raises LogLocked, LogDamaged, StoreUnavailable.
        """
        if folder.name != origin:
            raise ValueError(f"the folder of origin {origin} bears its name, not {folder.name!r}")
        try:
            disk.make_folder(folder)
        except OSError as error:
            raise _unavailable(folder, error) from error
        with ExitStack() as undo:
            lock = FolderLock(folder, timeout_s)
            undo.callback(lock.release)
            try:
                state = recovery.recover(folder, origin, signer.verifier)
                floor_ns = _floor_ns(folder, state)
            except OSError as error:
                raise _unavailable(folder, error) from error
            writer = cls(
                folder,
                state,
                origin=origin,
                signer=signer,
                clock=clock,
                salt=salt,
                lock=lock,
                floor_ns=floor_ns,
            )
            undo.callback(writer._segment.close)
            writer._begin(state)
            undo.pop_all()
        return writer

    def _begin(self, state: recovery.State) -> None:
        """Tell of a crash, and let readers see everything that is durable."""
        if not state.clean:
            last = state.last
            gap = {
                "action": "log.gap",
                "cut_bytes": state.cut_bytes,
                "last_index": last.index if last else -1,
                "last_received_ns": str(last.received_ns) if last else "",
            }
            self.append(orjson.dumps(gap), kind="gap")
            self.commit()
        if not state.clean or self._head is None:
            self.checkpoint()

    @property
    def origin(self) -> str:
        """The name of this log."""
        return self._origin

    @property
    def size(self) -> int:
        """Entries appended, durable or not: the index the next one gets."""
        return self._size

    @property
    def durable_size(self) -> int:
        """Entries that survive a crash."""
        return self._durable

    @property
    def last_received_ns(self) -> int:
        """What the next entry's `received_ns` lies above: the newest entry's, here or, at the time
        of opening, in an origin beside it. 0 where there was none."""
        return self._last_ns

    def pass_others(self) -> None:
        """Place every entry to come after what is signed beside this origin by now.

        So a clock that stands still or lags keeps no watermark back. Raises LogDamaged where none
        of the others can be read.
        """
        newest_ns = newest_beside(self._folder)
        with self._queue_lock:
            self._last_ns = max(self._last_ns, newest_ns)

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
        """Queue one entry; it is durable after the next `commit`.

        `counter` is gapless within `connection`. The time is the clock's, or one nanosecond after
        the entry before it where the clock stands still or was set back: it never runs back, and
        no later entry can share a time that a reader has already passed. Raises EntryInvalid.
        """
        said = (kind, protocol, direction, peer, connection)
        index, at, salted = self.put(_say(*said), payload, counter)
        length, commitment = len(payload), commit_payload(salted)
        return Entry(index, at, *said, counter, length, "", commitment)

    def put(self, said: Said, payload: bytes, counter: int) -> tuple[int, int, bytes]:
        """`append` for those who speak often: what repeats is given as `say` made it.

        Returns index, received_ns and salt ‖ payload; the leaf is written when it is committed.
        """
        if len(payload) > PAYLOAD_LIMIT:
            raise EntryInvalid(f"a payload of {len(payload)} bytes; the limit is {PAYLOAD_LIMIT}")
        with self._queue_lock:
            salted = (self._salts or self._fresh_salts()).pop() + payload
            index, last, at = self._size, self._last_ns, self._now_ns()
            if at <= last:
                at = last + 1
            self._queue.append((said, salted, at, counter))
            self._size = index + 1
            self._last_ns = at
        return index, at, salted

    def _fresh_salts(self) -> list[bytes]:
        """Salts for many entries: each draw of random bytes is a system call."""
        pool = self._salt(SALT_BYTES * SALT_POOL)
        assert len(pool) == SALT_BYTES * SALT_POOL, "a salt function gives what it is asked for"
        self._salts = [pool[at : at + SALT_BYTES] for at in range(0, len(pool), SALT_BYTES)][::-1]
        return self._salts

    def commit(self) -> int:
        """Make everything queued durable; returns `durable_size`.

        Raises StoreUnavailable where the disk refuses: the files then end at the last good byte,
        the queue is kept whole, and the next call tries again.
        """
        with self._commit_lock:
            assert self._lock is not None, "the log is closed"
            with self._queue_lock:
                batch, self._queue = self._queue, []
            try:
                while batch:
                    written = self._write(batch)
                    batch = batch[written:]
            except OSError as error:
                raise _unavailable(self._segment.path, error) from error
            finally:
                if batch:
                    with self._queue_lock:
                        self._queue[:0] = batch
            return self._durable

    def _write(self, batch: list[Queued]) -> int:
        """Write what fits into the current segment; returns how many entries that were."""
        if self._durable == (self._segment.number + 1) * SEGMENT:
            self._segment.next()
        part = batch[: SEGMENT - self._durable % SEGMENT]
        leaves = write_leaves(part, self._durable)
        self._segment.append(write_records(leaves, [salted for _, salted, _, _ in part]))
        self._growth.add(leaves)
        self._durable += len(part)
        return len(part)

    def grow(self) -> int:
        """Hash what was committed; returns how many entries there are for `lay` to write."""
        return self._growth.grow()

    def lay(self) -> None:
        """Write the tiles and bundles that are full, so that the next checkpoint has little to do.

        Raises StoreUnavailable; then they stay due.
        """
        with self._checkpoint_lock:
            assert self._lock is not None, "the log is closed"
            self._write_tiles(signing=False)

    def checkpoint(self, *, keep: bool = False) -> Checkpoint:
        """Write tiles and bundles over what is committed and sign its root.

        With `keep` a copy stays in `checkpoints/`. Raises StoreUnavailable, and can be called
        again then. Runs beside `append` and `commit`.
        """
        with self._checkpoint_lock:
            assert self._lock is not None, "the log is closed"
            head = self._head
            if head is None or head.size < self._durable:
                head = self._sign(self._write_tiles(signing=True))
            if keep:
                self._keep(head)
            return head

    def _write_tiles(self, *, signing: bool) -> TileTree:
        """Write what is full, and all there is before signing; returns the tree it belongs to."""
        grown = self._growth.take()
        tree = grown.tree
        due = self._bundle + grown.leaves
        whole = len(due) - len(due) % WIDTH
        try:
            self._write_bundles(tree.size - len(due), due if signing else due[:whole])
            write_full(self._tiles.write, grown.filled)
            if signing:
                write_unfinished(self._tiles.write, self._published, tree)
        except OSError as error:
            self._growth.give_back(grown)
            raise _unavailable(self._folder, error) from error
        self._bundle = due[whole:]
        return tree

    def _write_bundles(self, start: int, leaves: list[bytes]) -> None:
        """Write the entry bundles of `leaves`, the first of which begins one."""
        for at in range(0, len(leaves), WIDTH):
            part = leaves[at : at + WIDTH]
            self._tiles.write(ENTRIES, (start + at) // WIDTH, len(part), join_bundle(part))

    def _sign(self, tree: TileTree) -> Checkpoint:
        head = checkpoints.sign(self._origin, tree.size, tree.root(), self._signer)
        try:
            if tree.size // SEGMENT > self._published // SEGMENT:
                self._tiles.sync()
            disk.replace(self._folder / "checkpoint", head.note.encode())
        except OSError as error:
            raise _unavailable(self._folder, error) from error
        self._published, self._head = tree.size, head
        return head

    def _keep(self, head: Checkpoint) -> None:
        path = self._folder / "checkpoints" / str(head.size)
        try:
            if not path.exists():
                disk.replace(path, head.note.encode())
        except OSError as error:
            raise _unavailable(self._folder, error) from error

    def close(self) -> None:
        """Commit, sign, keep the checkpoint, mark the close as clean and let go of the lock.

        Raises StoreUnavailable; the lock is let go of in any case, and the next open then tells
        of the gap.
        """
        if self._lock is None:
            return
        try:
            self.commit()
            head = self.checkpoint(keep=True)
            try:
                self._tiles.sync()
                recovery.write_mark(self._folder, head, self._segment.end)
            except OSError as error:
                raise _unavailable(self._folder, error) from error
        finally:
            lock, self._lock = self._lock, None
            try:
                self._segment.close()
            finally:
                lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _floor_ns(folder: Path, state: recovery.State) -> int:
    """What every new entry must be received after.

    A watermark may have passed the last entry of each origin but a new one, whose clock may lag.
    Asked once this origin can be listed: every later watermark waits for it. Raises LogDamaged.
    """
    own = state.last.received_ns if state.last else 0
    try:
        return max(own, newest_beside(folder))
    except LogDamaged:
        if own:
            return own
        raise


def _unavailable(path: Path, error: OSError) -> StoreUnavailable:
    where = error.filename or path
    return StoreUnavailable(f"the log cannot be written: {error.strerror or error} ({where})")
