"""Reference data in two times: when a version is in force, and since when it is known.

Operator entries become rows of the tables in `NAMES`; lookups answer as of an instant. What was
known at a session's start decides; of tokens and places that nobody had told us by then, the first
version known before the session was emitted stands in, so that a late registration costs nobody a
session. A tariff or policy that was not told by the start never applies, unless a correction says
so afterwards.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import singledispatchmethod
from typing import Any, Generic, TypeVar

import polars as pl

from billing.finding import Finding, Severity, Source
from billing.identity import normal_token
from billing.offer import Offer
from billing.party import Location, Party, Station, Token
from billing.record import dumps, loads
from billing.rerate import Correction
from billing.tariff import Tariff
from billing.terms import Terms, is_decision
from ingest.protocols import actions
from ingest.protocols.actions import ActionError, SessionRerate
from ingest.protocols.ocpi import MalformedObjectError, read_tariff
from pipelines.session_rows import write_findings
from pipelines.stretch import Stretch, entries, instant, start_of
from warehouse.lake import TABLES, Lake

NAMES = ("tariff", "token", "station", "location", "party", "policy", "correction")
KINDS = frozenset({"operator"})

T = TypeVar("T")
Row = dict[str, Any]


@dataclass(slots=True)
class Book:
    """Operator entries, told one after another: the rows each of them makes."""

    tokens: dict[str, Token] = field(default_factory=dict)
    stations: dict[str, tuple[Station, str]] = field(default_factory=dict)
    terms: dict[str, Terms] = field(default_factory=dict)
    rows: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in NAMES})
    findings: list[tuple[Finding, datetime]] = field(default_factory=list)

    def tell(self, source: Source, at: datetime, payload: bytes) -> None:
        """Take one operator entry; what cannot be read is a finding, and changes nothing."""
        try:
            self._take(actions.read(payload, at), source, at)
        except (ActionError, MalformedObjectError) as error:
            found = Finding(source, "operator_entry_unreadable", Severity.WARNING, str(error))
            self.findings.append((found, at))

    @singledispatchmethod
    def _take(self, action: object, source: Source, at: datetime) -> None:
        """Keys make no reference row."""

    @_take.register
    def _(self, action: actions.TokenAdd, source: Source, at: datetime) -> None:
        self._token(replace(action.token, known_from=at), source, at)

    @_take.register
    def _(self, action: actions.TokenBlock, source: Source, at: datetime) -> None:
        self._revalidate(action.uid, source, at, valid=False)

    @_take.register
    def _(self, action: actions.TokenUnblock, source: Source, at: datetime) -> None:
        self._revalidate(action.uid, source, at, valid=True)

    def _revalidate(self, uid: str, source: Source, at: datetime, *, valid: bool) -> None:
        known = self.tokens.get(normal_token(uid))
        if known is not None:
            self._token(replace(known, valid=valid, known_from=at), source, at)

    def _token(self, token: Token, source: Source, at: datetime) -> None:
        uid = normal_token(token.uid)
        self.tokens[uid] = token
        columns = {"party": token.party, "contract_id": token.contract_id, "valid": token.valid}
        self._row("token", _head(uid, source, at), token, columns)

    @_take.register
    def _(self, action: actions.StationAdd, source: Source, at: datetime) -> None:
        self._station(action.station, action.status, source, at)

    @_take.register
    def _(self, action: actions.StationBlock, source: Source, at: datetime) -> None:
        if action.id in self.stations:
            self._station(self.stations[action.id][0], "blocked", source, at)

    @_take.register
    def _(self, action: actions.StationUnblock, source: Source, at: datetime) -> None:
        if action.id in self.stations:
            self._station(self.stations[action.id][0], "accepted", source, at)

    def _station(self, station: Station, status: str, source: Source, at: datetime) -> None:
        self.stations[station.id] = (station, status)
        columns = {"location_id": station.location_id, "status": status}
        self._row("station", _head(station.id, source, at), station, columns)

    @_take.register
    def _(self, action: actions.LocationAdd, source: Source, at: datetime) -> None:
        location = action.location
        columns = {"name": location.name, "time_zone": location.time_zone}
        self._row("location", _head(location.id, source, at), location, columns)

    @_take.register
    def _(self, action: actions.PartyAdd, source: Source, at: datetime) -> None:
        party = action.party
        columns = {"role": party.role.value, "name": party.name, "currency": party.currency}
        self._row("party", _head(party.code, source, at), party, columns)

    @_take.register
    def _(self, action: actions.TariffAdd, source: Source, at: datetime) -> None:
        tariff, notes = read_tariff(action.ocpi_version, dict(action.tariff))
        self._note(notes, source, at)
        columns = {
            "valid_from": action.valid_from,
            "party_id": tariff.party_id,
            "currency": tariff.currency,
            "parties": list(action.parties),
            "stations": list(action.stations),
            "locations": list(action.locations),
        }
        self._row("tariff", _head(tariff.id, source, at), tariff, columns)

    def _note(self, notes: Iterable[object], source: Source, at: datetime) -> None:
        for note in notes:
            found = Finding(source, "tariff_irregular", Severity.INFO, str(note))
            self.findings.append((found, at))

    @_take.register
    def _(self, action: SessionRerate, source: Source, at: datetime) -> None:
        correction, notes = correction_of(action, source, at)
        self._note(notes, source, at)
        head = _head(str(source), source, at)
        self._row("correction", head, correction, {"reason": action.reason})

    @_take.register
    def _(self, action: actions.PolicySet, source: Source, at: datetime) -> None:
        party = action.party
        said = {k: str(v) for k, v in action.values.items() if is_decision(k, v)}
        if said:
            terms = self.terms[party] = self.terms.get(party, Terms(party)).told(said)
            self._row("policy", _head(party, source, at), terms, {})

    @_take.register
    def _(self, action: actions.PolicyUnset, source: Source, at: datetime) -> None:
        party = action.party
        told = self.terms.get(party, Terms(party))
        left = told.without(action.names)
        if left != told:
            self.terms[party] = left
            self._row("policy", _head(party, source, at), left, {})

    def _row(self, table: str, head: Row, value: object, columns: Row) -> None:
        self.rows[table].append(head | columns | {"record": dumps(value)})

    def frame(self, table: str) -> pl.DataFrame:
        """The rows of one table."""
        return pl.DataFrame(self.rows[table], schema=TABLES[table].schema, orient="row")

    def finding_rows(self) -> pl.DataFrame:
        """Rows of `operator_finding`."""
        return write_findings(self.findings)


def correction_of(
    action: SessionRerate, source: Source, at: datetime
) -> tuple[Correction, Sequence[object]]:
    """What an entry about re-rating means, and what is irregular about its tariff.

    Raises MalformedObjectError where that cannot be understood.
    """
    tariff: Tariff | None = None
    notes: Sequence[object] = ()
    if action.tariff is not None:
        tariff, notes = read_tariff(action.ocpi_version, dict(action.tariff))
    correction = Correction(
        source=source,
        at=at,
        reason=action.reason,
        selection=action.selection,
        tariff=tariff,
        choose_tariff=action.choose_tariff,
        decisions=action.decisions,
        rejected=action.rejected,
    )
    return correction, notes


def _head(name: str, source: Source, at: datetime) -> Row:
    place = {"origin": source.origin, "index": source.index}
    return {"day": at.date(), "id": name, "known_from": at} | place


def read_operator(stretch: Stretch) -> Book:
    """The operator entries of a stretch, told to a book that knows the days before it."""
    book = Book()
    lake, before = stretch.lake, [d for d in stretch.lake.days("token") if d < stretch.days[0]]
    for row in lake.read("token", before).iter_rows(named=True):
        book.tokens[row["id"]] = loads(Token, row["record"])
    before = [day for day in lake.days("station") if day < stretch.days[0]]
    for row in lake.read("station", before).iter_rows(named=True):
        book.stations[row["id"]] = (loads(Station, row["record"]), row["status"])
    before = [day for day in lake.days("policy") if day < stretch.days[0]]
    for row in lake.read("policy", before).iter_rows(named=True):
        book.terms[row["id"]] = loads(Terms, row["record"])
    start_ns = start_of(stretch.days[0])
    found = entries(stretch.readers, KINDS, start_ns, stretch.until_ns)
    for row in found.iter_rows(named=True):
        at = instant(row["received_ns"])
        book.tell(Source(row["origin"], row["index"]), at, row["payload"])
    return book


@dataclass(slots=True)
class Versions(Generic[T]):
    """The versions of one thing, in the order they became known."""

    known_from: list[datetime] = field(default_factory=list)
    values: list[T] = field(default_factory=list)

    def add(self, known_from: datetime, value: T) -> None:
        """The next version."""
        self.known_from.append(known_from)
        self.values.append(value)

    def as_of(self, at: datetime, until: datetime | None = None) -> T | None:
        """What was known at `at`; else what became known first, by `until`."""
        position = bisect_right(self.known_from, at)
        if position:
            return self.values[position - 1]
        late = until is not None and self.values and self.known_from[0] <= until
        return self.values[0] if late else None


@dataclass(frozen=True, slots=True)
class Reference:
    """All versions of everything, for lookups as of an instant."""

    tokens: dict[str, Versions[Token]]
    stations: dict[str, Versions[Station]]
    locations: dict[str, Versions[Location]]
    parties: dict[str, Versions[Party]]
    offers: tuple[Offer, ...]
    terms: dict[str, Versions[Terms]] = field(default_factory=dict)
    """By party; those of the house under `billing.terms.HOUSE`."""
    corrections: tuple[Correction, ...] = ()
    """In the order of the log."""

    @classmethod
    def load(
        cls, lake: Lake, until: datetime, stations: frozenset[str] | None = None
    ) -> "Reference":
        """Everything known by `until`; of stations only the ones named."""
        named = None if stations is None else pl.col("id").is_in(sorted(stations))
        return cls(
            tokens=_versions(Token, _rows(lake, "token", until)),
            stations=_versions(Station, _rows(lake, "station", until, named)),
            locations=_versions(Location, _rows(lake, "location", until)),
            parties=_versions(Party, _rows(lake, "party", until)),
            offers=tuple(_offer(row) for row in _rows(lake, "tariff", until)),
            terms=_versions(Terms, _rows(lake, "policy", until)),
            corrections=tuple(
                loads(Correction, row["record"]) for row in _rows(lake, "correction", until)
            ),
        )


def _rows(lake: Lake, table: str, until: datetime, where: pl.Expr | None = None) -> Iterator[Row]:
    """A reference table's rows in log order."""
    rows = lake.read(table, where=where).filter(pl.col("known_from") <= until)
    return rows.sort("known_from", "origin", "index").iter_rows(named=True)


def _versions(cls: type[T], rows: Iterable[Row]) -> dict[str, Versions[T]]:
    found: dict[str, Versions[T]] = {}
    for row in rows:
        value = loads(cls, row["record"])
        found.setdefault(row["id"], Versions()).add(_utc(row["known_from"]), value)
    return found


def _offer(row: Row) -> Offer:
    return Offer(
        loads(Tariff, row["record"]),
        valid_from=_utc(row["valid_from"]),
        known_from=_utc(row["known_from"]),
        parties=frozenset(row["parties"]),
        stations=frozenset(row["stations"]),
        locations=frozenset(row["locations"]),
    )


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC)
