"""The first notebook runs from top to bottom on a derived lake, and says so where there is none."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.pipelines.networks import busy, derived

# In a process of its own: the SQL engine complains at exit when the notebook used it.
RUN = """
import json
from notebooks.first_look import app
outputs, seen = app.run()
rows = {name: seen[name].rows(named=True) for name in ("totals", "energy", "by_party", "findings")
        if name in seen}
said = [output.text for output in outputs if hasattr(output, "text")]
print(json.dumps({"rows": rows, "said": said}, default=str))
"""


def run(data: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        env=os.environ | {"WATTPROOF_DATA": str(data)},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    shown: dict[str, Any] = json.loads(done.stdout)
    return shown


def test_it_shows_what_the_lake_holds(tmp_path: Path) -> None:
    busy(tmp_path)
    lake = derived(tmp_path, tmp_path).lake
    rows = run(tmp_path)["rows"]
    (totals,) = rows["totals"]
    assert totals["messages"] == lake.read("message").height > 0
    assert totals["findings"] == lake.read("finding").height
    assert totals["findings"] == sum(row["findings"] for row in rows["findings"])
    billed = sum(Decimal(row["kwh"]) for row in rows["energy"])
    assert Decimal(totals["billed_kwh"]) == billed > 0
    assert sum(Decimal(row["gross"]) for row in rows["by_party"]) == lake.read("cdr")["gross"].sum()


def test_without_a_lake_it_says_what_to_do(tmp_path: Path) -> None:
    shown = run(tmp_path)
    assert not shown["rows"]
    assert any("wattproof derive" in text for text in shown["said"])
