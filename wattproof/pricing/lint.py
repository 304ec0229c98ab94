"""Lint tariffs: what is wrong or doubtful about each, before anybody is charged by it.

Knows texts, objects and the version they are in. Refuses to judge: `billing.lint` and
`ingest.protocols.ocpi.lint` do.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.lint import Finding, Severity
from ingest.protocols.ocpi import VERSIONS, Wire
from ingest.protocols.ocpi.guess import version_of
from ingest.protocols.ocpi.lint import lint as lint_object
from ingest.protocols.ocpi.published_text import PublishedText, read_text
from wattproof.pricing.reading import Policy, chosen, not_json
from wattproof.refusals import RefusalError


@dataclass(frozen=True, slots=True)
class Linted:
    """The findings about one tariff, the gravest first, with the version it was held against."""

    version: str
    id: str
    owner: str
    findings: tuple[Finding, ...]

    @property
    def worst(self) -> Severity | None:
        """The gravest severity found; None where nothing was."""
        return self.findings[0].severity if self.findings else None


def lint(
    tariff: Wire | str | bytes,
    version: str | None = None,
    *,
    policy: Policy = None,
    now: datetime | None = None,
) -> list[Finding]:
    """Every finding about an OCPI Tariff: JSON text, or a dict with Decimal or int numbers.

    `version` is told by the object's fields where it is None. `policy` decides open questions by
    name; `now` (UTC) is when validity is judged, None: never over. Only text shows fields that
    stand twice. No JSON raises; RefusalError for a version or a policy that does not exist.
    """
    return list(linted(tariff, version, policy=policy, now=now).findings)


def linted(
    tariff: Wire | str | bytes | PublishedText,
    version: str | None = None,
    *,
    policy: Policy = None,
    now: datetime | None = None,
) -> Linted:
    """The same, with the tariff's id, owner and version."""
    if version and version not in VERSIONS:
        raise RefusalError(f"OCPI {version} is not spoken here", f"one of {', '.join(VERSIONS)} is")
    decided = chosen(policy)
    try:
        published = _published(tariff)
    except ValueError as error:
        return Linted(version or "", "", "", (_no_tariff(error),))
    wire = published.value
    held = version or version_of(wire, "Tariff")
    found = lint_object(held, published, policy=decided, now=now)
    owner = "-".join(part for name in ("country_code", "party_id") if (part := _text(wire, name)))
    return Linted(held, _text(wire, "id"), owner, found)


def lint_many(
    tariffs: Iterable[Wire | str | bytes | PublishedText],
    version: str | None = None,
    *,
    policy: Policy = None,
    now: datetime | None = None,
) -> Iterator[Linted]:
    """Each tariff's findings, one tariff after the other."""
    decided = chosen(policy)
    return (linted(tariff, version, policy=decided, now=now) for tariff in tariffs)


def as_rows(found: Linted, least: Severity = Severity.INFO) -> list[dict[str, str]]:
    """The findings at least as grave as `least`, each as text by name."""
    order = list(Severity)
    return [
        {
            "severity": one.severity.value,
            "code": one.code,
            "pointer": one.pointer,
            "message": one.message,
            "suggestion": one.suggestion,
        }
        for one in found.findings
        if order.index(one.severity) <= order.index(least)
    ]


def _no_tariff(error: ValueError) -> Finding:
    """The finding about a text that is no JSON."""
    return Finding("not_json", "", not_json(error), "give an OCPI Tariff as JSON")


def _published(tariff: Wire | str | bytes | PublishedText) -> PublishedText:
    if isinstance(tariff, PublishedText):
        return tariff
    return read_text(tariff) if isinstance(tariff, str | bytes) else PublishedText(tariff)


def _text(wire: Any, name: str) -> str:  # noqa: ANN401 - JSON is any
    value = wire.get(name) if isinstance(wire, dict) else None
    return str(value)[:60] if isinstance(value, str | int) else ""
