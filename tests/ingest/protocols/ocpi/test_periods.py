"""What a partner's periods state, read for a price."""

from decimal import Decimal
from typing import Any

import pytest

from billing.period import ChargingPeriod
from ingest.protocols.ocpi.periods import read_periods, stated_periods
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.wire import parse_instant

START, END = "2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z"
QUARTER = "2026-10-05T10:15:00Z"


def stated(*periods: dict[str, str]) -> tuple[ChargingPeriod, ...]:
    wires: list[Any] = [
        {
            "start_date_time": START,
            "dimensions": [
                {"type": name, "volume": Decimal(volume)} for name, volume in volumes.items()
            ],
        }
        for volumes in periods
    ]
    end = parse_instant(END)
    assert end is not None
    return stated_periods(Reader({"charging_periods": wires}), end)


@pytest.mark.parametrize(
    ("hours", "seconds"),
    [
        ("0.6667", "2400.12"),
        ("1.973", "7102.8"),
        ("0.11666666666666667", "420"),
        ("0.21666666666666667", "780"),
        ("0", "0"),
    ],
)
def test_hours_are_taken_by_their_digits_without_the_noise_of_binary(
    hours: str, seconds: str
) -> None:
    (found,) = stated({"TIME": hours})
    assert found.time_s == Decimal(seconds)
    assert "E" not in str(found.time_s)


def test_energy_is_taken_by_its_digits_too() -> None:
    (found,) = stated({"ENERGY": "20.450000000000003"})
    assert (found.energy_wh, found.time_s) == (20_450, 0)


def test_what_is_not_stated_is_not_there() -> None:
    (found,) = stated({"ENERGY": "20"})
    assert (found.time_s, found.parking_s) == (0, 0)


def test_only_reserved_time_is_a_reservation_never_used() -> None:
    (held,) = stated({"RESERVATION_TIME": "0.5"})
    assert (held.reserved, held.expired, held.time_s) == (True, True, 1800)
    held, used = stated({"RESERVATION_TIME": "0.5"}, {"ENERGY": "1", "RESERVATION_OVERTIME": "0.1"})
    assert (held.expired, used.reserved, used.overtime_s) == (False, False, 360)


@pytest.mark.parametrize(
    ("hours", "until"),
    [("0.25", QUARTER), ("3", END), ("1e14", END), ("-0.25", QUARTER)],
)
def test_reserved_time_within_a_period_ends_where_its_use_starts(hours: str, until: str) -> None:
    held, used = stated({"RESERVATION_TIME": hours, "ENERGY": "1", "TIME": "0.75"})
    assert (held.reserved, held.start_at, held.end_at) == (
        True, parse_instant(START), parse_instant(until),
    )  # fmt: skip
    assert (used.reserved, used.start_at, used.end_at) == (
        False, parse_instant(until), parse_instant(END),
    )  # fmt: skip
    assert (held.ordinal, used.ordinal) == (0, 0)


def test_a_dimension_in_another_case_is_read_as_what_it_is_and_noted() -> None:
    (found,) = stated({"Energy": "20", "time": "0.5", "Sunshine": "7"})
    assert (found.energy_wh, found.time_s) == (20_000, 1800)
    wire = {"type": "Energy", "volume": Decimal(1)}
    fields = Reader({"charging_periods": [{"start_date_time": START, "dimensions": [wire]}]})
    read_periods(fields, None)
    told = {(note.code, note.pointer) for note in fields.told()[1]}
    assert ("dimension_case", "/charging_periods/0/dimensions/0/type") in told
