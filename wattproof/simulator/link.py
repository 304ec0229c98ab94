"""One charge point's WebSocket: a call out and its answer in, one at a time, as OCPP-J asks.

Knows frames and sockets; refuses to know what a call means. A call of the central system is
answered NotImplemented: these charge points only charge.
"""

import asyncio
import base64
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from wattproof.refusals import RefusalError
from wattproof.simulator.station import JSON, Answer, Call

ANSWER_TIMEOUT_S = 30
CONNECT_TRIES = 5


class NoAnswerError(Exception):
    """The link broke, or no answer came in time, while a call was waiting."""


@dataclass(slots=True)
class Tally:
    """What went over all links: counts of frames, and errors as (station, action, text)."""

    sent: int = 0
    answered: int = 0
    connections: int = 0
    errors: list[tuple[str, str, str]] = field(default_factory=list)


class Link:
    """An open connection of one station; `Link.open` connects it."""

    def __init__(self, socket: ClientConnection, station: str, tally: Tally) -> None:
        self._socket = socket
        self._station = station
        self._tally = tally

    @classmethod
    async def open(
        cls, url: str, *, station: str, subprotocol: str, password: str, tally: Tally
    ) -> Self:
        """Connects to `url` (`ws://…/ocpp/1.6/ID`) with HTTP Basic authentication.

        Raises `RefusalError` where the service can't be reached or refuses the station.
        """
        headers = {}
        if password:
            secret = base64.b64encode(f"{station}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {secret}"
        try:
            socket = await _connect(url, subprotocol, headers)
        except InvalidStatus as error:
            raise _refusal(station, error.response.status_code, given=bool(password)) from error
        except (OSError, InvalidHandshake, TimeoutError) as error:
            raise RefusalError(
                f"no OCPP service answers at {url}: {error}",
                "start it with: wattproof serve --plain-ws",
            ) from error
        tally.connections += 1
        return cls(socket, station, tally)

    async def call(self, call: Call) -> Answer:
        """Sends a call and waits for its answer: the payload, or None for a CALLERROR."""
        await self._socket.send(encode([2, call.message_id, call.action, call.payload]))
        self._tally.sent += 1
        answer = await self._answer(str(call.message_id))
        self._tally.answered += 1
        if answer[0] == 3:
            payload: JSON = answer[2]
            return payload
        self._tally.errors.append((self._station, call.action, f"{answer[2]}: {answer[3]}"))
        return None

    async def garbage(self, text: str) -> None:
        """Sends a text that is no OCPP frame; whatever is answered is read with the next call."""
        await self._socket.send(text)
        self._tally.sent += 1

    async def close(self) -> None:
        """Ends the connection in the ordinary way."""
        await self._socket.close()

    async def drop(self) -> None:
        """Cuts the connection without a word, as a lost network does."""
        self._socket.transport.abort()
        await self._socket.wait_closed()

    async def _answer(self, message_id: str) -> list[Any]:
        """The CALLRESULT or CALLERROR with this id; other answers and calls are dealt with."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                while True:
                    frame = orjson.loads(await self._socket.recv())
                    if frame[0] in {3, 4} and str(frame[1]) == message_id:
                        return list(frame)
                    if frame[0] == 2:
                        refusal = [4, frame[1], "NotImplemented", "a simulated charger", {}]
                        await self._socket.send(encode(refusal))
        except (ConnectionClosed, TimeoutError) as error:
            raise NoAnswerError(f"{self._station}: {error or 'no answer in time'}") from error


def _refusal(station: str, status: int, *, given: bool) -> RefusalError:
    """What the service's answer to a handshake means, and what to do about it."""
    if status == 401:
        return RefusalError(
            f"the password of station {station} is {'wrong' if given else 'missing'}",
            "give it with --passwords FILE, the JSON that wattproof station add --json printed",
        )
    advice = {
        403: f"let it in again: wattproof station unblock {station}",
        404: "register it first: wattproof station add, or simulate with --provision",
        429: "wait a minute: the service heard too many wrong passwords",
    }
    return RefusalError(
        f"the service refused station {station} with HTTP {status}",
        advice.get(status, "see what the service says"),
    )


def encode(frame: list[object]) -> str:
    """JSON text of a frame; Decimals stand as numbers, digit for digit."""
    return orjson.dumps(frame, default=_number).decode()


def _number(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(type(value).__name__)


async def _connect(url: str, subprotocol: str, headers: dict[str, str]) -> ClientConnection:
    """Tries again where the service is busy: many chargers come back at once after an outage."""
    for attempt in range(CONNECT_TRIES - 1):
        try:
            return await _connect_once(url, subprotocol, headers)
        except InvalidStatus as error:
            if error.response.status_code not in {429, 503}:
                raise
            await asyncio.sleep(0.2 * 2**attempt)
    return await _connect_once(url, subprotocol, headers)


async def _connect_once(url: str, subprotocol: str, headers: dict[str, str]) -> ClientConnection:
    return await connect(
        url,
        subprotocols=[Subprotocol(subprotocol)],
        additional_headers=headers,
        compression=None,
        proxy=None,
        ping_interval=None,
        open_timeout=20,
        close_timeout=2,
        max_size=2**21,
    )
