"""One writer per origin: an advisory lock on a file that says who holds it."""

import fcntl
import os
import time
from pathlib import Path

from warehouse.log.errors import LogLocked, StoreUnavailable

POLL_S = 0.02


class FolderLock:
    """An exclusive flock on `<folder>/lock`; the kernel drops it when the process dies."""

    def __init__(self, folder: Path, timeout_s: float) -> None:
        """Wait up to `timeout_s` seconds. Raises LogLocked naming the holder's process id."""
        self._path = folder / "lock"
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error
        try:
            self._acquire(timeout_s)
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(self._descriptor)
            raise StoreUnavailable(f"{self._path}: {error.strerror}") from error
        except BaseException:
            os.close(self._descriptor)
            raise

    def _acquire(self, timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LogLocked(self._refusal(timeout_s)) from None
                time.sleep(POLL_S)
            else:
                return

    def _refusal(self, timeout_s: float) -> str:
        pid = os.pread(self._descriptor, 32, 0).decode("ascii", "replace").strip()
        holder = f"process {pid}" if pid else "another process"
        return f"{holder} writes {self._path.parent}; waited {timeout_s:g} s: stop it or try again"

    def release(self) -> None:
        """Let the next writer in."""
        os.close(self._descriptor)


def is_held(folder: Path) -> bool:
    """Whether a living writer holds the origin in `folder` at this moment."""
    try:
        descriptor = os.open(folder / "lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
