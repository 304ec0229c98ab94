"""What pricing in bulk gives: lines, totals and notes as frames, and the receipts they make.

Knows the columns and how a Receipt is put together from them. Refuses to calculate: every number
stands in a frame.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Context
from typing import Any

import polars as pl

from billing.mould import mould
from billing.policy import PricingPolicy
from billing.receipt import Amount, CostGroup, Line, Note, Receipt
from billing.tariff import Dimension

_WIDE = Context(prec=60)
_DIMENSIONS = {one.value: one for one in Dimension}
_GROUPS = {one.value: one for one in CostGroup}
_new_line, _new_amount = mould(Line), mould(Amount)
_new_receipt, _new_note = mould(Receipt), mould(Note)


@dataclass(frozen=True, slots=True)
class Priced:
    """Sessions of a sheet, priced. Every frame has the session's `key` and is in its order.

    lines: every field of `billing.receipt.Line`. totals: a row per session: `policy` (position in
    the sheet), `currency`, `exact_net`, `exact_tax` (to 1E-12), `net`, `tax` (rounded). taxes: a
    row per rate that is told: `vat` (percent, null: none), `tax` (exact), `rounded`. groups: a row
    per `group` (CostGroup) and `vat`: exact `net` and `tax`, and whether the tax is `told`. notes:
    `code`, `message`, `period` (−1: none).
    """

    lines: pl.DataFrame
    totals: pl.DataFrame
    taxes: pl.DataFrame
    groups: pl.DataFrame
    notes: pl.DataFrame
    policies: Sequence[PricingPolicy]


def receipts(priced: Priced) -> Iterator[tuple[Any, Receipt]]:
    """(key, receipt) of each session, equal to what `billing.price.price` gives for it."""
    decided = [policy.pairs() for policy in priced.policies]
    lines = _by_key(priced.lines, _line)
    taxes = _by_key(priced.taxes, lambda row: row)
    groups = _by_key(priced.groups, lambda row: row)
    notes = _by_key(priced.notes, lambda row: _new_note(*row))
    for key, policy, currency, exact_net, _, net, _ in priced.totals.rows():
        own_taxes = taxes.get(key, [])
        yield (
            key,
            _new_receipt(
                currency=currency,
                lines=tuple(lines.get(key, ())),
                exact_total=_new_amount(exact_net, tuple((vat, tax) for vat, tax, _ in own_taxes)),
                total=_new_amount(net, tuple((vat, part) for vat, _, part in own_taxes)),
                totals=_totals(groups.get(key, [])),
                notes=tuple(notes.get(key, ())),
                policies=decided[policy],
            ),
        )


def _by_key(frame: pl.DataFrame, make: Any) -> dict[Any, list[Any]]:  # noqa: ANN401 - any key
    found: dict[Any, list[Any]] = {}
    for key, *row in frame.iter_rows():
        found.setdefault(key, []).append(make(row))
    return found


def _line(row: Sequence[Any]) -> Line:
    period, dimension, group, *rest = row
    return _new_line(period, _DIMENSIONS[dimension], _GROUPS[group], *rest)


def _totals(rows: Sequence[Sequence[Any]]) -> tuple[tuple[CostGroup, Amount], ...]:
    nets: dict[str, Any] = {}
    taxes: dict[str, list[Any]] = {}
    for group, vat, net, tax, told in rows:
        nets[group] = _WIDE.add(nets[group], net) if group in nets else net
        taxes.setdefault(group, []).extend([(vat, tax)] if told else [])
    return tuple(
        (_GROUPS[group], _new_amount(net, tuple(taxes[group]))) for group, net in nets.items()
    )
