"""The invoice's documents: the same bytes each time, complete, and safe for any name."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from billing.cdr import CDR, credit, derive
from billing.invoice import Invoice, LogPoint, draft, issue
from pipelines.documents.render import document_json, document_pdf, money
from tests.billing.cdr.samples import BUYER, SELLER, context, session
from tests.billing.pricing.samples import tariff

ISSUED_AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
NASTY = "Müller #1 $x$ @b *c* _d_ \\ <e> [f] {g} `h` // \"i\" 'j' ~ = - ß €"


def cdrs(count: int, **changes: Any) -> list[CDR]:
    found = []
    for n in range(count):
        start = datetime(2026, 10, 1, 6) + timedelta(hours=n % 700)  # noqa: DTZ001 - local time
        made = derive(
            session(start.isoformat(), (start + timedelta(hours=1)).isoformat(), energy="9876"),
            context("start_and_energy", **changes),
        )
        assert isinstance(made, CDR)
        found.append(made)
    return found


def issued(made: list[CDR], **buyer: Any) -> Invoice:
    return issue(
        draft(SELLER, replace(BUYER, **buyer), "2026-10", made),
        7,
        issued_at=ISSUED_AT,
        watermark=ISSUED_AT,
        checkpoints=[LogPoint("ingest-1", 12345, "cm9vdA=="), LogPoint("books", 4, "Ym9v")],
    )


def test_the_json_document_holds_what_the_page_shows() -> None:
    plain = json.loads(document_json(issued(cdrs(1))))
    assert plain["number"] == "NLWTP-I2026-000007"
    assert (plain["issued_on"], plain["due_on"]) == ("2026-11-02", "2026-11-16")
    assert (plain["service_from"], plain["service_to"]) == ("2026-10-01", "2026-10-01")
    assert plain["totals"]["gross"] == "3.32"
    assert plain["totals"]["cdr_difference"] == "-0.0041"
    line = plain["lines"][0]
    assert (line["started"], line["energy_kwh"], line["net"]) == (
        "2026-10-01 06:00",
        "9.876",
        "2.47",
    )
    assert plain["taxes"] == [
        {"vat_percent": "10", "net": "2.47", "tax": "0.25"},
        {"vat_percent": "20", "net": "0.50", "tax": "0.10"},
    ]
    assert [point["origin"] for point in plain["log"]["checkpoints"]] == ["books", "ingest-1"]


def test_the_documents_are_the_same_bytes_each_time() -> None:
    made = cdrs(3)
    one, other = issued(made), issued(list(reversed(made)))
    assert document_json(one) == document_json(other)
    assert document_pdf(one) == document_pdf(other)
    assert document_pdf(one).startswith(b"%PDF-1.")


def test_a_thousand_lines_flow_over_many_pages() -> None:
    pdf = document_pdf(issued(cdrs(500)))
    assert len(pdf) > len(document_pdf(issued(cdrs(1)))) * 5


@pytest.mark.parametrize("variant", ["credit", "draft", "zero", "no vat", "yen"])
def test_every_kind_of_invoice_renders(variant: str) -> None:
    made = cdrs(2)
    if variant == "credit":
        made = [credit(one, ISSUED_AT) for one in made]
    elif variant == "zero":
        made = [made[0], credit(made[0], ISSUED_AT)]
    elif variant == "no vat":
        made = cdrs(1, tariff=tariff("energy_step_25"))
    elif variant == "yen":
        made = cdrs(1, tariff=replace(tariff("energy"), currency="JPY"))
    invoice = draft(SELLER, BUYER, "2026-10", made) if variant == "draft" else issued(made)
    plain = json.loads(document_json(invoice))
    assert plain["type"] == ("381" if variant == "credit" else "380")
    assert plain["draft"] is (variant == "draft")
    assert document_pdf(invoice).startswith(b"%PDF-1.")


def test_a_name_is_text_and_never_markup() -> None:
    """Half of this name would not even compile as markup; and nothing in the template evaluates."""
    place = replace(cdrs(1)[0].location, name=NASTY, city=NASTY)
    invoice = issued(cdrs(2, location=place), name=NASTY, address=NASTY, city=NASTY)
    plain = json.loads(document_json(invoice))
    assert plain["buyer"]["name"] == NASTY
    assert plain["lines"][0]["location"] == f"{NASTY}, {NASTY}"
    assert document_pdf(invoice).startswith(b"%PDF-1.")
    assert b"eval(" not in files("pipelines.documents").joinpath("invoice.typ").read_bytes()


def test_the_page_changes_with_what_it_says() -> None:
    made = cdrs(1)
    assert document_pdf(issued(made)) != document_pdf(issued(made, name="Other"))


def test_money_has_the_decimals_of_its_currency() -> None:
    assert money(Decimal("1234.5"), "EUR") == "1234.50"
    assert money(Decimal(-3), "KWD") == "-3.000"
    assert money(Decimal(900), "JPY") == "900"
