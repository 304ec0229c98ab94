"""Every language says everything: no note, policy or phrase that another has and it lacks."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from string import Formatter

import pytest

from billing.explain import LANGUAGES
from billing.explain.bearing import ON_LINE, ON_TOTAL
from billing.explain.language import Language
from billing.notes import NOTE_CODES
from billing.policy import PricingPolicy
from billing.terms import CHOICES

ROOT = Path(__file__).parents[3]
READING = [
    *sorted((ROOT / "ingest" / "protocols" / "ocpi").rglob("*.py")),
    ROOT / "wattproof" / "pricing" / "reading.py",
]
ENGLISH = LANGUAGES["en"]
EACH = pytest.mark.parametrize("language", LANGUAGES.values(), ids=list(LANGUAGES))
_CODE = re.compile(r"[a-z]+(_[a-z]+)+")


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def codes_in(path: Path) -> Iterator[str]:
    """The codes of the notes that a module writes: `Note("code"`, `.note("code"`, `("code", …)`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        named: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            named = node.args[:1] if name in {"Note", "note"} else []
        elif isinstance(node, ast.Return) and path.name == "schema.py":
            found = [one for one in ast.walk(node) if isinstance(one, ast.Tuple)]
            named = [first for one in found for first in one.elts[:1]]
        for one in named:
            if isinstance(one, ast.Constant) and _CODE.fullmatch(str(one.value)):
                yield str(one.value)
            elif isinstance(one, ast.JoinedStr):
                yield from (f"{name}_not_in_periods" for name in ("energy", "time", "parking_time"))


def reading_codes() -> set[str]:
    return {code for path in READING for code in codes_in(path)}


def test_the_codes_of_reading_are_found() -> None:
    known = {"required_field", "string_number", "too_long", "mixed_period", "tariff_given"}
    assert known < reading_codes()


@EACH
def test_every_note_has_its_words(language: Language) -> None:
    assert set(language.notes) == set(NOTE_CODES) | reading_codes()
    assert all(text.endswith(".") for text in language.notes.values())


@EACH
def test_every_policy_and_each_of_its_answers_has_its_words(language: Language) -> None:
    assert list(language.policies) == [item.name for item in fields(PricingPolicy)]
    for name, answers in CHOICES.items():
        assert set(language.policies[name]) == set(answers), name
    texts = [text for answers in language.policies.values() for text in answers.values()]
    assert all(text.endswith(".") for text in texts)
    assert len(set(texts)) >= len(texts) - 1, "answers differ in words, too"


@EACH
def test_every_phrase_has_the_same_places(language: Language) -> None:
    assert list(language.phrases) == list(ENGLISH.phrases)
    same_places = {"days_range": {"first", "last", "first_day", "last_day"}}
    for key, sentence in language.phrases.items():
        assert places(sentence) <= same_places.get(key, places(ENGLISH.phrases[key])), key


@EACH
def test_no_sentence_was_left_in_english(language: Language) -> None:
    if language is ENGLISH:
        return
    for mine, theirs in ((language.notes, ENGLISH.notes), (language.phrases, ENGLISH.phrases)):
        long = {key for key, text in mine.items() if len(text) > 25}
        assert not {key for key in long if mine[key] == theirs[key]}


def test_french_keeps_its_double_signs_on_their_line() -> None:
    words = LANGUAGES["fr"]
    texts = [*words.phrases.values(), *words.notes.values()]
    texts += [text for answers in words.policies.values() for text in answers.values()]
    assert [one for one in texts if re.search(r" [;:!?]", one)] == []


@EACH
def test_a_week_and_a_year_are_whole(language: Language) -> None:
    assert len(set(language.weekdays)) == len(set(language.on_days)) == 7
    assert len(set(language.months)) == 12


def test_every_policy_may_bear_on_a_line_or_on_the_total() -> None:
    assert set(ON_LINE) | set(ON_TOTAL) == set(CHOICES)
