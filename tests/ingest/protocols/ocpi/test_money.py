"""Part costs as written: they sum to the total, on its unit, and none comes of nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.receipt import Amount, CostGroup, Receipt
from ingest.protocols.ocpi.money import apportion, costs
from ingest.protocols.ocpi.wire import GRAIN

D = Decimal
CENT = D("0.01")


def receipt(currency: str, total: str, **parts: str) -> Receipt:
    return Receipt(
        currency=currency,
        lines=(),
        exact_total=Amount(sum(map(D, parts.values()), D(0))),
        total=Amount(D(total)),
        totals=tuple((CostGroup(name), Amount(D(net))) for name, net in parts.items()),
        notes=(),
        policies=(),
    )


@pytest.mark.parametrize(
    ("currency", "total", "parts", "written"),
    [
        ("JPY", "272", {"fixed": "0", "energy": "243.309", "time": "7.3073", "parking": "21.8183"},
         {"fixed": "0", "energy": "243", "time": "7", "parking": "22"}),
        ("JPY", "15", {"energy": "10.01", "time": "5", "fixed": "0"},
         {"energy": "10", "time": "5", "fixed": "0"}),
        ("JPY", "272.4346", {"energy": "243.309", "time": "29.1256"},
         {"energy": "243.309", "time": "29.1256"}),
        ("EUR", "10.00", {"fixed": "0", "energy": "5.02", "time": "5.01", "parking": "0.01",
                          "reservation": "0"},
         {"fixed": "0", "energy": "5.01", "time": "4.99", "parking": "0", "reservation": "0"}),
        ("KWD", "1.235", {"energy": "1.0005", "time": "0.2341"},
         {"energy": "1.001", "time": "0.234"}),
    ],
)  # fmt: skip
def test_parts_stand_on_the_unit_of_the_total(
    currency: str, total: str, parts: dict[str, str], written: dict[str, str]
) -> None:
    found = costs(receipt(currency, total, **parts)).parts
    assert {group.value: amount.net for group, amount in found.items()} == {
        name: D(net) for name, net in written.items()
    }


@given(
    st.lists(st.decimals("0", "50", places=6), min_size=1, max_size=6),
    st.sampled_from([CENT, D(1), D("0.05")]),
    st.sampled_from([CENT, D(1), GRAIN]),
)
def test_nothing_falls_below_zero_and_nothing_comes_of_nothing(
    exact: list[Decimal], unit: Decimal, grain: Decimal
) -> None:
    total = (sum(exact, D(0)) / unit).quantize(D(1)) * unit
    if total % grain:
        return
    found = apportion(total, exact, grain)
    assert all(one >= 0 for one in found)
    assert (
        all(one == 0 for one, own in zip(found, exact, strict=True) if not own) or len(exact) == 1
    )
    assert sum(found) == total or abs(total - sum(exact)) >= grain or unit > grain
