"""The rooms import only downwards: the table of docs/architecture.md, held on every commit."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {"billing", "ingest", "warehouse", "pipelines", "api", "wattproof", "notebooks", "tests"}

MAY_IMPORT: dict[str, set[str]] = {
    "billing": {"billing"},
    "ingest/protocols": {"billing", "ingest.protocols"},
    "warehouse": {"warehouse"},
    "ingest": {"billing", "ingest", "warehouse"},
    "pipelines": {"billing", "ingest.protocols", "warehouse", "pipelines"},
    "api": {"billing", "ingest.protocols", "warehouse", "api"},
    "wattproof": ROOMS - {"tests", "notebooks"},
}

HEAVY = {"dagster", "great_expectations", "pandas"}
NEVER: dict[str, set[str]] = {
    "billing": HEAVY
    | {"fastapi", "pydantic", "sqlalchemy", "duckdb", "random", "asyncio", "socket", "time", "os"},
    "ingest/protocols": HEAVY | {"sqlalchemy", "duckdb", "asyncio", "socket", "time", "os"},
    "ingest": HEAVY | {"polars", "duckdb", "deltalake", "fastapi"},
    "warehouse": HEAVY | {"fastapi"},
    "api": HEAVY,
}


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return "ingest/protocols" if parts[:2] == ("ingest", "protocols") else parts[0]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: import rooms by their full name"
            yield node.module or ""


def modules() -> list[Path]:
    tops = {room.split("/")[0] for room in MAY_IMPORT}
    return sorted(path for top in tops for path in (ROOT / top).rglob("*.py"))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    for name in imports(path):
        top = name.split(".")[0]
        if top in ROOMS:
            allowed = MAY_IMPORT[room]
            assert any(name == a or name.startswith(f"{a}.") for a in allowed), (
                f"{room} may not import {name}; it may import {', '.join(sorted(allowed))}"
            )
        assert top not in NEVER.get(room, set()), f"{room} must never import {top}"


def test_billing_needs_the_standard_library_and_columns_in_bulk() -> None:
    bulk = ROOT / "billing" / "bulk"
    for path in (ROOT / "billing").rglob("*.py"):
        known = sys.stdlib_module_names | {"billing"}
        known = known | {"polars", "numpy"} if path.is_relative_to(bulk) else known
        foreign = {name.split(".")[0] for name in imports(path)} - known
        assert not foreign, f"{path.relative_to(ROOT)} imports {', '.join(sorted(foreign))}"


def test_every_room_is_drawn() -> None:
    drawn = (ROOT / "docs" / "architecture.md").read_text()
    assert all(f"`{room}`" in drawn for room in MAY_IMPORT)
