"""The specification's own examples read as they should; the known broken ones are known to be."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from billing.tariff import Tariff
from ingest.protocols.ocpi import SPOKEN, MalformedObjectError, check, dumps, loads

SHARED = Path(__file__).parents[4] / ".." / "shared"
EXAMPLES = SHARED / "reference" / "ocpi" / "examples"
MODULES = {
    r"tariff(restriction_example)?_.*": ("Tariff", "tariffs"),
    r"cdr_.*": ("CDR", "cdrs"),
    r"session_example_.*": ("Session", "sessions"),
    r"location_example.*": ("Location", "locations"),
    r"token_(example|put)_.*": ("Token", "tokens"),
}
KNOWN_INVALID = {
    ("2.2.1", "tariff_put_example"): "/last_updated",
    ("2.3.0", "tariff_put_example"): "/last_updated",
    ("2.3.0", "cdr_example"): "/tariffs/0/tax_included",
}
UNREADABLE = {("2.2.1", "tariff_put_example"), ("2.3.0", "tariff_put_example")}


def cases() -> list[Any]:
    found = []
    for version in ("2.2.1", "2.3.0"):
        for path in sorted((EXAMPLES / version).glob("*.json")):
            for pattern, (name, module) in MODULES.items():
                if re.fullmatch(pattern, path.stem):
                    label = f"{version}-{path.stem}"
                    found.append(pytest.param(version, path, name, module, id=label))
    return found or [pytest.param("", Path(), "", "", marks=pytest.mark.skip("no examples here"))]


@pytest.mark.parametrize(("version", "path", "name", "module"), cases())
def test_example(version: str, path: Path, name: str, module: str) -> None:
    wire = loads(path.read_text())
    wrong = [note.pointer for note in check(version, name, wire)]
    invalid = KNOWN_INVALID.get((version, path.stem))
    assert wrong == ([invalid] if invalid else [])
    spoken = getattr(SPOKEN[version], module)
    if (version, path.stem) in UNREADABLE:
        with pytest.raises(MalformedObjectError, match="/last_updated: required field missing"):
            spoken.read(wire)
        return
    value, notes = spoken.read(wire)
    assert [note.pointer for note in notes] == wrong
    written = spoken.write(value)
    assert check(version, name, written) == ()
    again, _ = spoken.read(loads(dumps(written)))
    assert without_original(again) == without_original(value)


def without_original(value: Any) -> Any:
    if isinstance(value, Tariff):
        return replace(value, original="")
    if hasattr(value, "tariffs"):
        return replace(value, tariffs=tuple(without_original(t) for t in value.tariffs))
    return value


@pytest.mark.parametrize("name", ["tariff_4_complex", "tariff_6_025kwh_start_max_price"])
def test_a_tariff_loses_nothing_but_form(name: str) -> None:
    path = EXAMPLES / "2.3.0" / f"{name}.json"
    if not path.exists():
        pytest.skip("no examples here")
    wire = loads(path.read_text())
    tariff, _ = SPOKEN["2.3.0"].tariffs.read(wire)
    assert json.loads(dumps(SPOKEN["2.3.0"].tariffs.write(tariff))) == json.loads(path.read_text())


def test_every_shape_of_the_dutch_feed_reads_and_writes_back() -> None:
    feed = SHARED / "data" / "ocpi_tariff_shapes_nl.jsonl"
    if not feed.exists():
        pytest.skip("no tariff feed here")
    count = 0
    for line in feed.read_text().splitlines():
        wire = loads(line)["example"]
        tariff, notes = SPOKEN["2.2.1"].tariffs.read(wire)
        assert notes == ()
        written = SPOKEN["2.2.1"].tariffs.write(tariff)
        assert check("2.2.1", "Tariff", written) == ()
        assert days_in_order(json.loads(dumps(written))) == days_in_order(json.loads(dumps(wire)))
        count += 1
    assert count == 144


def days_in_order(wire: dict[str, Any]) -> dict[str, Any]:
    """A day_of_week is a set: its order says nothing."""
    for element in wire["elements"]:
        if "day_of_week" in element.get("restrictions", {}):
            element["restrictions"]["day_of_week"].sort()
    return wire
