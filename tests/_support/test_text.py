"""What is shown of a text: each of its characters is seen."""

import ast
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adlcore._support.text import BLANK, call_text, visible, visible_json
from support.hostile_text import hidden

pytestmark = pytest.mark.files


@given(st.text())
@example("".join(map(chr, range(0x3000))))
@example("\ud800\udc00")
def test_what_is_visible_is_printable_stays_so_and_says_which_character_it_was(text):
    seen = visible(text)
    assert seen.isprintable()
    assert not BLANK.search(seen)
    assert visible(seen) == seen
    for character in text:
        shown = visible(character)
        assert shown == character or ast.literal_eval(f"'{shown}'") == character


@given(st.text(st.characters(exclude_categories=("C", "Z", "M"))))
def test_letters_digits_and_signs_stay_as_they_are(text):
    assert visible(BLANK.sub("", text)) == BLANK.sub("", text)


@given(st.text())
@example("\ud800\x7f\x9f\u202e\U000e0001\u2028")
def test_visible_json_says_the_same(text):
    line = visible_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(line) == [text]
    assert not hidden(line)


def test_a_call_is_broken_into_lines_where_a_term_ends():
    assert call_text("Long", ["1", "b=2"]) == "Long(1, b=2)"
    lines = call_text("Long", [f"name={number}" for number in range(30)]).splitlines()
    assert max(map(len, lines)) <= 80
    assert all(line.startswith("     name=") for line in lines[1:])
    assert " ".join(map(str.strip, lines)) == f"Long({', '.join(f'name={number}' for number in range(30))})"
