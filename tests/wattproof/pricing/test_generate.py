"""A tariff and a charge give an OCPI CDR that reads back clean, and a table ready to publish."""

import csv
import io
import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner, Result

from billing.generate.profile import Battery
from ingest.protocols.ocpi import check, dumps, loads, read_cdr
from tests.wattproof.pricing.samples import EVENING, VERSIONS, ZONE, element, tariff
from wattproof.cli import app
from wattproof.pricing import (
    Charge,
    Terms,
    UnpriceableError,
    generate,
    generate_frame,
    price,
    price_table_frame,
    verify,
)
from wattproof.refusals import RefusalError

D = Decimal
EXAMPLES = Path(__file__).parents[3] / ".." / "shared" / "reference" / "ocpi" / "examples"
EVENING_CHARGE = Charge("2026-10-05T22:30", D(20), D(20), parked=timedelta(minutes=30))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_cdr_of_any_version_reads_back_clean(version: str) -> None:
    """22:30-23:00 10 kWh at 0.39, then 10 kWh at 0.22, 0.50 once: 6.60; parking is free before an
    hour, then 3.50/h for two blocks of a quarter.
    """
    made = generate(EVENING, EVENING_CHARGE, time_zone=ZONE, ocpi=version)
    assert made.version == version
    assert check(version, "CDR", made.wire) == ()
    back, notes = read_cdr(version, loads(dumps(made.wire)))
    assert notes == ()
    assert [one.energy_wh for one in back.periods] == [10_000, 10_000, 0]
    assert back.receipt.total.net == made.cdr.receipt.total.net == D("8.35")
    assert not verify(made.wire, Terms(time_zone=ZONE)).report.money_differs


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0"])
def test_every_example_of_the_specification_makes_a_clean_cdr(version: str) -> None:
    if not EXAMPLES.exists():
        pytest.skip("the specification's examples are not beside this checkout")
    paths = [
        one for one in sorted((EXAMPLES / version).glob("tariff_*.json")) if "put" not in one.name
    ]
    assert len(paths) > 15
    for path in paths:
        made = generate(loads(path.read_text()), EVENING_CHARGE, time_zone=ZONE)
        assert check(version, "CDR", made.wire) == (), path.name
        report = verify(made.wire, Terms(time_zone=ZONE)).report
        assert report.differences == (), path.name


def test_start_is_local_unless_it_says_otherwise() -> None:
    starts = ["2026-10-05T18:00", "2026-10-05T16:00Z", datetime(2026, 10, 5, 18, 0)]  # noqa: DTZ001
    made = [generate(EVENING, Charge(one, D(1), D(10)), time_zone=ZONE) for one in starts]
    assert {one.wire["start_date_time"] for one in made} == {"2026-10-05T16:00:00Z"}


@pytest.mark.parametrize(
    ("start", "words", "advice"),
    [
        ("2026-03-29T02:30", "02:30 does not exist", "2026-03-29T01:30 or 2026-03-29T03:30"),
        ("2026-10-25T02:30", "02:30 comes twice", "02:30+02:00 or 2026-10-25T02:30+01:00"),
        (datetime(2026, 10, 25, 2, 0), "comes twice", "with the offset"),  # noqa: DTZ001
    ],
)
def test_a_time_the_clock_never_or_twice_shows_is_refused(
    start: Any, words: str, advice: str
) -> None:
    with pytest.raises(RefusalError, match=words) as refused:
        generate(EVENING, Charge(start, D(1), D(10)), time_zone=ZONE)
    assert advice in refused.value.advice
    for offset, utc in (("+02:00", "00:30"), ("+01:00", "01:30")):
        own = Charge(f"2026-10-25T02:30{offset}", D(1), D(10))
        made = generate(EVENING, own, time_zone=ZONE)
        assert made.wire["start_date_time"] == f"2026-10-25T{utc}:00Z"


RESERVED = tariff(
    element("FLAT 2.00 - 1", "TIME 3.00 - 300", reservation="RESERVATION", end_time="12:00"),
    element("FLAT 2.00 - 1", "TIME 6.00 - 300", reservation="RESERVATION"),
    element("FLAT 4.00 - 1", "TIME 9.00 - 600", reservation="RESERVATION_EXPIRES"),
    element("ENERGY 0.50 - 1", "TIME 1.20 - 300"),
)


