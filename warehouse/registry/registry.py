"""The registry's database: projection in, views out.

Every write is one transaction that carries its log position along, so that two processes may
project the same log into the same file and nothing is applied twice.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, Self

import orjson
from sqlalchemy import Connection, Engine, Table, bindparam, create_engine, event, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from warehouse.registry import tables
from warehouse.registry.changes import ActionInvalidError, Change, changes_of
from warehouse.registry.rows import Row, Rows

OPERATOR = "operator"
BOOKS = "books"


class RegistryUnavailableError(Exception):
    """The database refused a write (disk full, locked for too long); nothing of it was kept."""


_NOT_LOADED = {
    "position",
    "rejected_action",
    "pending_command",
    "subscription",
    "api_key",
    "run",
    "party_policy",
}


class LogEntry(Protocol):
    """The part of `warehouse.log`'s Entry that a projection needs."""

    @property
    def index(self) -> int:
        """Position in the origin."""

    @property
    def kind(self) -> str:
        """`operator` and others."""

    @property
    def received_ns(self) -> int:
        """Log time, UTC nanoseconds."""


class LogRecord(Protocol):
    """An entry and its payload."""

    @property
    def entry(self) -> Any:  # noqa: ANN401 - a LogEntry; the log's own class is not imported here
        """The leaf."""

    @property
    def payload(self) -> bytes | None:
        """The bytes as stored."""


class Log(Protocol):
    """What `catch_up` reads from: `warehouse.log.LogReader`."""

    @property
    def origin(self) -> str:
        """The origin's name."""

    @property
    def size(self) -> int:
        """Entries that can be read."""

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[Any]:
        """Entries with payloads, in order."""


