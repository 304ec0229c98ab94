"""The version of an object by its fields: own objects, the specifications' examples, any JSON."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.protocols.ocpi import VERSIONS, dumps, loads
from ingest.protocols.ocpi.guess import version_of

EXAMPLES = Path(__file__).parents[4] / ".." / "shared" / "reference" / "ocpi" / "examples"
OWN: list[tuple[str, str, dict[str, Any]]] = [
    ("2.1.1", "Tariff", {"id": "1", "currency": "EUR", "elements": []}),
    ("2.2.1", "Tariff", {"country_code": "NL", "id": "1", "elements": []}),
    ("2.2.1", "Tariff", {"id": "1", "elements": [{"price_components": [{"vat": 21}]}]}),
    ("2.2.1", "Tariff", {"id": "1", "elements": [{"restrictions": [{"min_current": 6}]}]}),
    ("2.2.1", "Tariff", {"elements": [], "min_price": {"excl_vat": 1}}),
    ("2.3.0", "Tariff", {"elements": [], "min_price": {"before_taxes": 1}}),
    ("2.3.0", "Tariff", {"country_code": "NL", "tax_included": "NO", "elements": []}),
    ("2.3.0", "Tariff", {"elements": [{"restrictions": {"booking": "BOOKING"}}]}),
    ("2.2.1", "Tariff", {}),
    ("2.1.1", "CDR", {"id": "1", "stop_date_time": "", "auth_id": "", "total_cost": 4}),
    ("2.1.1", "CDR", {"stop_date_time": "", "auth_id": "", "country_code": "NL"}),
    ("2.2.1", "CDR", {"end_date_time": "", "cdr_token": {}, "total_cost": {"excl_vat": 4}}),
    ("2.2.1", "CDR", {"end_date_time": "", "cdr_token": {}, "total_cost": 4}),
    ("2.3.0", "CDR", {"end_date_time": "", "total_cost": {"before_taxes": 4}}),
    ("2.3.0", "CDR", {"end_date_time": "", "tariffs": [{"tax_included": "YES"}]}),
]


@pytest.mark.parametrize(("version", "kind", "wire"), OWN)
def test_the_version_is_told_by_its_marks(version: str, kind: Any, wire: dict[str, Any]) -> None:
    assert version_of(wire, kind) == version


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the specifications' examples are not here")
@pytest.mark.parametrize("kind", ["Tariff", "CDR"])
def test_the_examples_of_the_specifications_are_told_apart(kind: Any) -> None:
    seen = 0
    for path in sorted(EXAMPLES.glob(f"*/{kind.lower()}_*.json")):
        wire = json.loads(path.read_text())
        expected = path.parent.name[:5]
        if kind == "Tariff" and not {"tax_included", "min_price", "max_price"} & set(wire):
            expected = "2.2.1"  # nothing in it is newer
        assert version_of(wire, kind) == expected, path
        seen += 1
    assert seen


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["elements", "restrictions", "total_cost", "tariffs", "price_components", "vat"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON, st.sampled_from(["Tariff", "CDR"]))
def test_any_json_has_an_answer(wire: Any, kind: Any) -> None:
    assert version_of(loads(dumps(wire)), kind) in VERSIONS
