"""Whatever a CDR says, it has a price with its notes or one clear refusal: never a traceback, never
a silent zero. And each shape of tariff that is in use prices a session.
"""

import json
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.protocols.ocpi import dumps, loads
from tests.wattproof.pricing.samples import VERSIONS, ZONE, cdr, evening
from wattproof.pricing import UnpriceableError, as_json, explain, price, price_many
from wattproof.refusals import RefusalError

D = Decimal
SHAPES = Path(__file__).parents[3] / ".." / "shared" / "data" / "ocpi_tariff_shapes_nl.jsonl"


def shapes() -> list[Any]:
    if not SHAPES.exists():
        skip = pytest.mark.skip(reason=f"{SHAPES.name} is not beside this checkout")
        return [pytest.param({}, marks=skip, id="absent")]
    lines = SHAPES.read_text().splitlines()
    return [pytest.param(loads(line)["example"], id=str(n)) for n, line in enumerate(lines)]


@pytest.mark.parametrize("example", shapes())
def test_every_tariff_in_use_prices_a_session(example: dict[str, Any]) -> None:
    periods = [
        ("2026-06-06T09:50", {"ENERGY": D("4.2"), "TIME": D("0.6"), "MAX_POWER": D("7.4")}),
        ("2026-06-06T10:26", {"ENERGY": D("22.5"), "TIME": D("1.9"), "MAX_POWER": D("21")}),
        ("2026-06-06T12:20", {"PARKING_TIME": D("3.5")}),
    ]
    wire = cdr("2.2.1", periods, "2026-06-06T15:50", example)
    found = price(wire, time_zone=ZONE)
    prices = {
        part.price
        for one in found.cdr.tariffs
        for element in one.elements
        for part in element.components
    }
    free = "no_price_component" in {note.code for note in found.notes}
    assert found.total.net > 0 or not any(prices) or free, "a zero is never silent"
    assert as_json(found)["exact"]["total_cost"]["excl_vat"] == sum(
        (line.net for line in found.receipt.lines), D(0)
    )
    for language in ("en", "de", "nl", "fr"):
        told = explain(wire, language, time_zone=ZONE)
        assert len({n for one in told.positions for n in one.lines}) == len(found.receipt.lines)


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, places=6),
    st.sampled_from(["", "2026-10-05", "2026-13-05T00:00:00Z", "0001-01-01T00:00:00Z", "1e400"]),
    st.sampled_from(
        ["9999-12-31T23:59:59Z", "TIME", "ENERGY", "EUR", "../etc", "24:00", "-1", "é"]
    ),
    st.text(max_size=6),
    st.sampled_from([[], {}, [[]], [{}], [None], {"": 0}]),
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a JSON object, itself first."""
    inside = value.items() if isinstance(value, dict) else ()
    inside = enumerate(value) if isinstance(value, list) else inside
    return [path, *(way for key, item in inside for way in paths(item, (*path, key)))]


def changed(wire: Any, path: tuple[Any, ...], junk: Any, *, drop: bool) -> Any:
    if not path:
        return junk
    found = deepcopy(wire)
    parent = found
    for key in path[:-1]:
        parent = parent[key]
    if drop:
        del parent[path[-1]]
    else:
        parent[path[-1]] = junk
    return found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(VERSIONS))
def test_a_damaged_cdr_is_priced_with_notes_or_refused_with_pointers(
    data: st.DataObject, version: str
) -> None:
    wire: Any = evening(version)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(wire)))
        wire = changed(wire, path, data.draw(JUNK), drop=data.draw(st.booleans()))
    (found,) = price_many([wire], time_zone=ZONE)
    if isinstance(found, RefusalError):
        assert isinstance(found, UnpriceableError)
        assert found.problems
        assert found.advice
        assert "\n" not in found.reason
        return
    assert found.total.net != 0 or found.notes, "a zero is never silent"
    assert json.loads(dumps(as_json(found)))["currency"] == found.receipt.currency
    assert explain(wire, "de", time_zone=ZONE).positions or not found.receipt.lines


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60) | st.just("[" * 5_000))
def test_text_that_is_no_cdr_is_refused(text: str | bytes) -> None:
    with pytest.raises(RefusalError) as refusal:
        price(text, time_zone=ZONE)
    assert refusal.value.advice


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4), st.sampled_from(VERSIONS))
def test_the_order_of_fields_and_of_versions_changes_nothing(turn: int, version: str) -> None:
    wire = evening(version)
    names = list(wire)
    turned = {name: wire[name] for name in names[turn:] + names[:turn]}
    same = as_json(price(turned, time_zone=ZONE))
    assert same == as_json(price(wire, time_zone=ZONE))
    nets = {line["net"] for line in same["lines"]}
    assert nets == {line["net"] for line in as_json(price(evening(), time_zone=ZONE))["lines"]}
