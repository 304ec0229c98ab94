"""The demo's closing words: money as the invoices say it, lines that fit, commands that work."""

import sys
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from billing.invoice import Invoice, InvoiceLine, TaxLine
from billing.party import Party, Role
from pipelines.derive import Derived, PartyTotal
from pipelines.replay import Comparison
from warehouse.log import Checkpoint, Verification
from wattproof.commands.demo import money_rows, tell
from wattproof.demo import Report
from wattproof.invocation import called
from wattproof.marking import Marks
from wattproof.simulator.link import Tally
from wattproof.simulator.play import fleet_plan

NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)
SELLER = Party("NL", "WPF", Role.CPO, "Our Charging")
TOTAL = PartyTotal(
    "DE-HGX", "EUR", 3, Decimal("30.000000"), Decimal(15), Decimal("3.12"), Decimal("18.12")
)


def invoice(party: str, currency: str = "EUR") -> Invoice:
    """Two CDRs of 10 kWh and 5.00 each; the VAT is the invoice's, not the sum of the CDRs'."""
    line = InvoiceLine(1, "cdr-1", "s-1", NOON, NOON, "UTC", "", "", "", Decimal(10), Decimal(5),
                       Decimal(21), credit=False)  # fmt: skip
    return Invoice(
        number="NLWPF-I2026-000001",
        series="NLWPF-I2026",
        seller=SELLER,
        buyer=Party(party[:2], party[3:], Role.EMSP, party),
        month="2026-10",
        currency=currency,
        issued_at=NOON,
        due_at=NOON,
        lines=(line, replace(line, position=2, cdr_id="cdr-2")),
        taxes=(TaxLine(Decimal(21), Decimal(10), Decimal("2.10")),),
        net=Decimal(10),
        tax=Decimal("2.10"),
        gross=Decimal("12.10"),
        cdr_difference=Decimal(0),
    )


def test_beside_a_number_stands_that_invoices_own_money() -> None:
    rows = list(money_rows([invoice("DE-HGX"), invoice("NL-VLT")], [TOTAL]))
    assert rows == [
        ("DE-HGX", "NLWPF-I2026-000001", "2", "20.000", "10.00", "2.10", "12.10 EUR"),
        ("DE-HGX", "not invoiced yet", "1", "10.000", "5.00", "-", "- EUR"),
    ]


def test_nothing_waits_where_all_is_invoiced() -> None:
    (row,) = money_rows([invoice("DE-HGX")], [replace(TOTAL, cdrs=2)])
    assert row[1] == "NLWPF-I2026-000001"


def test_an_invoice_of_another_currency_is_not_mixed_in() -> None:
    (row,) = money_rows([invoice("DE-HGX", "SEK")], [TOTAL])
    assert row[1:5] == ("not invoiced yet", "3", "30.000", "15.00")


def test_the_summary_fits_eighty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "argv", [".venv/bin/wattproof"])
    tell(_report())
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    title = "Every kWh on every invoice, provable back to the charger's own words"
    assert title in [line.strip() for line in lines]
    (ingest,) = (line for line in lines if line.startswith("ingest-1"))
    assert ingest.split() == ["ingest-1", "1000000", b64encode(bytes(32)).decode(), "verified"]
    assert all(len(line) <= 80 for line in lines)


def test_a_command_is_named_as_it_was_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "wattproof"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(program)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert called() == "bin/wattproof"
    monkeypatch.setenv("PATH", str(program.parent))
    assert called() == "wattproof"
    monkeypatch.setattr(sys, "argv", ["/somewhere/cli.py"])
    assert called() == f"{sys.executable} -m wattproof.cli"


def _report() -> Report:
    plan = fleet_plan(7, first=date(2026, 10, 1), days=2, sessions=20, stations=8)
    head = Checkpoint("ingest-1", 1_000_000, bytes(32), "")
    return Report(
        data=Path("demo"),
        plan=plan,
        tally=Tally(),
        derived=Derived(None, NOON, 1, 1, Decimal(1), 3, 0, 0, {}, (TOTAL,), {}),
        invoices=[invoice("DE-HGX")],
        again=0,
        marks=Marks(1, 1, (), ()),
        verified=[Verification("ingest-1", head, (), entries=1_000_000)],
        replayed=Comparison(0, (), (), None, {}),
        seconds={},
    )
