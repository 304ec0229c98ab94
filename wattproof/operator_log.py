"""An operator's action: into the log first, then into the registry; so it holds at once.

Waits for the operator log's lock; a running service reads the registry's change by itself.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from ingest.protocols.actions import Action, write
from warehouse.clock import open_clock
from warehouse.log import LogReader, LogWriter, create_key
from warehouse.registry import Registry
from wattproof.refusals import RefusalError

BATCH = 10_000
ORIGIN = "operator"


def record(
    data: Path, said: Sequence[Action], progress: Callable[[int], None] | None = None
) -> None:
    """Appends every action, durably, and brings the registry up to date.

    Raises `LogLocked`, `StoreUnavailable`, `ActionError`.
    """
    payloads = [write(action) for action in said]
    data.mkdir(parents=True, exist_ok=True)
    folder = data / "log" / ORIGIN
    with closing(
        LogWriter.open(folder, origin=ORIGIN, signer=create_key(data), clock=open_clock(data))
    ) as log:
        for start in range(0, len(payloads), BATCH):
            for payload in payloads[start : start + BATCH]:
                log.append(payload, kind="operator", protocol="wattproof", direction="in")
            log.commit()
            if progress is not None:
                progress(min(start + BATCH, len(payloads)))
        log.checkpoint()
    with closing(Registry.open(data / "registry.sqlite")) as registry:
        registry.catch_up([LogReader(folder)])


def need_log(data: Path) -> None:
    """Raises `RefusalError` where a data folder holds no log yet."""
    if not (data / "log").is_dir():
        raise RefusalError(
            f"there is nothing in {data} yet",
            "start with wattproof demo, wattproof serve, or wattproof party add",
        )


def open_registry(data: Path) -> Registry:
    """The registry of an existing data folder, caught up. Raises `RefusalError` without one."""
    need_log(data)
    registry = Registry.open(data / "registry.sqlite")
    folder = data / "log" / ORIGIN
    if folder.is_dir():
        registry.catch_up([LogReader(folder)])
    return registry
