"""Where chargers knock: TLS, or plain ws where the operator switched it on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest.tls import server_context

BACKLOG = 4096
"""A whole fleet may come back at once."""


class ConfigError(ValueError):
    """A listener that can't be: neither plain nor TLS, or a certificate without its key."""


@dataclass(frozen=True, slots=True)
class Config:
    """How chargers reach us. Ports: 0 lets the system choose, None switches the listener off.

    `plain_port` (ws without TLS) is for trusted networks and simulation only. `certificate` and
    `key` are PEM files; `legacy_tls` adds the static-RSA suites of old chargers. `accept_unknown`
    lets stations in that nobody added, as pending.
    """

    host: str = "127.0.0.1"
    plain_port: int | None = None
    tls_port: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    legacy_tls: bool = False
    accept_unknown: bool = False

    def check(self) -> None:
        """Raises ConfigError where it describes no listener."""
        if self.plain_port is None and self.tls_port is None:
            raise ConfigError("expected a TLS port with certificate and key, or a plain port")
        if self.tls_port is not None and (self.certificate is None or self.key is None):
            raise ConfigError("TLS needs both a certificate and its key (PEM files)")


async def listen(
    config: Config, make: Callable[[], asyncio.Protocol]
) -> tuple[list[asyncio.Server], int, int]:
    """Opens the listeners; gives them, the plain port and the TLS port (0: switched off).

    Raises OSError where a port is taken or a file can't be read.
    """
    loop = asyncio.get_running_loop()
    servers: list[asyncio.Server] = []
    plain_port = tls_port = 0
    if config.tls_port is not None:
        assert config.certificate is not None
        assert config.key is not None
        context = server_context(config.certificate, config.key, legacy=config.legacy_tls)
        secure = await loop.create_server(
            make, config.host, config.tls_port, ssl=context, backlog=BACKLOG
        )
        tls_port = secure.sockets[0].getsockname()[1]
        servers.append(secure)
    if config.plain_port is not None:
        plain = await loop.create_server(make, config.host, config.plain_port, backlog=BACKLOG)
        plain_port = plain.sockets[0].getsockname()[1]
        servers.append(plain)
    return servers, plain_port, tls_port
