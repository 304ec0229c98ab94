"""One HTTP exchange with a partner, as it is kept in the log: request and response, no secrets.

The ASGI shell here hears the whole request, lets it be answered, and sends the answer only after
`record` returned: durable before answered. Whatever goes wrong inside still has an envelope.
"""

import logging
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.envelope import failure

Headers = tuple[tuple[str, str], ...]

_SECRET_HEADERS = {"authorization", "cookie", "set-cookie", "x-api-key", "proxy-authorization"}
_LONGEST_BODY = 16 * 1024 * 1024
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Exchange:
    """What was asked and what was answered. `peer` is a party's code, "" where nobody was let in.

    Header names are lower case; the values of secret headers are replaced by a hash's beginning.
    """

    method: str
    target: str
    peer: str
    protocol: str
    request_headers: Headers
    request_body: bytes
    status: int
    response_headers: Headers
    response_body: bytes

    def payload(self) -> bytes:
        """The log's payload: one JSON object; a body that is no UTF-8 text is base64."""
        return orjson.dumps(
            {
                "action": "ocpi.exchange",
                "method": self.method,
                "target": self.target,
                "peer": self.peer,
                "request": _side(self.request_headers, self.request_body),
                "response": {
                    "status": self.status,
                    **_side(self.response_headers, self.response_body),
                },
            },
            option=orjson.OPT_SORT_KEYS,
        )


class RecordExchanges:
    """ASGI shell around the OCPI routes (`prefix`): nothing is answered that is not in the log."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        record: Callable[[Exchange], Awaitable[None]],
        now: Callable[[], int],
        prefix: str = "/ocpi",
    ) -> None:
        self._app = app
        self._record = record
        self._now = now
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes on whatever is not OCPI."""
        if scope["type"] != "http" or not is_below(scope["path"], self._prefix):
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        body = await _whole(receive)
        answer = _Answer()
        try:
            await self._app(scope, _again(body), answer.send)
        except Exception:  # noqa: BLE001 - the border: the peer gets an envelope, we the trace
            _log.exception("%s %s failed", scope["method"], scope["path"])
            answer = _Answer.of(failure(500, 3000, "server error", now_ns=self._now()))
        try:
            await self._record(self._exchange(scope, body, answer))
        except Exception as error:  # noqa: BLE001 - whatever the reason, it is not in the log
            _log.error("not answered: the exchange could not be recorded: %s", error)
            answer = _Answer.of(failure(503, 3000, "the log is unavailable", now_ns=self._now()))
        await answer.replay(send)

    def _exchange(self, scope: Scope, body: bytes, answer: "_Answer") -> Exchange:
        query = scope.get("query_string", b"").decode("latin-1")
        path = scope.get("raw_path") or scope["path"].encode()
        state = scope["state"]
        return Exchange(
            method=scope["method"],
            target=path.decode("latin-1") + (f"?{query}" if query else ""),
            peer=state.get("ocpi_party", ""),
            protocol=f"ocpi{state.get('ocpi_version', '')}",
            request_headers=_kept(scope["headers"]),
            request_body=body,
            status=answer.status,
            response_headers=_kept(answer.headers),
            response_body=bytes(answer.body),
        )


def is_below(path: str, prefix: str) -> bool:
    """Whether a path is `prefix` or lies under it."""
    return path == prefix or path.startswith(f"{prefix}/")


class _Answer:
    """A response held back until it is recorded."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()

    @classmethod
    def of(cls, response: Any) -> "_Answer":  # noqa: ANN401 - any starlette response
        answer = cls()
        answer.status = response.status_code
        answer.headers = list(response.raw_headers)
        answer.body = bytearray(response.body)
        return answer

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", ()))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def replay(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": bytes(self.body)})


async def _whole(receive: Receive) -> bytes:
    """The request's body; what exceeds 16 MiB is not kept."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)
        if len(body) < _LONGEST_BODY:
            body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _kept(headers: list[tuple[bytes, bytes]]) -> Headers:
    return tuple(
        (name.decode("latin-1").lower(), _without_secret(name, value)) for name, value in headers
    )


def _without_secret(name: bytes, value: bytes) -> str:
    if name.decode("latin-1").lower() in _SECRET_HEADERS:
        return f"sha256:{sha256(value).hexdigest()[:12]}"
    return value.decode("latin-1")


def _side(headers: Headers, body: bytes) -> dict[str, object]:
    try:
        return {"headers": headers, "body": body.decode()}
    except UnicodeDecodeError:
        return {"headers": headers, "body_base64": b64encode(body).decode()}
