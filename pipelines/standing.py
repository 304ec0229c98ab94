"""How far the lake is derived, and the lock of whoever derives or decides on what is derived."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from warehouse.lake import Lake
from warehouse.log import LogReader

BOOKS = "books"
"""The origin that decisions and finished runs are written to."""
ACTION = "run.finished"
Run = dict[str, Any]


class DerivationError(Exception):
    """A derivation that cannot go on: which check or rule stopped it, in one line."""


def derived_until(lake: Lake) -> int:
    """The log time up to which the lake was begun to be derived; 0 for an empty lake.

    Only where a finished run says the same is all of it there.
    """
    newest = lake.days("log_clock")[-1:]
    rows = lake.read("log_clock", newest)
    return int(rows["until_ns"][0]) if rows.height else 0


def last_finished(data: Path) -> Run | None:
    """The newest finished run, or None where there is none."""
    folder = data / "log" / BOOKS
    if not (folder / "checkpoint").exists():
        return None
    reader = LogReader(folder)
    for index in range(reader.size - 1, -1, -1):
        record = reader.record(index)
        if record.entry.kind == "run":
            run: Run = orjson.loads(record.payload)
            if run.get("action") == ACTION:
                return run
    return None


def finished_until(data: Path) -> int:
    """The watermark of the newest finished run; 0 where there is none."""
    run = last_finished(data)
    return int(run["watermark"]) if run else 0


@contextmanager
def alone(data: Path) -> Iterator[None]:
    """One derivation, or one who decides on its outcome, at a time. Raises DerivationError."""
    home = data / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "derive.lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DerivationError(
                f"another command is deriving or invoicing {data}: try again when it is done"
            ) from None
        yield
