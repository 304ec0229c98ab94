"""The operator's words for re-rating: what is corrected, for which sessions, and why.

`session.rerate` of `ingest.protocols.actions`; read and written side by side. What a correction
means stands in `billing.rerate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from billing.rerate import Selection
from billing.terms import CHOICES, Decisions, is_decision
from ingest.protocols.fields import ActionError, Fields, instant_text

OCPI_VERSIONS = ("2.1.1", "2.2.1", "2.3.0")
NAME = "session.rerate"
_LONGEST_REASON = 255
_LISTS = ("parties", "stations", "locations", "sessions", "tariff_ids")


@dataclass(frozen=True, slots=True)
class SessionRerate:
    """Sessions are priced again: by a tariff in place of the one of its id (an OCPI object with its
    numbers as int and Decimal), by a tariff chosen anew, by other answers to open questions; and
    what was rejected is tried again. The reason stands on each new CDR.
    """

    reason: str
    selection: Selection = field(default_factory=Selection)
    ocpi_version: str = ""
    tariff: Mapping[str, Any] | None = None
    choose_tariff: bool = False
    decisions: Decisions = field(default_factory=dict)
    rejected: bool = False


def tariff_object(fields: Fields) -> dict[str, Any]:
    """A tariff as it was published, with what no tariff can do without. Raises `ActionError`."""
    tariff = fields.raw_object("tariff")
    for name in ("id", "currency", "elements"):
        if name not in tariff:
            raise ActionError(f"tariff.{name}: expected, but missing (OCPI Tariff object)")
    currency = tariff["currency"]
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isupper()):
        raise ActionError(f"tariff.currency: expected ISO 4217, such as EUR, got {currency!r}")
    return tariff


def read_rerate(fields: Fields, _at: datetime | None) -> SessionRerate:
    """The action from its JSON fields. Raises `ActionError`."""
    version = fields.text("ocpi_version", among=("", *OCPI_VERSIONS), default="")
    sessions = fields.nested("sessions", optional=True)
    answers = fields.nested("policies", optional=True)
    action = SessionRerate(
        reason=fields.text("reason", limit=_LONGEST_REASON),
        selection=Selection() if sessions is None else _read_selection(sessions),
        ocpi_version=version,
        tariff=tariff_object(fields) if version else None,
        choose_tariff=fields.yes("choose_tariff"),
        decisions={} if answers is None else _read_decisions(answers),
        rejected=fields.yes("rejected"),
    )
    if not (version or action.choose_tariff or action.decisions or action.rejected):
        raise ActionError(f"{NAME}: expected a tariff, choose_tariff, policies or rejected")
    return action


def _read_selection(fields: Fields) -> Selection:
    start_from = fields.instant("from", optional=True)
    start_before = fields.instant("to", optional=True)
    if start_from and start_before and start_from >= start_before:
        raise ActionError("sessions.to: expected an instant after sessions.from")
    lists = {name: frozenset(fields.texts(name)) for name in _LISTS}
    fields.finish()
    return Selection(start_from, start_before, **lists)


def _read_decisions(fields: Fields) -> Decisions:
    found: dict[str, str] = {}
    for name, answer in fields.rest().items():
        if not is_decision(name, answer):
            choices = " ".join(CHOICES.get(name, ())) or "a policy of pricing"
            raise ActionError(f"policies.{name}: expected one of {choices}, got {answer!r}")
        found[name] = answer
    return found


def write_rerate(action: SessionRerate) -> tuple[str, dict[str, Any]]:
    """Name and JSON fields of the action."""
    chosen = action.selection
    sessions: dict[str, Any] = {name: sorted(getattr(chosen, name)) for name in _LISTS}
    sessions |= {
        "from": instant_text(chosen.start_from),
        "to": instant_text(chosen.start_before),
    }
    body: dict[str, Any] = {
        "reason": action.reason,
        "sessions": {name: value for name, value in sessions.items() if value},
        "ocpi_version": action.ocpi_version,
        "tariff": None if action.tariff is None else dict(action.tariff),
        "choose_tariff": action.choose_tariff or None,
        "policies": dict(action.decisions) or None,
        "rejected": action.rejected or None,
    }
    return NAME, body
