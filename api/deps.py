"""What the api room is given: stores, clock, log. Protocols only, so that a test can give fakes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from api.exchange import Exchange

Row = dict[str, Any]


class Registry(Protocol):
    """The views of `warehouse.registry.Registry` that are told from here."""

    def stations(self) -> list[Row]:
        """Every station."""

    def station(self, station: str) -> Row | None:
        """One station, or None."""

    def connectors(self, station: str) -> list[Row]:
        """Connector states of a station."""

    def connection(self, station: str) -> Row | None:
        """The newest connection of a station, or None."""

    def locations(self) -> list[Row]:
        """Every location."""

    def location(self, location: str) -> Row | None:
        """One location, or None."""

    def parties(self) -> list[Row]:
        """Every party."""

    def party_by_token(self, token_hash: str) -> Row | None:
        """The party whose OCPI token has this SHA-256 (hex), or None."""

    def tariffs(self) -> list[Row]:
        """Every version of every tariff."""

    def policies(self) -> dict[str, Any]:
        """Every policy that was set."""

    def api_key(self, key_hash: str) -> Row | None:
        """The API key with this SHA-256 (hex), or None."""

    def published_until(self, before_ns: int | None = None) -> int:
        """The log time up to which runs that finished (before `before_ns`) derived; 0: none."""

    def runs(self, first_ns: int, last_ns: int) -> list[Row]:
        """The runs that brought what was emitted from `first_ns` to `last_ns`."""


class Clock(Protocol):
    """What time it is."""

    def now_ns(self) -> int:
        """UTC nanoseconds since the epoch."""


@dataclass(frozen=True, slots=True)
class LogHealth:
    """How the log is: entries, those durable, when the newest checkpoint was signed (UTC ns).

    `problem` is one line where the log takes no more entries, else "".
    """

    size: int
    durable_size: int
    checkpoint_at_ns: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Deps:
    """Everything that `create_app` needs.

    `lake` is the folder of the derived tables, `documents` that of issued documents.
    `record_exchange` returns once the exchange is durable; it raises where it is not.
    `take_in_runs` brings the registry up to the runs that the log tells of.
    `loopback_only` says that nobody but this machine can reach the service.
    `public_url` is what partners reach us by (`https://ocpi.example.com`); "" takes the request's.
    """

    registry: Registry
    lake: Path
    clock: Clock
    record_exchange: Callable[[Exchange], Awaitable[None]]
    take_in_runs: Callable[[], None]
    documents: Path | None = None
    log_health: Callable[[], LogHealth] | None = None
    public_url: str = ""
    loopback_only: bool = False
