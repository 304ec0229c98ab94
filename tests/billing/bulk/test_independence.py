"""Two calculations that share their arithmetic would be one: what bulk may know of the other."""

import ast
from pathlib import Path

import pytest

import billing.bulk

ARITHMETIC = {"price", "schedule", "step", "cost", "limit", "spread", "volume"}
SHARED = {"restriction": {"sentence"}, "money": {"Rounding", "minor_unit"}}
"""Words and names only: what a restriction is called, and how many decimals a currency has."""

MODULES = sorted(Path(billing.bulk.__file__).parent.glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_bulk_shares_no_arithmetic_with_price(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("billing") for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("billing."):
            room = node.module.removeprefix("billing.")
            assert room not in ARITHMETIC, f"{path.name} imports {node.module}"
            if room in SHARED:
                assert {alias.name for alias in node.names} <= SHARED[room]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_bulk_has_no_fractions_of_its_own(path: Path) -> None:
    """No float can arise: neither a literal nor a true division."""
    for node in ast.walk(ast.parse(path.read_text())):
        assert not isinstance(node, ast.Div), f"{path.name} divides with /"
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float), f"{path.name}:{node.lineno}"
