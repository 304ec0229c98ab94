"""From a handshake to a station that may speak: address, password, version, who was there first.

One identity, two sockets: authenticate first; a dead connection or one from the same address gives
way, a living one from elsewhere is kept and the newcomer refused with 1008. Every outcome is an
entry of the log.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from itertools import count
from typing import Protocol

from websockets.http11 import Request

from ingest.admission import Gate, Verdict
from ingest.chargers import ChargerSocket
from ingest.connectivity import OPENED, REFUSED
from ingest.handshake import Choice, choose, logged_headers, logged_path, read_path
from ingest.journal import Journal
from ingest.view import View

PING_WAIT_S = 5.0
REFUSALS_PER_MINUTE = 120
"""Refused connections logged in full; a flood of them must not fill the disk."""
_REPLACED = "replaced by a newer connection"
_OVERTAKEN = "a connection that was asked for later is open"


class House(Protocol):
    """What the reception asks of the service."""

    view: View

    def refresh(self) -> None:
        """Takes in what an operator has just said."""

    def connected_as(self, identity: str) -> ChargerSocket | None:
        """The socket this station speaks on."""

    def opened(self, socket: ChargerSocket, protocol: str, event: Mapping[str, object]) -> None:
        """The station may speak."""

    def left(self, socket: ChargerSocket, reason: str) -> None:
        """The connection is over."""


class Reception:
    """Judges every request for a WebSocket."""

    def __init__(self, house: House, gate: Gate, journal: Journal) -> None:
        self._house, self._gate, self._journal = house, gate, journal
        self._refusals_left = REFUSALS_PER_MINUTE
        self._turns = count(1)

    def a_minute_passed(self) -> None:
        """Refusals may be logged again."""
        self._refusals_left = REFUSALS_PER_MINUTE

    async def admit(self, socket: ChargerSocket, request: Request) -> None:
        """Lets the station in or sends it away; a peer that leaves meanwhile is forgotten."""
        address = read_path(request.path)
        if address is None:
            self._refuse(socket, request, Verdict(HTTPStatus.NOT_FOUND, "no such path"))
            return
        socket.identity = address.identity
        socket.turn = next(self._turns)
        self._house.refresh()
        header = request.headers.get("Authorization", "")
        station = self._house.view.station(address.identity)
        verdict = await self._gate.judge(station, address.identity, header, socket.remote)
        if socket.is_gone:
            return
        if not verdict.admitted:
            self._refuse(socket, request, verdict)
            return
        registered = [] if station is None else station["protocols"]
        offered = ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")
        choice = choose(address, offered, registered)
        if not socket.accept(request, choice.confirmed):
            return
        if not choice.protocol:
            self._log_refusal(socket, request, "no subprotocol in common")
            socket.close(1002, "no OCPP version in common")
        elif await self._may_take_over(socket, request):
            self._house.opened(socket, choice.protocol, _opened(socket, request, choice))

    async def _may_take_over(self, socket: ChargerSocket, request: Request) -> bool:
        old = self._house.connected_as(socket.identity)
        if old is not None and old.remote != socket.remote and await old.is_alive(PING_WAIT_S):
            self._log_refusal(socket, request, "already connected from another address: alarm")
            socket.close(1008, "already connected from another address")
            return False
        if not socket.is_open:
            return False
        current = self._house.connected_as(socket.identity)
        if current is not None:
            if current.turn > socket.turn:
                self._log_refusal(socket, request, _OVERTAKEN)
                socket.close(1000, _REPLACED)
                return False
            current.close(1000, _REPLACED)
            current.abort(_REPLACED)
            self._house.left(current, _REPLACED)
        return True

    def _refuse(self, socket: ChargerSocket, request: Request, verdict: Verdict) -> None:
        self._log_refusal(socket, request, verdict.reason)
        headers = []
        if verdict.status is HTTPStatus.UNAUTHORIZED:
            headers.append(("WWW-Authenticate", 'Basic realm="OCPP"'))
        if verdict.retry_after_s:
            headers.append(("Retry-After", str(verdict.retry_after_s)))
        socket.refuse(verdict.status, verdict.reason, *headers)

    def _log_refusal(self, socket: ChargerSocket, request: Request, reason: str) -> None:
        """An entry of its own connection, so that counters stay gapless."""
        if self._refusals_left <= 0:
            return
        self._refusals_left -= 1
        event = {"event": REFUSED, "reason": reason, **_request(socket, request)}
        self._journal.append(
            to_json(event),
            kind="connection",
            peer=socket.identity,
            connection=f"c{self._journal.size}",
        )


def to_json(event: Mapping[str, object]) -> bytes:
    """An entry of our own language: sorted keys, no blanks, UTF-8."""
    text = json.dumps(event, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _opened(socket: ChargerSocket, request: Request, choice: Choice) -> dict[str, object]:
    return {
        "event": OPENED,
        "subprotocol": choice.confirmed,
        "flaw": choice.flaw,
        "tls": socket.encrypted,
        **_request(socket, request),
    }


def _request(socket: ChargerSocket, request: Request) -> dict[str, object]:
    return {
        "path": logged_path(request.path),
        "remote": socket.remote,
        "headers": logged_headers(request.headers.raw_items()),
    }
