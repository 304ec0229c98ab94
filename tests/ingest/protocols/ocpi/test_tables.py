"""Our field tables equal the specification's, object by object, where that is at hand."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ingest.protocols.ocpi import VERSIONS
from ingest.protocols.ocpi.errors import UnknownVersionError
from ingest.protocols.ocpi.schema import check, check_field, schema

SPECIFICATION = Path(__file__).parents[4] / ".." / "shared" / "reference" / "ocpi"
SCALARS = {"string", "cistring", "url", "int", "number", "boolean", "datetime"}


def specified(version: str) -> dict[str, Any]:
    path = SPECIFICATION / f"spec_{version}.json"
    if not path.exists():
        pytest.skip("the specification's tables are not beside this checkout")
    facts: dict[str, Any] = json.loads(path.read_text())
    for delta in (facts.get("branch_deltas") or {}).values():
        for name, change in delta.items():
            if name.startswith("enum "):
                enum = facts["enums"].setdefault(name[5:], {"values": []})
                enum["values"] = [*enum["values"], *change["added"]]
            else:
                facts["objects"][name]["fields"] += change["added"]
    return facts


def normal(kind: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\w+)(?:[(\[](\d+)[)\]])?", kind)
    assert match is not None
    name = match[1].lower() if match[1].lower() in SCALARS else match[1]
    return name, 255 if name == "url" else int(match[2] or 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_objects_equal_the_specification(version: str) -> None:
    facts = specified(version)
    ours = schema(version)
    for name, rules in ours.objects.items():
        theirs = {
            field["name"]: (*normal(field["type"]), field["card"])
            for field in facts["objects"][name]["fields"]
        }
        assert {f: (r.kind, r.longest, r.card) for f, r in rules.items()} == theirs, name
        assert list(rules) == list(theirs), f"{name}: order"
        assert ours.one_of.get(name, frozenset()) == set(facts["objects"][name].get("one_of", ()))


@pytest.mark.parametrize("version", VERSIONS)
def test_enums_equal_the_specification(version: str) -> None:
    facts = specified(version)
    ours = schema(version)
    for name, values in ours.enums.items():
        enum = facts["enums"][name]
        assert values == {v["value"] if isinstance(v, dict) else v for v in enum["values"]}, name
        assert (name in ours.open_enums) == enum.get("open", False), name
        assert ours.session_only.get(name, frozenset()) == set(enum.get("session_only", ())), name


@pytest.mark.parametrize("version", VERSIONS)
def test_every_type_named_is_known(version: str) -> None:
    ours = schema(version)
    known = SCALARS | set(ours.objects) | set(ours.enums)
    named = {rule.kind for rules in ours.objects.values() for rule in rules.values()}
    assert named <= known
    assert {"CDR", "Session", "Location", "Tariff", "Token"} <= set(ours.objects)


def test_another_version_is_refused() -> None:
    with pytest.raises(UnknownVersionError, match=r"OCPI 2\.0 is not spoken here"):
        schema("2.0")


VALUES: list[Any] = [
    *(None, True, 0, 7, -3, 17, 99999, 10**40, 1.5, float("nan"), [], {}, ["MONDAY"]),
    *(Decimal("0.5"), Decimal(3), Decimal("1e41"), Decimal("NaN"), Decimal("sNaN"), Decimal("inf")),
    *("", "NL", "nl", "é", "a\tb", "x" * 36, "x" * 37, "x" * 256, "x" * 600, "0.40"),
    *("ENERGY", "energy", "CURRENT", "MONDAY", "AC_3_PHASE", "RESERVATION", "NO"),
    *("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+01:00", "2026-01-01"),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_passed_at_a_glance_has_nothing_to_be_said_of(version: str) -> None:
    """And each field passes something: the glance is of use."""
    own = schema(version)
    listed = sorted({value for values in own.enums.values() for value in values})
    for name, tests in own.fits.items():
        for field, fits in tests.items():
            passed = [value for value in [*VALUES, *listed] if fits(value)]
            assert passed, (name, field)
            rule = own.objects[name][field]
            assert [check_field(version, rule, value) for value in passed] == [()] * len(passed)


def test_a_dimension_of_sessions_is_told_in_a_cdr_only() -> None:
    period = {
        "start_date_time": "2026-01-01T00:00:00Z",
        "dimensions": [{"type": "CURRENT", "volume": 1}],
    }
    for name, told in (("CDR", True), ("Session", False)):
        codes = {note.code for note in check("2.2.1", name, {"charging_periods": [period]})}
        assert ("session_only" in codes) == told