def test_a_reservation_is_held_before_the_charge_and_cut_at_its_prices() -> None:
    """11:38-12:00 at 3.00/h, 12:00-12:10 at 6.00/h and filled to 35 min, a fee; then 40 min."""
    held = Charge("2026-10-05T12:10", D(20), D(30), reserved_from="2026-10-05T11:38")
    made = generate(RESERVED, held, time_zone=ZONE)
    kinds = [next(one["type"] for one in p["dimensions"]) for p in made.wire["charging_periods"]]
    assert kinds == ["RESERVATION_TIME", "RESERVATION_TIME", "ENERGY"]
    parts = {group.value: amount.net for group, amount in made.cdr.receipt.totals}
    assert parts["reservation"] == D("1.10") + D("1.30") + 2
    assert parts["time"] == D("0.80")
    assert made.wire["start_date_time"] == "2026-10-05T09:38:00Z"
    assert not verify(made.wire, Terms(time_zone=ZONE)).report.money_differs


def test_a_reservation_that_nobody_used() -> None:
    """22 minutes in blocks of ten at 9.00/h, and 4.00."""
    held = Charge("2026-10-05T12:00", reserved_from="2026-10-05T11:38", expired=True)
    made = generate(RESERVED, held, time_zone=ZONE)
    assert made.cdr.receipt.total.net == D("4.50") + 4
    assert made.wire["total_energy"] == 0
    assert not verify(made.wire, Terms(time_zone=ZONE)).report.money_differs


@pytest.mark.parametrize(
    ("charge", "words"),
    [
        (Charge("2026-10-05T12:00", expired=True), "no start of the reservation"),
        (Charge("2026-10-05T12:00", D(1), D(1), reserved_from="2026-10-05T12:00"), "before"),
        (
            Charge("2026-10-05T12:00", D(1), reserved_from="2026-10-05T11:00", expired=True),
            "followed by no charge",
        ),
        (Charge("2026-10-05T12:00", reserved_from="2026-08-05T11:00", expired=True), "31 days"),
    ],
)
def test_what_is_no_reservation(charge: Charge, words: str) -> None:
    with pytest.raises(RefusalError, match=words):
        generate(RESERVED, charge, time_zone=ZONE)
    old = Charge("2026-10-05T12:00", D(1), D(9), reserved_from="2026-10-05T11:00")
    with pytest.raises(RefusalError, match=r"2\.1\.1 knows no reservations"):
        generate(RESERVED, old, time_zone=ZONE, ocpi="2.1.1")


@pytest.mark.parametrize("energy", [10, 20, 25, 40])
def test_hours_on_four_decimals_cost_what_was_charged_where_spans_count(energy: int) -> None:
    """40 min are 0.6667 h, 2400.12 s: by the letter a ninth block of five minutes begins."""
    blocks = tariff(
        element("TIME 6.00 - 300", end_time="12:20"),
        element("TIME 9.00 - 300", end_time="12:33"),
        element("TIME 12.00 - 300"),
    )
    charge = Charge("2026-10-05T12:00", D(energy), D(30))
    made = generate(blocks, charge, time_zone=ZONE)
    spans = price(made.wire, time_zone=ZONE, policy={"volume_rounding": "period_span"})
    assert spans.total == made.cdr.receipt.total
    letter = price(made.wire, time_zone=ZONE)
    differs = "step_flip_by_rounding" in {one.code for one in made.notes}
    assert differs is (letter.total != made.cdr.receipt.total)
    assert differs or energy != 20


def test_curves_and_batteries() -> None:
    curve = Charge("2026-10-05T18:00", curve=[(D(0), D(50)), (D(30), D(20)), (D(60), D(0))])
    assert generate(EVENING, curve, time_zone=ZONE).wire["total_energy"] == 35
    battery = Charge(
        "2026-10-05T18:00", power_kw=D(100), battery=Battery(D(60), D("0.1"), D("0.9"))
    )
    assert generate(EVENING, battery, time_zone=ZONE).wire["total_energy"] == 48


def test_what_a_version_cannot_say_is_noted() -> None:
    """2.1.1 has no power in a period: its reader cannot know which of two prices was meant."""
    gross = tariff(element("ENERGY 1.2345 21 1"), id="G", tax_included="YES")
    charge = Charge("2026-10-05T18:00", D("97.3"), D(20))
    assert "version_loses" not in {
        one.code for one in generate(gross, charge, time_zone=ZONE).notes
    }
    powered = tariff(element("ENERGY 0.30 21 1", max_power=30), element("ENERGY 0.50 21 1"))
    old = generate(powered, charge, time_zone=ZONE, ocpi="2.1.1")
    assert "version_loses" in {one.code for one in old.notes}


