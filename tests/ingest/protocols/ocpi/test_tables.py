"""Our field tables equal the specification's, object by object, where that is at hand."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ingest.protocols.ocpi import VERSIONS
from ingest.protocols.ocpi.errors import UnknownVersionError
from ingest.protocols.ocpi.schema import schema

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
