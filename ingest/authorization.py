"""Who may charge: a token's standing at an instant. Pure; it grants nothing by itself.

Order: a party's deny list, a token the operator blocked, a party's allow list, its expiry, and (by
policy `refuse_concurrent`) a charge of the same token elsewhere.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ingest.protocols.ocpp.tokens import normal_form
from ingest.view import View

CONCURRENT_WITHIN_NS = 24 * 3600 * 1_000_000_000
"""A transaction whose stop never came does not hold its token for longer than this."""


class Standing(StrEnum):
    """How a token stands."""

    ACCEPTED = "Accepted"
    BLOCKED = "Blocked"
    EXPIRED = "Expired"
    UNKNOWN = "Unknown"
    CONCURRENT = "ConcurrentTx"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A token's standing, its group ("" for none) and expiry (None: never)."""

    standing: Standing
    group_id: str = ""
    valid_until: datetime | None = None

    @property
    def accepted(self) -> bool:
        """Whether the driver may charge."""
        return self.standing is Standing.ACCEPTED


def authorize(
    view: View, id_token: str, now_ns: int, *, besides: tuple[str, str] = ("", "")
) -> Verdict:
    """The standing of a token as a charger read it, at UTC nanoseconds `now_ns`.

    `besides` is the (station, transaction) that is not counted as a charge elsewhere.
    """
    form = normal_form(id_token)
    if not form:
        free = view.policy("free_vend", default=False)
        return Verdict(Standing.ACCEPTED if free else Standing.UNKNOWN)
    listed = view.listed(form)
    row = view.token(form)
    if row is None:
        allowed = listed is not None and listed[1]
        denied = listed is not None and not listed[1]
        return Verdict(
            Standing.ACCEPTED if allowed else Standing.BLOCKED if denied else Standing.UNKNOWN
        )
    until = _instant(row["valid_until"])
    standing = Standing.ACCEPTED
    if not row["valid"] or (listed is not None and not listed[1]):
        standing = Standing.BLOCKED
    elif listed is None and until is not None and _ns(until) <= now_ns:
        standing = Standing.EXPIRED
    elif _busy(view, form, now_ns, besides):
        standing = Standing.CONCURRENT
    return Verdict(standing, row["group_id"], until)


def _busy(view: View, form: str, now_ns: int, besides: tuple[str, str]) -> bool:
    if not view.policy("refuse_concurrent", default=False):
        return False
    return any(
        now_ns - row["started_ns"] < CONCURRENT_WITHIN_NS
        and (row["station"], row["transaction"]) != besides
        for row in view.open_transactions(form)
    )


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000_000
