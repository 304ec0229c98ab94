"""Which price a claim implies where no reading gives it: as if a kWh had cost 0.62, not 0.59.

An implied price explains nothing by itself, but says where to look: in somebody's price list.
"""

from collections.abc import Sequence
from decimal import Decimal

from billing.money import minor_unit, round_to
from billing.receipt import Line, Receipt
from billing.tariff import Dimension
from billing.verify.reckoning import PARTS, TOTAL, ZERO
from billing.verify.report import Explanation, Kind

OTHER_PRICE = "other_price"
_GRAINS = tuple(Decimal(1).scaleb(-digits) for digits in (2, 3, 4))
_UNITS = {Dimension.ENERGY: " per kWh", Dimension.FLAT: ""}


def implied(receipt: Receipt, field: str, before_tax: Decimal) -> Explanation | None:
    """The price that gives the claim before tax, where all lines of the field have one price.

    None where there are several, where prices include tax, or where none of four decimals does.
    """
    lines = _lines(receipt, field)
    billed = sum([line.billed for line in lines], ZERO)
    if len({(line.dimension, line.price) for line in lines}) != 1 or not billed:
        return None
    price, unit = lines[0].price, minor_unit(receipt.currency)
    if abs(sum([line.net for line in lines], ZERO) - price * billed) > unit / 2:
        return None
    for grain in _GRAINS:
        other = round_to(before_tax / billed, grain)
        if other != price and abs(other * billed - before_tax) <= unit / 2:
            name = lines[0].dimension
            per = _UNITS.get(name, " per hour")
            text = f"as if {name} cost {price_text(other)}{per}, not {price_text(price)}"
            return Explanation(Kind.UNEXPLAINED, OTHER_PRICE, text)
    return None


def price_text(price: Decimal) -> str:
    """A price with two decimals or more."""
    whole, _, decimals = f"{price:f}".partition(".")
    return f"{whole}.{decimals:0<2}"


def _lines(receipt: Receipt, field: str) -> Sequence[Line]:
    if field == TOTAL:
        return receipt.lines
    return [line for line in receipt.lines if line.group is PARTS[field]]
