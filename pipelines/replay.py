"""Replay: lake and documents built again from the log alone, and compared with what is there.

As of the last finished run: its watermark says how much of the log counts, its entry in the log
what came out. Three answers are compared, table by table: what the run recorded, what the lake on
disk says now, and what the log gives when asked again. The first difference is shown in full.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path

import orjson
import polars as pl

from pipelines.days import Progress, derive_stretch, parts, whole_log
from pipelines.finished import versions
from pipelines.standing import last_finished
from warehouse.lake import TABLES, Lake
from warehouse.lake.content import table_hash


class ReplayError(Exception):
    """A replay that cannot begin; one sentence, and what to do."""


@dataclass(frozen=True, slots=True)
class TableHashes:
    """A table's content hash three times over: recorded by the run, on disk, replayed."""

    name: str
    rows: int
    recorded: str
    stored: str
    replayed: str

    @property
    def identical(self) -> bool:
        """Whether all three agree."""
        return self.recorded == self.stored == self.replayed


@dataclass(frozen=True, slots=True)
class DocumentHashes:
    """A document's SHA-256 on disk and replayed; empty where it is missing."""

    name: str
    stored: str
    replayed: str
    first_line: tuple[int, str, str] | None = None
    """Of a JSON document that differs: the first differing line (written with a line for each
    value), counted from 1, as stored and as replayed."""

    @property
    def missing(self) -> str:
        """The side it is missing on; empty where it is on both."""
        return "stored" if not self.stored else "replayed" if not self.replayed else ""

    @property
    def identical(self) -> bool:
        """Whether both agree."""
        return self.stored == self.replayed


@dataclass(frozen=True, slots=True)
class Difference:
    """The first cell that differs, with its rows in full; a missing row is None."""

    table: str
    day: date
    key: tuple[object, ...]
    column: str
    stored: dict[str, object] | None
    replayed: dict[str, object] | None

    def __str__(self) -> str:
        """One line: where, and both values or the side it is missing on."""
        where = f"{self.table} {self.day} {'/'.join(_plain(one) for one in self.key)}"
        if self.stored is None or self.replayed is None:
            return f"{where}: missing in what is {'stored' if self.stored is None else 'replayed'}"
        old, new = self.stored[self.column], self.replayed[self.column]
        return f"{where}: {self.column} is {_plain(old)}, replayed {_plain(new)}"

    def side(self, name: str) -> str:
        """`stored` or `replayed`: the columns that differ as JSON-like text."""
        here = self.stored if name == "stored" else self.replayed
        other = self.replayed if name == "stored" else self.stored
        if here is None:
            return "missing"
        return _plain({k: v for k, v in here.items() if other is None or v != other[k]})


def _plain(value: object) -> str:
    """A value of the lake as text: a string as it is, all else as JSON, dates and times in ISO."""
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=str, option=orjson.OPT_UTC_Z).decode("utf-8")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome. `drift` names versions that differ from the recorded run's: (recorded, now)."""

    until_ns: int
    tables: tuple[TableHashes, ...]
    documents: tuple[DocumentHashes, ...]
    difference: Difference | None
    drift: dict[str, tuple[str, str]]

    @property
    def identical(self) -> bool:
        """Whether every table and every document came out the same."""
        tables = all(table.identical for table in self.tables)
        return tables and all(document.identical for document in self.documents)


