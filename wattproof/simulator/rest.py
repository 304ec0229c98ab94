"""One keep-alive HTTP/1.1 connection to our own service, for a clock that is moved at each event.

A month of charging moves the clock some ten thousand times, so this speaks just what our REST
interface answers: JSON bodies with a Content-Length, nothing chunked, no redirects, no TLS.
"""

import asyncio
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import orjson

from wattproof.refusals import RefusalError

TIMEOUT_S = 30
_HINT = "start it with wattproof serve, or say where it is with --http-url"


class Rest:
    """`async with Rest("http://127.0.0.1:8080") as rest: status, body = await rest.get(path)`."""

    def __init__(self, url: str, api_key: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise RefusalError(f"{url!r} is no address like http://127.0.0.1:8080", _HINT)
        self._url, self._host, self._port = url, parts.hostname, parts.port or 80
        self._key = f"Authorization: Bearer {api_key}\r\n" if api_key else ""
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        """Connects with the first request."""
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Closes the connection."""
        if self._writer is not None:
            self._writer.close()

    async def get(self, path: str) -> tuple[int, Any]:
        """Status and JSON body."""
        return await self._request("GET", path, b"")

    async def put(self, path: str, body: object) -> tuple[int, Any]:
        """Status and JSON body."""
        return await self._request("PUT", path, orjson.dumps(body))

    async def _request(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n{self._key}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        try:
            async with asyncio.timeout(TIMEOUT_S):
                try:
                    return await self._exchange(head + body)
                except (ConnectionError, asyncio.IncompleteReadError):
                    self._writer = None  # an idle connection that the service has closed
                    return await self._exchange(head + body)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise RefusalError(
                f"no Wattproof service answers at {self._url}: {error or 'no answer'}", _HINT
            ) from None

    async def _exchange(self, request: bytes) -> tuple[int, Any]:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status, *lines = head.split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)
        }
        body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection", "").lower() == "close":
            self._writer.close()
            self._writer = None
        return int(status.split()[1]), _json(body)


def _json(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return orjson.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
