"""`wattproof serve`: one process that hears chargers and answers partners."""

import sys
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from ingest.server import Config
from warehouse.clock import simulate, to_ns
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.refusals import RefusalError
from wattproof.serve import Listening, Settings
from wattproof.serve import serve as run
from wattproof.terminal import say, show_line

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def serve(
    *,
    plain_ws: Annotated[
        bool, typer.Option("--plain-ws", help="Allow ws without TLS: closed networks only.")
    ] = False,
    tls_cert: Annotated[Path | None, typer.Option(help="PEM file: wss is offered.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of its private key.")] = None,
    ocpp_host: Annotated[str, typer.Option(help="Address chargers connect to.")] = "127.0.0.1",
    ocpp_port: Annotated[int, typer.Option(help="Port of ws (0: any free one).")] = 8180,
    tls_port: Annotated[int, typer.Option(help="Port of wss (0: any free one).")] = 8143,
    http_host: Annotated[str, typer.Option(help="Address of REST and OCPI.")] = "127.0.0.1",
    http_port: Annotated[int, typer.Option(help="Port of REST and OCPI.")] = 8080,
    public_url: Annotated[str, typer.Option(help="What partners reach us by, if proxied.")] = "",
    accept_unknown: Annotated[
        bool, typer.Option("--accept-unknown", help="Let unknown stations wait as pending.")
    ] = False,
    clock_start: Annotated[
        str, typer.Option(metavar="TIME", help="Simulate time from 2018-12-01T00:00:00Z on.")
    ] = "",
    clock_speed: Annotated[
        str, typer.Option(help="Simulated seconds per second, or driven: moved over REST.")
    ] = "driven",
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Hear chargers (OCPP 1.6, 2.0.1) and answer partners (OCPI) and installers (REST).

    Chargers connect to …/ocpp/1.6/ID, …/ocpp/2.0.1/ID or …/ocpp/ID. Every frame is durable in the
    log before it is answered. Stop with Ctrl-C or SIGTERM.

    \b
    Examples:
      wattproof serve --tls-cert fullchain.pem --tls-key privkey.pem --ocpp-host 0.0.0.0
      wattproof serve --plain-ws
      wattproof serve --plain-ws --clock-start 2018-12-01T00:00:00Z --clock-speed driven

    With --json one line of JSON is printed as soon as the service is ready.
    """
    if not plain_ws and tls_cert is None:
        raise RefusalError(
            "chargers have no way in",
            "give --tls-cert and --tls-key, or --plain-ws in a closed network",
        )
    if (tls_cert is None) != (tls_key is None):
        raise typer.BadParameter("--tls-cert and --tls-key belong together")
    if clock_start:
        simulate(data, to_ns(_instant(clock_start)), _speed(clock_speed))
    chargers = Config(
        host=ocpp_host,
        plain_port=ocpp_port if plain_ws else None,
        tls_port=tls_port if tls_cert else None,
        certificate=tls_cert,
        key=tls_key,
        accept_unknown=accept_unknown,
    )

    def ready(listening: Listening) -> None:
        _tell(listening, data, as_json=as_json)

    uvloop.run(
        run(Settings(data, chargers, http_host, http_port, public_url=public_url, ready=ready))
    )
    say("stopped: every answered frame is in the log")


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time like 2018-12-01T00:00:00Z") from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no zone: put a Z at the end for UTC")
    return at


def _speed(text: str) -> Decimal:
    if text == "driven":
        return Decimal(0)
    try:
        speed = Decimal(text)
    except InvalidOperation:
        raise typer.BadParameter(f"--clock-speed {text!r}: a number, or driven") from None
    if not speed.is_finite() or speed <= 0:
        raise typer.BadParameter("--clock-speed is above 0, or driven")
    return speed


def _tell(listening: Listening, data: Path, *, as_json: bool) -> None:
    if as_json:
        show_line(
            {
                "event": "ready",
                "ocpp": listening.ocpp_urls,
                "http": listening.http_url,
                "data": str(data),
                "clock": dict(listening.clock),
            }
        )
        return
    say("Wattproof")
    for url in listening.ocpp_urls:
        say(f"  chargers   {url}/1.6/ID  {url}/2.0.1/ID")
    say(f"  REST       {listening.http_url}/docs")
    say(f"  OCPI       {listening.http_url}/ocpi/versions")
    say(f"  data       {data.resolve()}")
    if listening.clock:
        speed = listening.clock["speed"]
        pace = "driven over REST" if speed == "0" else f"{speed} seconds in each second"
        say(f"  clock      simulated, from {listening.clock['start']}, {pace}")
    typer.echo("ready")
    sys.stdout.flush()
