"""All that was said about one session, before anything is decided: the fold's working evidence.

A dossier only grows. `billing.derive` turns it into a session as often as asked; nothing derived is
ever written back, but the id it was first emitted under.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from billing.events import Fact, MeterReading, StampQuality, TransactionEvent
from billing.finding import Source
from billing.samples import Samples, Told

_OK = StampQuality.OK

UNUSABLE = (StampQuality.EPOCH, StampQuality.IMPOSSIBLE, StampQuality.ABSENT)
"""Stamps that tell nothing: the receive time stands in."""


@dataclass(frozen=True, slots=True)
class Note:
    """A rule that was broken, before it is known which session id the finding will carry."""

    rule: str
    message: str
    source: Source


@dataclass(slots=True, eq=False)
class Dossier:
    """`place` is the EVSE number (0 where unknown). Instants ending in `_at` are receive times.

    `start` and `stop` are the first ones that counted; all else is `heard`, in log order: repeats,
    updates, statuses, readings, and plain samples taken together. `next_start` is the charger's
    instant of the next start on the place; `previous_register` what the register of the place stood
    at when the session before it stopped.
    """

    key: int
    place: int
    first_at: datetime
    last_at: datetime
    start: TransactionEvent | None = None
    stop: TransactionEvent | None = None
    transaction: str = ""
    heard: list[Told] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    next_start: datetime | None = None
    previous_register: Decimal | None = None
    votes: int = 0
    """What the place had taught about its register when this session began: see PlaceMemory."""
    closed_at: datetime | None = None
    due: datetime | None = None
    """When the next version is emitted; None: nothing is pending."""
    session_id: str = ""
    version: int = 0
    digest: str = ""
    """Of the version last emitted, kept while a later one is pending."""
    reported: set[tuple[str, int, str]] = field(default_factory=set)
    """(origin, index, rule) of the findings already told."""

    def copy(self) -> "Dossier":
        """A dossier that can grow without this one changing; the facts are shared."""
        return Dossier(
            self.key,
            self.place,
            self.first_at,
            self.last_at,
            self.start,
            self.stop,
            self.transaction,
            list(self.heard),
            list(self.notes),
            self.next_start,
            self.previous_register,
            self.votes,
            self.closed_at,
            self.due,
            self.session_id,
            self.version,
            self.digest,
            set(self.reported),
        )

    def note(self, rule: str, message: str, fact: Fact) -> None:
        """Keep a broken rule for the session's findings."""
        self.notes.append(Note(rule, message, fact.source))

    @property
    def events(self) -> list[TransactionEvent]:
        """What was heard beside start and stop, but for updates inside plain samples."""
        return [one for one in self.heard if type(one) is TransactionEvent]

    @property
    def readings(self) -> list[MeterReading]:
        """The readings that stand by themselves: all of them, once unfolded."""
        return [one for one in self.heard if type(one) is MeterReading]

    def unfold(self) -> None:
        """Take plain samples apart: from now on every fact stands by itself."""
        if any(type(one) is Samples for one in self.heard):
            self.heard = [
                fact
                for one in self.heard
                for fact in (one.facts() if isinstance(one, Samples) else (one,))
            ]

    @property
    def is_open(self) -> bool:
        """Whether its stop is still awaited."""
        return self.stop is None

    @property
    def window(self) -> tuple[datetime | None, datetime | None]:
        """(start, end) by the charger's clock, receive times where a stamp tells nothing."""
        start, stop = self.start, self.stop
        return (
            None if start is None else instant(start),
            self.next_start if stop is None else instant(stop),
        )


def instant(fact: Fact) -> datetime:
    """When a fact says it happened; when it was received where its stamp tells nothing."""
    stamp = fact.stamp
    at = stamp.at
    if at is None or (stamp.quality is not _OK and stamp.quality in UNUSABLE):
        return fact.received_at
    return at
