"""docs/pricing.md lists every open question with every answer, ours first, and every note."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

from billing.notes import NOTE_CODES
from billing.policy import DEFAULT_POLICY, PricingPolicy

PAGE = (Path(__file__).parents[3] / "docs" / "pricing.md").read_text()


def test_every_open_question_stands_there_with_its_answers() -> None:
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| ([\w ·]+) \|$", PAGE, re.MULTILINE)
    listed = {name: tuple(answers.split(" · ")) for name, answers in rows if name != "policy"}
    hints = get_type_hints(PricingPolicy)
    assert listed == {name: get_args(hint) for name, hint in hints.items()}
    assert all(answers[0] == getattr(DEFAULT_POLICY, name) for name, answers in listed.items())


def test_every_note_stands_there() -> None:
    rows = dict(re.findall(r"^\| (\w+) \| ([^|]+) \|$", PAGE.split("## Notes")[1], re.MULTILINE))
    assert {code: text for code, text in rows.items() if code != "code"} == NOTE_CODES


def test_notes_about_the_object_are_pointed_at() -> None:
    root = Path(__file__).parents[3]
    told = PAGE.split("## Notes")[1].split("| code |")[0]
    codes = set(re.findall(r"`(\w+)`", told))
    assert {"required_field", "unexpected_field", "zone_from_configuration"} < codes
    assert not codes & NOTE_CODES.keys()
    assert (root / "wattproof/pricing/repeats.py").read_text().count('"duplicate_cdr"') == 1


def test_every_place_it_names_exists() -> None:
    root = Path(__file__).parents[3]
    named = set(re.findall(r"`((?:billing|ingest|wattproof)/[\w/]+(?:\.py)?)`", PAGE))
    assert named
    assert [one for one in named if not (root / one).exists()] == []
