"""How results are shown: tables for people, JSON for scripts; progress always on standard error."""

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from unicodedata import category

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table


def show(rows: Sequence[Mapping[str, Any]], columns: Iterable[str], *, as_json: bool) -> None:
    """A list: as a table of `columns`, or as a JSON array of all that is there."""
    if as_json:
        show_json(rows)
        return
    names = list(columns)
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    out = console()
    out.print(table)
    out.print(f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}", style="dim")


def console() -> Console:
    """Standard output for people; wide where nobody looks, so that no cell is broken."""
    return Console(width=None if os.isatty(1) else 200, highlight=False)


def printable(text: str) -> str:
    """A party's text without what moves a terminal's cursor; line feeds stay."""
    return "".join(c if c == "\n" or category(c)[0] != "C" else "\ufffd" for c in text)


def show_json(value: object) -> None:
    """JSON on standard output, numbers of money as text."""
    option = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
    typer.echo(orjson.dumps(value, default=str, option=option).decode())


def show_exact(value: object, *, indent: bool = True) -> None:
    """JSON on standard output, numbers as JSON numbers with all their digits."""
    option = orjson.OPT_INDENT_2 if indent else 0
    typer.echo(orjson.dumps(value, default=_exact, option=option).decode())


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no JSON")


def show_line(value: object) -> None:
    """One line of JSON on standard output, at once: an event for a script that reads along."""
    typer.echo(orjson.dumps(value, default=str).decode())
    sys.stdout.flush()


def say(text: str) -> None:
    """A line for people, on standard error, so that standard output stays a result."""
    typer.echo(text, err=True)


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator["Bar"]:
    """A bar on standard error while something takes its time; steps as lines where no one looks."""
    screen = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    ) as shown:
        yield Bar(shown, title, total)


class Bar:
    """One bar: `begin` names a step, `at(done)` moves it, `note` says where it stands."""

    def __init__(self, shown: Progress, title: str, total: int | None) -> None:
        self._shown = shown
        self._title = title
        self._task = shown.add_task(title, total=total, note="")

    def begin(self, title: str) -> None:
        """Another step under the same bar; nothing happens where it is the same step."""
        if title != self._title:
            self._shown.reset(self._task, description=title, total=None, note="")
            self._title = title
            if self._shown.disable:
                say(f"{title} …")

    def at(self, done: int, note: str = "", total: int | None = None) -> None:
        """Sets how much is done; `total` changes the whole."""
        if total is None:
            self._shown.update(self._task, completed=done, note=note)
        else:
            self._shown.update(self._task, completed=done, note=note, total=total)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return "" if value is None else str(value)
