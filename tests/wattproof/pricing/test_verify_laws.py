"""Whatever a CDR says, it is judged field by field or refused in a line; whatever is claimed, the
sum says what is at stake.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.verify.report import Kind
from ingest.protocols.ocpi import dumps, loads
from tests.wattproof.pricing.samples import VERSIONS, ZONE, evening
from tests.wattproof.pricing.test_price_laws import JUNK, changed, paths
from wattproof.pricing import Terms, report_json, verify
from wattproof.pricing.generate import Charge, generate
from wattproof.pricing.summary import Summary
from wattproof.refusals import RefusalError

D = Decimal
SHAPES = Path(__file__).parents[3] / ".." / "shared" / "data" / "ocpi_tariff_shapes_nl.jsonl"
SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(st.sampled_from(VERSIONS), st.data())
def test_a_damaged_cdr_is_judged_or_refused(version: str, data: st.DataObject) -> None:
    wire = evening(version)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(paths(wire)))
        wire = changed(wire, path, data.draw(JUNK), drop=data.draw(st.booleans()))
    summary = Summary()
    try:
        found = verify(wire, Terms(time_zone=ZONE))
    except RefusalError as refusal:
        summary.add(1, refusal)
        assert summary.unchecked == 1
        return
    report = found.report
    loads(dumps(report_json(found)))
    summary.add(1, found)
    assert report.money_checked or any(one.kind is Kind.NOT_CHECKED for one in report.checks)
    for one in report.checks:
        assert found.pointer(one).startswith("/")
        assert one.message or not one.differs
        if one.kind is Kind.EXACT and one.difference is not None:
            assert one.difference == 0


@SLOW
@given(st.decimals(-50, 50, places=2), st.decimals(-50, 50, places=2))
def test_what_is_claimed_is_judged_by_how_far_off_it_is(net: Decimal, tax: Decimal) -> None:
    wire = evening(total_cost={"excl_vat": D("8.93") + net, "incl_vat": D("10.80") + net + tax})
    wire["total_energy"] = D("15.533")
    report = verify(wire, Terms(time_zone=ZONE)).report
    assert report.computed in {D("8.93"), D("10.80")}
    near = abs(net) < D("0.04") and abs(net + tax) < D("0.08")
    if not near:
        assert report.money_differs
    if not net and not tax:
        assert not report.differences
    assert report.at_stake == (net + tax or net)


def shapes() -> list[Any]:
    if not SHAPES.exists():
        skip = pytest.mark.skip(reason=f"{SHAPES.name} is not beside this checkout")
        return [pytest.param({}, marks=skip, id="absent")]
    lines = SHAPES.read_text().splitlines()
    return [pytest.param(loads(line)["example"], id=str(n)) for n, line in enumerate(lines)]


@pytest.mark.parametrize("example", shapes())
def test_every_tariff_in_use_makes_a_cdr_that_is_right(example: dict[str, Any]) -> None:
    charge = Charge("2026-06-06T09:50", D("26.7"), D(11))
    made = generate(example, charge, time_zone=ZONE)
    assert not verify(made.wire, Terms(time_zone=ZONE)).report.differences
