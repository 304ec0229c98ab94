"""The languages an explanation can be in: each a module of plain tables, nothing computed."""

from billing.explain.language import Language
from billing.explain.languages import de, en, fr, nl

LANGUAGES: dict[str, Language] = {
    one.code: one for one in (en.LANGUAGE, de.LANGUAGE, nl.LANGUAGE, fr.LANGUAGE)
}
"""ISO 639-1 code -> language."""
