"""From a line of an invoice down to the charger's own words, and from a frame up to the money.

Reads the lake for what rests on what, and the log for the words themselves, each with its proof.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from billing.finding import Severity, Source
from ingest.protocols import actions
from warehouse.lake import Lake
from warehouse.log import LogReader

Row = dict[str, Any]


class TraceError(Exception):
    """A reference that leads nowhere; one sentence that says what was looked for."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One entry of the log, verbatim, with its `.tlog-proof` under the newest checkpoint.

    `leaf` is what the proof proves; it holds base64 of SHA-256(`salt` ‖ `payload`) as `c`.
    """

    source: Source
    received_at: datetime
    kind: str
    station: str
    direction: str
    text: str
    proof: str
    leaf: bytes
    salt: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class InvoiceLineRef:
    """`NLWTP-I2026-000001:3`."""

    number: str
    position: int

    def __str__(self) -> str:
        """The form that commands take."""
        return f"{self.number}:{self.position}"


@dataclass(frozen=True, slots=True)
class Decided:
    """A re-rating that had its say on a session: the operator's entry, and what came of it.

    `credited_id` is the CDR that stood, `credit_id` and `cdr_id` those written; `message` says why
    it could not be billed so. What there is none of is empty.
    """

    frame: Frame
    reason: str
    credited_id: str
    credit_id: str
    cdr_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One session version with what rests on it and what it rests on: the frames of its charger,
    and the operator's re-ratings in `decided`.

    `cdr_ids` are the CDRs of that version, credits included; `lines` the invoice lines of these.
    `energy_wh` is None where it is unknown; `held_by` says why the session is not billed yet.
    """

    session_id: str
    version: int
    station: str
    start_at: datetime
    end_at: datetime
    energy_source: str
    energy_wh: str | None
    held: bool
    held_by: tuple[str, ...]
    cdr_ids: tuple[str, ...]
    lines: tuple[InvoiceLineRef, ...]
    frames: tuple[Frame, ...]
    decided: tuple[Decided, ...]


@dataclass(frozen=True, slots=True)
class TraceUp:
    """A frame, and every session version that rests on it (newest last), with CDRs and lines; of
    a re-rating those that it wrote.

    `invoices` are those that the entry itself issued.
    """

    frame: Frame
    invoices: tuple[str, ...]
    sessions: tuple[tuple[str, int], ...]
    cdr_ids: tuple[str, ...]
    lines: tuple[InvoiceLineRef, ...]


@dataclass(frozen=True, slots=True)
class InvoicedLine:
    """One line of an invoice, with what it leads to; money in the invoice's currency."""

    ref: InvoiceLineRef
    cdr_id: str
    session_id: str
    energy_kwh: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class InvoiceTrace:
    """An invoice: the entry of the log that issued it, and its lines."""

    number: str
    source: Source
    currency: str
    lines: tuple[InvoicedLine, ...]


def trace_invoice(data: Path, number: str) -> InvoiceTrace | None:
    """The lines of an issued invoice, each a reference for `trace`; None for another's number."""
    lake = Lake(data / "lake")
    invoice = _find(lake, "invoice", pl.col("number") == number)
    if invoice is None:
        return None
    rows = lake.read("invoice_line", where=pl.col("number") == number).sort("position")
    lines = tuple(
        InvoicedLine(
            InvoiceLineRef(number, row["position"]),
            row["cdr_id"],
            row["session_id"],
            row["energy_kwh"],
            row["net"],
        )
        for row in rows.iter_rows(named=True)
    )
    source = Source(invoice["origin"], invoice["index"])
    return InvoiceTrace(number, source, invoice["currency"], lines)


def trace(data: Path, ref: str) -> Trace:
    """Down from `INVOICE:LINE`, a CDR id or a session id (its newest version).

    Raises TraceError, LogDamaged.
    """
    lake = Lake(data / "lake")
    session = _session(lake, ref)
    cdrs = _cdrs(lake, [(session["session_id"], session["version"])], session["day"])
    return Trace(
        session_id=session["session_id"],
        version=session["version"],
        station=session["station"],
        start_at=session["start_at"],
        end_at=session["end_at"],
        energy_source=session["energy_source"],
        energy_wh=None if session["energy_wh"] is None else str(session["energy_wh"]),
        held=session["held"],
        held_by=tuple(
            f"{one['rule']}: {one['message']} ({one['origin']}:{one['index']})"
            for one in session["findings"]
            if one["severity"] == Severity.HOLD
        ),
        cdr_ids=cdrs,
        lines=_lines(lake, cdrs),
        frames=tuple(_frames(data, [(s["origin"], s["index"]) for s in session["sources"]])),
        decided=_decided(data, lake, session),
    )


