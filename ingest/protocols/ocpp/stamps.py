"""Event times as chargers write them, read leniently, with a verdict on how far to trust them.

Knows text only: whether a clock is ahead or behind is judged against the receive time elsewhere.
OCPP 1.6 §3.14 and 2.0.1 part 2 dateTime want RFC 3339.
"""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from billing.events import Stamp, StampQuality
from ingest.protocols.ocpp.mould import new_stamp

FIRST_YEAR = 2010
"""No OCPP charger existed before: an earlier year is a clock that was never set."""

_OK = StampQuality.OK

ABSENT = Stamp("", None, StampQuality.ABSENT)

RULES = {
    StampQuality.NO_ZONE: ("no_zone", "expected a time zone, came {}: read as UTC"),
    StampQuality.ODD_OFFSET: ("odd_offset", "expected UTC as `…Z`, came {}"),
    StampQuality.EPOCH: ("epoch_stamp", "the clock was never set: {}"),
    StampQuality.IMPOSSIBLE: ("stamp_impossible", "expected an RFC 3339 time, came {}"),
    StampQuality.ABSENT: ("stamp_absent", "expected a time, came {}"),
}


def read_stamp(value: object) -> Stamp:
    """Any JSON value; never raises. Fractions beyond microseconds are cut, not rounded.

    `…Z` and `…+00:00` are OK; another offset, one without minutes or colon, a comma before the
    fraction, a blank for the T and a number of seconds or milliseconds since 1970 are ODD_OFFSET.
    A value that is no date has `at` None.
    """
    if type(value) is str and len(value) in (20, 24) and value[-1] == "Z" and value[10] == "T":
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if at.year >= FIRST_YEAR and value[4] == value[7] == "-":
                return new_stamp(value, at, _OK)
    return _lenient(value)


def flag(stamp: Stamp) -> tuple[str, str] | None:
    """(rule, message) for a stamp that is not OK."""
    rule = RULES.get(stamp.quality)
    return rule and (rule[0], rule[1].format(f"`{stamp.text[:60]}`" if stamp.text else "nothing"))


_STAMP = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})([Tt ])(\d{1,2}):(\d{2})(?::(\d{2})(?:([.,])(\d{1,30}))?)?"
    r"\s?(?:([Zz])|([+-])(\d{1,2})(?:(:?)(\d{2}))?)?",
    re.ASCII,
)


def _lenient(value: object) -> Stamp:
    if value is None:
        return ABSENT
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return _since_epoch(value)
    if not isinstance(value, str):
        return Stamp(str(value)[:200], None, StampQuality.IMPOSSIBLE)
    if not value.strip():
        return Stamp(value, None, StampQuality.ABSENT)
    match = _STAMP.fullmatch(value.strip())
    at = _instant(match) if match else None
    if match is None or at is None:
        return Stamp(value, None, StampQuality.IMPOSSIBLE)
    return Stamp(value, at, _quality(match, at))


def _instant(match: re.Match[str]) -> datetime | None:
    """The UTC instant, or None for a day that is in no calendar. Second 60 is the next one's 0."""
    year, month, day = (int(match[i]) for i in (1, 2, 3))
    hour, minute, second = int(match[5]), int(match[6]), int(match[7] or 0)
    if minute > 59 or second > 60 or hour * 3600 + minute * 60 + second > 86_400:
        return None
    micros = int((match[9] or "0")[:6].ljust(6, "0"))
    try:
        start = datetime(year, month, day, tzinfo=_zone(match))
        return start.astimezone(UTC) + timedelta(
            hours=hour, minutes=minute, seconds=second, microseconds=micros
        )
    except (ValueError, OverflowError):
        return None


def _zone(match: re.Match[str]) -> timezone:
    """Raises ValueError for an offset of a day or more."""
    if not match[11]:
        return UTC
    offset = timedelta(hours=int(match[12]), minutes=int(match[14] or 0))
    return timezone(-offset if match[11] == "-" else offset)


def _quality(match: re.Match[str], at: datetime) -> StampQuality:
    if at.year < FIRST_YEAR:
        return StampQuality.EPOCH
    if not match[10] and not match[11]:
        return StampQuality.NO_ZONE
    utc = match[10] or (match[12] == match[14] == "00" and match[13] == ":")
    regular = match[4] != " " and match[8] != "," and match[7] and len(match[5]) == 2
    return StampQuality.OK if utc and regular else StampQuality.ODD_OFFSET


def _since_epoch(value: int | Decimal) -> Stamp:
    """A JSON number: seconds since 1970, or milliseconds from 10^11 on."""
    text = str(value)[:200]
    if not isinstance(value, int) and (not value.is_finite() or value.adjusted() > 15):
        return Stamp(text, None, StampQuality.IMPOSSIBLE)
    number = int(value)
    milliseconds = number if abs(number) >= 10**11 else number * 1000
    try:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return Stamp(text, None, StampQuality.IMPOSSIBLE)
    early = at.year < FIRST_YEAR
    return Stamp(text, at, StampQuality.EPOCH if early else StampQuality.ODD_OFFSET)
