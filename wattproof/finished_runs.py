"""Finished runs, from the log into the registry, where partners' requests look them up.

Knows the origin `books` and when it may have news; what a run derived is not its business.
"""

import os
import time
from pathlib import Path

from warehouse.log import LogReader
from warehouse.log.lock import is_held
from warehouse.registry import Registry

_PATIENCE_S, _POLL_S = 2.0, 0.005


class FinishedRuns:
    """Brings a registry up to the runs that `books` tells of. Safe beside other processes."""

    def __init__(self, data: Path, registry: Registry) -> None:
        self._folder, self._registry = data / "log" / "books", registry
        self._seen: tuple[int, int] = (0, 0)

    def take_in(self) -> None:
        """After this the registry knows every run that had finished when it was called.

        An entry is dated a moment before it can be read: whoever writes at this moment is waited
        for, up to two seconds. Raises LogDamaged, RegistryUnavailableError.
        """
        patient_until = time.monotonic() + _PATIENCE_S
        while is_held(self._folder) and time.monotonic() < patient_until:
            time.sleep(_POLL_S)
        try:
            found = os.stat(self._folder / "checkpoint")  # noqa: PTH116 - at each request
        except FileNotFoundError:
            return
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            self._registry.catch_up([LogReader(self._folder)])
            self._seen = seen
