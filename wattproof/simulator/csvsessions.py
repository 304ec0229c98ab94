"""Real sessions out of a CSV file, told as charge points would have told them.

Columns: dataset, session_id, station_id, connector_id, token, start_utc, end_utc, tz, energy_wh,
quirks. An empty end_utc is a session that never stopped; `duplicate` among the quirks is the
session before it, told a second time. What the file does not say is made up: registers run on
from session to session, power is the smallest usual one that delivers the energy in time, samples
are taken on the clock's full hours (or the interval asked for), so that all stations speak at once.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5
from zlib import crc32

from billing.party import Location, Party, Role, Token
from wattproof.refusals import RefusalError
from wattproof.simulator.charges import Charge, Moment, Sample, Step, charge_moments
from wattproof.simulator.curve import Vehicle, fastest_even_power
from wattproof.simulator.network import (
    COUNTRY,
    PARTY,
    SELLER,
    Driver,
    Network,
    Outlets,
    ac_station,
    component,
    element,
    tariff,
)

COLUMNS = ("session_id", "station_id", "token", "start_utc", "end_utc", "tz", "energy_wh")
OUTLET_W = 22_080
_NAMESPACE = UUID("5f0a6a3e-6f6b-5d0e-9c39-3a6a2f1f8c11")
_OPEN_END = timedelta(hours=12)
"""How long a session that never stopped is given to take its energy."""


@dataclass(frozen=True, slots=True)
class Row:
    """One session of the file."""

    id: str
    station: str
    connector: int
    token: str
    start_at: datetime
    end_at: datetime | None
    time_zone: str
    energy_wh: int
    duplicate: bool


def read_rows(path: Path) -> list[Row]:
    """Every session, by start. Raises `RefusalError` naming the line that can't be read."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            table = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise RefusalError(
                    f"{path}: columns {', '.join(missing)} are missing",
                    "expected: dataset,session_id,station_id,connector_id,token,start_utc,"
                    "end_utc,tz,energy_wh,quirks",
                )
            rows = [_row(line, path, table.line_num) for line in table]
    except (OSError, UnicodeDecodeError) as error:
        raise RefusalError(
            f"{path} can't be read: {error}", "give the path of a CSV file"
        ) from error
    return sorted(rows, key=lambda row: row.start_at)


def _row(line: Mapping[str, str], path: Path, number: int) -> Row:
    try:
        return Row(
            id=line["session_id"],
            station=line["station_id"],
            connector=int(line.get("connector_id") or 1),
            token=line["token"],
            start_at=_utc(line["start_utc"]),
            end_at=_utc(line["end_utc"]) if line["end_utc"] else None,
            time_zone=line["tz"],
            energy_wh=int(line["energy_wh"]),
            duplicate="duplicate" in (line.get("quirks") or "").split("|"),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise RefusalError(f"{path}, line {number}: {error}", "correct the line") from error


def _utc(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def charges(rows: Sequence[Row], *, sample_s: int = 3600) -> list[Charge]:
    """A charge for each row, its register going on where the connector's last one left it."""
    return list(_charges(rows, sample_s))


def _charges(rows: Sequence[Row], sample_s: int) -> Iterator[Charge]:
    registers: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], Charge] = {}
    following = _next_starts(rows)
    for row, silent_at in zip(rows, following, strict=True):
        key = row.station, row.connector
        before = last.get(key)
        if row.duplicate and before is not None and before.start_at == row.start_at:
            yield replace(before, id=row.id, end_at=row.end_at, samples=())
            continue
        start_wh = registers.get(key, 0)
        made = _charge(row, start_wh, sample_s, silent_at)
        registers[key] = start_wh + row.energy_wh
        last[key] = made
        yield made


def _next_starts(rows: Sequence[Row]) -> list[datetime]:
    """For each row when its connector's next session starts, or the far future."""
    known: dict[tuple[str, int], datetime] = {}
    found: list[datetime] = []
    for row in reversed(rows):
        key = row.station, row.connector
        found.append(known.get(key, datetime.max.replace(tzinfo=UTC)))
        known[key] = row.start_at
    return found[::-1]