@pytest.mark.parametrize(
    ("charge", "words"),
    [
        (Charge("2026-10-05T18:00"), "no power"),
        (Charge("2026-10-05T18:00", power_kw=D(11)), "neither energy, curve nor battery"),
        (Charge("tomorrow", D(1), D(1)), "no charge"),
        (Charge("2026-10-05T18:00", D(99_999), D(1)), "31 days"),
        (Charge("2026-10-05T18:00", curve=[(D(0), D(-5)), (D(9), D(0))]), "zero or more"),
        (
            Charge("2026-10-05T18:00", D(5), D(11), battery=Battery(D(50), D("0.2"), D("0.8"))),
            "energy and battery each say how much",
        ),
        (
            Charge("2026-10-05T18:00", power_kw=D(11), curve=[(D(0), D(5)), (D(9), D(0))]),
            "a curve has its own power",
        ),
    ],
)
def test_what_is_no_charge_is_refused_in_a_line(charge: Charge, words: str) -> None:
    with pytest.raises(RefusalError, match=words):
        generate(EVENING, charge, time_zone=ZONE)


def test_what_is_no_tariff_is_refused_with_pointers() -> None:
    bare = {name: value for name, value in EVENING.items() if name != "last_updated"}
    with pytest.raises(UnpriceableError, match="/last_updated"):
        generate(bare, EVENING_CHARGE, time_zone=ZONE)
    with pytest.raises(RefusalError, match=r"no elements|at least one"):
        generate(tariff(), EVENING_CHARGE, time_zone=ZONE)
    with pytest.raises(RefusalError, match="does not exist"):
        generate(EVENING, EVENING_CHARGE, time_zone="Europe/Atlantis")
    with pytest.raises(RefusalError, match="not spoken"):
        generate(EVENING, EVENING_CHARGE, time_zone=ZONE, ocpi="3.0")


def test_a_frame_of_charges_becomes_a_frame_of_cdrs() -> None:
    frame = pl.DataFrame(
        {
            "start": ["2026-10-05T12:00", "2026-10-06T12:00"],
            "energy_kwh": [20, 10],
            "power_kw": [11.0, 50.0],
            "parked_minutes": [0, None],
        }
    )
    found = generate_frame(frame, EVENING, time_zone=ZONE)
    assert found["net"].to_list() == [D("8.30"), D("4.40")]
    assert [loads(text)["total_energy"] for text in found["cdr"]] == [20, 10]
    with pytest.raises(RefusalError, match="row 1: no charge"):
        generate_frame(frame.with_columns(power_kw=pl.Series([1, 0])), EVENING, time_zone=ZONE)


def test_a_frame_of_prices() -> None:
    found = price_table_frame(EVENING, time_zone=ZONE, on=date(2026, 10, 5))
    ten = (
        found.filter(pl.col("energy_kwh") == 10).select("window", "net").unique(maintain_order=True)
    )
    assert set(ten["net"]) == {D("4.40"), D("2.20")}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "tariff.json"
    path.write_text(dumps(EVENING))
    return path


def run(*words: object, code: int = 0) -> Result:
    result = CliRunner().invoke(app, ["generate", *map(str, words), "--time-zone", ZONE])
    assert result.exit_code == code, result.output
    return result


CHARGE = ("--start", "2026-10-05T22:30", "--energy", "20", "--power", "20", "--parked", "30m")


def test_the_command_prints_a_receipt_or_the_cdr(own: Path) -> None:
    assert "8.35" in run(own, *CHARGE).stdout
    wire = json.loads(run(own, *CHARGE, "--json", "--ocpi", "2.3.0").stdout)
    assert wire["total_cost"]["before_taxes"] == 8.35
    assert run(own, *CHARGE, "--json").stdout == run(own, *CHARGE, "--json").stdout


def test_the_receipt_shown_is_that_of_the_cdr(tmp_path: Path) -> None:
    path = tmp_path / "blocks.json"
    path.write_text(dumps(tariff(element("TIME 6.00 - 300"))))
    charge = (path, "--start", "2026-10-05T12:00", "--energy", "20", "--power", "30")
    shown = run(*charge).stdout
    wire = json.loads(run(*charge, "--json").stdout)
    (total,) = [line.split() for line in shown.splitlines() if line.startswith("total EUR")]
    assert total[2] == "4.00"
    assert wire["total_cost"] == {"excl_vat": 4}
    assert "comes to 4.50" in shown
    assert "price excl. tax" in shown
    path.write_text(dumps(tariff(element("TIME 6.00 20 300"), tax_included="YES")))
    assert "price incl. tax" in run(*charge).stdout
    assert "zone_from_configuration" not in shown


