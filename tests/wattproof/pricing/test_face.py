"""The face that notebooks import: one set of keywords, clear refusals, examples that hold."""

import doctest
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import wattproof.pricing as face
from ingest.protocols.ocpi import dumps
from tests.wattproof.pricing.samples import ZONE, element, evening, tariff
from wattproof.pricing.generate import STOP_COLUMNS
from wattproof.pricing.imagined import TABLE_SCHEMA
from wattproof.refusals import RefusalError

RIGHT = {"excl_vat": Decimal("8.93"), "incl_vat": Decimal("10.80")}
CDR = evening(total_cost=RIGHT, total_energy=Decimal("15.533"))
OURS = tariff(element("ENERGY 0.39 - 1"))
FRAME = pl.DataFrame({"cdr": [dumps(CDR)], "tariff": [dumps(OURS)]})


def test_the_examples_of_the_package_hold() -> None:
    own = {name: getattr(face, name) for name in face.__all__}
    known = own | {"cdr": CDR, "tariff": OURS, "frame": FRAME, "pl": pl, "Decimal": Decimal}
    examples = doctest.DocTestParser().get_doctest(face.__doc__ or "", known, "face", None, None)
    assert len(examples.examples) > 8
    said: list[str] = []
    assert doctest.DocTestRunner().run(examples, out=said.append).failed == 0, "".join(said)


def test_every_name_is_there_and_frames_are_loaded_when_asked_for() -> None:
    """A command that shows one receipt does not wait for a columnar library."""
    program = (
        "import sys, wattproof.commands.price, wattproof.commands.explain, "
        "wattproof.commands.generate; assert 'polars' not in sys.modules; "
        "import wattproof.pricing as face; from wattproof.pricing import price_frame; "
        "assert all(callable(getattr(face, name)) for name in face.__all__); "
        "assert face.lint_frame is face.lint_frame and price_frame is face.price_frame; "
        "assert 'polars' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
    assert tuple(TABLE_SCHEMA) == STOP_COLUMNS
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = face.nothing


def test_verify_takes_the_keywords_of_price() -> None:
    words: dict[str, Any] = {
        "tariff": OURS,
        "time_zone": ZONE,
        "policy": {"step_scope": "period"},
        "ocpi": "2.2.1",
    }
    terms = face.Terms([OURS], ZONE, words["policy"], "2.2.1")
    meant = face.report_json(face.verify(CDR, terms))
    assert face.report_json(face.verify(CDR, **words)) == meant
    assert face.report_json(face.verify(CDR, face.Terms(tariffs=[{}]), **words)) == meant
    (many,) = face.verify_many([CDR], **words)
    assert isinstance(many, face.Verified)
    assert face.report_json(many) == meant
    found = face.verify_frame(FRAME, **words)
    assert found.equals(face.verify_frame(FRAME, terms=terms))
    wide = face.verify(CDR, face.Terms(tolerance=Decimal(9)), time_zone=ZONE)
    assert wide.report.checks[0].tolerance == 9


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (face.price_frame, "'cdr': expected CDRs as JSON text"),
        (lambda frame: face.verify_frame(frame, column="x"), "'x': expected CDRs as JSON text"),
        (face.lint_frame, "'tariff': expected OCPI Tariffs as JSON text"),
        (
            lambda frame: face.generate_frame(frame, OURS, time_zone=ZONE),
            "'power_kw': expected kW to charge with",
        ),
    ],
)
def test_a_missing_column_is_named(call: Callable[[pl.DataFrame], Any], told: str) -> None:
    frame = pl.DataFrame({"start": ["2026-10-05T10:00"], "energy_kwh": [10]})
    with pytest.raises(ValueError, match=f"no column {told}; .*: start, energy_kwh"):
        call(frame)


def test_a_price_table_takes_its_day_as_text() -> None:
    table = face.price_table(OURS, time_zone=ZONE, on="2026-10-05")
    assert table == face.price_table(OURS, time_zone=ZONE, on=date(2026, 10, 5))
    with pytest.raises(RefusalError, match="'5 October' is no day"):
        face.price_table(OURS, time_zone=ZONE, on="5 October")


@pytest.mark.parametrize("as_given", [dumps, lambda wire: dumps(wire).encode()])
def test_a_tariff_is_taken_as_text_wherever_it_is_taken(as_given: Callable[[Any], Any]) -> None:
    given = as_given(OURS)
    assert face.price(CDR, tariff=given, time_zone=ZONE) == face.price(
        CDR, tariff=OURS, time_zone=ZONE
    )
    assert face.price(CDR, tariff=[given], time_zone=ZONE).total.net == Decimal("6.06")
    assert face.price(CDR, tariff=as_given([OURS]), time_zone=ZONE).total.net == Decimal("6.06")
    claimed = face.verify(CDR, tariff=given, time_zone=ZONE)
    assert claimed.report == face.verify(CDR, tariff=OURS, time_zone=ZONE).report
    charge = face.Charge("2026-10-05T18:00", Decimal(20), Decimal(11))
    made = face.generate(given, charge, time_zone=ZONE)
    assert made == face.generate(OURS, charge, time_zone=ZONE)
    day = "2026-10-05"
    table = face.price_table(given, time_zone=ZONE, on=day)
    assert table == face.price_table(OURS, time_zone=ZONE, on=day)
    (one,) = face.price_many([CDR], tariff=given, time_zone=ZONE)
    assert isinstance(one, face.Priced)
    assert one.total.net == Decimal("6.06")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: face.price(OURS), "CDR: /: this is a tariff, not a CDR"),
        (lambda: face.verify(OURS), "CDR: /: this is a tariff, not a CDR"),
        (lambda: face.price(CDR, tariff=CDR), "Tariff: /: this is a CDR, not a tariff"),
        (lambda: face.verify(CDR, tariff="{"), "Tariff: /: not JSON: .*column 2"),
        (lambda: face.price('{"id": "a",\n'), r"CDR: /: not JSON: [^(]*: column \d+$"),
        (
            lambda: face.generate(
                OURS,
                face.Charge("2026-10-05T18:00", Decimal(20), 11.0),  # type: ignore[arg-type]
                time_zone=ZONE,
            ),
            "power_kw: expected Decimal or int, got float 11.0",
        ),
    ],
)
def test_what_is_handed_in_by_mistake_is_named(call: Callable[[], Any], told: str) -> None:
    with pytest.raises(RefusalError, match=told):
        call()


def test_a_frame_of_another_library_is_named() -> None:
    with pytest.raises(TypeError, match="expected a Polars DataFrame, got builtins dict"):
        face.price_frame({"cdr": []})  # type: ignore[arg-type]
