"""Stamps: every way of writing a time seen in the field, and a verdict on each."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.events import StampQuality
from ingest.protocols.ocpp.stamps import flag, read_stamp

Q = StampQuality


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("value", "instant", "quality"),
    [
        ("2026-11-21T10:20:30Z", at(2026, 11, 21, 10, 20, 30), Q.OK),
        ("2026-11-21T10:20:30.123Z", at(2026, 11, 21, 10, 20, 30, 123000), Q.OK),
        ("2026-11-21T10:20:30.123456Z", at(2026, 11, 21, 10, 20, 30, 123456), Q.OK),
        ("2026-11-21T10:20:30.123456789Z", at(2026, 11, 21, 10, 20, 30, 123456), Q.OK),
        ("2026-11-21T10:20:30.9999999Z", at(2026, 11, 21, 10, 20, 30, 999999), Q.OK),
        ("2026-11-21t10:20:30z", at(2026, 11, 21, 10, 20, 30), Q.OK),
        ("2026-11-21T10:20:30+00:00", at(2026, 11, 21, 10, 20, 30), Q.OK),
        (" 2026-11-21T10:20:30Z ", at(2026, 11, 21, 10, 20, 30), Q.OK),
        ("2026-11-21T10:20:30+01:00", at(2026, 11, 21, 9, 20, 30), Q.ODD_OFFSET),
        ("2026-11-21T10:20:30-09:30", at(2026, 11, 21, 19, 50, 30), Q.ODD_OFFSET),
        ("2026-11-21T10:20:30+03", at(2026, 11, 21, 7, 20, 30), Q.ODD_OFFSET),
        ("2026-11-21T10:20:30+0000", at(2026, 11, 21, 10, 20, 30), Q.ODD_OFFSET),
        ("2026-11-21T10:20:30,5Z", at(2026, 11, 21, 10, 20, 30, 500000), Q.ODD_OFFSET),
        ("2026-11-21 10:20:30Z", at(2026, 11, 21, 10, 20, 30), Q.ODD_OFFSET),
        ("2026-11-21T10:20Z", at(2026, 11, 21, 10, 20), Q.ODD_OFFSET),
        ("2026-11-21T9:20:30Z", at(2026, 11, 21, 9, 20, 30), Q.ODD_OFFSET),
        ("2026-11-21T10:20:30", at(2026, 11, 21, 10, 20, 30), Q.NO_ZONE),
        ("2026-11-21T10:20:30.377", at(2026, 11, 21, 10, 20, 30, 377000), Q.NO_ZONE),
        ("2026-06-30T23:59:60Z", at(2026, 7, 1), Q.OK),
        ("2026-06-30T24:00:00Z", at(2026, 7, 1), Q.OK),
        ("1970-01-01T00:00:00.740Z", at(1970, 1, 1, 0, 0, 0, 740000), Q.EPOCH),
        ("2000-01-01T00:00:00", at(2000, 1, 1), Q.EPOCH),
        ("0000-00-00T00:00:00.000Z", None, Q.IMPOSSIBLE),
        ("2026-02-30T00:00:00Z", None, Q.IMPOSSIBLE),
        ("2026-11-21T25:00:00Z", None, Q.IMPOSSIBLE),
        ("2026-11-21T24:00:01Z", None, Q.IMPOSSIBLE),
        ("2026-11-21T10:60:00Z", None, Q.IMPOSSIBLE),
        ("2026-11-21T10:20:30+24:00", None, Q.IMPOSSIBLE),
        ("0001-01-01T00:00:00+10:00", None, Q.IMPOSSIBLE),
        ("21/11/2026", None, Q.IMPOSSIBLE),
        ("2026-11-21", None, Q.IMPOSSIBLE),
        ("２０２６-11-21T10:20:30Z", None, Q.IMPOSSIBLE),
        ("soon", None, Q.IMPOSSIBLE),
        (["2026-11-21T10:20:30Z"], None, Q.IMPOSSIBLE),
        (True, None, Q.IMPOSSIBLE),
        (10**30, None, Q.IMPOSSIBLE),
        (Decimal("1e400"), None, Q.IMPOSSIBLE),
        (1795256430, at(2026, 11, 21, 10, 20, 30), Q.ODD_OFFSET),
        (1795256430500, at(2026, 11, 21, 10, 20, 30, 500000), Q.ODD_OFFSET),
        (0, at(1970, 1, 1), Q.EPOCH),
        ("", None, Q.ABSENT),
        ("  ", None, Q.ABSENT),
        (None, None, Q.ABSENT),
    ],
)
def test_stamps(value: object, instant: datetime | None, quality: StampQuality) -> None:
    stamp = read_stamp(value)
    assert (stamp.at, stamp.quality) == (instant, quality)
    assert stamp.at is None or stamp.at.tzinfo is UTC
    if isinstance(value, str):
        assert stamp.text == value
    assert (flag(stamp) is None) == (quality is Q.OK)


def test_a_flag_shows_what_came() -> None:
    assert flag(read_stamp("21/11/2026")) == (
        "stamp_impossible",
        "expected an RFC 3339 time, came `21/11/2026`",
    )


offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(2010, 1, 2), datetime(2099, 1, 1)), offsets)  # noqa: DTZ001 - hypothesis wants naive bounds
def test_every_regular_time_is_read_to_the_microsecond(naive: datetime, zone: timezone) -> None:
    moment = naive.replace(tzinfo=zone)
    assert read_stamp(moment.isoformat()).at == moment
    assert read_stamp(f"{naive.isoformat()}Z").at == naive.replace(tzinfo=UTC)


@given(st.text(alphabet="0123456789-+:.,TZ z", max_size=30) | st.integers() | st.none())
def test_nothing_raises(value: object) -> None:
    stamp = read_stamp(value)
    assert (stamp.at is None) == (stamp.quality in {Q.IMPOSSIBLE, Q.ABSENT})
