"""What is wrong or doubtful about a tariff, before anybody is charged by it.

`lint` runs every rule over a tariff; the rules live one family to a file, their codes in `codes`.
Knows the domain's tariff only: what just the published object shows is found by
`ingest.protocols.ocpi.lint`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import localcontext

from billing.lint.bounds import bounds
from billing.lint.codes import CODES, Code, Severity
from billing.lint.finding import Finding
from billing.lint.gaps import gaps
from billing.lint.party import party
from billing.lint.prices import prices
from billing.lint.prose import prose
from billing.lint.reach import reach
from billing.lint.steps import steps
from billing.lint.subject import Subject
from billing.lint.tax import tax
from billing.lint.validity import validity
from billing.money import EXACT
from billing.policy import DEFAULT_POLICY, PricingPolicy
from billing.tariff import Tariff

__all__ = ["CODES", "Code", "Finding", "Severity", "lint"]

_RULES: tuple[Callable[[Subject], Iterator[Finding]], ...] = (
    party, reach, gaps, bounds, validity, steps, prices, tax, prose,
)  # fmt: skip


def lint(
    tariff: Tariff,
    *,
    doubts: frozenset[str] = frozenset(),
    policy: PricingPolicy = DEFAULT_POLICY,
    now: datetime | None = None,
) -> tuple[Finding, ...]:
    """Every finding about the tariff, rule by rule; nothing is raised.

    `doubts` are JSON pointers of what could not be read: nothing is concluded from there. `policy`
    decides what OCPI leaves open, `now` (UTC) whether something is over (None: never).
    """
    with localcontext(EXACT):
        subject = Subject(tariff, doubts, policy, now)
        return tuple(finding for rule in _RULES for finding in rule(subject))