@pytest.mark.parametrize(
    "text", ["minutes,kW\n0,50\n30,20\n60,0\n", "[[0, 50], [30, 20.0], [60, 0]]"]
)
def test_a_curve_from_a_file(own: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "curve"
    path.write_text(text)
    said = run(own, "--start", "2026-10-05T18:00", "--curve", path, "--json")
    assert json.loads(said.stdout)["total_energy"] == 35


def test_the_table_in_every_form(own: Path) -> None:
    words = (own, "--table", "--start", "2026-10-05")
    said = run(*words).stdout
    assert "Mon Tue 07:00-23:00" in said
    rows = list(csv.DictReader(io.StringIO(run(*words, "--csv").stdout)))
    assert rows[0]["gross_per_kwh"]
    stops = json.loads(run(*words, "--json").stdout)
    assert len(stops["stops"]) == len(rows)
    assert stops["never_charged"] == []
    text = run(*words, "--markdown").stdout
    assert text.count("\n| ") == len(rows) + 2  # the head and its line
    assert text.startswith(
        "### Tariff T1 of NL-WPF\n\nWhat stops cost in EUR; times are local, Europe/Amsterdam. "
        "The tariff's own prices are before tax.\n"
    )


def test_a_published_table_has_words_for_everything(own: Path) -> None:
    """A price below 7.4 kW, one at Christmas, one at other times only, one no stop pays."""
    wire = tariff(
        element("FLAT 2.00 20 1", "TIME 3.00 20 300", reservation="RESERVATION"),
        element("FLAT 4.00 20 1", reservation="RESERVATION_EXPIRES"),
        element("ENERGY 0.10 20 1", start_date="2026-12-25", end_date="2026-12-27"),
        element("ENERGY 0.20 20 1", max_power=7.4),
        element("ENERGY 0.50 20 1", start_time="08:00", end_time="20:00"),
        element("ENERGY 0.60 20 1", start_time="09:00", end_time="10:00"),
        element("ENERGY 0.70 20 1", start_date="2025-12-25", end_date="2025-12-27"),
        tax_included="YES",
    )
    own.write_text(dumps(wire))
    words = (own, "--table", "--start", "2026-10-05")
    for text in (run(*words).stdout, run(*words, "--markdown").stdout):
        assert "The tariff's own prices include tax." in text
        assert "25-26 Dec 2026, all day" in text
        assert "AC 3.7 kW" in text
        held = "and the time held at 3.00 per hour in blocks of 5 min."
        assert f"A reservation costs, with tax, a fee of 2.00 {held}" in text
        assert f"A reservation that was not used costs, with tax, a fee of 4.00 {held}" in text
        told = "Charged in none of these stops: energy at 0.60 per kWh, only between 09:00 and"
        assert told in text
        assert "Note 1: Something the tariff prices at other times is free here" in text
        assert "1 price is of dates that are over." in text
        assert "0.70" not in text
        assert "no_price_component" not in text
        assert "/elements/" not in text
    stops = json.loads(run(*words, "--json").stdout)
    assert stops["never_charged"] == [f"/elements/{n}/price_components/0" for n in (5, 6)]
    windows = [one["window"] for one in stops["stops"]]
    assert windows == sorted(windows, key=windows.index), "a window's stops stand together"
    assert windows[0] != windows[-1]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "give --start"),
        (("--start", "2026-10-05T18:00"), 1, "no power"),
        ((*CHARGE, "--csv"), 2, "for --table"),
        (("--table", "--csv", "--json"), 2, "exclude each other"),
        (("--table", "--energy", "5"), 2, "typical stops"),
        (("--table", "--start", "soon"), 2, "expected a date"),
        ((*CHARGE[:4], "--power", "much"), 2, "expected a number above zero"),
        ((*CHARGE[:2], "--battery", "60", "--power", "50", "--soc", "full"), 2, "FROM-TO"),
        ((*CHARGE[:6], "--parked", "a while"), 2, "1h30m"),
        ((*CHARGE[:2], "--curve", "/nowhere"), 1, "can't be read"),
    ],
)
def test_wrong_usage_says_what_was_expected(own: Path, words: Any, code: int, told: str) -> None:
    said = " ".join(run(own, *words, code=code).output.split())
    assert told in said
    assert "Traceback" not in said
