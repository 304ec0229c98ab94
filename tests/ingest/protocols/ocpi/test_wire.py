"""Numbers, instants and JSON text: exact, short, and never a float."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.receipt import Amount, CostGroup, Receipt
from ingest.protocols.ocpi.money import apportion, costs
from ingest.protocols.ocpi.wire import (
    Shared,
    dumps,
    instant,
    is_written_as_specified,
    kept,
    loads,
    number,
    parse_instant,
    plain,
)

GRAIN = Decimal("0.0001")
DECIMALS = st.decimals(-(10**6), 10**6, places=7, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [("2.00", "2"), ("1E+2", "100"), ("0.00005", "0.0001"), ("-0.00005", "-0.0001"),
     ("0.00004", "0"), ("-0.00001", "0"), ("-0", "0"), ("1.23456", "1.2346"), ("0.1", "0.1"),
     ("120", "120"), ("1E-9", "0")],
)  # fmt: skip
def test_numbers_have_at_most_four_decimals(value: str, text: str) -> None:
    assert dumps(number(Decimal(value))) == text


@given(DECIMALS)
def test_a_number_is_within_half_a_grain_and_reads_back(value: Decimal) -> None:
    written = number(value)
    assert abs(written - value) <= GRAIN / 2
    assert loads(dumps(written)) == written
    assert "E" not in dumps(plain(value))


@pytest.mark.parametrize(
    "text",
    ['{"a":2.00}', '{"a":0.1,"b":[1,-1.5,12345678901234567.123456789]}', '{"a":null,"b":true}'],
)
def test_json_keeps_every_digit(text: str) -> None:
    assert dumps(loads(text)) == text


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), object(), {1}])
def test_what_is_no_json_is_not_written(value: object) -> None:
    with pytest.raises(TypeError, match="JSON"):
        dumps({"a": value})


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", "{", "", '["\\ud800"]', "1e999999999", "1E-99"]
)
def test_what_is_no_json_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|surrogate|out of any range|escape"):
        loads(text)


@pytest.mark.parametrize(
    ("text", "at", "as_specified"),
    [
        ("2026-10-01T12:00:00Z", (12, 0, 0, 0), True),
        ("2026-10-01T12:00:00", (12, 0, 0, 0), True),
        ("2026-10-01T12:00:00.123Z", (12, 0, 0, 123000), True),
        ("2026-10-01T14:00:00+02:00", (12, 0, 0, 0), False),
        ("2026-10-01T12:00:00+00:00", (12, 0, 0, 0), False),
        ("2026-10-01T12:00:00.123456789Z", (12, 0, 0, 123456), False),
        ("2026-10-01t12:00:00z", (12, 0, 0, 0), False),
    ],
)
def test_instants(text: str, at: tuple[int, int, int, int], as_specified: bool) -> None:
    assert parse_instant(text) == datetime(2026, 10, 1, *at, tzinfo=UTC)
    assert is_written_as_specified(text) is as_specified


@pytest.mark.parametrize(
    "text", ["", "2026-10-01", "20261001T120000Z", "2026-02-30T00:00:00Z", "2026-10-01T25:00:00Z",
             "0001-01-01T00:00:00+23:00", "noon", "2026-10-01 12:00:00Z"]
)  # fmt: skip
def test_what_is_no_instant(text: str) -> None:
    assert parse_instant(text) is None


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - zone is drawn
    st.integers(-12, 14),
)
def test_an_instant_reads_back_to_the_millisecond(at: datetime, hours: int) -> None:
    zoned = at.replace(tzinfo=timezone(timedelta(hours=hours)))
    text = instant(zoned)
    read = parse_instant(text)
    assert read is not None
    assert timedelta(0) <= zoned - read < timedelta(milliseconds=1)
    assert len(text) <= 24
    assert is_written_as_specified(text)


@given(st.lists(DECIMALS, min_size=1, max_size=8), st.sampled_from(["0.01", "0.0001"]))
def test_parts_add_up_to_the_rounded_total(parts: list[Decimal], grain: str) -> None:
    unit = Decimal(grain)
    total = plain(sum(parts, Decimal(0)).quantize(unit))
    written = apportion(total, parts, unit)
    assert sum(written) == total
    assert all(abs(w - p) < unit for w, p in zip(written, parts, strict=True))
    assert written == apportion(total, parts, unit)


def test_a_clamped_total_leaves_its_parts_alone() -> None:
    parts = (
        (CostGroup.ENERGY, Amount(Decimal("12.34567"), ((Decimal(21), Decimal("2.5925907")),))),
        (CostGroup.FIXED, Amount(Decimal("0.5"), ((Decimal(21), Decimal("0.105")),))),
    )
    total = Amount(Decimal(10), ((Decimal(21), Decimal("2.1")),))
    written = costs(Receipt("EUR", (), total, total, parts, (), ()))
    assert written.total == total
    assert written.parts[CostGroup.ENERGY] == Amount(
        Decimal("12.3457"), ((Decimal(21), Decimal("2.5926")),)
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | DECIMALS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(), VALUES, max_size=4), VALUES)
def test_a_shared_object_reads_as_any_other(fields: dict[str, Any], other: Any) -> None:
    shared = Shared(fields)
    for _ in range(2):
        assert dumps([shared, other]) == dumps([fields, other])


def test_a_kept_answer_is_that_of_the_very_same_arguments() -> None:
    asked = []

    @kept(2)
    def names(one: list[int], two: list[int]) -> tuple[int, int]:
        asked.append((one, two))
        return len(one), len(two)

    first, equal, third = [1], [1], [1, 2]
    assert names(first, third) is names(first, third)
    assert names(equal, third) is not names(first, third)
    assert names(third, first) == (2, 1)
    assert names(first, third) == (1, 2)
    assert len(asked) == 4
