"""Pricing for scripts and notebooks: what the commands do, on JSON objects and data frames."""

from wattproof.pricing.dispute import as_json as report_json
from wattproof.pricing.dispute import verify_frame
from wattproof.pricing.explain import explain, explained
from wattproof.pricing.frame import price_frame
from wattproof.pricing.generate import (
    Charge,
    Generated,
    generate,
    generate_frame,
    price_table,
    price_table_frame,
)
from wattproof.pricing.lint import Linted, lint, lint_many, linted
from wattproof.pricing.lint_frame import lint_frame
from wattproof.pricing.many import price_many
from wattproof.pricing.price import Priced, price, priced
from wattproof.pricing.reading import Reading, UnpriceableError, reading
from wattproof.pricing.verify import Terms, Verified, verify, verify_many
from wattproof.pricing.written import as_json

__all__ = [
    "Charge", "Generated", "Linted", "Priced", "Reading", "Terms", "UnpriceableError", "Verified",
    "as_json", "explain", "explained", "generate", "generate_frame", "lint", "lint_frame",
    "lint_many", "linted", "price", "price_frame", "price_many", "price_table", "price_table_frame",
    "priced", "reading", "report_json", "verify", "verify_frame", "verify_many",
]  # fmt: skip
