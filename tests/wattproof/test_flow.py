"""From a charger's frame to an invoice and back, as a user does it: the demo in small, and a table.

Real processes, real sockets on loopback; seconds, not minutes.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from wattproof.demo import MARKER, claim
from wattproof.refusals import RefusalError

Call = Callable[..., Any]
ROWS = """dataset,session_id,station_id,connector_id,token,start_utc,end_utc,tz,energy_wh,quirks
d,1,G1-1,1,T1,2019-03-30T20:00:00Z,2019-03-31T08:00:00Z,Europe/Oslo,12000,crosses_dst
d,2,G1-2,1,T2,2019-04-01T10:00:00Z,,Europe/Oslo,7000,missing_end
d,3,G1-2,1,T3,2019-04-01T11:30:00Z,2019-04-01T12:30:00Z,Europe/Oslo,3000,
d,4,G2-1,1,T1,2019-04-02T10:00:00Z,2019-04-02T11:00:00Z,Europe/Oslo,2000,
d,5,G2-1,1,T4,2019-04-05T10:00:00Z,2019-04-05T11:00:00Z,Europe/Oslo,1000,
"""


@contextmanager
def service(data: Path, *words: str) -> Iterator[dict[str, Any]]:
    """A service on free ports; gives its ready line, stops it as an operator would."""
    command = [sys.executable, "-m", "wattproof.cli", "serve", "--plain-ws", "--json"]
    command += ["--ocpp-port", "0", "--http-port", "0", "--data", str(data), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield json.loads(process.stdout.readline())
        finally:
            os.kill(process.pid, signal.SIGTERM)
            told = process.stderr.read().decode()
        assert process.wait(20) == 0, told
        assert "every answered frame is in the log" in told


@pytest.mark.slow
def test_a_table_of_sessions_becomes_cdrs(
    call: Call, ask: Call, data: Path, tmp_path: Path
) -> None:
    table = tmp_path / "sessions.csv"
    table.write_text(ROWS)
    with service(data, "--clock-start", "2019-03-30T00:00:00Z") as ready:
        words = ("--sessions", str(table), "--ocpp-url", ready["ocpp"][0], "--http-url")
        played = ask("simulate", *words, ready["http"], "--provision")
        assert (played["sessions"], played["errors"]) == (5, [])
        assert played["sent"] == played["answered"]
        refused = call("simulate", *words, ready["http"], code=1)
        assert "use a new data folder" in refused.output
        call("station", "block", "G1-1")
        assert ask("station", "list")[0]["status"] == "blocked"
    derived = ask("derive")
    assert derived["sessions"] == 5
    assert derived["energy_kwh"] == "25.000000"
    exported = {cdr["session_id"]: cdr for cdr in ask("export", "cdrs", "--party", "NO-GST")}
    assert sorted(cdr["total_energy"] for cdr in exported.values()) == [1, 2, 3, 12]
    verified = {one["origin"]: one for one in ask("audit", "verify")}
    assert all(one["ok"] for one in verified.values())
    assert verified["ingest-1"]["clocks"][0]["start"].startswith("2019-03-30T00:00:00")
    session = next(iter(exported))
    frames = ask("audit", "trace", session)["frames"]
    assert len(frames) >= 3
    up = ask("audit", "trace", frames[1]["source"])
    assert [one["session_id"] for one in up["sessions"]] == [session]
    assert ask("audit", "replay")["identical"] is True


@pytest.mark.slow
def test_the_demo_in_small(ask: Call, data: Path) -> None:
    words = ("--sessions", "90", "--stations", "12", "--days", "6")
    report = ask("demo", *words)
    assert report["replay"] == "identical"
    assert report["errors"] == []
    assert report["issued_again"] == 0
    assert [one for one in report["injected"] if not one["noticed"]] == []
    assert len(report["injected"]) >= 15
    assert report["exact"] == report["told"] > 40
    assert {one["origin"] for one in report["log"]} == {"books", "ingest-1", "operator"}
    number = report["invoices"][0]
    pdf = (data / "documents" / f"{number}.pdf").read_bytes()
    assert pdf.startswith(b"%PDF")
    traced = ask("audit", "trace", f"{number}:1")
    assert any(line == f"{number}:1" for line in traced["lines"])
    assert (data / MARKER).exists()


def test_a_second_demo_clears_the_first(tmp_path: Path) -> None:
    mine = tmp_path / "demo"
    claim(mine)
    (mine / "log").mkdir()
    (mine / "log" / "entry").write_text("old")
    (mine / "note").write_text("old")
    claim(mine)
    assert [one.name for one in mine.iterdir()] == [MARKER]


def test_a_folder_that_is_not_a_demos_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "work"
    other.mkdir()
    (other / "thesis.txt").write_text("years")
    with pytest.raises(RefusalError, match="no demo made"):
        claim(other)
    assert (other / "thesis.txt").read_text() == "years"
    link = tmp_path / "link"
    link.symlink_to(other)
    with pytest.raises(RefusalError, match="not a folder"):
        claim(link)
    (tmp_path / "file").write_text("x")
    with pytest.raises(RefusalError, match="not a folder"):
        claim(tmp_path / "file")


def test_links_in_a_demos_folder_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    mine = tmp_path / "demo"
    claim(mine)
    (mine / "link").symlink_to(outside)
    claim(mine)
    assert (outside / "precious").exists()
    assert not (mine / "link").is_symlink()
