"""A receipt in words: why each line is what it is, in the reader's language."""

from billing.explain.explain import Subject, explain
from billing.explain.explanation import Explanation
from billing.explain.languages import LANGUAGES
from billing.explain.markdown import markdown
from billing.explain.text import text

__all__ = ["LANGUAGES", "Explanation", "Subject", "explain", "markdown", "text"]
