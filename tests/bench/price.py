"""How fast one core cuts, prices, writes and reads: usual tariffs, full receipts."""

from collections.abc import Callable
from time import process_time

from billing.cdr import CDR, derive
from billing.cut import cut
from billing.price import price
from billing.record import dumps, loads
from ingest.collector import relax
from tests.bench.figure import Figure
from tests.billing.cdr.samples import context, session
from tests.billing.pricing.samples import AMSTERDAM, tariff

USUAL = ("energy", "padded", "start_energy_parking", "night", "first_10_kwh", "free_half_hour")
"""One to three elements: what nearly all published tariffs look like."""


def run(seconds: float = 1.5) -> list[Figure]:
    """Each figure measured for about `seconds` of this process's own time."""
    sessions = [
        session(
            "2026-10-05T20:40",
            "2026-10-05T23:40",
            readings={
                f"2026-10-05T{20 + n // 60}:{n % 60:02}": str(n * 150) for n in range(45, 180)
            },
            parked_from="2026-10-05T23:00",
        )
    ]
    tariffs = [tariff(name) for name in USUAL]
    known = [context(name) for name in USUAL]
    cut_up = [cut(sessions[0], one, AMSTERDAM) for one in tariffs]
    cdr = derive(sessions[0], known[2])
    assert isinstance(cdr, CDR)
    text = dumps(cdr)

    def receipts() -> int:
        for one, periods in zip(tariffs, cut_up, strict=True):
            price(
                periods,
                [one],
                AMSTERDAM,
                start_at=periods[0].start_at,
                end_at=periods[-1].end_at,
            )
        return len(tariffs)

    def cdrs() -> int:
        for one in known:
            derive(sessions[0], one)
        return len(known)

    def written() -> int:
        dumps(cdr)
        return 1

    def read() -> int:
        loads(CDR, text)
        return 1

    undo = relax()  # as a batch does: what the other benches loaded is not looked at again
    found = [
        Figure("receipts of 1-3 elements", rate(receipts, seconds), "/s/core", 5_000, "higher"),
        Figure("sessions cut and made CDRs", rate(cdrs, seconds), "/s/core", 2_800, "higher"),
        Figure("CDR records written", rate(written, seconds), "/s/core", None, "higher"),
        Figure("CDR records read", rate(read, seconds), "/s/core", None, "higher"),
    ]
    undo()
    return found


def rate(work: Callable[[], int], seconds: float) -> float:
    """How many pieces of `work` fit in a second of this process's time."""
    work()
    done, begun = 0, process_time()
    while (spent := process_time() - begun) < seconds:
        done += work()
    return done / spent
