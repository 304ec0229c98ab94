"""When a tariff counts at all: its own validity, and dates that make it change by itself.

OCPI 2.2.1 mod_tariffs, Tariff.start_date_time and end_date_time.
"""

from collections.abc import Iterator
from datetime import timedelta

from billing.lint.finding import Finding, limits_at
from billing.lint.subject import Subject

_DAY = timedelta(days=1)


def validity(subject: Subject) -> Iterator[Finding]:
    """`validity_reversed`, `never_active`, and what dated elements mean for it."""
    start, end = subject.tariff.start_at, subject.tariff.end_at
    if end is not None and subject.sure("/start_date_time") and subject.sure("/end_date_time"):
        if start is not None and start > end:
            text = f"valid from {start:%Y-%m-%dT%H:%M:%SZ}, but only until {end:%Y-%m-%dT%H:%M:%SZ}"
            yield Finding("validity_reversed", "/end_date_time", text, "exchange the instants")
        elif start == end:
            text = "start_date_time equals end_date_time: the tariff is never valid"
            yield Finding("never_active", "/end_date_time", text, "set a later end_date_time")
        elif subject.now is not None and end <= subject.now:
            text = f"the tariff ended on {end:%Y-%m-%d}"
            advice = "publish its successor, or set a later end_date_time"
            yield Finding("never_active", "/end_date_time", text, advice)
    if subject.limits:
        yield from _dated(subject)


def _dated(subject: Subject) -> Iterator[Finding]:
    first, last = subject.valid_days(-_DAY)
    count = 0
    for number, limits in subject.limits.items():
        start, end = limits.start_date, limits.end_date
        if start is None and end is None:
            continue
        count += 1
        before = first is not None and end is not None and end <= first
        after = last is not None and start is not None and start > last
        if before or after:
            when = "before the tariff begins" if before else "after the tariff has ended"
            text = f"the element's dates lie {when}: it never applies"
            pointer = limits_at(number, "end_date" if before else "start_date")
            yield Finding("dates_outside_validity", pointer, text, "correct the dates")
        elif subject.now is not None and end is not None and end < (subject.now - _DAY).date():
            text = f"the element ended on {end}"
            yield Finding("dates_over", limits_at(number, "end_date"), text, "leave it out")
    if count:
        text = f"{count} of {len(subject.tariff.elements)} elements name absolute dates"
        advice = "keep the version that was in force at each session's start"
        yield Finding("uses_date_restrictions", "/elements", text, advice)