class Registry:
    """One registry file or database. Thread-safe: every call takes its own connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, location: str | Path) -> Self:
        """Opens (and creates) a registry: a path to a SQLite file, or a SQLAlchemy URL."""
        text = str(location)
        url = make_url(text) if "://" in text else make_url("sqlite:///" + text)
        engine = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            json_serializer=_dump,
            json_deserializer=_load,
        )
        if url.get_backend_name() == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
        with engine.connect() as connection:
            tables.metadata.create_all(connection)
        return cls(engine)

    def close(self) -> None:
        """Gives all connections back; the registry can't be used afterwards."""
        self._engine.dispose()

    # -- projection ---------------------------------------------------------------------------

    def catch_up(self, readers: Iterable[Log]) -> int:
        """Applies `operator` and `books` from the stored positions on; how many entries were new.

        Readers of other origins are passed over. Idempotent; safe beside other processes.
        """
        return sum(
            self._catch_up(reader, _READ[reader.origin])
            for reader in readers
            if reader.origin in _READ and reader.size > self.position(reader.origin)
        )

    def _catch_up(self, reader: Log, read: "ReadEntry") -> int:
        with self._writing() as connection:
            start = _position(connection, reader.origin)
            changes: list[Change] = []
            count = 0
            for record in reader.records(start):
                count += 1
                changes += read(record)
            _write(connection, changes)
            _set_position(connection, reader.origin, start + count)
        return count

    def apply_action(self, action: dict[str, Any], *, at_ns: int, index: int) -> None:
        """Applies one operator action that stands in the operator log at `index`.

        Does nothing where the registry is already past it. Raises `ActionInvalidError` for an
        action nobody knows, and ValueError where entries before it were never applied.
        """
        changes = changes_of(action, at_ns)
        with self._writing() as connection:
            start = _position(connection, OPERATOR)
            if index > start:
                raise ValueError(f"catch up first: position {start}, action at {index}")
            if index == start:
                _write(connection, changes)
                _set_position(connection, OPERATOR, index + 1)

    def project(self, changes: Sequence[Change], *, origin: str, next_index: int) -> None:
        """Writes what an origin's entries before `next_index` changed, with that position.

        Raises RegistryUnavailableError, as every write does; it can be called again then.
        """
        with self._writing() as connection:
            if next_index < _position(connection, origin):
                return
            _write(connection, changes)
            _set_position(connection, origin, next_index)

    def position(self, origin: str) -> int:
        """The index of the first entry of an origin that is not contained here."""
        with self._engine.connect() as connection:
            return _position(connection, origin)

    def load(self) -> tuple[Rows, dict[str, int]]:
        """Everything needed to answer, in memory, and each origin's position, read as one."""
        rows = Rows()
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            for table in tables.metadata.sorted_tables:
                if table.name in _NOT_LOADED:
                    continue
                query = select(table)
                if table is tables.ocpp_transaction:
                    query = query.order_by(table.c.started_ns, table.c.station)
                for found in connection.execute(query).mappings():
                    rows.put(table.name, dict(found))
            positions = {
                str(found["origin"]): int(found["next"])
                for found in connection.execute(select(tables.position)).mappings()
            }
            connection.exec_driver_sql("COMMIT")
        return rows, positions

    # -- views --------------------------------------------------------------------------------

    def stations(self) -> list[Row]:
        """Every station, by id: the columns of `tables.station`."""
        return self._rows(tables.station)

    def station(self, station: str) -> Row | None:
        """One station, or None."""
        return self._one(tables.station, id=station)

    def connectors(self, station: str) -> list[Row]:
        """Connector states of a station, by EVSE and connector: `tables.connector_state`."""
        return self._rows(tables.connector_state, station=station)

    def connection(self, station: str) -> Row | None:
        """The newest connection of a station (`tables.connection`), None if it never came.

        `online` is what the service last knew; `heard_ns` lags by a few seconds. A reader holds it
        for offline when nothing was heard for twice the heartbeat interval.
        """
        return self._one(tables.connection, station=station)

    def transactions(self, station: str) -> list[Row]:
        """OCPP transactions seen on a station, by id: `tables.ocpp_transaction`."""
        return self._rows(tables.ocpp_transaction, station=station)

    def locations(self) -> list[Row]:
        """Every location, by id: `tables.location`."""
        return self._rows(tables.location)

    def location(self, location: str) -> Row | None:
        """One location, or None."""
        return self._one(tables.location, id=location)

    def parties(self) -> list[Row]:
        """Every party, by code: `tables.party`."""
        return self._rows(tables.party)

    def party(self, code: str) -> Row | None:
        """One party by its code (`NL-ABC`), or None."""
        return self._one(tables.party, code=code)

    def party_by_token(self, token_hash: str) -> Row | None:
        """The party whose OCPI token has this SHA-256 (hex), or None."""
        return self._one(tables.party, ocpi_token_hash=token_hash) if token_hash else None

    def tokens(self) -> list[Row]:
        """Every token, by uid: `tables.token`."""
        return self._rows(tables.token)

    def token(self, uid: str) -> Row | None:
        """One token by its uid as it was added, or None."""
        return self._one(tables.token, uid=uid)

    def tariffs(self) -> list[Row]:
        """Every version of every tariff, by id and valid_from: `tables.tariff`."""
        return self._rows(tables.tariff)

    def policies(self) -> dict[str, Any]:
        """Every policy that was set, by name."""
        return {row["name"]: row["value"] for row in self._rows(tables.policy)}

    def party_policies(self) -> list[Row]:
        """Every pricing policy that was set for one party: `tables.party_policy`."""
        return self._rows(tables.party_policy)

    def api_keys(self) -> list[Row]:
        """Every API key, by id: `tables.api_key`."""
        return self._rows(tables.api_key)

    def api_key(self, key_hash: str) -> Row | None:
        """The API key with this SHA-256 (hex), or None. Expiry is the caller's to judge."""
        return self._one(tables.api_key, hash=key_hash) if key_hash else None

    def rejected_actions(self) -> list[Row]:
        """Operator entries that could not be understood, with the reason."""
        return self._rows(tables.rejected_action)

    def published_until(self, before_ns: int | None = None) -> int:
        """The log time up to which runs that finished (before `before_ns`) derived; 0: none did."""
        query = select(func.max(tables.run.c.watermark_ns))
        if before_ns is not None:
            query = query.where(tables.run.c.finished_ns < before_ns)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one_or_none() or 0)

    def runs(self, first_ns: int, last_ns: int) -> list[Row]:
        """The runs that brought what was emitted from `first_ns` to `last_ns`, by `finished_ns`."""
        watermark = tables.run.c.watermark_ns
        upto = select(func.min(watermark)).where(watermark >= last_ns).scalar_subquery()
        query = select(tables.run).where(watermark >= first_ns, watermark <= upto)
        with self._engine.connect() as connection:
            found = connection.execute(query.order_by(tables.run.c.finished_ns)).mappings()
            return [dict(row) for row in found]

    def data_version(self) -> int:
        """Changes whenever another connection wrote to a SQLite registry; 0 elsewhere."""
        with self._engine.connect() as connection:
            if connection.dialect.name != "sqlite":
                return 0
            return int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())

    # -- inside -------------------------------------------------------------------------------

    def _rows(self, table: Table, **where: Any) -> list[Row]:  # noqa: ANN401 - column values
        query = select(table).filter_by(**where).order_by(*table.primary_key.columns)
        with self._engine.connect() as connection:
            return [dict(found) for found in connection.execute(query).mappings()]

    def _one(self, table: Table, **where: Any) -> Row | None:  # noqa: ANN401 - column values
        rows = self._rows(table, **where)
        return rows[0] if rows else None

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        try:
            with self._transaction() as connection:
                yield connection
        except OperationalError as error:
            raise RegistryUnavailableError(
                f"the registry cannot be written: {error.orig}"
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("BEGIN")
                connection.exec_driver_sql("LOCK TABLE position IN EXCLUSIVE MODE")
            try:
                yield connection
            except BaseException:
                with suppress(OperationalError):
                    connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")


def read_operator_entry(record: LogRecord) -> tuple[Change, ...]:
    """What one entry of the operator log changes; one that means nothing is kept as rejected."""
    entry = record.entry
    if entry.kind != OPERATOR or record.payload is None:
        return ()
    try:
        action = json.loads(record.payload, parse_float=Decimal)
        if not isinstance(action, dict):
            raise ActionInvalidError("expected a JSON object")
        return changes_of(action, entry.received_ns)
    except ValueError as error:
        key = (OPERATOR, entry.index)
        return (Change("rejected_action", key, {"reason": str(error)}),)


def read_books_entry(record: LogRecord) -> tuple[Change, ...]:
    """What one entry of `books` changes: a finished run; decisions stand in the lake."""
    entry = record.entry
    if entry.kind != "run" or record.payload is None:
        return ()
    run = orjson.loads(record.payload)
    if run.get("action") != "run.finished":
        return ()
    values = {"watermark_ns": int(run["watermark"]), "finished_ns": entry.received_ns}
    return (Change("run", (entry.index,), values),)


ReadEntry = Callable[[LogRecord], tuple[Change, ...]]
_READ: Mapping[str, ReadEntry] = {OPERATOR: read_operator_entry, BOOKS: read_books_entry}


def _position(connection: Connection, origin: str) -> int:
    query = select(tables.position.c.next).where(tables.position.c.origin == origin)
    return int(connection.execute(query).scalar_one_or_none() or 0)


def _set_position(connection: Connection, origin: str, following: int) -> None:
    _write(connection, [Change("position", (origin,), {"next": following})])


def _write(connection: Connection, changes: Iterable[Change]) -> None:
    """Writes the last word on each row, rows with the same columns together."""
    for batch in _merged(changes):
        groups: dict[tuple[str, str, tuple[str, ...]], list[dict[str, Any]]] = {}
        for change in batch:
            names = tuple(change.values)
            values = dict(zip(tables.key_columns(change.table), change.key, strict=True))
            groups.setdefault((change.table, change.mode, names), []).append(
                values | dict(change.values)
            )
        for (name, mode, names), rows in groups.items():
            _WRITE[mode](connection, tables.metadata.tables[name], names, rows)


def _merged(changes: Iterable[Change]) -> Iterator[Iterable[Change]]:
    """Batches with one change per row, what came later winning column by column.

    A batch ends where two changes of one row can't be made one: a put after an update or a drop.
    """
    batch: dict[tuple[str, tuple[str | int, ...]], Change] = {}
    for change in changes:
        place = (change.table, change.key)
        before = batch.get(place)
        if before is None or change.mode == "drop":
            batch[place] = change
        elif before.mode == "put" or change.mode == before.mode == "update":
            values = {**before.values, **change.values}
            batch[place] = Change(change.table, change.key, values, before.mode)
        elif change.mode == "put":
            yield batch.values()
            batch = {place: change}
    yield batch.values()


def _upsert(
    connection: Connection, table: Table, names: tuple[str, ...], values: list[dict[str, Any]]
) -> None:
    make = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
    insert = make(table)
    if names:
        update = {name: insert.excluded[name] for name in names}
        insert = insert.on_conflict_do_update(index_elements=table.primary_key, set_=update)
    else:
        insert = insert.on_conflict_do_nothing()
    connection.execute(insert, values)


def _update(
    connection: Connection, table: Table, names: tuple[str, ...], values: list[dict[str, Any]]
) -> None:
    keys = [column.name for column in table.primary_key.columns]
    update = table.update().values({name: bindparam(f"new_{name}") for name in names})
    for key in keys:
        update = update.where(table.c[key] == bindparam(f"key_{key}"))
    rows = [
        {f"key_{key}": row[key] for key in keys} | {f"new_{name}": row[name] for name in names}
        for row in values
    ]
    connection.execute(update, rows)


def _drop(
    connection: Connection, table: Table, _names: tuple[str, ...], values: list[dict[str, Any]]
) -> None:
    delete = table.delete()
    for column in table.primary_key.columns:
        delete = delete.where(column == bindparam(f"key_{column.name}"))
    rows = [{f"key_{name}": value for name, value in row.items()} for row in values]
    connection.execute(delete, rows)


_WRITE = {"put": _upsert, "update": _update, "drop": _drop}


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 10000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _dump(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return orjson.dumps(value, default=_exact).decode()


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}".encode())
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _load(text: str) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(text, parse_float=Decimal)