def replay(
    data: Path,
    scratch: Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Build everything again in `scratch` (default: a folder that is removed) and compare.

    `threads`: processes and SQL threads to use. Raises ReplayError, LogDamaged.
    """
    run = last_finished(data)
    if run is None:
        raise ReplayError(f"nothing in {data} was derived yet: run `wattproof derive` first")
    until = int(run["watermark"])
    with ExitStack() as stack:
        if scratch is None:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="replay-")))
        replayed = Lake(scratch / "lake", threads=threads)
        rebuild(data, replayed, until, threads or 1, progress)
        stored = Lake(data / "lake", threads=threads)
        tables = tuple(_hashes(name, run["tables"], stored, replayed) for name in TABLES)
        return Comparison(
            until_ns=until,
            tables=tables,
            documents=tuple(_documents(data / "documents", scratch / "documents")),
            difference=_first_difference(tables, stored, replayed),
            drift=_drift(run["versions"]),
        )


def rebuild(
    data: Path, lake: Lake, until_ns: int, workers: int = 1, progress: Progress | None = None
) -> None:
    """Derive all days up to `until_ns` into an empty lake. Raises ReplayError, LogDamaged.

    Sessions are priced one by one, by the other engine than the one that derived them.
    """
    if any(lake.days(name) for name in TABLES):
        raise ReplayError(f"{lake.path} is not empty: a replay starts from nothing")
    whole = whole_log(data, lake, until_ns=until_ns, workers=workers, engine="single")
    for stretch in parts(whole) if whole else ():
        if progress is not None:
            progress(f"{stretch.days[0]} to {stretch.days[-1]}")
        derive_stretch(stretch)


def _hashes(name: str, recorded: dict[str, str], stored: Lake, replayed: Lake) -> TableHashes:
    found = list(replayed.partition_hashes(name))
    return TableHashes(
        name=name,
        rows=sum(rows for _, rows, _ in found),
        recorded=recorded.get(name, ""),
        stored=stored.content_hash(name),
        replayed=table_hash(found),
    )


def _documents(stored: Path, replayed: Path) -> Iterator[DocumentHashes]:
    folders = [path for path in (stored, replayed) if path.is_dir()]
    names = {file.name for folder in folders for file in folder.glob("*.[jp][sd][of]*")}
    for name in sorted(names):
        one, other = stored / name, replayed / name
        before, now = _sha256(one), _sha256(other)
        differs = before and now and before != now and one.suffix == ".json"
        yield DocumentHashes(name, before, now, _first_line(one, other) if differs else None)


def _first_line(stored: Path, replayed: Path) -> tuple[int, str, str] | None:
    """The first line that differs, where both are written anew with a line for each value.

    Bytes that say the same in another way, or are no JSON, are compared as they stand.
    """
    old, new = _lines(stored), _lines(replayed)
    if old == new:
        old, new = (path.read_text("utf-8", "replace").split("\n") for path in (stored, replayed))
    pairs = zip_longest(old, new, fillvalue="missing")
    found = ((n, a.strip(), b.strip()) for n, (a, b) in enumerate(pairs, 1) if a != b)
    return next(found, None)


def _lines(path: Path) -> list[str]:
    text = path.read_text("utf-8", "replace")
    try:
        said = json.loads(text, parse_float=Decimal)
    except ValueError:
        return text.split("\n")
    return json.dumps(said, indent=1, ensure_ascii=False, default=str).split("\n")


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def _drift(recorded: dict[str, str]) -> dict[str, tuple[str, str]]:
    now = versions()
    names = sorted(recorded.keys() | now.keys())
    pairs = {name: (recorded.get(name, ""), now.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _first_difference(
    tables: tuple[TableHashes, ...], stored: Lake, replayed: Lake
) -> Difference | None:
    for table in tables:
        if table.stored != table.replayed:
            return next(differences(table.name, stored, replayed), None)
    return None


def differences(name: str, stored: Lake, replayed: Lake) -> Iterator[Difference]:
    """Every row of a table that differs, in order of day and key."""
    ours = {day: digest for day, _, digest in stored.partition_hashes(name)}
    theirs = {day: digest for day, _, digest in replayed.partition_hashes(name)}
    for day in sorted(ours.keys() | theirs.keys()):
        if ours.get(day) != theirs.get(day):
            yield from _of_day(name, day, stored.read(name, [day]), replayed.read(name, [day]))


def _of_day(
    name: str, day: date, stored: pl.DataFrame, replayed: pl.DataFrame
) -> Iterator[Difference]:
    key = TABLES[name].key
    old = {tuple(row[part] for part in key): row for row in stored.iter_rows(named=True)}
    new = {tuple(row[part] for part in key): row for row in replayed.iter_rows(named=True)}
    for place in sorted(old.keys() | new.keys(), key=repr):
        before, after = old.get(place), new.get(place)
        if before != after:
            columns = [c for c in stored.columns if not (before and after) or before[c] != after[c]]
            yield Difference(name, day, place, columns[0], before, after)
