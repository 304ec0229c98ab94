"""`wattproof audit`: check the log, derive everything again, follow a number to its frames.

`verify` needs nothing but a copy of the files and the public key. What replay and trace import
takes seconds, so they import it themselves.
"""

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from warehouse.log import Checkpoint, Verification, Verifier, load_verifier
from wattproof.invocation import typed
from wattproof.operator_log import need_log
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.refusals import RefusalError
from wattproof.terminal import Bar, progress, say, show_json
from wattproof.witnesses import verify_all

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, help="Audit.")


@app.command()
def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="A log folder, one origin of it, or a copy of either.")
    ] = None,
    *,
    public_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="log.pub; else keys/log.pub of --data.")
    ] = None,
    older: Annotated[
        list[Path] | None,
        typer.Option(metavar="NOTE", help="A checkpoint kept elsewhere (repeat)."),
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Check every entry, payload, tile, root, signature and counter of the log. Offline.

    Exit code 1 where anything is wrong; the first bad index is named. A checkpoint that was kept
    elsewhere (--older) shows that the log was not cut back or rewritten since; so does every run
    and invoice in the books, and every tick that `derive` writes: they name the heads of the
    origins beside them. An origin that is told of and gone is named too.

    \b
    Examples:
      wattproof audit verify
      wattproof audit verify /media/copy/log --public-key log.pub --older checkpoint-october
    """
    folders = _origins(data / "log" if folder is None else folder)
    verifier = _verifier(public_key, folder, data)
    notes = [_text(path) for path in older or ()]
    with progress("verifying", 1) as bar:
        found = verify_all(
            folders,
            verifier,
            older=notes,
            whole=folders != [folder],
            follow=lambda name: _moved(bar, name),
        )
    if as_json:
        show_json([_as_object(one) for one in found])
    else:
        for one in found:
            tell_verification(one)
    if not all(one.ok for one in found):
        raise typer.Exit(1)


def _moved(bar: Bar, origin: str) -> Callable[[int, int], None]:
    def moved(done: int, total: int) -> None:
        bar.at(done, origin, total=total)

    return moved


def _origins(folder: Path) -> list[Path]:
    """The folder itself where it is an origin, else the origins in it."""
    if (folder / "checkpoint").exists() or (folder / "payload").is_dir():
        return [folder]
    found = sorted(
        one for one in (folder.iterdir() if folder.is_dir() else ()) if (one / "payload").is_dir()
    )
    if not found:
        raise RefusalError(f"{folder} holds no log", "give the folder log/ or one origin of it")
    return found


def _verifier(public_key: Path | None, folder: Path | None, data: Path) -> Verifier:
    """The key that was named, or the one beside the log."""
    if public_key is not None:
        return Verifier.parse(_text(public_key))
    near = [data] if folder is None else [folder.parent, folder.parent.parent, data]
    for place in near:
        if (place / "keys" / "log.pub").exists():
            return load_verifier(place)
    raise RefusalError("there is no public key beside the log", "name it with --public-key FILE")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusalError(f"{path} can't be read: {error}", "check the path") from None


def tell_verification(found: Verification) -> None:
    """One origin, for people: what was checked and what is wrong, first bad index first."""
    first = "" if found.first_bad_index is None else f", first at index {found.first_bad_index}"
    verdict = "ok" if found.ok else f"BAD{first}"
    typer.echo(f"{found.origin}: {verdict}")
    if found.checkpoint is not None:
        typer.echo(f"  {found.entries} entries, {found.payloads} payloads, root {root_of(found)}")
    if found.older or found.witnessed:
        typer.echo(f"  extends {found.older} older checkpoints, {found.witnessed} told by origins")
    if any(found.tail[:2]):
        typer.echo(
            f"  not signed yet: {found.tail.entries} entries, "
            f"then {found.tail.torn_bytes} bytes that are no whole entry"
        )
    for clock in found.clocks:
        facts = clock.facts
        typer.echo(
            f"  time was simulated from entry {clock.position} on: from {facts.get('start')}, "
            f"speed {facts.get('speed')} (0: driven)"
        )
    for gap in found.gaps:
        at = datetime.fromtimestamp(gap.received_ns // 1_000_000_000, UTC)
        typer.echo(f"  gap: the service ended without closing; opened again at {at:%Y-%m-%d %H:%M}")
    for problem in found.problems[:20]:
        where = "the log" if problem.position is None else f"index {problem.position}"
        typer.echo(f"  {where}: {problem.message} ({problem.code})")
    if len(found.problems) > 20:
        typer.echo(f"  … and {len(found.problems) - 20} more (--json shows all)")


def root_of(found: Verification) -> str:
    """The Merkle root, base64, as the checkpoint's note writes it; "" without a checkpoint."""
    return "" if found.checkpoint is None else _root(found.checkpoint)


def _root(checkpoint: Checkpoint) -> str:
    return str(checkpoint).rsplit(" ", 1)[1]


def _as_object(found: Verification) -> dict[str, Any]:
    return {
        "origin": found.origin,
        "ok": found.ok,
        "first_bad_index": found.first_bad_index,
        "size": found.checkpoint.size if found.checkpoint else None,
        "root": root_of(found),
        "entries": found.entries,
        "payloads": found.payloads,
        "older_checkpoints": found.older,
        "told_by_origins": found.witnessed,
        "unsigned_entries": found.tail.entries,
        "torn_bytes": found.tail.torn_bytes,
        "gaps": [mark.facts | {"index": mark.position} for mark in found.gaps],
        "clocks": [mark.facts | {"index": mark.position} for mark in found.clocks],
        "problems": [
            {"index": one.position, "code": one.code, "message": one.message}
            for one in found.problems
        ],
    }


@app.command()
def replay(
    *,
    scratch: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Build here and keep it; must be empty.")
    ] = None,
    threads: Annotated[int, typer.Option(min=1, help="Processes and SQL threads.")] = 1,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Build lake and documents again from the log alone and compare them, hash by hash.

    Exit code 1 where anything differs; the first difference is shown in full.

    \b
    Examples:
      wattproof audit replay
      wattproof audit replay --threads 2 --json
    """
    from pipelines.replay import replay as run  # noqa: PLC0415 - seconds, not for verify

    need_log(data)
    with progress("replaying") as bar:
        found = run(data, scratch, threads, progress=lambda text: bar.at(0, text))
    if as_json:
        show_json(
            {
                "identical": found.identical,
                "until_ns": str(found.until_ns),
                "tables": [_fields(one) for one in found.tables],
                "documents": [_fields(one) for one in found.documents],
                "difference": str(found.difference) if found.difference else None,
                "drift": found.drift,
            }
        )
    else:
        _tell_replay(found)
    if not found.identical:
        raise typer.Exit(1)


def _fields(one: Any) -> dict[str, Any]:  # noqa: ANN401 - a slotted value
    return {name: getattr(one, name) for name in one.__slots__} | {"identical": one.identical}


def _tell_replay(found: Any) -> None:  # noqa: ANN401 - pipelines.replay.Comparison, not imported
    for table in found.tables:
        if not table.identical:
            typer.echo(f"{table.name}: differs")
    for document in found.documents:
        if document.missing:
            typer.echo(f"{document.name}: missing in what is {document.missing}")
        elif not document.identical:
            typer.echo(f"{document.name}: differs")
            _tell_line(document.first_line)
    if found.difference is not None:
        typer.echo(f"first difference: {found.difference}")
        for side in ("stored", "replayed"):
            typer.echo(f"  {side}: {found.difference.side(side)}")
    for name, (before, now) in found.drift.items():
        say(f"note: {name} was {before or 'absent'} then, is {now or 'absent'} now")
    tables, documents = len(found.tables), len(found.documents)
    rows = sum(table.rows for table in found.tables)
    verdict = "identical" if found.identical else "DIFFERENT"
    typer.echo(f"replay: {verdict} ({tables} tables, {rows} rows, {documents} documents)")


def _tell_line(line: tuple[int, str, str] | None) -> None:
    if line is not None:
        number, stored, replayed = line
        typer.echo(f"  first differing line, a line for each value: {number}")
        typer.echo(f"  stored: {stored}")
        typer.echo(f"  replayed: {replayed}")


@app.command()
def trace(
    reference: Annotated[
        str,
        typer.Argument(help="INVOICE, INVOICE:LINE, a CDR or session id, a frame: ingest-1:4711."),
    ],
    *,
    proofs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each frame's proof and bytes here.")
    ] = None,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Follow a line, CDR or session down to its frames with proofs, or a frame up to the money.

    An invoice number alone shows the invoice's lines. A session that was re-rated shows the
    operator's entry too, and what came of it.

    --proofs writes two files for each frame. In ORIGIN-INDEX.json stand leaf, salt and payload
    (base64), and the payload as text. Check with SHA-256 alone: "c" in the leaf is base64 of
    SHA-256(salt, payload). Begin with SHA-256(byte 0, leaf); SHA-256(byte 1, left, right) with
    each hash of ORIGIN-INDEX.tlog-proof, lowest first (RFC 9162, 2.1.3.2), leads to the root in
    the third line of the checkpoint below them.

    \b
    Examples:
      wattproof audit trace NLWPF-I2026-000001:3
      wattproof audit trace ingest-1:4711
      wattproof audit trace NLWPF-I2026-000001:3 --proofs proofs/
    """
    from pipelines.trace import (  # noqa: PLC0415 - seconds, not for verify
        TraceError,
        trace_invoice,
        trace_up,
    )
    from pipelines.trace import trace as trace_down  # noqa: PLC0415 - as above

    need_log(data)
    origin, _, index = reference.rpartition(":")
    if index.isdecimal() and (data / "log" / origin).is_dir() and origin:
        _show_up(trace_up(data, reference), data, proofs, as_json=as_json)
        return
    invoice = trace_invoice(data, reference)
    if invoice is not None:
        _show_invoice(invoice, data, as_json=as_json)
        return
    try:
        found = trace_down(data, reference)
    except TraceError as error:
        raise RefusalError(
            str(error), "see wattproof invoice preview, or ask the lake in wattproof notebook"
        ) from None
    _show_down(found, proofs, as_json=as_json)


def _show_invoice(found: Any, data: Path, *, as_json: bool) -> None:  # noqa: ANN401 - an InvoiceTrace
    if as_json:
        names = ("cdr_id", "session_id", "energy_kwh", "net")
        lines = [
            {"line": str(line.ref)} | {name: getattr(line, name) for name in names}
            for line in found.lines
        ]
        source = str(found.source)
        show_json(
            {
                "number": found.number,
                "source": source,
                "currency": found.currency,
                "lines": lines,
            }
        )
        return
    typer.echo(f"invoice {found.number}, issued by entry {found.source}")
    for line in found.lines:
        typer.echo(
            f"{line.ref}  CDR {line.cdr_id}  session {line.session_id}  "
            f"{line.energy_kwh.normalize():f} kWh  {line.net:.2f} {found.currency} net"
        )
    if found.lines:
        typer.echo(f"go on with a line: {typed(f'audit trace {found.lines[0].ref}', data)}")


def _show_down(found: Any, proofs: Path | None, *, as_json: bool) -> None:  # noqa: ANN401 - a Trace
    _write_proofs([*found.frames, *(one.frame for one in found.decided)], proofs)
    if as_json:
        names = ("session_id", "version", "station", "start_at", "end_at", "energy_wh", "held")
        show_json(
            {name: getattr(found, name) for name in names}
            | {
                "held_by": found.held_by,
                "energy_source": found.energy_source,
                "cdr_ids": found.cdr_ids,
                "lines": [str(line) for line in found.lines],
                "frames": [_frame_object(frame) for frame in found.frames],
                "decided": [_decided_object(one) for one in found.decided],
            }
        )
        return
    typer.echo(f"session {found.session_id} version {found.version} at {found.station}")
    typer.echo(f"  {found.start_at:%Y-%m-%d %H:%M:%S} to {found.end_at:%Y-%m-%d %H:%M:%S} UTC")
    energy = "unknown" if found.energy_wh is None else f"{found.energy_wh} Wh"
    typer.echo(f"  energy {energy}, from {found.energy_source}")
    if found.held:
        typer.echo("  held: not billed until somebody decides")
    for reason in found.held_by:
        typer.echo(f"    {reason}")
    _tell_rest(found)
    for one in found.decided:
        _tell_decided(one)
    typer.echo(f"rests on {len(found.frames)} frames, each proven under the signed checkpoint:")
    for frame in found.frames:
        typer.echo(f"{frame.source}  {frame.received_at:%Y-%m-%d %H:%M:%S}  {frame.text}")


def _decided_object(one: Any) -> dict[str, Any]:  # noqa: ANN401 - a Decided
    names = ("reason", "credited_id", "credit_id", "cdr_id", "message")
    return _frame_object(one.frame) | {name: getattr(one, name) for name in names}


def _tell_decided(one: Any) -> None:  # noqa: ANN401 - a Decided
    """A re-rating: what came of it, then the operator's entry, as it stands in the log."""
    if one.message:
        came = f"could not be billed so: {one.message}"
    elif one.credited_id:
        came = f"CDR {one.credited_id} credited by {one.credit_id}, billed anew as {one.cdr_id}"
    else:
        came = f"billed for the first time as {one.cdr_id}"
    typer.echo(f"re-rated, {one.reason!r}: {came}")
    frame = one.frame
    typer.echo(f"  {frame.source}  {frame.received_at:%Y-%m-%d %H:%M:%S}  {frame.text}")


def _show_up(found: Any, data: Path, proofs: Path | None, *, as_json: bool) -> None:  # noqa: ANN401 - a TraceUp
    _write_proofs([found.frame], proofs)
    if as_json:
        show_json(
            {
                "frame": _frame_object(found.frame),
                "invoices": found.invoices,
                "sessions": [
                    {"session_id": session, "version": version}
                    for session, version in found.sessions
                ],
                "cdr_ids": found.cdr_ids,
                "lines": [str(line) for line in found.lines],
            }
        )
        return
    frame = found.frame
    typer.echo(f"{frame.source}  {frame.received_at:%Y-%m-%d %H:%M:%S}  {frame.text}")
    for session, version in found.sessions[:_MOST]:
        typer.echo(f"session {session} version {version}")
    _tell_more("sessions", len(found.sessions))
    for number in found.invoices:
        typer.echo(f"invoice {number}: see {typed(f'audit trace {number}', data)}")
    if not found.sessions and not found.invoices:
        typer.echo("no session rests on this entry")
    _tell_rest(found)


def _tell_rest(found: Any) -> None:  # noqa: ANN401 - a Trace or a TraceUp
    for cdr in found.cdr_ids[:_MOST]:
        typer.echo(f"CDR {cdr}")
    _tell_more("CDRs", len(found.cdr_ids))
    for line in found.lines[:_MOST]:
        typer.echo(f"invoice line {line}")
    _tell_more("invoice lines", len(found.lines))


_MOST = 100
"""What one entry may say of thousands is told of so many."""


def _tell_more(what: str, count: int) -> None:
    if count > _MOST:
        typer.echo(f"… and {count - _MOST} more {what} (--json shows all)")


def _frame_object(frame: Any) -> dict[str, Any]:  # noqa: ANN401 - a Frame
    names = ("received_at", "kind", "station", "direction", "text", "proof")
    return {"source": str(frame.source)} | {name: getattr(frame, name) for name in names}


def _write_proofs(frames: Sequence[Any], folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for frame in frames:
        name = str(frame.source).replace(":", "-")
        (folder / f"{name}.tlog-proof").write_text(frame.proof, "utf-8")
        text = json.dumps(_opened(frame), indent=2, ensure_ascii=False)
        (folder / f"{name}.json").write_text(text + "\n", "utf-8")
    say(f"{len(frames)} proofs in {folder}, each beside the leaf, salt and payload it is of")


def _opened(frame: Any) -> dict[str, str]:  # noqa: ANN401 - a Frame
    """The exact bytes that a proof is about, in base64, and the payload's text where it is one."""
    opened = {
        name: b64encode(getattr(frame, name)).decode("ascii")
        for name in ("leaf", "salt", "payload")
    }
    with suppress(UnicodeDecodeError):
        opened["text"] = frame.payload.decode("utf-8")
    return opened
