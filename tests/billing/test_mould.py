"""What a mould casts has the defaults of its class, and nothing in common with another value."""

from dataclasses import dataclass, field

from billing.mould import mould
from billing.tariff import TariffElement


@dataclass(frozen=True, slots=True)
class Basket:
    kind: str
    value: int = 0
    eggs: list[str] = field(default_factory=list)


def test_a_default_that_is_made_is_made_each_time() -> None:
    cast = mould(Basket)
    first, second = cast("of wicker"), cast(kind="of wire", value=3)
    assert (first, second) == (Basket("of wicker"), Basket("of wire", 3))
    assert first.eggs is not second.eggs
    assert cast("of straw", eggs=first.eggs).eggs is first.eggs


def test_a_default_that_is_a_value_of_another_class() -> None:
    assert mould(TariffElement)(()) == TariffElement(())
