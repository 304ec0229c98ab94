"""One charger's WebSocket: bytes in, frames to the desk, answers out once they are durable.

`websockets` does the handshake, control frames, fragments and everything unusual; whole masked
text frames, which is nearly all of the traffic, are read here directly. It decides nothing.
"""

import asyncio
import logging
from http import HTTPStatus
from struct import pack
from typing import Protocol, cast

from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.speedups import apply_mask

from warehouse.log import Said

HANDSHAKE_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 5.0
MAX_FRAME = 4 * 2**20
_LOGGER = logging.getLogger("wattproof.websocket")
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False
_TEXT, _MASKED = 0x81, 0x80
_SHORT_HEADS = [bytes((_TEXT, length)) for length in range(126)]


class Desk(Protocol):
    """Where a socket's events go: `ingest.server.Service`."""

    def arrived(self, socket: "ChargerSocket") -> None:
        """A TCP connection was made."""

    def requested(self, socket: "ChargerSocket", request: Request) -> None:
        """It asked for a WebSocket; answer with `accept` or `refuse`."""

    def heard(self, socket: "ChargerSocket", payload: bytes) -> None:
        """A whole message came."""

    def left(self, socket: "ChargerSocket", reason: str) -> None:
        """The connection is gone."""


class ChargerSocket(asyncio.Protocol):
    """A connection, before and after it is a WebSocket."""

    __slots__ = (
        "_closing",
        "_desk",
        "_fragments",
        "_loop",
        "_paused",
        "_peer_slow",
        "_pong",
        "_protocol",
        "_reason",
        "_timer",
        "_transport",
        "answered_as",
        "connection",
        "counter",
        "early",
        "flaws",
        "heard_as",
        "heard_at",
        "heard_ns",
        "identity",
        "is_gone",
        "is_open",
        "pinged",
        "protocol",
        "remote",
        "turn",
    )

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        self._desk, self._loop = desk, loop
        self._protocol = ServerProtocol(max_size=MAX_FRAME, logger=_LOGGER)
        self._transport: asyncio.Transport | None = None
        self._fragments: list[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pong: asyncio.Event | None = None
        self._reason = ""
        self._closing = self._paused = self._peer_slow = self.pinged = self.is_gone = False
        self.early: list[bytes] = []
        self.heard_as: Said | None = None
        self.answered_as: Said | None = None
        self.is_open = False
        """Whether it is a WebSocket that nobody has begun to close."""
        self.identity = self.protocol = self.connection = self.remote = ""
        self.counter = self.flaws = self.heard_ns = self.turn = 0
        self.heard_at = 0.0

    # -- what the transport tells ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is open."""
        self._transport = cast("asyncio.Transport", transport)
        address = transport.get_extra_info("peername")
        self.remote = str(address[0]) if address else "unknown"
        self._timer = self._loop.call_later(HANDSHAKE_TIMEOUT_S, self.abort, "no handshake")
        self._desk.arrived(self)

    def data_received(self, data: bytes) -> None:
        """Bytes came: whole text frames first, the rest through `websockets`."""
        self.heard_at = self._loop.time()
        self.pinged = False
        if self._pong is not None:
            self._pong.set()
        if (
            self.is_open
            and data[0] == _TEXT
            and self._fragments is None
            and not self._protocol.reader.buffer
        ):
            data = self._read_text_frames(data)
            if not data:
                return
        self._protocol.receive_data(data)
        self._handle_events()

    def _read_text_frames(self, data: bytes) -> bytes:
        """Hands on each whole masked text frame below 64 KiB; gives back what remains."""
        at, end = 0, len(data)
        while end - at >= 6 and data[at] == _TEXT and data[at + 1] & _MASKED:
            length, mask_at = data[at + 1] & 0x7F, at + 2
            if length == 126:
                length, mask_at = data[at + 2] << 8 | data[at + 3], at + 4
            start = mask_at + 4
            if length == 127 or start + length > end:
                break
            payload = apply_mask(data[start : start + length], data[mask_at:start])
            at = start + length
            self._desk.heard(self, payload)
        return data[at:]

    def _handle_events(self) -> None:
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._transport_pause()
                self._desk.requested(self, event)
            elif isinstance(event, Frame):
                self._frame(event)
        self._flush()

    def _frame(self, frame: Frame) -> None:
        """A data frame that may be one of several; control frames need nothing from us."""
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY):
            self._fragments = []
        elif frame.opcode is not Opcode.CONT:
            return
        assert self._fragments is not None, "websockets refuses a continuation of nothing"
        self._fragments.append(bytes(frame.data))
        if frame.fin:
            payload = b"".join(self._fragments)
            self._fragments = None
            self._desk.heard(self, payload)

    def eof_received(self) -> bool:
        """The peer will send no more."""
        self._protocol.receive_eof()
        self._handle_events()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, for whatever reason."""
        self.is_gone = True
        self._cancel_timer()
        if not self._protocol.reader.eof:
            self._protocol.receive_eof()
        self.is_open = False
        reason = self._reason or _why_closed(self._protocol, exc)
        self._desk.left(self, reason)

    def pause_writing(self) -> None:
        """The peer does not take our answers: hear no more from it until it does."""
        self._peer_slow = True
        self._transport_pause()

    def resume_writing(self) -> None:
        """It takes them again."""
        self._peer_slow = False
        if not self._paused:
            self._transport_resume()

    # -- what the desk says ---------------------------------------------------------------------

    def accept(self, request: Request, subprotocol: str) -> bool:
        """Completes the handshake; False where the request was no valid one and was refused."""
        response = self._protocol.accept(request)
        if subprotocol and response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            response.headers["Sec-WebSocket-Protocol"] = subprotocol
        self._respond(response)
        if response.status_code != HTTPStatus.SWITCHING_PROTOCOLS:
            return False
        self._cancel_timer()
        return True

    def refuse(self, status: HTTPStatus, text: str, *headers: tuple[str, str]) -> None:
        """Answers the request with an HTTP status and closes."""
        response = self._protocol.reject(status, text + "\n")
        for name, value in headers:
            response.headers[name] = value
        self._respond(response)

    def release(self, data: bytes) -> None:
        """Sends a durable answer as one text frame; drops it where the peer is gone."""
        if not self.is_open or self._transport is None:
            return
        length = len(data)
        if length < 126:
            head = _SHORT_HEADS[length]
        elif length < 65_536:
            head = pack("!BBH", _TEXT, 126, length)
        else:
            head = pack("!BBQ", _TEXT, 127, length)
        self._transport.write(head + data)

    def ping(self) -> None:
        """Asks whether somebody is there; anything that comes back sets `pinged` to False."""
        self.pinged = True
        if self.is_open:
            self._protocol.send_ping(b"")
            self._flush()

    async def is_alive(self, timeout_s: float) -> bool:
        """Whether anything comes back within `timeout_s` of a ping."""
        if not self.is_open:
            return False
        self._pong = asyncio.Event()
        self._transport_resume()
        self.ping()
        try:
            await asyncio.wait_for(self._pong.wait(), timeout_s)
        except TimeoutError:
            return False
        finally:
            self._pong = None
        return self.is_open

    def close(self, code: int, reason: str) -> None:
        """Says goodbye; the connection is cut where the peer does not answer in time."""
        if self._closing:
            return
        if not self.is_open:
            self.abort(reason)
            return
        self._closing = True
        self._reason = reason
        self._protocol.send_close(code, reason)
        self._flush()
        self._transport_resume()
        self._timer = self._loop.call_later(CLOSE_TIMEOUT_S, self.abort, reason)

    def abort(self, reason: str) -> None:
        """Cuts the connection."""
        self._reason = self._reason or reason
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Reads no further, so that the peer waits."""
        self._paused = True
        self._transport_pause()

    def resume(self) -> None:
        """Reads on, unless something else holds it back."""
        self._paused = False
        if not self._peer_slow:
            self._transport_resume()

    @property
    def encrypted(self) -> bool:
        """Whether TLS carries it."""
        return self._transport is not None and bool(self._transport.get_extra_info("ssl_object"))

    def _respond(self, response: Response) -> None:
        self._protocol.send_response(response)
        self._flush()

    def _flush(self) -> None:
        assert self._transport is not None
        self.is_open = self._protocol.state is State.OPEN
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()
        if self._protocol.close_expected() and self._timer is None:
            self._timer = self._loop.call_later(CLOSE_TIMEOUT_S, self.abort, "")

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _transport_pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def _transport_resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


def _why_closed(protocol: ServerProtocol, exc: Exception | None) -> str:
    if protocol.close_rcvd is not None:
        return f"closed by the station: {protocol.close_rcvd.code} {protocol.close_rcvd.reason}"
    if protocol.parser_exc is not None and not isinstance(protocol.parser_exc, EOFError):
        return f"broke the WebSocket protocol: {protocol.parser_exc}"
    return f"connection lost: {exc}" if exc is not None else "connection lost"
