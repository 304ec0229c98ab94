"""`wattproof lint`: what is wrong or doubtful about tariffs, before anybody is charged by them."""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.table import Table
from rich.text import Text

from billing.lint import CODES, Severity
from ingest.protocols.ocpi.published_text import PublishedText, read_text
from ingest.protocols.ocpi.wire import parse_instant
from wattproof.commands.price import decisions
from wattproof.documents import lines, size
from wattproof.options import OCPI, Decisions, Json
from wattproof.pricing.lint import Linted, as_rows, linted
from wattproof.pricing.reading import chosen
from wattproof.pricing.wrapping import other_kind, wrapped_under
from wattproof.refusals import RefusalError
from wattproof.terminal import console, progress, say, show, show_json

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_COLORS = {"error": "red", "warning": "yellow", "info": "dim"}
_MOST_ALIKE = 3


@app.command("lint")
def lint_tariffs(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...", help="OCPI Tariffs: an object, a list, one per line; - is stdin."
        ),
    ] = None,
    *,
    ocpi: OCPI = "",
    severity: Annotated[
        Severity, typer.Option(help="Show findings at least as grave as this.")
    ] = Severity.INFO,
    policy: Decisions = None,
    at: Annotated[
        str, typer.Option(metavar="INSTANT", help="Judge validity as of 2026-10-01T00:00:00Z; now.")
    ] = "",
    codes: Annotated[bool, typer.Option("--codes", help="List every code and end.")] = False,
    as_json: Json = False,
) -> None:
    """Lint tariffs: each finding with its place, what it means and what to do.

    An error makes money wrong, or keeps the tariff from being priced; a warning may, or is read
    differently by partners; an info changes nothing. Which elements can ever apply is decided by
    reasoning over all restrictions, not by trying sessions. A bad field never ends the linting.

    \b
    Examples:
      wattproof lint tariff.json
      wattproof lint ours.jsonl partner.json --severity warning
      curl -s https://example.com/tariffs | wattproof lint - --ocpi 2.2.1 --json
      wattproof lint --codes

    Exit code 1: an error was found. 0: none was, whatever else there is.
    """
    if codes:
        _show_codes(as_json=as_json)
        return
    if not files:
        raise typer.BadParameter("give a FILE, or --codes")
    now, decided = _instant(at), chosen(decisions(policy))
    tally: Counter[str] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    mistaken: dict[str, str] = {}
    rows: list[dict[str, Any]] = []
    with progress("linting", _size(files)) as bar:
        for item in _items(files):
            found = linted(item.tariff, ocpi or None, policy=decided, now=now)
            tally[found.worst.value if found.worst else "nothing"] += 1
            no_tariff = _no_tariff(item) if found.worst is Severity.ERROR else ""
            if no_tariff:
                mistaken.setdefault(item.file, no_tariff)
            if as_json:
                rows.append(_json(item, found, severity))
            elif not no_tariff:
                _show(item, found, severity)
                counts.update((row["severity"], row["code"]) for row in as_rows(found, severity))
            bar.at(item.read, f"{tally.total()} tariffs")
    if as_json:
        show_json(rows)
    elif tally.total() > 1:
        _show_counts(counts)
    for file, why in mistaken.items():
        say(f"{file} {why}")
    say(_told(tally))
    if tally["error"]:
        raise typer.Exit(1)


class _Item(NamedTuple):
    """A tariff, where it came from, and how many bytes were read by then."""

    where: str
    tariff: str | bytes | PublishedText
    read: int
    file: str = ""


def _items(files: list[Path]) -> Iterator[_Item]:
    """Each tariff of each file; a file that holds none is refused."""
    before = 0
    for file in files:
        found = False
        for item in _lines(file) if _is_lined(file) else _whole(file):
            found = True
            yield item._replace(read=before + item.read, file=str(file))
        if not found:
            raise RefusalError(f"{file} holds no tariff", "give OCPI Tariffs as JSON")
        before += size(file) or 0


def _is_lined(file: Path) -> bool:
    """Whether a file holds an object a line, as its name says, and not one list all the same."""
    if file.suffix not in {".jsonl", ".ndjson"}:
        return False
    _, first, _ = next(lines(file), (0, b"", 0))
    return first.lstrip()[:1] != b"["


def _lines(file: Path) -> Iterator[_Item]:
    for number, line, read in lines(file):
        yield _Item(f"{file}:{number}", line, read)


