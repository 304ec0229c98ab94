"""Two engines price: what one refuses the other refuses, or has a reason to reckon alone."""

from dataclasses import replace
from decimal import Decimal

import pytest

import pipelines.pricing
from billing.bulk import Sheet
from billing.bulk.priced import Priced
from billing.cdr import CDR, Ready, Rejection, ready
from billing.tariff import Tariff
from pipelines.pricing import Engine, priced
from tests.billing.cdr.samples import context, session
from tests.billing.pricing.samples import tariff_of

USUAL, CLEAR = context(), tariff_of([["ENERGY 0.30 vat 21"]])
WIDE = tariff_of([["ENERGY 1E+40"]])
ENDLESS = tariff_of([["ENERGY 1E+999999"]])


def found(*, wh: str = "20000", tariff: Tariff = CLEAR) -> Ready:
    made = ready(session(energy=wh), replace(USUAL, tariff=tariff))
    assert isinstance(made, Ready)
    return made


@pytest.mark.parametrize("engine", ["bulk", "single"])
def test_each_is_priced_or_refused_in_its_place(engine: Engine) -> None:
    endlessr = Rejection("S", 1, "token_unknown", "nobody")
    given: list[Ready | Rejection] = [
        found(),
        endlessr,
        found(tariff=ENDLESS),
        found(tariff=WIDE),
        found(wh="1"),
    ]
    first, same, endless, wide, last = priced(given, engine)
    assert isinstance(first, CDR)
    assert first.receipt.total.net == Decimal("6.00")
    assert same is endlessr
    assert isinstance(endless, Rejection)
    assert endless.rule == "not_priceable"
    assert isinstance(wide, CDR)
    assert wide.receipt.exact_total.net == Decimal("2E+41")
    assert isinstance(last, CDR)


def test_a_quantity_no_column_holds_is_reckoned_by_the_other_engine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    numbers = [found(tariff=WIDE), found()]
    assert priced(numbers, "bulk") == priced(numbers, "single")
    (said,) = caplog.messages
    assert "is reckoned by one engine only: a tariff's price is beyond any session" in said


def test_what_only_one_engine_refuses_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(_: Sheet) -> Priced:
        raise ValueError("a fault of the columns")

    monkeypatch.setattr(pipelines.pricing, "price_all", faulty)
    with pytest.raises(AssertionError, match="priced by one engine only: a fault of the columns"):
        priced([found()], "bulk")
