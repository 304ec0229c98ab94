"""Answers replay: given a log, the same requests get the same answers again, byte for byte.

Reads only; knows neither sockets nor the registry's database.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ingest.fold import Fold, Mismatch
from ingest.view import View
from warehouse.log import LogReader, Record
from warehouse.registry import Change
from warehouse.registry.registry import OPERATOR, read_operator_entry

SHOWN = 100


@dataclass(slots=True)
class Replayed:
    """What a replay of answers found; `mismatches` are the first hundred, by log index."""

    frames: int = 0
    answers: int = 0
    differing: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)

    @property
    def identical(self) -> bool:
        """Whether every answer came out as it was logged."""
        return self.differing == 0


def replay_answers(readers: Iterable[LogReader]) -> Replayed:
    """Folds every ingest origin from its start and compares each answer with the logged one."""
    readers = list(readers)
    operator = next((reader for reader in readers if reader.origin == OPERATOR), None)
    found = Replayed()
    for reader in readers:
        if reader.origin.startswith("ingest"):
            _replay(reader.records(), operator, found)
    return found


def operator_changes(operator: LogReader | None, start: int, stop: int) -> Iterator[Change]:
    """What the operator log's entries in [start, stop) change."""
    if operator is not None:
        for record in operator.records(start, stop):
            yield from read_operator_entry(record)


def _replay(records: Iterable[Record], operator: LogReader | None, found: Replayed) -> None:
    fold = Fold(View(), lambda start, stop: operator_changes(operator, start, stop))
    for record in records:
        _, mismatch = fold.hear(record)
        if mismatch is not None:
            found.differing += 1
            if len(found.mismatches) < SHOWN:
                found.mismatches.append(mismatch)
    found.frames += fold.counts.frames
    found.answers += fold.counts.answers
