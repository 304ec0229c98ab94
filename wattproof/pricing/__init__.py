"""Pricing for scripts and notebooks: what the commands do, on JSON objects and data frames."""

from wattproof.pricing.explain import explain, explained
from wattproof.pricing.frame import price_frame
from wattproof.pricing.lint import Linted, lint, lint_many, linted
from wattproof.pricing.lint_frame import lint_frame
from wattproof.pricing.many import price_many
from wattproof.pricing.price import Priced, price, priced
from wattproof.pricing.reading import Reading, UnpriceableError, reading
from wattproof.pricing.written import as_json

__all__ = [
    "Linted", "Priced", "Reading", "UnpriceableError", "as_json", "explain", "explained", "lint",
    "lint_frame", "lint_many", "linted", "price", "price_frame", "price_many", "priced",
    "reading",
]  # fmt: skip
