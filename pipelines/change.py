"""A change: what a correction does to one session; the same value when previewed and applied."""

from dataclasses import dataclass
from enum import StrEnum

from billing.cdr import CDR, Rejection
from billing.rerate import Correction
from pipelines.stored_sessions import StoredSession


class Kind(StrEnum):
    """What becomes of a session that a correction is for."""

    CHANGED = "changed"
    """A credit of the CDR that stands, and a new one."""
    BILLED = "billed"
    """A CDR where none stood: it was rejected."""
    REJECTED = "rejected"
    """It could not be billed so: the CDR before stands until somebody decides."""
    UNCHANGED = "unchanged"
    """The same bill: nothing is written."""
    STILL_REJECTED = "still_rejected"
    """It was rejected, and still is: nothing is written."""


WRITTEN = frozenset({Kind.CHANGED, Kind.BILLED, Kind.REJECTED})
"""Kinds that leave a row in `rerating`."""


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is the CDR that stands, if any; `after` what the correction makes of the session,
    `made` the CDRs to write.
    """

    correction: Correction
    session: StoredSession
    before: CDR | None
    after: CDR | Rejection
    made: tuple[CDR, ...]

    @property
    def kind(self) -> Kind:
        """What becomes of the session."""
        if isinstance(self.after, Rejection):
            return Kind.STILL_REJECTED if self.before is None else Kind.REJECTED
        if not self.made:
            return Kind.UNCHANGED
        return Kind.BILLED if self.before is None else Kind.CHANGED
