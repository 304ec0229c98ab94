"""Finished runs: what each derived, as an entry in the log that a replay is compared with."""

import platform
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import date
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import rfc8785

from pipelines.standing import ACTION, BOOKS, Run, derived_until, finished_until
from pipelines.stretch import day_of, first_day
from warehouse.clock import open_clock
from warehouse.lake import TABLES, Lake
from warehouse.log import LogReader, LogWriter, create_key, origins

_DEPENDENCIES = ("dagster", "deltalake", "duckdb", "polars", "typst", "tzdata")
_CODE = ("billing", "ingest.protocols", "pipelines", "warehouse")


def write_finished(data: Path, until_ns: int) -> Run:
    """Write the entry for a lake derived up to `until_ns`. Raises LogLocked, StoreUnavailable."""
    lake = Lake(data / "lake")
    run: Run = {
        "action": ACTION,
        "watermark": str(until_ns),
        "checkpoints": heads(origins(data / "log")),
        "tables": {name: lake.named_hash(name) for name in sorted(TABLES)},
        "versions": versions(),
    }
    with closing(
        LogWriter.open(
            data / "log" / BOOKS, origin=BOOKS, signer=create_key(data), clock=open_clock(data)
        )
    ) as books:
        books.append(rfc8785.dumps(run), kind="run", protocol="wattproof")
        books.commit()
        books.checkpoint(keep=True)
    return run


def heads(readers: Iterable[LogReader], besides: str = "") -> dict[str, list[int | str]]:
    """Origin -> size and root in base64 of its newest checkpoint, `besides` left out."""
    points = [reader.checkpoint() for reader in readers if reader.origin != besides]
    return {one.origin: [one.size, str(one).rsplit(" ", 1)[1]] for one in points if one}


def unfinished(data: Path, until_ns: int) -> tuple[date, date] | None:
    """The first day that is not finished, and the day of the watermark."""
    first = first_day(data)
    last = day_of(until_ns)
    if first is None or last < first:
        return None
    done = min(finished_until(data), derived_until(Lake(data / "lake")))
    if done:
        first = max(first, day_of(done + 1))
    return min(first, last), last


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    found = {name: version(name) for name in _DEPENDENCIES}
    return tuple(
        (found | {"python": platform.python_version(), "code_sha256": _code_sha256()}).items()
    )


def versions() -> dict[str, str]:
    """What a derivation's bytes may depend on: our code, the engines, the time zone data."""
    return dict(_versions())


def _code_sha256() -> str:
    """SHA-256 (hex) over the names and bytes of the source files that derive."""
    digest = sha256()
    for package in _CODE:
        for name, file in sorted(_sources(files(package), package)):
            digest.update(f"{name}\n".encode() + sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources(folder: Traversable, name: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir() and not item.name.startswith(("_", ".")):
            yield from _sources(item, f"{name}/{item.name}")
        elif item.name.endswith((".py", ".sql", ".typ", ".json")):
            yield f"{name}/{item.name}", item
