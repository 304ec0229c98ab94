"""One severity per rule, whoever finds it broken."""

import ast
from pathlib import Path

from billing.finding import Severity
from billing.rules import MEANINGS, SEVERITIES, severity
from ingest.protocols.ocpp.severity import SEVERITY

BILLING = Path(__file__).parents[3] / "billing"


def test_reading_and_folding_agree() -> None:
    shared = SEVERITIES.keys() & SEVERITY.keys()
    assert shared
    assert {rule: severity(rule) for rule in shared} == {rule: SEVERITY[rule] for rule in shared}


def test_what_holds_at_reading_holds_in_folding() -> None:
    holds = {rule for rule, found in SEVERITY.items() if found is Severity.HOLD}
    assert holds <= SEVERITIES.keys()


def test_every_rule_is_named_and_used() -> None:
    """No rule is noted that the table does not know, and the table knows none that is not noted."""
    noted = set()
    for path in BILLING.glob("*.py"):
        if path.stem == "rules":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and node.value in MEANINGS:
                noted.add(node.value)
    assert noted == set(MEANINGS) - SEVERITY.keys() | (noted & SEVERITY.keys())


def test_a_rule_has_one_severity() -> None:
    assert set(MEANINGS) <= set(SEVERITIES)
    assert severity("overlap") is Severity.HOLD
    assert severity("never heard of") is Severity.INFO
