"""The command as a user calls it, on a data folder of its own."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from wattproof.cli import app

LOCATION = {
    "country_code": "NL",
    "party_id": "WPF",
    "id": "AMS-1",
    "name": "Zuid",
    "address": "Zuidplein 20",
    "city": "Amsterdam",
    "postal_code": "1077 XV",
    "country": "NLD",
    "latitude": "52.338900",
    "longitude": "4.873100",
    "time_zone": "Europe/Amsterdam",
}
Call = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def call(data: Path) -> Call:
    """`call("station", "list")` runs `wattproof station list --data …`."""

    def run(*words: str, code: int = 0, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(app, [*words, "--data", str(data)], input=stdin)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def ask(call: Call) -> Callable[..., Any]:
    """As `call`, with --json: standard output is JSON and nothing else."""

    def run(*words: str, code: int = 0, stdin: str | None = None) -> Any:
        return json.loads(call(*words, "--json", code=code, stdin=stdin).stdout)

    return run


@pytest.fixture
def house(call: Call) -> Call:
    """A data folder with a seller, a partner and a location."""
    call("party", "add", "NL-WPF", "--role", "CPO", "--name", "Our Charging B.V.")
    call("party", "add", "NL-ABC", "--role", "EMSP", "--name", "Alpha Mobility B.V.")
    call("location", "add", "--file", "-", stdin=json.dumps(LOCATION))
    return call
