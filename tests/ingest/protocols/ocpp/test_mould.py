"""A value cast in a mould is the very value its class makes."""

import pickle
from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime

import pytest

from billing.events import EventKind, MeterReading, Stamp, StampQuality, TransactionEvent
from billing.finding import Source
from ingest.protocols.ocpp.mould import new_event, new_reading, new_stamp

STAMP = Stamp("x", None, StampQuality.IMPOSSIBLE)
AT = datetime(2026, 11, 21, tzinfo=UTC)


def test_the_same_value() -> None:
    stamp = new_stamp("x", None, StampQuality.IMPOSSIBLE)
    assert type(stamp) is Stamp
    assert stamp == STAMP
    assert hash(stamp) == hash(STAMP)
    assert repr(stamp) == repr(STAMP)
    assert pickle.loads(pickle.dumps(stamp)) == STAMP
    assert replace(stamp, text="y") == replace(STAMP, text="y")


def test_it_is_frozen() -> None:
    stamp = new_stamp("x", None, StampQuality.OK)
    with pytest.raises(FrozenInstanceError):
        stamp.text = "y"  # type: ignore[misc]


def test_defaults_and_keywords() -> None:
    source = Source("o", 1)
    parts = ("S", "ocpp1.6", "c", "m", EventKind.STATUS, STAMP)
    assert new_event(source, AT, *parts) == TransactionEvent(source, AT, *parts)
    assert new_event(source, AT, *parts, evse=1) == TransactionEvent(source, AT, *parts, evse=1)


def test_every_field_stands_where_it_belongs() -> None:
    names = [part.name for part in fields(MeterReading)]
    reading = new_reading(*names)  # type: ignore[arg-type]
    assert [getattr(reading, name) for name in names] == names
