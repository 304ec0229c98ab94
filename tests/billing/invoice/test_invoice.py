"""Invoices add up to the last minor unit, are numbered without gaps, and derive again."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.cdr import CDR, credit, derive
from billing.invoice import (
    Invoice,
    InvoiceKind,
    LogPoint,
    content_sha256,
    decision,
    draft,
    drafts,
    due,
    from_decision,
    issue,
    next_number,
    number,
    series_of,
)
from billing.money import minor_unit, round_money
from tests.billing.cdr.samples import BUYER, SELLER, context, session
from tests.billing.pricing.samples import at, tariff, tariff_of

D = Decimal
ISSUED_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
POINTS = (LogPoint("operator", 3, "b3A="), LogPoint("ingest-1", 99, "aW4="))


def cdr(
    name: str = "start_and_energy", *, currency: str = "EUR", at_hour: str = "", **changes: Any
) -> CDR:
    start = at_hour or "2026-10-05T12:00"
    end = (datetime.fromisoformat(start) + timedelta(hours=2)).isoformat()
    own = replace(tariff(name), currency=currency)
    made = derive(session(start, end, **changes), context(tariff=own))
    assert isinstance(made, CDR)
    return made


def of(*cdrs: CDR, month: str = "2026-10") -> Invoice:
    return draft(SELLER, BUYER, month, cdrs)


def issued(invoice: Invoice, n: int = 1) -> Invoice:
    return issue(
        invoice,
        n,
        issued_at=ISSUED_AT,
        watermark=ISSUED_AT - timedelta(seconds=1),
        checkpoints=POINTS,
    )


def adds_up(invoice: Invoice) -> None:
    unit = minor_unit(invoice.currency)
    assert invoice.net == sum(line.net for line in invoice.lines)
    assert invoice.tax == sum(tax.tax for tax in invoice.taxes)
    assert invoice.gross == invoice.net + invoice.tax
    assert sum(tax.net for tax in invoice.taxes) == invoice.net
    for tax in invoice.taxes:
        rate = tax.vat_percent or D(0)
        assert tax.tax == round_money(tax.net * rate / 100, invoice.currency)
    assert abs(invoice.cdr_difference) <= unit * (len(invoice.lines) + len(invoice.taxes))


def test_a_price_limit_whose_tax_fits_no_rate_is_reported_as_difference() -> None:
    """The tariff caps the tax at 1.00; an invoice's VAT is its rates' of its nets: 0.95 + 0.10."""
    invoice = of(cdr("capped", energy="50000"))
    assert (invoice.net, invoice.tax) == (10, D("1.04"))
    assert invoice.cdr_difference == D("-0.04")


def test_a_cdr_with_two_rates_has_two_lines_that_sum_to_its_cost() -> None:
    one = cdr()
    invoice = of(one)
    assert [(line.vat_percent, line.net, line.energy_kwh) for line in invoice.lines] == [
        (10, D("5.00"), 20),
        (20, D("0.50"), 0),
    ]
    assert [line.position for line in invoice.lines] == [1, 2]
    assert invoice.cdr_ids == (one.id,)
    assert (invoice.net, invoice.tax, invoice.gross) == (D("5.50"), D("0.60"), D("6.10"))
    adds_up(invoice)


def test_vat_is_computed_once_per_rate_on_the_sum() -> None:
    """Three times 0.05 at 10 %: 0.02 on the sum, where line by line it would be 0.03."""
    small = [cdr("energy", at_hour=f"2026-10-0{day}T12:00", energy="200") for day in range(1, 4)]
    invoice = of(*small)
    assert [tax.tax for tax in invoice.taxes] == [D("0.02")]
    assert invoice.cdr_difference == D("0.165") - invoice.gross


@pytest.mark.parametrize(
    ("currency", "net", "tax"), [("JPY", "20", "2"), ("KWD", "20.309", "2.031")]
)
def test_minor_units(currency: str, net: str, tax: str) -> None:
    own = replace(tariff_of([["ENERGY 1.01543 vat 10"]]), currency=currency)
    made = derive(session(), context(tariff=own))
    assert isinstance(made, CDR)
    invoice = of(made)
    assert (invoice.net, invoice.tax) == (D(net), D(tax))
    adds_up(invoice)


def test_a_thousand_lines() -> None:
    many = [
        cdr(energy=str(7 + 13 * n), at_hour=f"2026-10-{1 + n % 28:02}T{n // 28 % 22:02}:00")
        for n in range(500)
    ]
    invoice = of(*many)
    assert len(invoice.lines) == 1000
    adds_up(invoice)
    assert invoice.net == sum(one.total_cost.net for one in many)
    assert invoice.energy_kwh == sum(one.total_energy_kwh for one in many)
    assert of(*reversed(many)) == invoice


def test_a_credit_is_minus_its_original() -> None:
    one = cdr()
    taken = credit(one, ISSUED_AT)
    plus, minus = of(one), of(taken)
    assert minus.kind is InvoiceKind.CREDIT_NOTE
    assert (minus.net, minus.tax, minus.gross) == (-plus.net, -plus.tax, -plus.gross)
    assert minus.energy_kwh == -plus.energy_kwh
    assert minus.lines[0].credit_reference_id == one.id
    both = of(one, taken)
    assert (both.gross, both.energy_kwh, both.kind) == (0, 0, InvoiceKind.INVOICE)
    assert [line.credit for line in both.lines] == [False, False, True, True]


def test_an_invoice_over_nothing() -> None:
    invoice = of(cdr("free"))
    assert (invoice.net, invoice.tax, invoice.gross, len(invoice.lines)) == (0, 0, 0, 1)
    assert invoice.taxes[0].vat_percent is None


def test_each_currency_has_its_own_invoice() -> None:
    mixed = [cdr(), cdr(currency="CHF", at_hour="2026-10-06T12:00")]
    assert [one.currency for one in drafts(SELLER, BUYER, "2026-10", mixed)] == ["CHF", "EUR"]
    assert drafts(SELLER, BUYER, "2026-10", []) == ()
    with pytest.raises(ValueError, match="exactly one currency"):
        of(*mixed)
    with pytest.raises(ValueError, match="exactly one currency"):
        of()


def test_a_cdr_is_due_in_the_month_its_charging_ended_by_the_sellers_clock() -> None:
    late_evening = cdr(at_hour="2026-10-31T21:30")  # ends 22:30 UTC, 23:30 in Amsterdam
    over_midnight = cdr(at_hour="2026-10-31T22:30")
    cdrs = [over_midnight, late_evening]
    assert due(cdrs, "2026-10", "Europe/Amsterdam", ()) == (late_evening,)
    assert due(cdrs, "2026-11", "Europe/Amsterdam", {late_evening.id}) == (over_midnight,)
    assert due(cdrs, "2026-09", "Europe/Amsterdam", ()) == ()


def test_a_late_cdr_goes_on_the_next_invoice_and_keeps_its_service_period() -> None:
    early, late = cdr(), cdr(at_hour="2026-09-30T12:00")
    found = due([early, late], "2026-10", "Europe/Amsterdam", ())
    assert found == (late, early)
    assert of(*found).lines[0].start_at == at("2026-09-30T12:00")


def test_numbers_have_no_gaps() -> None:
    assert number("NLWTP-I2026", 17) == "NLWTP-I2026-000017"
    first = decision(issued(of(cdr())))
    assert next_number("NLWTP-I2026", []) == 1
    assert next_number("NLWTP-I2026", [first, {"action": "period.closed"}]) == 2
    assert next_number("NLWTP-C2026", [first]) == 1
    tenth = decision(issued(of(cdr()), 10))
    assert next_number("NLWTP-I2026", [tenth, first]) == 11


def test_a_series_belongs_to_seller_kind_and_local_year() -> None:
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert series_of(of(cdr()), new_year) == "NLWTP-I2027"
    assert series_of(of(credit(cdr(), ISSUED_AT)), ISSUED_AT) == "NLWTP-C2026"


def test_an_issued_invoice_derives_again_from_its_decision() -> None:
    cdrs = [cdr(), credit(cdr("energy", at_hour="2026-10-06T12:00"), ISSUED_AT)]
    final = issued(of(*cdrs))
    entry = json.loads(json.dumps(decision(final)))
    assert entry["number"] == "NLWTP-I2026-000001"
    assert entry["due_at"] == "2026-11-16T09:00:00Z"
    assert entry["totals"] == {"net": "0.50", "tax": "0.10", "gross": "0.60"}
    stranger = cdr(at_hour="2026-10-07T12:00")
    again = from_decision(entry, [stranger, *reversed(cdrs)])
    assert again == final
    assert content_sha256(again) == entry["content_sha256"]


def test_a_changed_cdr_changes_the_content() -> None:
    final = issued(of(cdr()))
    changed = replace(cdr(energy="20001"), id=final.lines[0].cdr_id)
    again = from_decision(decision(final), [changed])
    assert content_sha256(again) != decision(final)["content_sha256"]


def test_a_missing_cdr_is_named() -> None:
    final = issued(of(cdr()))
    with pytest.raises(ValueError, match=final.lines[0].cdr_id):
        from_decision(decision(final), [])


def test_a_credit_note_is_due_at_once() -> None:
    final = issued(of(credit(cdr(), ISSUED_AT)))
    assert final.due_at == final.issued_at
    assert final.number == "NLWTP-C2026-000001"


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.decimals(0, 40_000, places=1),
            st.sampled_from(["energy", "start_and_energy", "gross_21", "floored"]),
            st.booleans(),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_any_invoice_adds_up(rows: list[tuple[Decimal, str, bool]], currency: str) -> None:
    cdrs: list[CDR] = []
    for day, (energy, name, back) in enumerate(rows, 1):
        one = cdr(name, currency=currency, at_hour=f"2026-10-{day:02}T12:00", energy=str(energy))
        cdrs += [one, credit(one, ISSUED_AT)] if back else [one]
    invoice = of(*cdrs)
    adds_up(invoice)
    assert invoice.net == sum(one.total_cost.net for one in cdrs)