def _charge(row: Row, meter_start_wh: int, sample_s: int, silent_at: datetime) -> Charge:
    """What never stopped has taken its energy before its connector's next session."""
    silent = min(row.start_at + _OPEN_END, silent_at - timedelta(minutes=5))
    duration_s = int(((row.end_at or silent) - row.start_at).total_seconds())
    watt = fastest_even_power(row.energy_wh, duration_s)
    full_s = -(-row.energy_wh * 3600 // watt)
    first_s = sample_s - int(row.start_at.timestamp()) % sample_s
    samples = [
        Sample(row.start_at + timedelta(seconds=offset), watt * offset // 3600, watt)
        for offset in range(first_s, min(full_s, duration_s), sample_s)
    ]
    suspended = full_s < duration_s - 60 or row.end_at is None
    if suspended:
        samples.append(Sample(row.start_at + timedelta(seconds=full_s), row.energy_wh, 0))
    return Charge(
        id=row.id,
        station=row.station,
        connector=row.connector,
        token=row.token,
        start_at=row.start_at,
        end_at=row.end_at,
        meter_start_wh=meter_start_wh,
        energy_wh=row.energy_wh,
        samples=tuple(samples),
        suspended_at=row.start_at + timedelta(seconds=full_s) if suspended else None,
        clock_aligned=True,
        transaction=str(uuid5(_NAMESPACE, f"{row.station}/{row.connector}/{row.id}")),
    )


def csv_moments(made: Iterable[Charge]) -> list[Moment]:
    """What the stations tell, in order.

    A session without a stop falls silent when its connector's next one starts; one that ends as
    the next one starts is told to its end first.
    """
    by_connector: dict[tuple[str, int], list[Charge]] = {}
    for one in made:
        by_connector.setdefault((one.station, one.connector), []).append(one)
    told: list[Moment] = []
    for queue in by_connector.values():
        starts: list[datetime | None] = [one.start_at for one in queue[1:]]
        for rank, (one, following) in enumerate(zip(queue, [*starts, None], strict=True)):
            told += _until(one, following, rank)
    return sorted(told)


def _until(one: Charge, following: datetime | None, rank: int) -> list[Moment]:
    """One session's moments, given when its connector's next one starts."""
    unplug_after = timedelta(seconds=20)
    if following is not None and one.end_at is not None and following >= one.end_at:
        unplug_after = min(unplug_after, following - one.end_at)
    moments = charge_moments(one, rank=rank, unplug_after=unplug_after)
    if following is None or one.end_at is not None:
        return moments
    return [moment for moment in moments if moment.step is Step.PLUG or moment.at < following]


def version_of(station: str, ocpp: str) -> str:
    """`1.6` or `2.0.1`; with `both` a station's own name decides, the same every time."""
    if ocpp != "both":
        return ocpp
    return "1.6" if crc32(station.encode()) % 2 else "2.0.1"


def network(rows: Sequence[Row], *, ocpp: str) -> Network:
    """What has to be registered for these sessions: one location per building, one price."""
    stations = sorted({row.station for row in rows})
    zones = {row.station: row.time_zone for row in rows}
    most = {name: max(row.connector for row in rows if row.station == name) for name in stations}
    buildings = sorted({_building(name) for name in stations})
    guests = Party("NO", "GST", Role.EMSP, "Guest drivers", currency="EUR", time_zone="Europe/Oslo")
    return Network(
        locations=tuple(
            _location(place, next(zones[one] for one in stations if _building(one) == place))
            for place in buildings
        ),
        outlets=tuple(
            Outlets(
                ac_station(name, _building(name), most[name], OUTLET_W),
                version_of(name, ocpp),
                OUTLET_W,
                dc=False,
                time_zone=zones[name],
            )
            for name in stations
        ),
        drivers=tuple(
            Driver(
                Token(token, "RFID", "NO-GST", f"NO-GST-{token}"[:36]),
                Vehicle(60_000, OUTLET_W, 50_000),
            )
            for token in sorted({row.token for row in rows})
        ),
        parties=(SELLER, guests),
        tariffs=(tariff("CSV-ENERGY", element(component("ENERGY", "0.30", "25"))),),
    )


def _building(station: str) -> str:
    """The part of a station's name before its number: `AdO3-4` stands in `AdO3`."""
    return station.split("-", maxsplit=1)[0]


def _location(place: str, time_zone: str) -> Location:
    return Location(
        COUNTRY, PARTY, place, f"Garage {place}", "unknown", "unknown", "", "NOR",
        "63.4300", "10.3900", time_zone, datetime(2015, 1, 1, tzinfo=UTC),
    )  # fmt: skip
