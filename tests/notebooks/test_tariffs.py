"""The notebook on tariffs runs from top to bottom, on its own tariff and on CDRs that are given."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from ingest.protocols.ocpi import dumps
from tests.wattproof.pricing.samples import VERSIONS, evening

# In a process of its own: notebooks bring libraries that complain at exit.
RUN = """
import json
from notebooks.tariffs import app
outputs, seen = app.run()
rows = {name: seen[name].to_dicts() for name in ("findings", "prices", "stops")}
print(json.dumps({"rows": rows, "words": seen["words"]}, default=str))
"""


def run(**given: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        env=os.environ | {f"WATTPROOF_{name.upper()}": value for name, value in given.items()},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def test_it_runs_on_a_tariff_of_its_own() -> None:
    shown = run()
    prices = shown["rows"]["prices"]
    assert len(prices) == 6
    assert all(row["error"] is None and Decimal(row["gross"]) > 0 for row in prices)
    assert {row["code"] for row in shown["rows"]["findings"]} == {"dimension_not_exhaustive"}
    assert {row["tariff"] for row in shown["rows"]["stops"]} == {"DAY-AND-NIGHT"}
    dearest = max(Decimal(row["gross"]) for row in prices)
    assert f"To pay: €{dearest:.2f}" in shown["words"]


def test_it_takes_cdrs_that_are_given(tmp_path: Path) -> None:
    path = tmp_path / "cdrs.jsonl"
    path.write_text("\n".join([*(dumps(evening(version)) for version in VERSIONS), "{"]))
    prices = run(cdrs=str(path))["rows"]["prices"]
    assert [row["net"] for row in prices] == ["8.9300"] * 3 + [None]
    assert "not JSON" in prices[3]["error"]
