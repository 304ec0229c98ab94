"""Any JSON in place of anything: findings with pointers that lead somewhere, never an exception."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.lint import Severity
from ingest.protocols.ocpi import VERSIONS, MalformedObjectError, loads, read_tariff
from ingest.protocols.ocpi.priceable import read_priceable_tariff
from tests.wattproof.pricing.flawed import CASES, NEW, at, of, told, when
from tests.wattproof.pricing.test_lint import points_somewhere
from wattproof.pricing import lint, linted

FULL = NEW | {
    "type": "REGULAR",
    "tariff_alt_text": [{"language": "nl", "text": "0,39 euro per kWh"}],
    "tariff_alt_url": "https://example.com",
    "min_price": {"before_taxes": 1, "after_taxes": 1.21},
    "max_price": {"before_taxes": 50},
    "start_date_time": "2026-01-01T00:00:00Z",
    "end_date_time": "2030-01-01T00:00:00Z",
    "elements": [
        when(
            at(0.39),
            at(2, "TIME"),
            start_time="08:00",
            end_time="20:00",
            start_date="2026-01-01",
            end_date="2027-01-01",
            min_kwh=1,
            max_kwh=30.5,
            min_power=1,
            max_power=50,
            min_current=6,
            max_current=32,
            min_duration=60,
            max_duration=7200,
            day_of_week=["MONDAY", "SUNDAY"],
        ),
        when(at(1, "FLAT"), reservation="RESERVATION"),
        when(at(0.3)),
    ],
}
TARIFFS = [FULL, told("0.40 EUR per kWh"), of(when(max_kwh=3), when(at(0.5)))] + [
    tariff for tariff, _ in CASES.values() if isinstance(tariff, dict)
]
ALL_OR_NOTHING = {"unreadable", "weekday_unknown", "required_field", "not_json"}
ALL_OR_NOTHING |= {"negative_step_size"}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["", "0.40", "1e9", "-1", "NaN", "24:00", "08:00:59", "2026-02-30", "ENERGY"])
)
anything = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def damaged(draw: Any) -> str:
    """A tariff's text after one to three accidents."""
    tariff = deepcopy(draw(st.sampled_from(TARIFFS)))
    for _ in range(draw(st.integers(1, 3))):
        inside, key = draw(st.sampled_from(_places(tariff)))
        match draw(st.sampled_from(["replace", "drop", "misspell", "repeat"])):
            case "replace":
                inside[key] = draw(anything)
            case "drop":
                del inside[key]
            case "misspell" if isinstance(inside, dict):
                inside[key[:-1] + draw(st.sampled_from(["", "x", "~1/"]))] = inside.pop(key)
            case _ if isinstance(inside, list):
                inside.insert(key, deepcopy(inside[key]))
        if not tariff:
            break
    text = json.dumps(tariff)
    if draw(st.booleans()) and '"price":' in text:
        return text.replace('"price":', '"price": 0, "price":', 1)
    return text


def _places(value: Any) -> list[tuple[Any, Any]]:
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    deeper = [place for key in keys if isinstance(value[key], dict | list) and value[key]
              for place in _places(value[key])]  # fmt: skip
    return [(value, key) for key in keys] + deeper


@settings(deadline=None, max_examples=200)
@given(damaged(), st.sampled_from([None, *VERSIONS]))
def test_a_damaged_tariff_gets_findings_that_point_somewhere(text: str, version: Any) -> None:
    found = linted(text, version)
    for one in found.findings:
        assert points_somewhere(text, one.pointer), one
        assert one.message
    keys = [(one.code, one.pointer) for one in found.findings]
    assert len(keys) == len(set(keys))
    refused = _is_refused(found.version, text)
    grave = {one.code for one in found.findings if one.severity is Severity.ERROR}
    if refused:
        assert grave & ALL_OR_NOTHING
    if grave & {"unreadable", "weekday_unknown", "not_json"}:
        assert refused
    unread = [one for one in found.findings if one.code in ("unreadable", "weekday_unknown")]
    if any(one.pointer.startswith("/elements") for one in unread):
        assert _is_refused(found.version, text, read_priceable_tariff)


def _is_refused(version: str, text: str, read: Any = read_tariff) -> bool:
    try:
        read(version, loads(text))
    except (MalformedObjectError, ValueError):
        return True
    return False


@settings(deadline=None, max_examples=150)
@given(anything)
def test_any_json_is_answered(value: Any) -> None:
    found = lint(json.dumps(value))
    assert any(one.severity is Severity.ERROR for one in found)
    lint(value)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_answered(text: str | bytes) -> None:
    assert any(one.severity is Severity.ERROR for one in lint(text))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"elements":' + "[" * 400 + "]" * 400 + "}",
        '{"elements":' + '{"a":' * 800 + "1" + "}" * 801,
        json.dumps(of(when(at(1)))).replace('"price": 1', '"price": 1e999'),
        json.dumps(of(when(at(1)))).replace('"price": 1', '"price": 1e-99999999999999999999'),
        json.dumps(of(when(at(1)))).replace('"price": 1', f'"price": {"9" * 5000}'),
        json.dumps(of(when(at(1)))).replace('"price": 1', '"price": NaN'),
        json.dumps(of(when(at(1)))).replace("T1", "\\ud800"),
        json.dumps(of(when(at(1)), currency="\u0000")),
        b"\xff\xfe",
    ],
    ids=lambda text: str(text)[:20],
)
def test_texts_made_to_break_readers_are_answered(text: str | bytes) -> None:
    assert lint(text)[0].severity is Severity.ERROR


def test_a_number_that_is_none_is_found_in_objects_too() -> None:
    for price in (float("nan"), float("inf")):
        (finding,) = [one for one in lint(of(when(at(price)))) if one.severity is Severity.ERROR]
        assert finding.pointer == "/elements/0/price_components/0/price"
