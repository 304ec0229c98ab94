"""A price as JSON, in the shape of the CDR's own OCPI version, numbers with all their digits.

Knows 2.1.1's bare numbers, 2.2.1's `{excl_vat, incl_vat?}` and 2.3.0's `{before_taxes, taxes}`:
where no VAT applies there is no incl_vat, and no tax in the list.
Refuses to reckon. Beside every rounded cost stands the exact one. 2.1.1 has no part costs: they are
given all the same, in its shape.
"""

from collections.abc import Callable
from decimal import Decimal

from billing.explain.bearing import Bearings
from billing.money import EXACT
from billing.policy import DEFAULT_POLICY
from billing.receipt import Amount, CostGroup, Line
from ingest.protocols.ocpi import Note, Wire
from ingest.protocols.ocpi.wire import instant, number
from wattproof.pricing.price import Priced

PARTS = {
    "total_fixed_cost": CostGroup.FIXED,
    "total_energy_cost": CostGroup.ENERGY,
    "total_time_cost": CostGroup.TIME,
    "total_parking_cost": CostGroup.PARKING,
    "total_reservation_cost": CostGroup.RESERVATION,
}


def as_json(priced: Priced) -> Wire:
    """Everything there is to say about a price. Energy in kWh, time in hours, as OCPI has them.

    `total_*` are rounded as the policy says and to OCPI's four decimals; `exact` holds the same to
    1E-12. Print it with `ingest.protocols.ocpi.dumps`, which writes numbers as numbers.
    """
    cdr, parts = priced.cdr, {name: priced.part(group) for name, group in PARTS.items()}
    shape = _shapes(priced.version)
    exact = {"total_cost": priced.exact_total} | {name: both[1] for name, both in parts.items()}
    return {
        "id": cdr.id,
        "version": priced.version,
        "time_zone": priced.zone.key,
        "currency": cdr.currency,
        "credit": cdr.credit,
        "total_cost": shape(priced.total),
        **{name: shape(both[0]) for name, both in parts.items()},
        "total_energy": number(cdr.total_energy_kwh),
        "total_time": number(cdr.total_time_h),
        "total_parking_time": number(cdr.total_parking_time_h),
        "exact": {
            **{name: shape(amount) for name, amount in exact.items()},
            "total_energy": digits(cdr.total_energy_kwh),
            "total_time": digits(cdr.total_time_h),
            "total_parking_time": digits(cdr.total_parking_time_h),
        },
        "lines": _lines(priced),
        "notes": [_note(note) for note in priced.notes],
        "policies": [
            {"name": name, "value": value, "default": default, "is_default": value == default}
            for name, value in priced.receipt.policies
            for default in [getattr(DEFAULT_POLICY, name)]
        ],
    }


def digits(value: Decimal) -> Decimal:
    """The same number without trailing zeros."""
    return value.normalize(EXACT) or Decimal(0)


def _shapes(version: str) -> Callable[[Amount], Wire | Decimal]:
    shapes: dict[str, Callable[[Amount], Wire | Decimal]] = {"2.1.1": _bare, "2.2.1": _with_vat}
    return shapes.get(version, _with_taxes)


def _bare(amount: Amount) -> Decimal:
    return digits(amount.net)


def _with_vat(amount: Amount) -> Wire:
    net = {"excl_vat": digits(amount.net)}
    return net | ({"incl_vat": digits(amount.gross)} if amount.taxes else {})


def _with_taxes(amount: Amount) -> Wire:
    taxes = [
        {"name": "VAT"}
        | ({} if rate is None else {"percentage": digits(rate)})
        | {"amount": digits(tax)}
        for rate, tax in amount.taxes
    ]
    return {"before_taxes": digits(amount.net), "taxes": taxes}


def _lines(priced: Priced) -> list[Wire]:
    cdr = priced.cdr
    bearings = Bearings(priced.receipt, cdr.tariffs, cdr.periods, priced.zone)
    places = {tariff.id: at for at, tariff in reversed(list(enumerate(cdr.tariffs)))}
    return [_line(priced, line, bearings, places[line.tariff_id]) for line in priced.receipt.lines]


def _line(priced: Priced, line: Line, bearings: Bearings, place: int) -> Wire:
    """Every field of a receipt's line; where it stands, and its cost, exact and rounded."""
    exact = Amount(line.net, ((line.vat, line.tax),))
    period = None if line.group is CostGroup.LIMIT else bearings.period(line)
    rule = f"/elements/{line.element}/price_components/{line.component}"
    return {
        "period": line.period,
        "start_date_time": instant(period.start_at) if period else None,
        "end_date_time": instant(period.end_at) if period else None,
        "dimension": line.dimension.value,
        "group": line.group.value,
        "measured": digits(line.measured),
        "billed": digits(line.billed),
        "surplus": digits(surplus(line)),
        "step_size": line.step_size,
        "price": digits(line.price),
        "vat": None if line.vat is None else digits(line.vat),
        "net": digits(line.net),
        "tax": digits(line.tax),
        "cost": {"exact": _money(exact), "rounded": _money(priced.rounded(exact))},
        "tariff_id": line.tariff_id,
        "element": line.element,
        "component": line.component,
        "pointer": f"/tariffs/{place}" + (rule if line.element >= 0 else ""),
        "reason": line.reason,
        "imputed": line.imputed,
        "policies": list(bearings.policies(line)),
    }


def surplus(line: Line) -> Decimal:
    """What billing in blocks added to a line, in kWh or hours."""
    stepped = line.group is not CostGroup.LIMIT and line.billed > line.measured >= 0
    return line.billed - line.measured if stepped else Decimal(0)


def _money(amount: Amount) -> Wire:
    return {"net": digits(amount.net), "tax": digits(amount.tax), "gross": digits(amount.gross)}


def _note(note: Note) -> Wire:
    return {"code": note.code, "message": note.message, "pointer": note.pointer}
