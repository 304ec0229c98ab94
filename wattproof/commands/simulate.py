"""`wattproof simulate`: charge points that are not there, over real WebSockets."""

from calendar import monthrange
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from wattproof.invocation import called, on_folder
from wattproof.options import DEFAULT_DATA, Data, Json
from wattproof.simulator.link import Tally
from wattproof.simulator.play import (
    Plan,
    Where,
    csv_plan,
    fleet_plan,
    load_passwords,
    play,
    read_passwords,
)
from wattproof.simulator.provision import register
from wattproof.terminal import progress, say, show_json

app = typer.Typer(add_completion=False, rich_markup_mode=None)


Passwords = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help='Passwords of your own stations: [{"id": …, "password": …}].'
    ),
]
ApiKey = Annotated[
    str,
    typer.Option(
        envvar="WATTPROOF_API_KEY",
        help="Key with scope clock; needed where the service listens beyond loopback.",
    ),
]


@app.command()
def simulate(
    *,
    sessions: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Sessions to play; else a seeded fleet.")
    ] = None,
    ocpp_url: Annotated[str, typer.Option(help="Where chargers connect.")] = (
        "ws://127.0.0.1:8180/ocpp"
    ),
    http_url: Annotated[str, typer.Option(help="Where the REST interface answers.")] = (
        "http://127.0.0.1:8080"
    ),
    ocpp: Annotated[str, typer.Option(help="For a file: 1.6, 2.0.1 or both.")] = "both",
    provision: Annotated[
        bool, typer.Option("--provision", help="Register stations, tokens and tariffs first.")
    ] = False,
    passwords: Passwords = None,
    api_key: ApiKey = "",
    seed: Annotated[int, typer.Option(help="The same seed gives the same frames.")] = 7,
    month: Annotated[
        str, typer.Option(help="For the fleet: the month that is played.")
    ] = "2026-10",
    count: Annotated[int, typer.Option(help="For the fleet: about how many sessions.")] = 1200,
    limit: Annotated[int | None, typer.Option(help="For a file: the first so many.")] = None,
    sample_s: Annotated[int, typer.Option(min=60, help="For a file: meter value interval.")] = 3600,
    currents: Annotated[
        bool, typer.Option("--currents", help="Stations tell the current of each phase, too.")
    ] = False,
    window_s: Annotated[
        int, typer.Option(min=0, help="Tell what happens within so many seconds at once.")
    ] = 60,
    idle_days: Annotated[
        int, typer.Option(min=0, help="Then let so many days pass, if the clock is driven.")
    ] = 3,
    data: Data = DEFAULT_DATA,
    as_json: Json = False,
) -> None:
    """Let simulated charge points charge against a running service.

    The service's clock is moved to each event where it is a driven one (wattproof serve
    --clock-start … --clock-speed driven), so that thirteen months pass in minutes; otherwise each
    event waits for its time. With --provision everything the sessions need is registered first
    through --data, the data folder of the service, and station passwords are kept there; a folder
    that holds anything else is left alone. Without it, stations that were registered by hand get
    their passwords from --passwords: what wattproof station add --json printed.

    \b
    Examples:
      wattproof simulate --sessions sessions.csv --ocpp-url ws://127.0.0.1:8180/ocpp --provision
      wattproof simulate --month 2026-10 --count 500 --provision
      SSL_CERT_FILE=fullchain.pem wattproof simulate --ocpp-url wss://127.0.0.1:8143/ocpp

    \b
    Columns of the file (an empty end_utc is a session that never stopped):
      dataset,session_id,station_id,connector_id,token,start_utc,end_utc,tz,energy_wh,quirks
    """
    if ocpp not in {"1.6", "2.0.1", "both"}:
        raise typer.BadParameter("--ocpp is 1.6, 2.0.1 or both")
    if provision and passwords is not None:
        raise typer.BadParameter("--passwords is for stations that are registered: no --provision")
    if sessions is None:
        first, days = _month(month)
        plan = fleet_plan(seed, first=first, days=days, sessions=count)
    else:
        plan = csv_plan(sessions, ocpp=ocpp, sample_s=sample_s, seed=seed, limit=limit)
    plan = replace(plan, currents=currents)
    known = register(data, plan.network) if provision else _known(data, passwords)
    where = Where(ocpp_url, http_url, api_key)
    tally = _play(plan, where, known, window_s=window_s, idle=timedelta(days=idle_days))
    _tell(plan, tally, data, as_json=as_json)


def _known(data: Path, given: Path | None) -> dict[str, str]:
    """Passwords that were made here, and those that are given."""
    return load_passwords(data) | ({} if given is None else read_passwords(given))


def _play(
    plan: Plan, where: Where, passwords: dict[str, str], *, window_s: int, idle: timedelta
) -> Tally:
    with progress("charging", len(plan.moments)) as bar:

        def moved(done: int, now: datetime) -> None:
            bar.at(done, f"{now:%Y-%m-%d %H:%M}")

        return uvloop.run(
            play(
                plan,
                where,
                passwords=passwords,
                window_s=window_s,
                idle=idle,
                progress=moved,
            )
        )


def _month(text: str) -> tuple[date, int]:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        raise typer.BadParameter(f"--month {text!r}: expected a month like 2026-10") from None
    return first, monthrange(first.year, first.month)[1]


def _tell(plan: Plan, tally: Tally, data: Path, *, as_json: bool) -> None:
    if as_json:
        show_json(
            {
                "sessions": len(plan.charges),
                "energy_wh": plan.energy_wh,
                "stations": len(plan.network.outlets),
                "connections": tally.connections,
                "sent": tally.sent,
                "answered": tally.answered,
                "errors": [list(error) for error in tally.errors],
                "injected": [
                    [fault.value.number, fault.value.title, station, charge]
                    for fault, station, charge in plan.injected
                ],
            }
        )
        return
    typer.echo(
        f"{len(plan.charges)} sessions, {plan.energy_wh / 1000:.1f} kWh at "
        f"{len(plan.network.outlets)} stations: {tally.sent} frames sent, {tally.answered} answered"
    )
    for station, action, text in tally.errors[:10]:
        say(f"{station} {action}: {text}")
    say(f"Next: {called()} derive{on_folder(data)}")
