"""Runs every benchmark of this folder and prints each figure beside its limit.

`python -m tests.bench` runs all, `python -m tests.bench log ingest` those named. A benchmark is a
module here with `run() -> list[Figure]`. Nothing is asserted: a figure is read by a person.
"""

import importlib
import pkgutil
import sys

from rich.console import Console
from rich.table import Table

from tests.bench.figure import Figure


def benchmarks(chosen: list[str]) -> list[str]:
    """Names of the modules here that can run, in order; unknown names end the program."""
    package = importlib.import_module("tests.bench")
    names = sorted(
        found.name
        for found in pkgutil.iter_modules(package.__path__)
        if found.name not in ("__main__", "figure")
    )
    unknown = [name for name in chosen if name not in names]
    if unknown:
        sys.exit(f"no benchmark named {', '.join(unknown)}; there are {', '.join(names)}")
    return [name for name in names if not chosen or name in chosen]


def table(found: list[tuple[str, Figure]]) -> Table:
    """Figures beside their limits."""
    result = Table("room", "figure", "unit", title="Measured on this machine, now")
    for title in ("value", "limit", "ratio"):
        result.add_column(title, justify="right")
    for room, figure in found:
        sign = "≥" if figure.better == "higher" else "≤"
        limit = "" if figure.limit is None else f"{sign} {figure.limit:,g}"
        ratio = figure.ratio
        color = "" if ratio is None else "[green]" if ratio >= 1 else "[red]"
        shown = "" if ratio is None else f"{color}{ratio:.2f}"
        value = f"{figure.value:,.0f}" if abs(figure.value) >= 100 else f"{figure.value:,.3g}"
        result.add_row(room, figure.name, figure.unit, value, limit, shown)
    return result


def main() -> None:
    """Run what was asked for."""
    console = Console()
    found: list[tuple[str, Figure]] = []
    for name in benchmarks(sys.argv[1:]):
        module = importlib.import_module(f"tests.bench.{name}")
        if not hasattr(module, "run"):
            continue
        with console.status(f"measuring {name}"):
            found += [(name, figure) for figure in module.run()]
    console.print(table(found))


if __name__ == "__main__":
    main()
