"""Every cause that the code can give stands in the table, and nothing else does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.verify.causes import CAUSES
from billing.verify.report import Kind
from ingest.protocols.ocpi.schema import VERSIONS, schema

ROOT = Path(__file__).parents[3]
SOURCES = [
    *sorted(path for path in (ROOT / "billing" / "verify").glob("*.py") if path.stem != "causes"),
    *(ROOT / "wattproof" / "pricing" / f"{name}.py" for name in ("verify", "signatures")),
    *(ROOT / "wattproof" / "pricing" / f"{name}.py" for name in ("repeats", "summary")),
]
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")
_WORDS = {"at_stake", "before_tax", "after_tax", "start_at", "end_at", "not_checked"}
"""Names of our own that are no causes."""
_MADE = {"POLICY=ANSWER", "flat_left_out", "energy_left_out", "time_left_out", "unexplained"}
_MADE |= {"unreadable"}
"""Causes that are put together, or of one word."""


def named() -> Iterator[str]:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and _CODE.fullmatch(str(node.value)):
                yield str(node.value)


def test_the_table_has_every_cause_and_no_other() -> None:
    fields = {
        field
        for version in VERSIONS
        for rules in schema(version).objects.values()
        for field in rules
    }
    names = set(named())
    assert names - fields - _WORDS <= set(CAUSES)
    assert set(CAUSES) <= names | _MADE


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_is_told_in_a_line(cause: str) -> None:
    kind, meaning = CAUSES[cause]
    assert kind in {Kind.POLICY, Kind.MISTAKE, Kind.UNEXPLAINED, Kind.NOT_CHECKED}
    assert 10 < len(meaning) < 90
    assert not meaning.endswith(".")
