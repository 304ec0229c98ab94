"""The registry's database, kept up behind the living view: log first, registry second."""

import asyncio
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ingest.journal import Journal
from warehouse.log import LogReader
from warehouse.registry import Change, Registry, RegistryUnavailableError


class Projection:
    """Collects changes and writes them in batches, each only once its entries are durable."""

    def __init__(
        self, registry: Registry, journal: Journal, origin: str, operator_folder: Path
    ) -> None:
        self._registry, self._journal, self._origin = registry, journal, origin
        self._operator = LogReader(operator_folder)
        self._operator_spoke = self._told = False
        self._pending: list[Change] = []
        self._saved = 0
        self._threads = ThreadPoolExecutor(1, "registry")
        self._writing = asyncio.Lock()

    def changed(self, changes: Sequence[Change]) -> None:
        """These were made by the entries up to now."""
        self._pending += changes

    def operator_spoke(self) -> None:
        """The operator's log has news for the database too."""
        self._operator_spoke = True

    async def flush(self, heard: Mapping[str, int] | None = None) -> None:
        """Writes what is pending; `heard` also saves when stations were last heard (ns)."""
        async with self._writing:
            changes, self._pending = self._pending, []
            boundary = self._journal.size  # never within a pair: nothing waits between the two
            spoke, self._operator_spoke = self._operator_spoke, False
            if boundary == self._saved and not spoke:
                return
            if heard:
                changes += [
                    Change("connection", (name,), {"heard_ns": heard_ns}, "update")
                    for name, heard_ns in heard.items()
                ]
            await self._journal.durable()
            loop = asyncio.get_running_loop()
            try:
                await loop.run_in_executor(self._threads, self._write, changes, boundary, spoke)
            except RegistryUnavailableError as error:
                self._pending[:0] = changes
                self._operator_spoke = self._operator_spoke or spoke
                self._tell(error)
            else:
                self._saved = boundary
                self._told = False

    def _tell(self, error: RegistryUnavailableError) -> None:
        """Once per trouble: the log has everything, and the view answers meanwhile."""
        if not self._told:
            sys.stderr.write(f"wattproof: {error}; chargers are answered all the same\n")
        self._told = True

    def close(self) -> None:
        """Waits for the last write."""
        self._threads.shutdown()

    def _write(self, changes: list[Change], boundary: int, spoke: bool) -> None:  # noqa: FBT001 - an executor passes positions only
        if spoke:
            self._registry.catch_up([self._operator])
        self._registry.project(changes, origin=self._origin, next_index=boundary)
