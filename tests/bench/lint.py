"""How many tariffs one core lints: read from text, held against the tables, reasoned over."""

import json
from datetime import date, timedelta
from time import process_time
from typing import Any

from tests.bench.figure import Figure
from tests.wattproof.pricing.flawed import always, at, of, when
from wattproof.pricing import linted

_DAY = date(2026, 10, 5)


def run(seconds: float = 3.0) -> list[Figure]:
    """Each figure measured for about `seconds` of this process's own time."""
    usual, hourly, quarters = _usual(), [_windows(48)], [_windows(96)]
    return [
        Figure("tariffs, usual mix", _rate(usual, seconds), "tariffs/s", 2_000, "higher"),
        Figure("tariffs of 49 elements", _rate(hourly, seconds / 3), "tariffs/s", None, "higher"),
        Figure("tariffs of 97 elements", _rate(quarters, seconds / 3), "tariffs/s", None, "higher"),
    ]


def _rate(texts: list[str], seconds: float) -> float:
    linted(texts[0])
    start, done = process_time(), 0
    while process_time() - start < seconds:
        for text in texts:
            linted(text)
        done += len(texts)
    return done / (process_time() - start)


def _usual() -> list[str]:
    """A thousand tariffs as they are published: 94 % have one element, 1 % price every hour."""
    padded = of(always(at(0, "FLAT"), at(0, "TIME"), at(0.6)))
    day_and_night = of(
        when(at(0.5), start_time="07:00", end_time="23:00"),
        when(at(0.4), start_time="23:00", end_time="07:00"),
    )
    grace = of(
        when(at(3, "PARKING_TIME"), min_duration=14_400, day_of_week=["MONDAY", "FRIDAY"]),
        when(at(0.45), start_date="2026-01-01"),
        always(at(0.55)),
    )
    counted = [
        (json.dumps(padded), 880),
        (json.dumps(of(always(at(0.374)))), 60),
        (json.dumps(day_and_night), 34),
        (json.dumps(grace), 14),
        (_windows(48), 11),
        (_windows(96), 1),
    ]
    return [text for text, count in counted for _ in range(count)]


def _windows(count: int) -> str:
    """`count` windows of half an hour on days in a row, at prices of their own, and a fallback."""
    elements: list[dict[str, Any]] = []
    for number in range(count):
        day, part = divmod(number, 48)
        opens, closes = part * 30, (part + 1) * 30 % 1440
        elements.append(
            when(
                at(round(0.2 + number / 1000, 4)),
                start_date=(_DAY + timedelta(days=day)).isoformat(),
                end_date=(_DAY + timedelta(days=day + 1)).isoformat(),
                start_time=f"{opens // 60:02}:{opens % 60:02}",
                end_time=f"{closes // 60:02}:{closes % 60:02}",
            )
        )
    return json.dumps(of(*elements, always(at(0.5))))
