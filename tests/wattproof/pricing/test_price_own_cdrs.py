"""What we billed is what a partner who prices our CDR comes to: the same total, in every version.

Where they part, a note says why: four decimals of an hour may begin another block.
"""

import pytest

from billing.cdr import CDR, credit, derive
from billing.tariff import TaxIncluded
from ingest.protocols.ocpi import dumps, write_cdr
from tests.billing.cdr.samples import context, session
from tests.billing.pricing.samples import TABLE, at
from tests.wattproof.pricing.samples import VERSIONS, ZONE
from wattproof.pricing import price

SESSION = session(
    "2026-10-05T20:40",
    "2026-10-05T23:40",
    readings={f"2026-10-05T{20 + n // 60}:{n % 60:02}": str(n * 100) for n in range(45, 180, 5)},
    parked_from="2026-10-05T23:01",
)


def billed(name: str) -> CDR:
    cdr = derive(SESSION, context(name))
    assert isinstance(cdr, CDR), cdr
    return cdr


def says_it_all(version: str, cdr: CDR) -> bool:
    """2.1.1 has no limit and tax; a price without tax is no price before tax in 2.2.1."""
    (tariff,) = cdr.tariffs
    if version == "2.3.0":
        return True
    if tariff.tax_included is TaxIncluded.NOT_APPLICABLE:
        return False
    return version == "2.2.1" or not (tariff.min_price or tariff.max_price)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", TABLE)
def test_our_own_cdr_prices_as_it_was_billed(name: str, version: str) -> None:
    own = billed(name)
    if not says_it_all(version, own):
        pytest.skip(f"OCPI {version} cannot say this tariff")
    found = price(dumps(write_cdr(version, own)), time_zone=ZONE)
    assert "periods_disagree_with_stamps" not in {note.code for note in found.notes}
    if "step_flip_by_rounding" in {note.code for note in found.notes}:
        assert found.total.net >= own.total_cost.net, "at most one block more"
        return
    assert found.total.net == own.total_cost.net
    if version != "2.1.1":
        assert found.total.gross == own.total_cost.gross


@pytest.mark.parametrize("version", VERSIONS)
def test_our_own_credit_prices_as_it_was_credited(version: str) -> None:
    own = credit(billed("energy"), at("2026-10-07T12:00"))
    found = price(dumps(write_cdr(version, own)), time_zone=ZONE)
    assert found.cdr.credit
    assert found.total.net == own.total_cost.net < 0