def _whole(file: Path) -> Iterator[_Item]:
    """One object, a list, an OCPI response of either; or, where that fails, an object a line."""
    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise RefusalError(f"{file} can't be read: {error.strerror}", "check the path") from None
    name = "stdin" if str(file) == "-" else str(file)
    try:
        published = _carried(read_text(text))
    except ValueError:
        many = [(at, line) for at, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(many) > 1 and all(line.lstrip()[:1] == b"{" for _, line in many[:2]):
            yield from (_Item(f"{name}:{at}", line, 0) for at, line in many)
        elif many:
            yield _Item(name, text, len(text))
        return
    if isinstance(published.value, list):
        for place in range(len(published.value)):
            yield _Item(f"{name}[{place}]", published.item(place), 0)
    else:
        yield _Item(name, published, len(text))


def _carried(published: PublishedText) -> PublishedText:
    """The data of an OCPI response, where it is one."""
    value = published.value
    if isinstance(value, dict) and "status_code" in value and "data" in value:
        return published.field("data", value["data"])
    return published


def _size(files: list[Path]) -> int | None:
    sizes = [size(file) for file in files]
    return None if None in sizes else sum(one for one in sizes if one is not None)


def _instant(text: str) -> datetime:
    if not text:
        return datetime.now(UTC)
    at = parse_instant(text)
    if at is None:
        raise typer.BadParameter(f"--at: expected an instant as 2026-10-01T00:00:00Z, got {text!r}")
    return at


def _json(item: _Item, found: Linted, least: Severity) -> dict[str, Any]:
    return {
        "where": item.where,
        "owner": found.owner,
        "id": found.id,
        "version": found.version,
        "findings": as_rows(found, least),
    }


def _show(item: _Item, found: Linted, least: Severity) -> None:
    """The findings of one tariff as a table; of many that are alike the first few."""
    rows = as_rows(found, least)
    if not rows:
        return
    name = " ".join(part for part in (found.owner, found.id) if part) or "a tariff without id"
    out = console()
    out.print()
    out.print(Text.assemble((name, "bold"), f"  OCPI {found.version or '?'}  {item.where}"))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in range(3):
        table.add_column(overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    seen: Counter[str] = Counter()
    for row in rows:
        code = row["code"]
        seen[code] += 1
        if seen[code] <= _MOST_ALIKE:
            color = _COLORS[row["severity"]]
            advice = f" → {row['suggestion']}" if row["suggestion"] else ""
            text = Text.assemble(row["message"], (advice, "italic"))
            table.add_row(Text(row["severity"], color), code, row["pointer"] or "/", text)
    out.print(table)
    for code, count in seen.items():
        if count > _MOST_ALIKE:
            out.print(f"and {count - _MOST_ALIKE} more {code}: --json lists all", style="dim")


def _no_tariff(item: _Item) -> str:
    """What an item is that is no tariff: a CDR, or something that holds one."""
    try:
        text = item.tariff
        value = text.value if isinstance(text, PublishedText) else read_text(text).value
    except ValueError:
        return ""
    if other_kind(value, "Tariff"):
        return "holds a CDR, not a tariff: wattproof verify says whether it is right"
    if name := wrapped_under(value):
        return f"seems to wrap tariffs under {name!r}: lint what stands there, not around it"
    return ""


def _show_counts(counts: Counter[tuple[str, str]]) -> None:
    """How often each code was found, the gravest first, then the most frequent."""
    order = [one.value for one in Severity]
    rows = [
        {"severity": severity, "code": code, "findings": count}
        for (severity, code), count in sorted(
            counts.items(), key=lambda one: (order.index(one[0][0]), -one[1], one[0][1])
        )
    ]
    if rows:
        typer.echo("")
        show(rows, ("severity", "code", "findings"), as_json=False)


def _told(tally: Counter[str]) -> str:
    total = tally.total()
    parts = [
        f"{tally[one]} with {one}s" if one != "info" else f"{tally[one]} with infos only"
        for one in ("error", "warning", "info")
        if tally[one]
    ]
    parts += [f"{tally['nothing']} without findings"] if tally["nothing"] else []
    return f"{total} {'tariff' if total == 1 else 'tariffs'}: {', '.join(parts)}"


def _show_codes(*, as_json: bool) -> None:
    rows = [
        {"severity": one.severity.value, "code": code, "meaning": one.meaning, "source": one.source}
        for code, one in CODES.items()
    ]
    show(rows, ("severity", "code", "meaning", "source"), as_json=as_json)
