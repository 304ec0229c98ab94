"""Many verified CDRs in a few lines: what is at stake, with whom, and why.

Sums per currency, because euros and kroner do not add up. Knows no terminal.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from billing.verify.report import DIFFERS, ZERO, Group, Kind
from wattproof.pricing.dispute import LACKS, cause_of, rows
from wattproof.pricing.verify import Verified
from wattproof.refusals import RefusalError

_DIFFERS = {kind.value for kind in DIFFERS}
ROW_COLUMNS = (
    "row", "cdr", "partner", "start", "currency", "at_stake", "field", "side", "claimed",
    "computed", "difference", "kind", "cause", "message", "pointer",
)  # fmt: skip


@dataclass(slots=True)
class Summary:
    """Adds up as CDRs come; keeps only rows that differ, and one per CDR that was not checked.

    `advice`: what to give, by the cause of those that lacked it.
    """

    count: int = 0
    differing: list[dict[str, Any]] = field(default_factory=list)
    kinds: dict[Kind, int] = field(default_factory=dict)
    totals: dict[str, list[Decimal]] = field(default_factory=dict)
    causes: dict[tuple[str, str, str], list[Any]] = field(default_factory=dict)
    advice: dict[str, str] = field(default_factory=dict)
    unchecked: int = 0
    money_differs: int = 0

    def add(self, number: int, one: Verified | RefusalError) -> None:
        """Count one CDR; `number` is its place, such as its line."""
        self.count += 1
        if isinstance(one, RefusalError):
            self.unchecked += 1
            self.kinds[Kind.NOT_CHECKED] = self.kinds.get(Kind.NOT_CHECKED, 0) + 1
            self.differing += rows(number, one)
            cause = cause_of(one)
            if cause in LACKS.values():
                self.advice[cause] = f"{one.reason} – {one.advice}"
            self._cause("", cause, "", ZERO)
            return
        report = one.report
        self.kinds[one.kind] = self.kinds.get(one.kind, 0) + 1
        said = {"parts_not_total"} if _cause_of_money(one) == "total_alone" else set()
        self.differing += [
            row for row in rows(number, one) if row["kind"] in _DIFFERS and row["cause"] not in said
        ]
        if not report.money_checked and not report.money_differs:
            self.unchecked += 1
            why = next(check for check in report.checks if check.kind is Kind.NOT_CHECKED)
            found = [row for row in rows(number, one) if row["cause"] == why.cause]
            self.differing += found[:1]
            self._cause(one.partner, why.cause, report.currency, ZERO)
            return
        self._total(report.currency, report.claimed, report.computed or ZERO)
        self.money_differs += report.money_differs
        self._causes_of(one)

    def _causes_of(self, one: Verified) -> None:
        """The cause of the money, and each other thing that was found, once per CDR."""
        report = one.report
        money = _cause_of_money(one)
        if report.money_differs:
            self._cause(one.partner, money, report.currency, report.at_stake)
        others = dict.fromkeys(
            check.cause or check.field
            for check in report.differences
            if check.group is not Group.COST
            and check.cause != money
            and (check.cause, money) != ("parts_not_total", "total_alone")
        )
        for cause in others:
            self._cause(one.partner, cause, report.currency, ZERO)

    def _total(self, currency: str, claimed: Decimal, computed: Decimal) -> None:
        total = self.totals.setdefault(currency, [ZERO, ZERO])
        total[0] += claimed
        total[1] += computed

    def _cause(self, partner: str, cause: str, currency: str, at_stake: Decimal) -> None:
        found = self.causes.setdefault((partner, cause, currency), [0, ZERO])
        found[0] += 1
        found[1] += at_stake

    def by_stake(self) -> list[dict[str, Any]]:
        """The rows to work through: most money first, then in the order they came."""
        return sorted(self.differing, key=lambda row: (-abs(row["at_stake"] or ZERO), row["row"]))

    def by_cause(self) -> list[dict[str, Any]]:
        """Partner, cause, CDRs and money: most money first."""
        found = [
            {"partner": p, "cause": c, "cdrs": n, "at_stake": money, "currency": currency}
            for (p, c, currency), (n, money) in self.causes.items()
        ]
        return sorted(found, key=lambda row: (-abs(row["at_stake"]), -row["cdrs"], row["cause"]))

    def by_currency(self) -> Iterator[dict[str, Any]]:
        """Claimed, computed and at stake of all that could be computed."""
        for currency, (claimed, computed) in sorted(self.totals.items()):
            yield {
                "currency": currency,
                "claimed": claimed,
                "computed": computed,
                "at_stake": claimed - computed,
            }


def _cause_of_money(one: Verified) -> str:
    found = (check for check in one.report.differences if check.group is Group.COST)
    return next((check.cause for check in found), "")
