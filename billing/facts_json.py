"""Facts as compact JSON values and back: `read(write(x)) == x`. Instants are µs since the epoch."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.events import EventKind, Fact, MeterReading, Stamp, StampQuality, TransactionEvent
from billing.finding import Source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def write_instant(at: datetime | None) -> int | None:
    """µs since the epoch, UTC."""
    return None if at is None else (at - _EPOCH) // _MICROSECOND


def read_instant(value: int | None) -> datetime | None:
    """The instant that `write_instant` wrote."""
    return None if value is None else read_time(value)


def read_time(value: int) -> datetime:
    """As `read_instant`, where one must be there."""
    return _EPOCH + timedelta(microseconds=value)


def write_decimal(value: Decimal | None) -> str | None:
    """Exact text."""
    return None if value is None else str(value)


def read_decimal(value: str | None) -> Decimal | None:
    """The number that `write_decimal` wrote."""
    return None if value is None else Decimal(value)


def write_fact(fact: Fact) -> list[Any]:
    """`["e", …]` for a transaction event, `["r", …]` for a meter reading, fields in order."""
    stamp, source = fact.stamp, fact.source
    head = [
        source.origin,
        source.index,
        write_instant(fact.received_at),
        fact.station,
        [stamp.text, write_instant(stamp.at), stamp.quality.value],
        fact.evse,
        fact.connector,
        fact.transaction,
        [list(flag) for flag in fact.flags],
    ]
    return _write_event(fact, head) if isinstance(fact, TransactionEvent) else _write(fact, head)


def _write_event(fact: TransactionEvent, head: list[Any]) -> list[Any]:
    return [
        "e",
        *head,
        fact.protocol,
        fact.connection,
        fact.message_id,
        fact.kind.value,
        fact.id_token,
        fact.id_token_type,
        write_decimal(fact.meter_wh),
        fact.reason,
        fact.status,
        fact.charging_state,
        fact.trigger,
        fact.offline,
        fact.seq_no,
        fact.reservation,
    ]


def _write(fact: MeterReading, head: list[Any]) -> list[Any]:
    return [
        "r",
        *head,
        fact.position,
        fact.carrier,
        fact.measurand,
        fact.phase,
        fact.location,
        fact.context,
        fact.unit,
        fact.value_text,
        write_decimal(fact.value),
        write_decimal(fact.wh),
        write_decimal(fact.watt),
        write_decimal(fact.ampere),
        fact.signed,
    ]


def read_fact(row: list[Any]) -> Fact:
    """The fact that `write_fact` wrote."""
    tag, origin, index, received, station, stamp, evse, connector, transaction, flags, *rest = row
    shared: dict[str, Any] = {
        "source": Source(origin, index),
        "received_at": read_time(received),
        "station": station,
        "stamp": Stamp(stamp[0], read_instant(stamp[1]), StampQuality(stamp[2])),
        "evse": evse,
        "connector": connector,
        "transaction": transaction,
        "flags": tuple((rule, message) for rule, message in flags),
    }
    return _read_event(shared, rest) if tag == "e" else _read_reading(shared, rest)


def _read_event(shared: dict[str, Any], rest: list[Any]) -> TransactionEvent:
    return TransactionEvent(
        **shared,
        protocol=rest[0],
        connection=rest[1],
        message_id=rest[2],
        kind=EventKind(rest[3]),
        id_token=rest[4],
        id_token_type=rest[5],
        meter_wh=read_decimal(rest[6]),
        reason=rest[7],
        status=rest[8],
        charging_state=rest[9],
        trigger=rest[10],
        offline=rest[11],
        seq_no=rest[12],
        reservation=rest[13],
    )


def _read_reading(shared: dict[str, Any], rest: list[Any]) -> MeterReading:
    return MeterReading(
        **shared,
        position=rest[0],
        carrier=rest[1],
        measurand=rest[2],
        phase=rest[3],
        location=rest[4],
        context=rest[5],
        unit=rest[6],
        value_text=rest[7],
        value=read_decimal(rest[8]),
        wh=read_decimal(rest[9]),
        watt=read_decimal(rest[10]),
        ampere=read_decimal(rest[11]),
        signed=rest[12],
    )
