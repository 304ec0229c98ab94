"""A disagreement worth a human's eye, as a value: nothing that is wrong stops a run or vanishes."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What a finding does to the session it is about."""

    INFO = "info"
    """Kept as evidence; the session is billed."""
    WARNING = "warning"
    """Worth a look; the session is billed."""
    HOLD = "hold"
    """The session is not billed, unless a later message settles what was in doubt."""


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a fact stands in the log: the origin's name and the entry's index in it."""

    origin: str
    index: int

    def __str__(self) -> str:
        """`ingest-1:4711`, the form every table, receipt and command uses."""
        return f"{self.origin}:{self.index}"


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule, broken by one entry of the log.

    `rule` is a stable snake_case code (`dup_start`, `begin_placeholder` …); `message` says what was
    expected and what came. `station` and `session_id` are empty where the finding is about neither.
    """

    source: Source
    rule: str
    severity: Severity
    message: str
    station: str = ""
    session_id: str = ""