def trace_up(data: Path, source: str) -> TraceUp:
    """Up from a frame, `origin:index`. Raises TraceError, LogDamaged."""
    origin, _, index = source.rpartition(":")
    if not origin or not index.isdecimal():
        raise TraceError(f"a frame is named like ingest-1:4711, not {source!r}")
    lake = Lake(data / "lake")
    frame = next(_frames(data, [(origin, int(index))]))
    days = [day for day in lake.days("session") if day >= frame.received_at.date()]
    one = (pl.element().struct["origin"] == origin) & (pl.element().struct["index"] == int(index))
    rests = pl.col("sources").list.eval(one).list.any()
    found = lake.read("session", days, where=rests).sort("emitted_at", "session_id", "version")
    versions = list(found.select("session_id", "version").iter_rows())
    cdrs = _cdrs(lake, versions, found["day"][0]) if versions else ()
    said = (pl.col("origin") == origin) & (pl.col("index") == int(index))
    invoices = lake.read("invoice", where=said)["number"].to_list()
    for row in lake.read("rerating", where=said).sort("session_id").iter_rows(named=True):
        versions.append((row["session_id"], row["version"]))
        cdrs += tuple(name for name in (row["credit_id"], row["cdr_id"]) if name)
    return TraceUp(frame, tuple(invoices), tuple(versions), cdrs, _lines(lake, cdrs))


def _decided(data: Path, lake: Lake, session: Row) -> tuple[Decided, ...]:
    """The re-ratings of a session, in the order of the log: they hold for all of its versions."""
    where = pl.col("session_id") == session["session_id"]
    rows = lake.read("rerating", where=where).sort("heard_at", "index").to_dicts()
    frames = _frames(data, [(row["origin"], row["index"]) for row in rows])
    names = ("credited_id", "credit_id", "cdr_id", "message")
    return tuple(
        Decided(frame, _reason(frame), **{name: row[name] or "" for name in names})
        for frame, row in zip(frames, rows, strict=True)
    )


def _reason(frame: Frame) -> str:
    """What the operator gave as the reason."""
    action = actions.read(frame.payload, frame.received_at)
    assert isinstance(action, actions.SessionRerate), "a re-rating is said by no other entry"
    return action.reason


def _session(lake: Lake, ref: str) -> Row:
    """The session version that a reference leads to."""
    hint: date | None
    number, _, position = ref.rpartition(":")
    if number and position.isdecimal():
        cdr_id, hint = _invoiced(lake, number, int(position))
        cdr = _find(lake, "cdr", pl.col("cdr_id") == cdr_id, hint)
    else:
        cdr = _find(lake, "cdr", pl.col("cdr_id") == ref)
    if cdr is None:
        wanted, hint = pl.col("session_id") == ref, None
    else:
        wanted = pl.col("session_id") == cdr["session_id"]
        wanted &= pl.col("version") == cdr["version"]
        hint = cdr["last_updated"].date()
    session = _find(lake, "session", wanted, hint)
    if session is None:
        raise TraceError(f"{ref} is no INVOICE, INVOICE:LINE, CDR or session of this lake")
    return session


def _invoiced(lake: Lake, number: str, position: int) -> tuple[str, date]:
    """The CDR of an invoice line, and a day near the one it was emitted on."""
    wanted = (pl.col("number") == number) & (pl.col("position") == position)
    line = _find(lake, "invoice_line", wanted)
    if line is None:
        raise TraceError(f"no invoice {number} with a line {position} was issued")
    return line["cdr_id"], line["end_at"].date()


def _find(lake: Lake, table: str, where: pl.Expr, hint: date | None = None) -> Row | None:
    """The newest row that meets `where`; days next to the hint are looked at first."""
    days = lake.days(table)
    if hint is not None:
        near = [day for day in days if timedelta(0) <= day - hint <= timedelta(days=2)]
        found = lake.read(table, near, where=where)
        if found.height:
            return found.row(-1, named=True)
    found = lake.read(table, days, where=where).sort("day", maintain_order=True)
    return found.row(-1, named=True) if found.height else None


def _cdrs(lake: Lake, versions: list[tuple[str, int]], first: date) -> tuple[str, ...]:
    """The CDRs of session versions, oldest first; a credit stands under the version it credits."""
    ids = [session_id for session_id, _ in versions]
    days = [day for day in lake.days("cdr") if day >= first]
    rows = lake.read("cdr", days, where=pl.col("session_id").is_in(ids))
    wanted = set(versions)
    order = ("last_updated", "version", "credit")
    ordered = rows.sort(order, descending=[False, False, True]).iter_rows(named=True)
    return tuple(r["cdr_id"] for r in ordered if (r["session_id"], r["version"]) in wanted)


def _lines(lake: Lake, cdr_ids: tuple[str, ...]) -> tuple[InvoiceLineRef, ...]:
    rows = lake.read("invoice_line", where=pl.col("cdr_id").is_in(list(cdr_ids)))
    ordered = rows.sort("number", "position").select("number", "position").iter_rows()
    return tuple(InvoiceLineRef(number, position) for number, position in ordered)


def _frames(data: Path, places: list[tuple[str, int]]) -> Iterator[Frame]:
    readers = {origin: LogReader(data / "log" / origin) for origin, _ in places}
    for origin, index in places:
        reader = readers[origin]
        if not reader.folder.is_dir() or index >= reader.size:
            raise TraceError(f"the log has no entry {origin}:{index}")
        record, raw = reader.record(index), reader.raw(index)
        yield Frame(
            source=Source(origin, index),
            received_at=record.entry.received_at,
            kind=record.entry.kind,
            station=record.entry.peer,
            direction=record.entry.direction,
            text=record.payload.decode("utf-8", "backslashreplace"),
            proof=reader.proof_text(index),
            leaf=raw.leaf,
            salt=raw.salt,
            payload=record.payload,
        )
