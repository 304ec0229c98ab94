"""Pagination: what a list request asks for, and the headers that lead to the next page.

The Link carries every filter and a cursor: the place reached in creation order, and the upper
bound taken at the first page. So an object that is added or changed during a crawl makes no page
skip or repeat another. OCPI 2.2.1 transport_and_format, Pagination.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import orjson

from api.envelope import OCPIRefusalError
from ingest.protocols.ocpi.wire import instant, parse_instant

Place = tuple[int, str]
"""Where an object stands in creation order: (UTC microseconds, id)."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A list request. `after` and `upto` come from a cursor and bound the creation order."""

    date_from: datetime | None
    date_to: datetime | None
    offset: int
    limit: int
    cap: int
    after: Place | None = None
    upto: Place | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """JSON texts of one page, in creation order; `more` where others follow after `last`.

    `total` counts what matches the filters; `upto` is the newest place there was.
    """

    texts: list[str]
    total: int
    last: Place | None
    more: bool
    upto: Place | None


def read_query(parameters: Mapping[str, str], cap: int) -> ListQuery:
    """The list request; raises OCPIRefusalError 2001. Unknown parameters are ignored."""
    after, upto = _read_cursor(parameters.get("cursor", ""))
    limit = _whole(parameters, "limit", cap, least=1)
    return ListQuery(
        date_from=_date(parameters, "date_from"),
        date_to=_date(parameters, "date_to"),
        offset=_whole(parameters, "offset", 0, least=0),
        limit=min(limit, cap),
        cap=cap,
        after=after,
        upto=upto,
    )


def headers(query: ListQuery, page: Page, url: str) -> dict[str, str]:
    """X-Total-Count, X-Limit (the cap) and, unless this is the last page, Link."""
    found = {"X-Total-Count": str(page.total), "X-Limit": str(query.cap)}
    if page.more and page.last is not None:
        following = {
            "date_from": query.date_from and instant(query.date_from),
            "date_to": query.date_to and instant(query.date_to),
            "offset": str(query.offset + len(page.texts)),
            "limit": str(query.limit),
            "cursor": _write_cursor(page.last, page.upto or page.last),
        }
        given = {name: value for name, value in following.items() if value is not None}
        found["Link"] = f'<{url}?{urlencode(given)}>; rel="next"'
    return found


def _write_cursor(after: Place, upto: Place) -> str:
    return urlsafe_b64encode(orjson.dumps([*after, *upto])).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[Place | None, Place | None]:
    if not text:
        return None, None
    try:
        parts = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        after, upto = (int(parts[0]), str(parts[1])), (int(parts[2]), str(parts[3]))
    except (binascii.Error, ValueError, TypeError, LookupError):
        raise OCPIRefusalError(200, 2001, "cursor: follow the Link as it was given") from None
    return after, upto


def _whole(parameters: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = parameters.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) < 16) or int(text) < least:
        raise OCPIRefusalError(
            200, 2001, f"{name}: expected a whole number from {least} on, got {text[:40]!r}"
        )
    return int(text)


def _date(parameters: Mapping[str, str], name: str) -> datetime | None:
    text = parameters.get(name, "")
    if not text:
        return None
    at = parse_instant(text.replace(" ", "+"))
    if at is None:
        expected = "an instant such as 2026-10-01T00:00:00Z"
        raise OCPIRefusalError(200, 2001, f"{name}: expected {expected}, got {text[:40]!r}")
    return at
