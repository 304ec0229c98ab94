"""Money on the wire in three shapes: bare number, `{excl_vat, incl_vat?}`, `{before_taxes …}`.

2.1.1 says a number before tax. 2.2.1 adds the price after tax, of no stated rate; its absence means
that no VAT applies. 2.3.0 lists taxes. Peers send an older shape on a newer version: read by shape.
Converters never invent a tax: one whose rate is not said has the rate None.
"""

from decimal import Decimal

from billing.receipt import Amount
from billing.tariff import PriceLimit
from ingest.protocols.ocpi.reader import Reader
from ingest.protocols.ocpi.wire import Wire, number, plain, present

TAX_NAME = "VAT"


def read_price(parent: Reader, name: str, version: str) -> Amount | None:
    """A price field of any shape, None where absent; another version's shape is noted."""
    if not parent.has(name):
        return None
    shape = _shape(parent.fields[name])
    if shape != version:
        parent.note("price_shape", name, f"a price in the shape of OCPI {shape}")
    if shape == "2.1.1":
        return Amount(parent.number(name))
    wire = parent.required_nested(name)
    if shape == "2.2.1":
        net, gross = wire.number("excl_vat"), wire.number_or_none("incl_vat")
        return Amount(net, () if gross is None else ((None, gross - net),))
    taxes = ((t.number_or_none("percentage"), t.number("amount")) for t in wire.objects("taxes"))
    return Amount(wire.number("before_taxes"), tuple(taxes))


def write_price(amount: Amount, version: str) -> Wire | Decimal:
    """The shape of `version`. 2.1.1 loses the taxes, 2.2.1 sums them into incl_vat."""
    if version == "2.1.1":
        return number(amount.net)
    if version == "2.2.1":
        gross = number(amount.gross) if amount.taxes else None
        return present({"excl_vat": number(amount.net), "incl_vat": gross})
    taxes = [
        present({"name": TAX_NAME, "percentage": _plain(rate), "amount": number(tax)})
        for rate, tax in amount.taxes
    ]
    return present({"before_taxes": number(amount.net), "taxes": taxes})


def read_limit(tariff: Reader, name: str, version: str) -> PriceLimit | None:
    """min_price or max_price: before tax, and after tax where stated."""
    if not tariff.has(name):
        return None
    shape = _shape(tariff.fields[name])
    if shape != version:
        tariff.note("price_shape", name, f"a price in the shape of OCPI {shape}")
    if shape == "2.1.1":
        return PriceLimit(tariff.number(name))
    wire = tariff.required_nested(name)
    before, after = _LIMIT_FIELDS[shape]
    return PriceLimit(wire.number(before), wire.number_or_none(after))


def write_limit(limit: PriceLimit | None, version: str) -> Wire | None:
    """A limit as published, digit for digit; 2.1.1 has none."""
    if limit is None or version == "2.1.1":
        return None
    before, after = _LIMIT_FIELDS[version]
    return present({before: plain(limit.before_tax), after: _plain(limit.after_tax)})


_LIMIT_FIELDS = {"2.2.1": ("excl_vat", "incl_vat"), "2.3.0": ("before_taxes", "after_taxes")}


def _shape(value: object) -> str:
    """The version a price looks like; an object without known fields is taken as 2.3.0's."""
    if not isinstance(value, dict):
        return "2.1.1"
    return "2.2.1" if "excl_vat" in value else "2.3.0"


def _plain(value: Decimal | None) -> Decimal | None:
    return None if value is None else plain(value)
