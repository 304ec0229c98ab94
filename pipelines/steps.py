"""Each step of the derivation: read the lake or the log, call the core, write the lake.

A step overwrites its tables for the days of a stretch and returns their content hashes. Dagster's
assets, the replay and the benchmarks call the same functions; only the order is theirs.
"""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl

from pipelines import charges as pricing
from pipelines import exports, invoicing, reference
from pipelines import facts as reading
from pipelines import messages as framing
from pipelines import sessions as folding
from pipelines.stretch import Stretch
from warehouse.lake import TABLES

Hashes = dict[str, str]
"""Table name -> content hash of the days written."""
Step = Callable[[Stretch], Hashes]


def messages(stretch: Stretch) -> Hashes:
    """`message`, and in `log_clock` how far each day goes."""
    hashes = _write(stretch, {"log_clock": framing.log_clock(stretch)})
    poured = stretch.lake.pour("message", framing.messages(stretch), stretch.days)
    return {"message": poured, **hashes}


def facts(stretch: Stretch) -> Hashes:
    """`transaction_event`, `meter_reading` and the findings about frames."""
    lake, days = stretch.lake, stretch.days
    events: list[pl.DataFrame] = []
    findings = [pl.DataFrame(schema=TABLES["message_finding"].schema)]
    with ThreadPoolExecutor(1) as beside:
        pending: list[Future[str]] = []

        def readings() -> Iterator[pl.DataFrame]:
            for part in reading.facts(stretch):
                events.append(part.events)
                findings.append(part.findings)
                yield part.readings
            pending.append(beside.submit(lake.pour, "transaction_event", events, days))

        poured = lake.pour("meter_reading", readings(), days)
        return {
            "transaction_event": pending[0].result(),
            "meter_reading": poured,
            "message_finding": lake.write("message_finding", pl.concat(findings), days),
        }


def references(stretch: Stretch) -> Hashes:
    """`tariff`, `token`, `station`, `location`, `party`, `policy`, and findings about entries."""
    book = reference.read_operator(stretch)
    frames = {name: book.frame(name) for name in reference.NAMES}
    return _write(stretch, frames | {"operator_finding": book.finding_rows()})


def sessions(stretch: Stretch) -> Hashes:
    """`session`, `station_state` and the findings that sessions brought."""
    found = folding.sessions(stretch)
    return _write(
        stretch,
        {
            "session": found.sessions,
            "station_state": found.states,
            "session_finding": found.findings,
        },
    )


def charges(stretch: Stretch) -> Hashes:
    """`charging_period`, `charge`, `cdr` and `rejection`."""
    return _write(stretch, pricing.charges(stretch))


def findings(stretch: Stretch) -> Hashes:
    """`finding`: all of them, whatever step told them."""
    rows = stretch.lake.sql("findings", first=stretch.days[0], last=stretch.days[-1])
    return _write(stretch, {"finding": rows.select(TABLES["finding"].schema.names())})


def ocpi_exports(stretch: Stretch) -> Hashes:
    """`ocpi_export`: each CDR as each OCPI version writes it."""
    return _write(stretch, {"ocpi_export": exports.ocpi_exports(stretch)})


def invoices(stretch: Stretch) -> Hashes:
    """`invoice` and `invoice_line`: what the decisions of these days issued."""
    return _write(stretch, invoicing.issued_rows(stretch))


def documents(stretch: Stretch) -> Hashes:
    """`document`, and the files themselves."""
    return _write(stretch, {"document": invoicing.documents(stretch)})


def _write(stretch: Stretch, frames: Mapping[str, pl.DataFrame]) -> Hashes:
    lake, days = stretch.lake, stretch.days
    return {name: lake.write(name, frame, days) for name, frame in frames.items()}


STEPS: Mapping[str, Step] = {
    step.__name__: step
    for step in (
        messages,
        references,
        facts,
        sessions,
        charges,
        findings,
        ocpi_exports,
        invoices,
        documents,
    )
}
"""All of them, in an order in which each finds what it reads."""
