"""From an invoice line to the charger's own words, and back."""

import json
import shutil
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines.trace import TraceError, trace, trace_invoice, trace_up
from tests.pipelines.test_replay import settled
from warehouse.lake import Lake
from warehouse.log import load_verifier
from warehouse.log.proof import verify_proof
from wattproof.cli import app


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return settled(tmp_path_factory.mktemp("settled"))


def test_a_line_leads_to_its_frames_and_each_frame_back_to_the_line(data: Path) -> None:
    found = trace(data, "NLWTP-I2026-000001:2")
    assert [str(line) for line in found.lines] == ["NLWTP-I2026-000001:2"]
    texts = [frame.text for frame in found.frames]
    assert any("StartTransaction" in text for text in texts)
    assert any("StopTransaction" in text for text in texts)
    for frame in found.frames:
        assert frame.proof.startswith("c2sp.org/tlog-proof@v1\n")
        assert f"index {frame.source.index}\n" in frame.proof
        up = trace_up(data, str(frame.source))
        assert (found.session_id, found.version) in up.sessions
        assert set(found.lines) <= set(up.lines)


def test_a_cdr_and_a_session_lead_to_the_same_place(data: Path) -> None:
    found = trace(data, "NLWTP-I2026-000001:1")
    assert trace(data, found.cdr_ids[0]) == found
    assert trace(data, found.session_id) == found


def test_a_corrected_session_shows_all_its_cdrs_on_the_way_up(data: Path) -> None:
    newest = next(
        trace(data, f"NLWTP-I2026-000001:{n}")
        for n in range(1, 8)
        if trace(data, f"NLWTP-I2026-000001:{n}").version == 2
    )
    up = trace_up(data, str(newest.frames[0].source))
    assert [version for _, version in up.sessions] == [1, 2]
    assert len(up.cdr_ids) == 3
    assert len(up.lines) == 3


def test_a_proof_reaches_from_the_signed_root_to_the_words(data: Path, tmp_path: Path) -> None:
    words = ["audit", "trace", "NLWTP-I2026-000001:1", "--proofs", str(tmp_path)]
    assert CliRunner().invoke(app, [*words, "--data", str(data)]).exit_code == 0
    for frame in trace(data, "NLWTP-I2026-000001:1").frames:
        name = str(frame.source).replace(":", "-")
        opened = json.loads((tmp_path / f"{name}.json").read_text("utf-8"))
        leaf, salt, payload = (b64decode(opened[part]) for part in ("leaf", "salt", "payload"))
        proof = (tmp_path / f"{name}.tlog-proof").read_text("utf-8")
        assert verify_proof(proof, leaf, [load_verifier(data)]).origin == frame.source.origin
        assert json.loads(leaf)["c"] == b64encode(sha256(salt + payload).digest()).decode()
        assert opened["text"].encode() == payload == frame.payload


def shown(data: Path, reference: str) -> str:
    result = CliRunner().invoke(app, ["audit", "trace", reference, "--data", str(data)])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_an_invoice_leads_to_its_lines_and_the_entry_that_issued_it_to_the_invoice(
    data: Path,
) -> None:
    found = trace_invoice(data, "NLWTP-I2026-000001")
    assert found is not None
    assert trace_invoice(data, "nonsense") is None
    first = found.lines[0]
    down = trace(data, str(first.ref))
    assert (first.session_id, first.cdr_id) == (down.session_id, down.cdr_ids[-1])
    text = shown(data, found.number)
    assert all(f"{line.ref}  CDR {line.cdr_id}  session" in text for line in found.lines)
    assert f"go on with a line: wattproof audit trace {first.ref}" in text
    assert trace_up(data, str(found.source)).invoices == (found.number,)
    assert "no session rests" not in shown(data, str(found.source))


def test_a_held_session_says_by_what_and_unknown_energy_is_unknown(
    data: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    lake = Lake(copy / "lake")
    rows = lake.read("session").sort("day")
    session, day = rows["session_id"][0], rows["day"][0]
    why = {"origin": "ingest-1", "index": 7, "message": "no meter value came"}
    findings = [why | {"rule": "energy_unknown", "severity": "hold"}, why | {"rule": "late"}]
    findings[1]["severity"] = "info"
    held = rows.filter(pl.col("day") == day).with_columns(
        held=pl.lit(value=True),
        energy_wh=pl.lit(None, pl.Decimal(20, 3)),
        findings=pl.lit(pl.Series([findings], dtype=rows.schema["findings"])).first(),
    )
    lake.write("session", held, [day])
    found = trace(copy, session)
    assert (found.held, found.energy_wh) == (True, None)
    assert found.held_by == ("energy_unknown: no meter value came (ingest-1:7)",)
    text = shown(copy, session)
    assert "energy unknown" in text
    assert "held: not billed until somebody decides\n    energy_unknown" in text


@pytest.mark.parametrize(
    ("ref", "said"),
    [("NLWTP-I2026-000009:1", "no invoice"), ("nonsense", "is no INVOICE, ")],
)
def test_what_leads_nowhere_says_so(data: Path, ref: str, said: str) -> None:
    with pytest.raises(TraceError, match=said):
        trace(data, ref)


@pytest.mark.parametrize(
    ("ref", "said"), [("ingest-1:999999", "no entry"), ("nonsense", "named like")]
)
def test_what_is_no_frame_says_so(data: Path, ref: str, said: str) -> None:
    with pytest.raises(TraceError, match=said):
        trace_up(data, ref)
