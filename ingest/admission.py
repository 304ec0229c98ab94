"""Who may connect: passwords checked once, remembered by a keyed hash, guessed at slowly.

The limiter holds back a guesser without locking out the station he guesses at: only the pair of
identity and address, and the address as a whole, are made to wait.
"""

import asyncio
import hashlib
import hmac
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus

from ingest.handshake import read_basic
from warehouse.registry import Row
from warehouse.registry.passwords import NOBODY, verify_password

FREE_FAILURES = 5
"""Failures of one identity from one address before it has to wait."""
FREE_FAILURES_OF_ADDRESS = 100
"""Failures from one address: a site's chargers may share it."""
LONGEST_WAIT_S = 300
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """HTTP status of the handshake (101: come in), why, and how long to stay away (s)."""

    status: HTTPStatus
    reason: str = ""
    retry_after_s: int = 0

    @property
    def admitted(self) -> bool:
        """Whether the station may connect."""
        return self.status is HTTPStatus.SWITCHING_PROTOCOLS


ADMITTED = Verdict(HTTPStatus.SWITCHING_PROTOCOLS)


class Limiter:
    """Counts failures and says how long to wait; time in seconds is given by the caller."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}

    def wait_s(self, identity: str, address: str, now: float) -> int:
        """Seconds until this identity may try again from this address; 0: now."""
        pair = self._until((identity, address), FREE_FAILURES)
        whole = self._until(("", address), FREE_FAILURES_OF_ADDRESS)
        return max(0, -int(-(max(pair, whole) - now) // 1))

    def failed(self, identity: str, address: str, now: float) -> None:
        """One more failure."""
        for key in ((identity, address), ("", address)):
            count, _ = self._failures.pop(key, (0, 0.0))
            self._failures[key] = (count + 1, now)
        while len(self._failures) > REMEMBERED:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, identity: str, address: str) -> None:
        """The right password forgives what went before."""
        self._failures.pop((identity, address), None)

    def _until(self, key: tuple[str, str], free: int) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        over = count - free
        return last + min(LONGEST_WAIT_S, 2.0 ** min(over, 20)) if over >= 0 else 0.0


class Gate:
    """Checks Basic credentials of stations against their registered hash."""

    def __init__(self, threads: ThreadPoolExecutor, *, accept_unknown: bool) -> None:
        self._threads = threads
        self._accept_unknown = accept_unknown
        self._limiter = Limiter()
        self._key = os.urandom(32)
        self._verified: dict[str, bytes] = {}

    async def judge(self, station: Row | None, identity: str, header: str, address: str) -> Verdict:
        """Whether `identity`, coming from `address` with this Authorization header, may connect.

        Unknown and wrong cost the same time. An unknown station is let in only where the operator
        said so. One that was added without a password needs none.
        """
        if station is not None and _came_unasked(station) and not self._accept_unknown:
            station = None
        hashed = "" if station is None else str(station["password_hash"])
        if not hashed and (station is not None or self._accept_unknown):
            return self._standing(station)
        credentials = read_basic(header)
        password = credentials[1] if credentials and credentials[0] == identity else b""
        if self._is_verified(identity, password, hashed):
            return self._standing(station)
        return await self._check(station, identity, password, address)

    async def _check(
        self, station: Row | None, identity: str, password: bytes, address: str
    ) -> Verdict:
        loop = asyncio.get_running_loop()
        wait_s = self._limiter.wait_s(identity, address, loop.time())
        if wait_s:
            return Verdict(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong passwords", wait_s)
        hashed = NOBODY if station is None else str(station["password_hash"])
        right = await loop.run_in_executor(self._threads, verify_password, password, hashed)
        if right and station is not None and password:
            self._limiter.succeeded(identity, address)
            self._verified[identity] = self._digest(password, hashed)
            return self._standing(station)
        self._limiter.failed(identity, address, loop.time())
        if station is None:
            return Verdict(HTTPStatus.NOT_FOUND, "unknown station")
        return Verdict(HTTPStatus.UNAUTHORIZED, "wrong or missing password")

    def _standing(self, station: Row | None) -> Verdict:
        if station is not None and station["status"] == "blocked":
            return Verdict(HTTPStatus.FORBIDDEN, "station is blocked")
        return ADMITTED

    def _is_verified(self, identity: str, password: bytes, hashed: str) -> bool:
        known = self._verified.get(identity)
        return known is not None and hmac.compare_digest(known, self._digest(password, hashed))

    def _digest(self, password: bytes, hashed: str) -> bytes:
        return hmac.digest(self._key, hashed.encode() + b"\0" + password, hashlib.sha256)


def _came_unasked(station: Row) -> bool:
    """A station that was let in as pending and that no operator has added since."""
    return bool(station["status"] == "pending" and not station["location_id"])
