"""Pricing for scripts and notebooks: what the commands do, on JSON objects and data frames.

`cdr` and `tariff` are OCPI objects as `loads` reads them (numbers int or Decimal), or JSON text;
`frame` is a Polars data frame with a column `cdr` or `tariff` of JSON texts.

>>> zone = {"time_zone": "Europe/Amsterdam"}
>>> price(cdr, **zone).total.gross
Decimal('10.80')
>>> print(explanation_text(explain(cdr, "de", **zone)).splitlines()[0])
Was dieser Ladevorgang kostet, und warum
>>> verify(cdr, tariff=tariff, **zone).report.at_stake
Decimal('4.74')
>>> [finding.code for finding in lint(tariff)]
[]
>>> price_table(tariff, on="2026-10-05", **zone).stops[0].gross
Decimal('3.90')
>>> made = generate(tariff, Charge("2026-10-05T18:00", Decimal(20), Decimal(11)), **zone)
>>> made.wire["total_cost"]
{'excl_vat': Decimal('7.8')}

Many at once, where one that fails is a value or a row and the others go on:

>>> [one.total.gross for one in price_many([cdr, cdr], **zone)]
[Decimal('10.80'), Decimal('10.80')]
>>> price_frame(frame, **zone)["gross"].to_list()
[Decimal('10.8000')]
>>> verify_frame(frame, **zone).filter(pl.col("kind") == "mistake").height
0
>>> lint_frame(frame, column="tariff")["code"].to_list()
[]
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from billing.explain import markdown as explanation_markdown
from billing.explain import text as explanation_text
from billing.generate.profile import Battery
from billing.generate.table import Stops
from ingest.protocols.ocpi import dumps, loads
from wattproof.pricing.explain import as_data as explanation_data
from wattproof.pricing.explain import explain, explained
from wattproof.pricing.generate import Charge, Generated, generate, price_table
from wattproof.pricing.lint import Linted, lint, lint_many, linted
from wattproof.pricing.many import price_many
from wattproof.pricing.price import Priced, price, priced
from wattproof.pricing.reading import Reading, UnpriceableError, reading
from wattproof.pricing.verify import Terms, Verified, verify, verify_many
from wattproof.pricing.written import as_json

if TYPE_CHECKING:
    from wattproof.pricing.dispute import as_json as report_json
    from wattproof.pricing.dispute import verify_frame
    from wattproof.pricing.frame import price_frame
    from wattproof.pricing.imagined import generate_frame, price_table_frame
    from wattproof.pricing.lint_frame import lint_frame

__all__ = [
    "Battery", "Charge", "Generated", "Linted", "Priced", "Reading", "Stops", "Terms",
    "UnpriceableError", "Verified", "as_json", "dumps", "explain", "explained", "explanation_data",
    "explanation_markdown", "explanation_text", "generate", "generate_frame", "lint", "lint_frame",
    "lint_many", "linted", "loads", "price", "price_frame", "price_many", "price_table",
    "price_table_frame", "priced", "reading", "report_json", "verify", "verify_frame",
    "verify_many",
]  # fmt: skip

_FRAMES = {
    "generate_frame": ("imagined", "generate_frame"),
    "lint_frame": ("lint_frame", "lint_frame"),
    "price_frame": ("frame", "price_frame"),
    "price_table_frame": ("imagined", "price_table_frame"),
    "report_json": ("dispute", "as_json"),
    "verify_frame": ("dispute", "verify_frame"),
}
"""Name -> (module, name there) of what needs a columnar library, which is slow to load."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - one of several functions
    """A function on data frames, loaded when it is first asked for: PEP 562."""
    if name not in _FRAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, own = _FRAMES[name]
    found = globals()[name] = getattr(import_module(f"{__name__}.{module}"), own)
    return found
